// SPDX-License-Identifier: MIT
/*
 * read-strips PIX_FMT WIDTH HEIGHT < raw frames without gaps between rows
 *
 * Prints "FIRST LAST FRAMES MISSING" of the sequence numbers that the test pattern's strips say. Exits with 1 where a
 * frame has none, its two strips differ (torn), numbers go back, or the last frame is not whole.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/imgutils.h>

#include "strip.h"

static int describe(struct tripool_format *f, const char *pix_fmt, int width, int height)
{
	int stride[4];
	*f = (struct tripool_format){.width_px = (uint32_t)width, .height_px = (uint32_t)height};
	snprintf(f->pix_fmt, sizeof(f->pix_fmt), "%s", pix_fmt);
	if (av_image_fill_linesizes(stride, av_get_pix_fmt(pix_fmt), width) < 0)
		return -1;
	f->stride_bytes[0] = (uint32_t)stride[0];
	return tripool_format_layout(f, NULL);
}

int main(int argc, char **argv)
{
	struct tripool_format f;
	const uint8_t *plane[TRIPOOL_MAX_PLANES] = {NULL};
	uint64_t top, bottom, first = 0, last = 0, frames = 0;
	if (argc != 4 || describe(&f, argv[1], atoi(argv[2]), atoi(argv[3])) < 0)
		return 2;
	uint8_t *memory = malloc(f.size_bytes);
	size_t got = 0;
	for (uint32_t p = 0; memory && p < f.plane_count; p++)
		plane[p] = memory + f.offset_bytes[p];
	while (memory && (got = fread(memory, 1, f.size_bytes, stdin)) == f.size_bytes) {
		if (strip_read(&f, plane, STRIP_TOP, &top) < 0 || strip_read(&f, plane, STRIP_BOTTOM, &bottom) < 0 ||
		    top != bottom || (frames && top <= last)) {
			fprintf(stderr, "read-strips: frame %" PRIu64 " after sequence %" PRIu64 " is not sound\n",
			    frames, last);
			return 1;
		}
		first = frames++ ? first : top;
		last = top;
	}
	free(memory);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", first, last, frames,
	    frames ? last - first + 1 - frames : 0);
	return frames == 0 || got != 0;
}
