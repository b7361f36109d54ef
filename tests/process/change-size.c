// SPDX-License-Identifier: MIT
/* change-size NAME [IDLE]: a stream of 100 frames a second that is 128x64 for 1.5 seconds, then 256x64 for as long;
 * after IDLE hundredths of a second without a frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tripool.h"

#define FRAMES 150

static int publish(struct tripool_producer *producer, uint64_t size_bytes)
{
	struct tripool_slot slot;
	for (int i = 0; i < FRAMES; i++) {
		if (tripool_producer_begin(producer, &slot) < 0)
			return 1;
		memset(slot.memory, i, size_bytes);
		tripool_producer_publish(producer, &slot, NULL);
		usleep(10000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct tripool_format f = {.pix_fmt = "yuv420p", .width_px = 128, .height_px = 64};
	struct tripool_format wider = {.pix_fmt = "yuv420p", .width_px = 256, .height_px = 64};
	struct tripool_producer_options options = {
	    .name = argc > 1 ? argv[1] : "default", .max_leases = 16, .lossless = true};
	struct tripool_producer *producer;
	if (tripool_format_layout(&f, NULL) < 0 || tripool_format_layout(&wider, NULL) < 0 ||
	    tripool_producer_create(&producer, &options, &f, NULL) < 0)
		return 1;
	for (int idle = argc > 2 ? atoi(argv[2]) : 0; idle > 0; idle--) {
		tripool_producer_dispatch(producer);
		usleep(10000);
	}
	int r = publish(producer, f.size_bytes);
	if (r == 0 && tripool_producer_set_format(producer, &wider, NULL) == 0)
		r = publish(producer, wider.size_bytes);
	tripool_producer_destroy(producer);
	return r;
}
