// SPDX-License-Identifier: MIT
/* The smallest producer: 30 pictures a second, each drawn where the viewers read it. producer [NAME] */
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <tripool.h>

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

int main(int argc, char **argv)
{
	const struct tripool_producer_options options = {.name = argc > 1 ? argv[1] : "cam"};
	struct tripool_format format = {.pix_fmt = "gray", .width_px = 640, .height_px = 480};
	struct tripool_producer *producer;
	struct tripool_slot slot;
	struct tripool_error error;

	if (tripool_format_layout(&format, &error) < 0 ||
	    tripool_producer_create(&producer, &options, &format, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	signal(SIGINT, stop); /* so that the name is given back; who is killed leaves one that can be taken again */
	signal(SIGTERM, stop);

	while (!stopped) {
		uint64_t shift = tripool_producer_sequence(producer);
		tripool_producer_begin(producer, &slot); /* there is always a free one, whatever viewers do */
		for (uint32_t y = 0; y < format.height_px; y++)
			for (uint32_t x = 0; x < format.width_px; x++)
				slot.plane[0][y * format.stride_bytes[0] + x] = (uint8_t)(x + y + shift);
		tripool_producer_publish(producer, &slot, NULL);
		nanosleep(&(struct timespec){.tv_nsec = 1000000000 / 30}, NULL);
	}
	tripool_producer_destroy(producer);
	return 0;
}
