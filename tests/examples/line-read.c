// SPDX-License-Identifier: MIT
/* Prints the newest line of a stream, which is whole, and of a writer that lives. line-read [NAME]: see line-write */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <tripool.h>

int main(int argc, char **argv)
{
	const struct tripool_viewer_options options = {.name = argc > 1 ? argv[1] : "line"};
	struct tripool_viewer *viewer;
	struct tripool_frame frame;
	struct tripool_error error;
	int r;

	if (tripool_viewer_create(&viewer, &options, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	while ((r = tripool_viewer_acquire(viewer, &frame)) == -EAGAIN || r == -ESTALE)
		tripool_viewer_wait(viewer, -1); /* for the first line */
	if (r == 0) {
		printf("%.*s\n", (int)frame.format->width_px, (const char *)frame.plane[0]);
		tripool_viewer_release(viewer, &frame);
	} else {
		fprintf(stderr, "stream '%s': %s\n", options.name, r == -EPIPE ? "the writer is gone" : strerror(-r));
	}
	tripool_viewer_destroy(viewer);
	return r < 0;
}
