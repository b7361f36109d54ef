// SPDX-License-Identifier: MIT
/* A motion detector that copies nothing: it holds two frames and compares their luma where it is.
 * motion [NAME [PERCENT]]: says when more than PERCENT of the pixels (default 1) changed. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tripool.h>

#define NOISE 24 /* a pixel that differs by no more did not change */

/* How many bytes apart the luma of neighbours is, from the row's first byte on; 0: none of 8 bits there. */
static unsigned luma_step(const char *pix_fmt)
{
	static const char *const planar[] = {"gray", "nv12", "nv21", "yuv420p", "yuvj420p", "yuv422p", "yuv444p"};
	for (size_t i = 0; i < sizeof(planar) / sizeof(*planar); i++)
		if (strcmp(pix_fmt, planar[i]) == 0)
			return 1;
	return strcmp(pix_fmt, "yuyv422") == 0 ? 2 : 0;
}

static double percent_changed(const struct tripool_frame *a, const struct tripool_frame *b)
{
	const unsigned step = luma_step(b->format->pix_fmt), width = b->format->width_px, height = b->format->height_px;
	size_t changed = 0;
	if (a->sequence == 0 || memcmp(a->format, b->format, sizeof(*b->format)) != 0)
		return 0; /* nothing to compare it with */
	for (size_t y = 0; y < height; y++) {
		const uint8_t *row_a = a->plane[0] + y * a->format->stride_bytes[0];
		const uint8_t *row_b = b->plane[0] + y * b->format->stride_bytes[0];
		for (size_t x = 0; x < width; x++)
			changed += abs(row_a[x * step] - row_b[x * step]) > NOISE;
	}
	return 100.0 * (double)changed / width / height;
}

int main(int argc, char **argv)
{
	const struct tripool_viewer_options options = {
	    .name = argc > 1 ? argv[1] : "cam", .wait_for_producer = true, .leases = 2};
	double percent, threshold = argc > 2 ? atof(argv[2]) : 1;
	struct tripool_frame frame, before = {0};
	struct tripool_viewer *viewer;
	struct tripool_error error;
	struct timespec now;

	if (tripool_viewer_create(&viewer, &options, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		int r = tripool_viewer_acquire(viewer, &frame);
		if (r == 0 && luma_step(frame.format->pix_fmt)) {
			if ((percent = percent_changed(&before, &frame)) > threshold) {
				clock_gettime(CLOCK_MONOTONIC, &now);
				int64_t age_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec - frame.info.capture_ns;
				printf("frame %" PRIu64 ": %.1f %% changed, seen %.3f ms after capture\n",
				    frame.sequence, percent, (double)age_ns / 1e6);
			}
			if (before.sequence)
				tripool_viewer_release(viewer, &before);
			before = frame; /* the lease is in it: this frame stays as it is while the next one comes */
		} else if (r == -EAGAIN) {
			tripool_viewer_wait(viewer, -1);
		} else if (r == -EPIPE) {
			if (tripool_viewer_reconnect(viewer, NULL) < 0)
				tripool_viewer_wait(viewer, 1000);
		} else if (r != -ESTALE) {
			fprintf(stderr, "'%s': %s\n", options.name, r ? strerror(-r) : "no luma of 8 bits in there");
			tripool_viewer_destroy(viewer);
			return 1;
		}
	}
}
