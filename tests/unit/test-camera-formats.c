// SPDX-License-Identifier: MIT
/* Pixel formats and colours: V4L2's names and layouts against libavutil's, and which mode of a camera is taken. */
#include "camera_modes.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <linux/videodev2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Written down from V4L2's documentation: bits a pixel in all, in the first plane, and for packed RGB of whole bytes
 * where red, green and blue lie. */
static const struct {
	uint32_t fourcc;
	const char *pix_fmt;
	unsigned bits, first_plane_bits;
	const char *order;
} known[] = {
    {V4L2_PIX_FMT_NV12, "nv12", 12, 8, NULL},
    {V4L2_PIX_FMT_NV21, "nv21", 12, 8, NULL},
    {V4L2_PIX_FMT_NV16, "nv16", 16, 8, NULL},
    {V4L2_PIX_FMT_NV24, "nv24", 24, 8, NULL},
    {V4L2_PIX_FMT_NV42, "nv42", 24, 8, NULL},
    {V4L2_PIX_FMT_P010, "p010le", 24, 16, NULL},
    {V4L2_PIX_FMT_YUYV, "yuyv422", 16, 16, NULL},
    {V4L2_PIX_FMT_UYVY, "uyvy422", 16, 16, NULL},
    {V4L2_PIX_FMT_YVYU, "yvyu422", 16, 16, NULL},
    {V4L2_PIX_FMT_YUV420, "yuv420p", 12, 8, NULL},
    {V4L2_PIX_FMT_YUV422P, "yuv422p", 16, 8, NULL},
    {V4L2_PIX_FMT_YUV411P, "yuv411p", 12, 8, NULL},
    {V4L2_PIX_FMT_YUV410, "yuv410p", 9, 8, NULL},
    {V4L2_PIX_FMT_RGB24, "rgb24", 24, 24, "rgb"},
    {V4L2_PIX_FMT_BGR24, "bgr24", 24, 24, "bgr"},
    {V4L2_PIX_FMT_ABGR32, "bgra", 32, 32, "bgra"},
    {V4L2_PIX_FMT_XBGR32, "bgr0", 32, 32, "bgr-"},
    {V4L2_PIX_FMT_BGR32, "bgr0", 32, 32, "bgr-"},
    {V4L2_PIX_FMT_BGRA32, "abgr", 32, 32, "abgr"},
    {V4L2_PIX_FMT_BGRX32, "0bgr", 32, 32, "-bgr"},
    {V4L2_PIX_FMT_ARGB32, "argb", 32, 32, "argb"},
    {V4L2_PIX_FMT_XRGB32, "0rgb", 32, 32, "-rgb"},
    {V4L2_PIX_FMT_RGB32, "0rgb", 32, 32, "-rgb"},
    {V4L2_PIX_FMT_RGBA32, "rgba", 32, 32, "rgba"},
    {V4L2_PIX_FMT_RGBX32, "rgb0", 32, 32, "rgb-"},
    {V4L2_PIX_FMT_RGB565, "rgb565le", 16, 16, NULL},
    {V4L2_PIX_FMT_RGB565X, "rgb565be", 16, 16, NULL},
    {V4L2_PIX_FMT_XRGB555, "rgb555le", 16, 16, NULL},
    {V4L2_PIX_FMT_RGB555, "rgb555le", 16, 16, NULL},
    {V4L2_PIX_FMT_XRGB444, "rgb444le", 16, 16, NULL},
    {V4L2_PIX_FMT_GREY, "gray", 8, 8, NULL},
    {V4L2_PIX_FMT_Y10, "gray10le", 16, 16, NULL},
    {V4L2_PIX_FMT_Y12, "gray12le", 16, 16, NULL},
    {V4L2_PIX_FMT_Y14, "gray14le", 16, 16, NULL},
    {V4L2_PIX_FMT_Y16, "gray16le", 16, 16, NULL},
    {V4L2_PIX_FMT_Y16_BE, "gray16be", 16, 16, NULL},
    {V4L2_PIX_FMT_SRGGB8, "bayer_rggb8", 8, 8, NULL},
    {V4L2_PIX_FMT_SBGGR8, "bayer_bggr8", 8, 8, NULL},
    {V4L2_PIX_FMT_SGBRG8, "bayer_gbrg8", 8, 8, NULL},
    {V4L2_PIX_FMT_SGRBG8, "bayer_grbg8", 8, 8, NULL},
    {V4L2_PIX_FMT_SRGGB16, "bayer_rggb16le", 16, 16, NULL},
    {V4L2_PIX_FMT_SBGGR16, "bayer_bggr16le", 16, 16, NULL},
    {V4L2_PIX_FMT_SGBRG16, "bayer_gbrg16le", 16, 16, NULL},
    {V4L2_PIX_FMT_SGRBG16, "bayer_grbg16le", 16, 16, NULL},
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct camera_format *format = camera_format_find(known[i].fourcc);
		enum AVPixelFormat av;

		assert_non_null(format);
		assert_int_equal(format->fourcc, known[i].fourcc);
		assert_string_equal(format->pix_fmt, known[i].pix_fmt);
		av = av_get_pix_fmt(format->pix_fmt);
		assert_string_equal(av_get_pix_fmt_name(av), format->pix_fmt);
		assert_int_equal(av_get_padded_bits_per_pixel(av_pix_fmt_desc_get(av)), known[i].bits);
	}
	assert_null(camera_format_find(V4L2_PIX_FMT_H264));
	assert_null(camera_format_find(0));
}

