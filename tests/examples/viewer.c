// SPDX-License-Identifier: MIT
/* The smallest viewer: says a few words of each frame. It may come before the producer, and stays when that goes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <tripool.h>

int main(int argc, char **argv)
{
	struct tripool_viewer_options options = {.name = argc > 1 ? argv[1] : "cam", .wait_for_producer = true};
	struct tripool_viewer *viewer;
	struct tripool_frame frame;
	struct tripool_error error;

	if (tripool_viewer_create(&viewer, &options, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) { /* until Ctrl-C: a viewer has nothing to tidy up */
		int r = tripool_viewer_acquire(viewer, &frame);
		if (r == 0) {
			printf("frame %llu, %s %ux%u, first byte %u\n", (unsigned long long)frame.sequence,
			    frame.format->pix_fmt, frame.format->width_px, frame.format->height_px, frame.plane[0][0]);
			tripool_viewer_release(viewer, &frame);
		} else if (r == -EAGAIN) { /* nothing new */
			tripool_viewer_wait(viewer, -1);
		} else if (r == -EPIPE) { /* no producer: look for one */
			if (tripool_viewer_reconnect(viewer, NULL) < 0)
				tripool_viewer_wait(viewer, 1000);
		} else if (r != -ESTALE) { /* -ESTALE: from now on frames have another format */
			fprintf(stderr, "stream '%s': %s\n", options.name, strerror(-r));
			tripool_viewer_destroy(viewer);
			return 1;
		}
	}
}
