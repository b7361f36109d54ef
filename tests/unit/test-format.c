// SPDX-License-Identifier: MIT
#include "tripool.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tripool_format format(const char *pix_fmt, uint32_t width_px, uint32_t height_px)
{
	struct tripool_format f = {.width_px = width_px, .height_px = height_px};
	strcpy(f.pix_fmt, pix_fmt);
	return f;
}

static void planes_follow_each_other(void **state)
{
	(void)state;
	struct tripool_format f = format("nv12", 1920, 1080);
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(f.plane_count, 2);
	assert_int_equal(f.stride_bytes[0], 1920);
	assert_int_equal(f.stride_bytes[1], 1920);
	assert_int_equal(f.offset_bytes[1], 1920 * 1080);
	assert_int_equal(f.size_bytes, 1920 * 1080 * 3 / 2);
	assert_int_equal(f.matrix, 2);

	f = format("yuv420p", 101, 51); /* odd: chroma is rounded up */
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(f.plane_count, 3);
	assert_int_equal(f.stride_bytes[0], 128);
	assert_int_equal(f.stride_bytes[1], 64);
	assert_int_equal(f.offset_bytes[2], 128 * 51 + 64 * 26);
	assert_int_equal(f.size_bytes, 128 * 51 + 2 * 64 * 26);

	f = format("gbrp", 64, 64); /* planes, but none of them subsampled */
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(f.size_bytes, 3 * 64 * 64);
}

/* The rows that libavutil says a plane has, where they lie without a gap. */
static void expect_planes_of_libavutil(const struct tripool_format *f, enum AVPixelFormat pix_fmt)
{
	ptrdiff_t stride_bytes[4] = {0};
	size_t plane_bytes[4];
	for (uint32_t p = 0; p < f->plane_count; p++)
		stride_bytes[p] = f->stride_bytes[p];
	assert_true(av_image_fill_plane_sizes(plane_bytes, pix_fmt, (int)f->height_px, stride_bytes) >= 0);
	uint64_t end = 0;
	for (uint32_t p = 0; p < f->plane_count; p++) {
		assert_true(f->stride_bytes[p] >= (uint32_t)av_image_get_linesize(pix_fmt, (int)f->width_px, (int)p));
		assert_int_equal(f->offset_bytes[p], end);
		end += plane_bytes[p];
	}
	assert_int_equal(f->size_bytes, end);
}

static void every_raw_format_has_a_layout(void **state)
{
	(void)state;
	static const uint32_t sizes[][2] = {{1920, 1080}, {97, 61}, {1, 1}, {3, 2}, {32768, 5}};
	const uint64_t not_raw = AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_PAL;
	const AVPixFmtDescriptor *desc = NULL;
	int formats = 0;
	while ((desc = av_pix_fmt_desc_next(desc))) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			enum AVPixelFormat pix_fmt = av_pix_fmt_desc_get_id(desc);
			struct tripool_format f = format(desc->name, sizes[i][0], sizes[i][1]);
			if (desc->flags & not_raw) {
				assert_int_equal(tripool_format_layout(&f, NULL), -EINVAL);
				continue;
			}
			assert_int_equal(tripool_format_layout(&f, NULL), 0);
			expect_planes_of_libavutil(&f, pix_fmt);
			f = format(desc->name, sizes[i][0], sizes[i][1]);
			f.stride_bytes[0] = (uint32_t)av_image_get_linesize(pix_fmt, (int)f.width_px, 0);
			assert_int_equal(tripool_format_layout(&f, NULL), 0);
			expect_planes_of_libavutil(&f, pix_fmt);
			formats += i == 0;
		}
	}
	assert_true(formats >= 180);
}

static void a_stride_that_is_asked_for_is_kept(void **state)
{
	(void)state;
	struct tripool_format f = format("yuv420p", 100, 50);
	f.stride_bytes[0] = 120;
	f.size_bytes = 100000;
	f.matrix = 6;
	f.primaries = 1;
	f.transfer = 1;
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(f.stride_bytes[0], 120);
	assert_int_equal(f.stride_bytes[1], 60);
	assert_int_equal(f.offset_bytes[1], 120 * 50);
	assert_int_equal(f.size_bytes, 100000);
	assert_int_equal(f.matrix, 6);
	assert_int_equal(f.full_range, 0);
}

