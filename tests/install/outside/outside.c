// SPDX-License-Identifier: MIT
/* A program of somebody else: views one frame of the stream "cam" and says what it is. */
#include <errno.h>
#include <stdio.h>
#include <tripool.h>

int main(void)
{
	struct tripool_viewer_options options = {.name = "cam", .wait_for_producer = true};
	struct tripool_viewer *viewer;
	struct tripool_frame frame;
	struct tripool_error error;
	int r;

	if (tripool_viewer_create(&viewer, &options, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	while ((r = tripool_viewer_acquire(viewer, &frame)) < 0) {
		if (r == -EPIPE)
			tripool_viewer_reconnect(viewer, NULL);
		tripool_viewer_wait(viewer, 100);
	}
	printf("%s %ux%u\n", frame.format->pix_fmt, frame.format->width_px, frame.format->height_px);
	tripool_viewer_release(viewer, &frame);
	tripool_viewer_destroy(viewer);
	return 0;
}