/* Each plane of these lies in memory of its own: whether Cr comes before Cb, and what is published. */
static void test_apart(void **state)
{
	static const struct {
		uint32_t fourcc;
		const char *pix_fmt;
		uint32_t planes;
		bool swapped;
	} apart[] = {
	    {V4L2_PIX_FMT_NV12M, "nv12", 2, false},
	    {V4L2_PIX_FMT_NV21M, "nv21", 2, false},
	    {V4L2_PIX_FMT_NV16M, "nv16", 2, false},
	    {V4L2_PIX_FMT_YUV420M, "yuv420p", 3, false},
	    {V4L2_PIX_FMT_YVU420M, "yuv420p", 3, true},
	    {V4L2_PIX_FMT_YUV422M, "yuv422p", 3, false},
	    {V4L2_PIX_FMT_YVU422M, "yuv422p", 3, true},
	    {V4L2_PIX_FMT_YUV444M, "yuv444p", 3, false},
	    {V4L2_PIX_FMT_YVU444M, "yuv444p", 3, true},
	    {V4L2_PIX_FMT_YUV420, "yuv420p", 1, false},
	    {V4L2_PIX_FMT_YVU420, "yuv420p", 1, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(apart); i++) {
		const struct camera_format *format = camera_format_find(apart[i].fourcc);

		assert_non_null(format);
		assert_string_equal(format->pix_fmt, apart[i].pix_fmt);
		assert_int_equal(camera_format_memory_planes(format), apart[i].planes);
		assert_int_equal(camera_format_swapped(format), apart[i].swapped);
	}
	assert_int_equal(camera_format_memory_planes(NULL), 1);
}

static void test_byte_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		const AVPixFmtDescriptor *av = av_pix_fmt_desc_get(av_get_pix_fmt(known[i].pix_fmt));

		for (int c = 0; known[i].order && c < 3; c++)
			assert_int_equal(known[i].order[av->comp[c].offset], "rgb"[c]);
		if (known[i].order && strchr(known[i].order, 'a'))
			assert_int_equal(known[i].order[av->comp[3].offset], 'a');
	}
}

/* A driver's bytesperline and sizeimage, tight and padded, against the layout that viewers are told. */
static void test_layout(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		for (uint32_t padding = 0; padding <= 256; padding += 128) {
			struct tripool_format format = {.width_px = 640, .height_px = 480};
			uint32_t stride = 640 * known[i].first_plane_bits / 8 + padding;

			strcpy(format.pix_fmt, known[i].pix_fmt);
			format.stride_bytes[0] = stride;
			assert_int_equal(tripool_format_layout(&format, NULL), 0);
			assert_int_equal(format.stride_bytes[0], stride);
			assert_int_equal(
			    format.size_bytes, (uint64_t)stride * 480 * known[i].bits / known[i].first_plane_bits);
		}
	}
}

static void test_fourcc_text(void **state)
{
	(void)state;
	assert_string_equal(camera_fourcc_text(V4L2_PIX_FMT_YUYV).text, "YUYV");
	assert_string_equal(camera_fourcc_text(V4L2_PIX_FMT_Y16).text, "Y16");
	assert_string_equal(camera_fourcc_text(V4L2_PIX_FMT_Y16_BE).text, "Y16-BE");
	assert_string_equal(camera_fourcc_text(0x0a1b0155).text, "U???");
}

struct choice_case {
	uint32_t has[4];
	const char *asked;
	uint32_t source;
	const char *published; /* NULL: refused */
};

