// SPDX-License-Identifier: MIT
/* A picture that is converted a few rows at a time is the same as one that is converted whole. */
#include "convert.h"

#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH_PX 64
#define MOST_ROWS 80
#define SLACK_BYTES 64

/* By libswscale in one go: it is right, but for the time and the memory that it takes. */
static void convert_whole(const struct tripool_format *f, const uint8_t *frame, uint8_t *rgb)
{
	int height = (int)f->height_px;
	struct SwsContext *sws = sws_getContext(WIDTH_PX, height, av_get_pix_fmt(f->pix_fmt), WIDTH_PX, height,
	    AV_PIX_FMT_RGB24, SWS_POINT, NULL, NULL, NULL);
	assert_non_null(sws);
	const uint8_t *const from[4] = {frame};
	const int from_stride[4] = {(int)f->stride_bytes[0]}, to_stride[4] = {WIDTH_PX * 3};
	uint8_t *const to[4] = {rgb};
	assert_int_equal(sws_scale(sws, from, from_stride, 0, height, to, to_stride), height);
	sws_freeContext(sws);
}

static void bayer_has_no_seams(void **state)
{
	(void)state;
	static const char *const formats[] = {"bayer_rggb8", "bayer_bggr8", "bayer_gbrg16le", "bayer_grbg16be"};
	static uint8_t expected[MOST_ROWS * WIDTH_PX * 3], got[MOST_ROWS * WIDTH_PX * 3];
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		for (uint32_t rows = 2; rows <= MOST_ROWS; rows++) { /* the last strip is of each height */
			struct tripool_format f = {.width_px = WIDTH_PX, .height_px = rows};
			strcpy(f.pix_fmt, formats[i]);
			assert_int_equal(tripool_format_layout(&f, NULL), 0);
			uint8_t *frame = malloc(f.size_bytes + SLACK_BYTES);
			assert_non_null(frame);
			for (size_t b = 0; b < f.size_bytes; b++)
				frame[b] = (uint8_t)((b * 2654435761u) >> 13);
			convert_whole(&f, frame, expected);
			const struct convert_request request = {
			    .from = &f, .width_px = WIDTH_PX, .height_px = (int)rows, .to = SDL_PIXELFORMAT_RGB24};
			struct convert *c;
			assert_int_equal(convert_create(&c, &request, NULL), 0);
			const uint8_t *const plane[TRIPOOL_MAX_PLANES] = {frame};
			for (int again = 0; again < 2; again++) {
				memset(got, 0, sizeof(got));
				assert_int_equal(convert_run(c, plane, got, WIDTH_PX * 3), 0);
				assert_memory_equal(got, expected, rows * WIDTH_PX * 3);
			}
			convert_destroy(c);
			free(frame);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bayer_has_no_seams)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
