// SPDX-License-Identifier: MIT
/* soak-formats NAME SECONDS: a stream of 30 frames a second with their CRC-32C that changes its format each SECONDS
 * seconds, until SIGTERM. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tripool.h"

#define FRAMES_A_SECOND 30

static volatile sig_atomic_t over;

static void end_is_wanted(int signal)
{
	(void)signal;
	over = 1;
}

static struct tripool_format format_number(unsigned n)
{
	static const char *const pix_fmt[] = {"nv12", "yuyv422", "bgra", "gray16le"};
	struct tripool_format f = {.width_px = 320 + n % 5 * 160, .height_px = 180 + n % 3 * 90};
	strcpy(f.pix_fmt, pix_fmt[n % 4]);
	if (tripool_format_layout(&f, NULL) < 0)
		abort();
	return f;
}

static int publish(struct tripool_producer *p, const struct tripool_format *f)
{
	struct tripool_slot slot;
	int r = tripool_producer_begin(p, &slot);
	if (r < 0)
		return r;
	memset(slot.memory, (int)tripool_producer_sequence(p), f->size_bytes);
	struct tripool_frame_info info = {
	    .flags = TRIPOOL_FRAME_CRC32C, .crc32c = tripool_crc32c(slot.memory, f->size_bytes)};
	return tripool_producer_publish(p, &slot, &info);
}

int main(int argc, char **argv)
{
	struct sigaction wanted = {.sa_handler = end_is_wanted};
	struct tripool_producer_options o = {.name = argc > 1 ? argv[1] : ""};
	struct tripool_producer *p;
	struct tripool_format f = format_number(0);
	struct tripool_error e;
	uint64_t each = (uint64_t)((argc > 2 ? atof(argv[2]) : 1) * FRAMES_A_SECOND) + 1;
	sigaction(SIGTERM, &wanted, NULL);
	int r = tripool_producer_create(&p, &o, &f, &e);
	if (r < 0) {
		fprintf(stderr, "soak-formats: %s\n", e.text);
		return 1;
	}
	for (unsigned n = 0; r == 0 && !over;) {
		r = publish(p, &f);
		usleep(1000000 / FRAMES_A_SECOND);
		if (r < 0 || tripool_producer_sequence(p) / each == n)
			continue;
		f = format_number(++n);
		r = tripool_producer_set_format(p, &f, &e);
	}
	tripool_producer_destroy(p);
	return r < 0;
}