static const struct choice_case choices[] = {
    /* unasked: native video in its order, whatever the driver's */
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12}, NULL, V4L2_PIX_FMT_NV12, "nv12"},
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV}, NULL, V4L2_PIX_FMT_YUYV, "yuyv422"},
    {{V4L2_PIX_FMT_RGB24, V4L2_PIX_FMT_UYVY}, NULL, V4L2_PIX_FMT_UYVY, "uyvy422"},
    {{V4L2_PIX_FMT_GREY, V4L2_PIX_FMT_BGR32, V4L2_PIX_FMT_XBGR32}, NULL, V4L2_PIX_FMT_XBGR32, "bgr0"},
    /* then decoding, which beats gray */
    {{V4L2_PIX_FMT_MJPEG}, NULL, V4L2_PIX_FMT_MJPEG, "yuv420p"},
    {{V4L2_PIX_FMT_H264, V4L2_PIX_FMT_GREY, V4L2_PIX_FMT_MJPEG}, NULL, V4L2_PIX_FMT_MJPEG, "yuv420p"},
    {{V4L2_PIX_FMT_SRGGB8, V4L2_PIX_FMT_MJPEG}, NULL, V4L2_PIX_FMT_MJPEG, "yuv420p"},
    {{V4L2_PIX_FMT_SRGGB10P}, NULL, V4L2_PIX_FMT_SRGGB10P, "yuv420p"},
    {{V4L2_PIX_FMT_Y16, V4L2_PIX_FMT_GREY}, NULL, V4L2_PIX_FMT_GREY, "gray"},
    {{V4L2_PIX_FMT_H264, V4L2_PIX_FMT_NV61M}, NULL, 0, NULL},
    /* planes in memory of their own: as good as together, which goes before */
    {{V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12M}, NULL, V4L2_PIX_FMT_NV12M, "nv12"},
    {{V4L2_PIX_FMT_NV12M, V4L2_PIX_FMT_NV12}, "nv12", V4L2_PIX_FMT_NV12, "nv12"},
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YVU420M}, "yuv420p", V4L2_PIX_FMT_YVU420M, "yuv420p"},
    {{V4L2_PIX_FMT_YVU420}, "yuv420p", V4L2_PIX_FMT_YVU420, "yuv420p"},
    {{V4L2_PIX_FMT_YVU420}, "rgb24", V4L2_PIX_FMT_YVU420, "rgb24"},
    {{V4L2_PIX_FMT_YUV420M}, "rgb24", 0, NULL},
    {{0}, NULL, 0, NULL},
    /* asked: native if there, else decoded, from the cheapest */
    {{V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUYV}, "yuyv422", V4L2_PIX_FMT_YUYV, "yuyv422"},
    {{V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_BGR32}, "bgr0", V4L2_PIX_FMT_BGR32, "bgr0"},
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_RGB24}, "rgb24", V4L2_PIX_FMT_RGB24, "rgb24"},
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV}, "rgb24", V4L2_PIX_FMT_YUYV, "rgb24"},
    {{V4L2_PIX_FMT_MJPEG}, "bgr24", V4L2_PIX_FMT_MJPEG, "bgr24"},
    {{V4L2_PIX_FMT_SRGGB8}, "bayer_rggb8", V4L2_PIX_FMT_SRGGB8, "bayer_rggb8"},
    {{V4L2_PIX_FMT_GREY}, "yuv420p", V4L2_PIX_FMT_GREY, "yuv420p"},
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV}, "nv12", 0, NULL},
    {{V4L2_PIX_FMT_NV21}, "rgb24", 0, NULL},
    {{V4L2_PIX_FMT_YUYV}, "no such", 0, NULL},
    /* asked: as it comes, or not */
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV}, "native", V4L2_PIX_FMT_YUYV, "yuyv422"},
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_GREY}, "native", V4L2_PIX_FMT_GREY, "gray"},
    {{V4L2_PIX_FMT_GREY, V4L2_PIX_FMT_SRGGB8, V4L2_PIX_FMT_BGR24}, "native", V4L2_PIX_FMT_BGR24, "bgr24"},
    {{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_NV61}, "native", 0, NULL},
    {{V4L2_PIX_FMT_NV21, V4L2_PIX_FMT_MJPEG}, "decoded", V4L2_PIX_FMT_MJPEG, "yuv420p"},
    {{V4L2_PIX_FMT_GREY, V4L2_PIX_FMT_MJPEG}, "decoded", V4L2_PIX_FMT_MJPEG, "yuv420p"},
    {{V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_MJPEG}, "decoded", V4L2_PIX_FMT_MJPEG, "yuv420p"},
    {{V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG}, "decoded", V4L2_PIX_FMT_MJPEG, "yuv420p"},
    {{V4L2_PIX_FMT_SRGGB8, V4L2_PIX_FMT_YUYV}, "decoded", V4L2_PIX_FMT_SRGGB8, "yuv420p"},
    {{V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12}, "decoded", V4L2_PIX_FMT_NV12, "yuv420p"},
    {{V4L2_PIX_FMT_NV21}, "decoded", 0, NULL},
};