/* YV12 is yuv420p with its last two planes exchanged; V4L2 knows both. */
static void planes_may_lie_in_any_order(void **state)
{
	(void)state;
	struct tripool_format f = format("yuv420p", 128, 64);
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	uint64_t u = f.offset_bytes[1], v = f.offset_bytes[2];
	f.offset_bytes[1] = v;
	f.offset_bytes[2] = u;
	assert_int_equal(tripool_format_check(&f, NULL), 0);
	f.offset_bytes[2] = u + 1;
	assert_int_equal(tripool_format_check(&f, NULL), -EINVAL);
}

static void what_cannot_be_is_said_in_words(void **state)
{
	(void)state;
	static const struct {
		const char *pix_fmt;
		uint32_t width_px, height_px, stride_bytes;
		const char *words;
	} cases[] = {
	    {"nv13", 64, 64, 0, "'nv13' is not known"},
	    {"", 64, 64, 0, "is not known"},
	    {"vaapi", 64, 64, 0, "not raw pixels"},
	    {"pal8", 64, 64, 0, "not raw pixels"},
	    {"monow", 64, 64, 0, "not raw pixels"},
	    {"gray16", 64, 64, 0, "'gray16' is not known"},
	    {"nv12", 0, 64, 0, "0x64 is not between"},
	    {"nv12", 64, 32769, 0, "64x32769 is not between"},
	    {"nv12", UINT32_MAX, 64, 0, "is not between"},
	    {"rgb24", 64, 64, 191, "less than a row's 192"},
	    {"rgba", 32768, 32768, UINT32_MAX, "too large"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tripool_format f = format(cases[i].pix_fmt, cases[i].width_px, cases[i].height_px), before;
		struct tripool_error e = {""};
		f.stride_bytes[0] = cases[i].stride_bytes;
		before = f;
		assert_int_equal(tripool_format_layout(&f, &e), -EINVAL);
		if (!strstr(e.text, cases[i].words))
			fail_msg("'%s' does not say '%s'", e.text, cases[i].words);
		assert_memory_equal(&f, &before, sizeof(f));
		assert_int_equal(tripool_format_layout(&f, NULL), -EINVAL);
	}
}

static void every_number_is_checked(void **state)
{
	(void)state;
	struct tripool_format good = format("yuv420p", 128, 64), f;
	assert_int_equal(tripool_format_layout(&good, NULL), 0);
	assert_int_equal(tripool_format_check(&good, NULL), 0);
#define REFUSED(change)                                                                                                \
	do {                                                                                                           \
		f = good;                                                                                              \
		change;                                                                                                \
		assert_int_equal(tripool_format_check(&f, NULL), -EINVAL);                                             \
	} while (0)
	REFUSED(f.plane_count = 2);
	REFUSED(f.plane_count = 400);
	REFUSED(f.size_bytes--);
	REFUSED(f.size_bytes = 0);
	REFUSED(f.size_bytes = UINT64_MAX);
	REFUSED(f.offset_bytes[0] = UINT64_MAX);
	REFUSED(f.offset_bytes[2] = UINT64_MAX - 100);
	REFUSED(f.offset_bytes[1] = f.offset_bytes[1] - 1);
	REFUSED(f.offset_bytes[2] = f.offset_bytes[1]);
	REFUSED(f.stride_bytes[1] = 63);
	REFUSED(f.stride_bytes[2] = UINT32_MAX);
	REFUSED(f.frame_rate_num = 1);
	REFUSED(f.sample_aspect_den = 1);
	REFUSED(f.full_range = 3);
	REFUSED(memset(f.pix_fmt, 'x', sizeof(f.pix_fmt)));
}

static void the_checksum_is_crc32c(void **state)
{
	(void)state;
	/* RFC 3720, appendix B.4 */
	uint8_t data[32] = {0};
	assert_int_equal(tripool_crc32c(data, 32), 0x8a9136aa);
	memset(data, 0xff, 32);
	assert_int_equal(tripool_crc32c(data, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		data[i] = i;
	assert_int_equal(tripool_crc32c(data, 32), 0x46dd794e);
	assert_int_equal(tripool_crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(tripool_crc32c("", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(planes_follow_each_other),
	    cmocka_unit_test(every_raw_format_has_a_layout),
	    cmocka_unit_test(a_stride_that_is_asked_for_is_kept),
	    cmocka_unit_test(planes_may_lie_in_any_order),
	    cmocka_unit_test(what_cannot_be_is_said_in_words),
	    cmocka_unit_test(every_number_is_checked),
	    cmocka_unit_test(the_checksum_is_crc32c),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
