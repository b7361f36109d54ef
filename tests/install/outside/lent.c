// SPDX-License-Identifier: MIT
/* A program of somebody else, in C and in C++: has a frame of the stream "cam" as FFmpeg's and says what it is. */
#include <errno.h>
#include <stdio.h>
#include <tripool_av.h>

#ifdef __cplusplus
extern "C" {
#endif
#include <libavutil/pixdesc.h>
#ifdef __cplusplus
}
#endif

static struct tripool_viewer_options options;

static void say(struct tripool_av *av, struct tripool_frame *frame)
{
	AVFrame *picture = av_frame_alloc();

	if (tripool_av_lend(av, frame, picture) == 0)
		printf("%s %dx%d, %s\n", av_get_pix_fmt_name((enum AVPixelFormat)picture->format), picture->width,
		    picture->height, picture->data[0] == frame->plane[0] ? "in place" : "a copy");
	av_frame_free(&picture);
}

int main(void)
{
	struct tripool_viewer *viewer;
	struct tripool_av *av;
	struct tripool_frame frame;
	struct tripool_error error;
	int r;

	options.name = "cam";
	options.wait_for_producer = true;
	if (tripool_viewer_create(&viewer, &options, &error) < 0 || tripool_av_create(&av, viewer, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	while ((r = tripool_viewer_acquire(viewer, &frame)) < 0) {
		if (r == -EPIPE)
			tripool_viewer_reconnect(viewer, NULL);
		tripool_viewer_wait(viewer, 100);
	}
	say(av, &frame);
	tripool_av_destroy(av);
	tripool_viewer_destroy(viewer);
	return 0;
}