/* Of formats whose sizes and rates the driver does not list. */
static int choose(
    struct camera_choice *choice, const uint32_t *has, unsigned count, const char *asked, struct tripool_error *error)
{
	const struct source_request request = {.width_px = 1280, .height_px = 720, .pix_fmt = asked};
	struct camera_offer offers[4] = {{.fourcc = 0}};
	const struct camera_modes modes = {offers, count};
	struct camera_pick pick;
	int r;

	assert_true(count <= COUNT(offers));
	for (unsigned i = 0; i < count; i++)
		offers[i].fourcc = has[i];
	r = camera_modes_choose(&pick, &modes, &request, error);
	if (r == 0)
		*choice = pick.choice;
	return r;
}

static void test_choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(choices); i++) {
		const struct choice_case *c = &choices[i];
		struct camera_choice choice = {NULL, NULL};
		struct tripool_error error = {""};
		unsigned count = 0;
		int r;

		while (count < COUNT(c->has) && c->has[count])
			count++;
		r = choose(&choice, c->has, count, c->asked, &error);
		if (!c->published) {
			assert_int_equal(r, -EINVAL);
			assert_null(choice.source);
			assert_true(strlen(error.text) > 20);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(choice.source->fourcc, c->source);
		assert_string_equal(choice.published->pix_fmt, c->published);
	}
}

static void test_refusal_says_what_there_is(void **state)
{
	const uint32_t has[] = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_H264, V4L2_PIX_FMT_YUYV};
	const uint32_t many[] = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_UYVY, V4L2_PIX_FMT_Y10, V4L2_PIX_FMT_GREY,
	    V4L2_PIX_FMT_RGB555, V4L2_PIX_FMT_XRGB555, V4L2_PIX_FMT_SRGGB8, V4L2_PIX_FMT_SBGGR8, V4L2_PIX_FMT_SGBRG8,
	    V4L2_PIX_FMT_SGRBG8, V4L2_PIX_FMT_NV16};
	struct camera_choice choice;
	struct tripool_error error;

	(void)state;
	assert_int_equal(choose(&choice, has, 4, "nv12", &error), -EINVAL);
	assert_string_equal(
	    error.text, "the camera has no 'nv12': choose one of yuyv422, yuv420p, rgb24, bgr24; of no use here: H264");
	assert_int_equal(choose(&choice, has + 1, 1, "native", &error), -EINVAL);
	assert_string_equal(error.text, "the camera has no native format: choose one of yuv420p, rgb24, bgr24");
	assert_int_equal(choose(&choice, has + 2, 1, NULL, &error), -EINVAL);
	assert_string_equal(error.text, "the camera has no pixel format that can be used; of no use here: H264");
	/* Too many to be told: the rest is not a choice of those that happen to be short. */
	assert_int_equal(camera_no_choice(many, COUNT(many), "nv12", &error), -EINVAL);
	assert_string_equal(error.text,
	    "the camera has no 'nv12': choose one of yuyv422, uyvy422, gray10le, gray, rgb555le, bayer_rggb8, "
	    "bayer_bggr8, bayer_gbrg8, ...");
}

static const char *fitted(uint32_t source, const char *asked, uint32_t width_px, uint32_t height_px)
{
	struct camera_choice choice;

	assert_int_equal(choose(&choice, &source, 1, asked, NULL), 0);
	camera_choice_fit(&choice, asked, width_px, height_px);
	return choice.published->pix_fmt;
}

static void test_fit(void **state)
{
	(void)state;
	assert_string_equal(fitted(V4L2_PIX_FMT_MJPEG, NULL, 1280, 720), "yuv420p");
	assert_string_equal(fitted(V4L2_PIX_FMT_MJPEG, NULL, 1920, 1080), "rgb24");
	assert_string_equal(fitted(V4L2_PIX_FMT_MJPEG, NULL, 1366, 768), "rgb24");
	assert_string_equal(fitted(V4L2_PIX_FMT_SRGGB10, NULL, 1920, 1080), "yuv420p");
	assert_string_equal(fitted(V4L2_PIX_FMT_SRGGB10, NULL, 1921, 1081), "rgb24");
	assert_string_equal(fitted(V4L2_PIX_FMT_YUYV, NULL, 1366, 767), "yuyv422");
	assert_string_equal(fitted(V4L2_PIX_FMT_MJPEG, "decoded", 1920, 1080), "rgb24");
	assert_string_equal(fitted(V4L2_PIX_FMT_MJPEG, "yuv420p", 1920, 1080), "yuv420p");
}

