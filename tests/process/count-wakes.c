// SPDX-License-Identifier: MIT
/* count-wakes NAME [frame]: a stream of one frame or none, that says at its end (SIGTERM) how often somebody woke it.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "signals.h"
#include "tripool.h"

int main(int argc, char **argv)
{
	struct tripool_format f = {.pix_fmt = "gray", .width_px = 64, .height_px = 64};
	struct tripool_producer_options options = {.name = argc > 1 ? argv[1] : "default"};
	struct tripool_producer *producer;
	struct tripool_slot slot;
	int wakes = 0, end = signals_open();
	if (end < 0 || tripool_format_layout(&f, NULL) < 0 ||
	    tripool_producer_create(&producer, &options, &f, NULL) < 0)
		return 1;
	if (argc > 2 && tripool_producer_begin(producer, &slot) == 0) {
		memset(slot.memory, 0, f.size_bytes);
		tripool_producer_publish(producer, &slot, NULL);
	}
	for (;;) {
		struct pollfd fds[] = {
		    {.fd = end, .events = POLLIN}, {.fd = tripool_producer_fd(producer), .events = POLLIN}};
		poll(fds, 2, -1);
		if (fds[0].revents)
			break;
		tripool_producer_dispatch(producer);
		wakes++;
	}
	printf("%d\n", wakes);
	tripool_producer_destroy(producer);
	return 0;
}