struct colour_case {
	uint32_t source, published;
	struct camera_colour colour;
	uint8_t matrix, full_range, primaries, transfer;
};

static const struct colour_case colours[] = {
    /* the defaults that V4L2 lays down for each colour space */
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_REC709, 0, 0, 0}, 1, 0, 1, 1},
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_SMPTE170M, 0, 0, 0}, 6, 0, 6, 1},
    {V4L2_PIX_FMT_YUYV, 0, {V4L2_COLORSPACE_SRGB, 0, 0, 0}, 6, 0, 1, 13},
    {V4L2_PIX_FMT_YUYV, 0, {V4L2_COLORSPACE_DEFAULT, 0, 0, 0}, 6, 0, 1, 13},
    {V4L2_PIX_FMT_YUYV, 0, {V4L2_COLORSPACE_JPEG, 0, 0, 0}, 6, 1, 1, 13},
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_BT2020, 0, 0, 0}, 9, 0, 9, 1},
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_SMPTE240M, 0, 0, 0}, 7, 0, 7, 7},
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_470_SYSTEM_BG, 0, 0, 0}, 6, 0, 5, 1},
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_DCI_P3, 0, 0, 0}, 1, 0, 11, 17},
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_OPRGB, 0, 0, 0}, 6, 0, 2, 2},
    /* what the driver says outright goes before */
    {V4L2_PIX_FMT_NV12, 0,
	{V4L2_COLORSPACE_REC709, V4L2_YCBCR_ENC_601, V4L2_QUANTIZATION_FULL_RANGE, V4L2_XFER_FUNC_SRGB}, 6, 1, 1, 13},
    {V4L2_PIX_FMT_NV12, 0, {V4L2_COLORSPACE_BT2020, V4L2_YCBCR_ENC_BT2020_CONST_LUM, 0, V4L2_XFER_FUNC_SMPTE2084}, 10,
	0, 9, 16},
    /* RGB has no matrix and is of full range unless it says otherwise */
    {V4L2_PIX_FMT_RGB24, 0, {V4L2_COLORSPACE_SRGB, 0, 0, 0}, 0, 1, 1, 13},
    {V4L2_PIX_FMT_RGB24, 0, {V4L2_COLORSPACE_REC709, 0, V4L2_QUANTIZATION_LIM_RANGE, 0}, 0, 0, 1, 1},
    /* decoded: JPEG's own range, libv4lconvert's own RGB to YUV */
    {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUV420, {V4L2_COLORSPACE_SRGB, 0, 0, 0}, 6, 1, 1, 13},
    {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUV420, {V4L2_COLORSPACE_DEFAULT, 0, 0, 0}, 6, 1, 1, 13},
    {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_RGB24, {V4L2_COLORSPACE_SRGB, 0, 0, 0}, 0, 1, 1, 13},
    {V4L2_PIX_FMT_SRGGB8, V4L2_PIX_FMT_YUV420, {V4L2_COLORSPACE_RAW, 0, 0, 0}, 6, 0, 2, 8},
    {V4L2_PIX_FMT_SRGGB8, 0, {V4L2_COLORSPACE_RAW, 0, 0, 0}, 0, 1, 2, 8},
    {V4L2_PIX_FMT_YVYU, V4L2_PIX_FMT_YUV420, {V4L2_COLORSPACE_REC709, 0, 0, 0}, 1, 0, 1, 1},
};

static void test_colours(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(colours); i++) {
		const struct colour_case *c = &colours[i];
		struct camera_choice choice = {
		    camera_format_find(c->source), camera_format_find(c->published ? c->published : c->source)};
		struct tripool_format format = {.matrix = 99};

		camera_describe_colour(&format, &choice, &c->colour);
		if (format.matrix != c->matrix || format.full_range != c->full_range ||
		    format.primaries != c->primaries || format.transfer != c->transfer)
			fail_msg("case %zu: %u %u %u %u", i, format.matrix, format.full_range, format.primaries,
			    format.transfer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_apart),
	    cmocka_unit_test(test_byte_order),
	    cmocka_unit_test(test_layout),
	    cmocka_unit_test(test_fourcc_text),
	    cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_refusal_says_what_there_is),
	    cmocka_unit_test(test_fit),
	    cmocka_unit_test(test_colours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
