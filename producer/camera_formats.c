// SPDX-License-Identifier: MIT
#include "camera_formats.h"
#include "error.h"

#include <errno.h>
#include <libavutil/pixdesc.h>
#include <linux/videodev2.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In the order of preference: for native use, and among what can be decoded. Of two V4L2 names for the same bytes the
 * more exact one comes first. */
static const struct camera_format formats[] = {
    {V4L2_PIX_FMT_NV12, "nv12", CAMERA_YUV, true},
    {V4L2_PIX_FMT_NV12M, "nv12", CAMERA_APART, false},
    {V4L2_PIX_FMT_YUYV, "yuyv422", CAMERA_YUV, true},
    {V4L2_PIX_FMT_UYVY, "uyvy422", CAMERA_YUV, true},
    {V4L2_PIX_FMT_YUV420, "yuv420p", CAMERA_YUV, true},
    {V4L2_PIX_FMT_YUV420M, "yuv420p", CAMERA_APART, false},
    {V4L2_PIX_FMT_YVU420, "yuv420p", CAMERA_YUV, true},
    {V4L2_PIX_FMT_YVU420M, "yuv420p", CAMERA_APART, false},
    {V4L2_PIX_FMT_YVYU, "yvyu422", CAMERA_YUV, true},
    {V4L2_PIX_FMT_NV21, "nv21", CAMERA_YUV, false},
    {V4L2_PIX_FMT_NV21M, "nv21", CAMERA_APART, false},
    {V4L2_PIX_FMT_NV16, "nv16", CAMERA_YUV, true},
    {V4L2_PIX_FMT_NV16M, "nv16", CAMERA_APART, false},
    {V4L2_PIX_FMT_YUV422P, "yuv422p", CAMERA_YUV, false},
    {V4L2_PIX_FMT_YUV422M, "yuv422p", CAMERA_APART, false},
    {V4L2_PIX_FMT_YVU422M, "yuv422p", CAMERA_APART, false},
    {V4L2_PIX_FMT_NV24, "nv24", CAMERA_YUV, false},
    {V4L2_PIX_FMT_NV42, "nv42", CAMERA_YUV, false},
    {V4L2_PIX_FMT_YUV444M, "yuv444p", CAMERA_APART, false},
    {V4L2_PIX_FMT_YVU444M, "yuv444p", CAMERA_APART, false},
    {V4L2_PIX_FMT_YUV411P, "yuv411p", CAMERA_YUV, false},
    {V4L2_PIX_FMT_YUV410, "yuv410p", CAMERA_YUV, false},
    {V4L2_PIX_FMT_P010, "p010le", CAMERA_YUV, false},
    {V4L2_PIX_FMT_XBGR32, "bgr0", CAMERA_RGB, true},
    {V4L2_PIX_FMT_RGBX32, "rgb0", CAMERA_RGB, false},
    {V4L2_PIX_FMT_ABGR32, "bgra", CAMERA_RGB, true},
    {V4L2_PIX_FMT_RGBA32, "rgba", CAMERA_RGB, false},
    {V4L2_PIX_FMT_XRGB32, "0rgb", CAMERA_RGB, true},
    {V4L2_PIX_FMT_BGRX32, "0bgr", CAMERA_RGB, false},
    {V4L2_PIX_FMT_ARGB32, "argb", CAMERA_RGB, true},
    {V4L2_PIX_FMT_BGRA32, "abgr", CAMERA_RGB, false},
    {V4L2_PIX_FMT_BGR32, "bgr0", CAMERA_RGB, true},
    {V4L2_PIX_FMT_RGB32, "0rgb", CAMERA_RGB, true},
    {V4L2_PIX_FMT_RGB24, "rgb24", CAMERA_RGB, true},
    {V4L2_PIX_FMT_BGR24, "bgr24", CAMERA_RGB, true},
    {V4L2_PIX_FMT_RGB565, "rgb565le", CAMERA_RGB, true},
    {V4L2_PIX_FMT_RGB565X, "rgb565be", CAMERA_RGB, false},
    {V4L2_PIX_FMT_XRGB555, "rgb555le", CAMERA_RGB, false},
    {V4L2_PIX_FMT_RGB555, "rgb555le", CAMERA_RGB, false},
    {V4L2_PIX_FMT_XRGB444, "rgb444le", CAMERA_RGB, false},
    {V4L2_PIX_FMT_MJPEG, NULL, CAMERA_JPEG, true},
    {V4L2_PIX_FMT_JPEG, NULL, CAMERA_JPEG, true},
    {V4L2_PIX_FMT_NV61, NULL, CAMERA_YUV, true},
    {V4L2_PIX_FMT_M420, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_HM12, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_PJPG, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_JPGL, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_KONICA420, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SN9C20X_I420, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SPCA501, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SPCA505, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SPCA508, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SPCA561, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SN9C10X, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SN9C2028, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_PAC207, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_MR97310A, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SQ905C, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_CPIA1, NULL, CAMERA_VENDOR, true},
    {V4L2_PIX_FMT_SRGGB8, "bayer_rggb8", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SBGGR8, "bayer_bggr8", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGBRG8, "bayer_gbrg8", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGRBG8, "bayer_grbg8", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SRGGB10, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SBGGR10, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGBRG10, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGRBG10, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SRGGB10P, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SBGGR10P, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGBRG10P, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGRBG10P, NULL, CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SRGGB16, "bayer_rggb16le", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SBGGR16, "bayer_bggr16le", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGBRG16, "bayer_gbrg16le", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_SGRBG16, "bayer_grbg16le", CAMERA_BAYER, true},
    {V4L2_PIX_FMT_GREY, "gray", CAMERA_GRAY, true},
    {V4L2_PIX_FMT_Y16, "gray16le", CAMERA_GRAY, true},
    {V4L2_PIX_FMT_Y16_BE, "gray16be", CAMERA_GRAY, true},
    {V4L2_PIX_FMT_Y10, "gray10le", CAMERA_GRAY, false},
    {V4L2_PIX_FMT_Y12, "gray12le", CAMERA_GRAY, false},
    {V4L2_PIX_FMT_Y14, "gray14le", CAMERA_GRAY, false},
};

/* What libv4lconvert makes, the best for video first. */
static const uint32_t decoded[] = {V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_RGB24, V4L2_PIX_FMT_BGR24};

const struct camera_format *camera_format_find(uint32_t fourcc)
{
	for (size_t i = 0; i < COUNT(formats); i++)
		if (formats[i].fourcc == fourcc)
			return &formats[i];
	return NULL;
}

uint32_t camera_format_memory_planes(const struct camera_format *format)
{
	if (!format || format->kind != CAMERA_APART)
		return 1;
	return (uint32_t)av_pix_fmt_count_planes(av_get_pix_fmt(format->pix_fmt));
}

bool camera_format_swapped(const struct camera_format *format)
{
	switch (format->fourcc) {
	case V4L2_PIX_FMT_YVU420:
	case V4L2_PIX_FMT_YVU420M:
	case V4L2_PIX_FMT_YVU422M:
	case V4L2_PIX_FMT_YVU444M:
		return true;
	default:
		return false;
	}
}

struct camera_fourcc_text camera_fourcc_text(uint32_t fourcc)
{
	struct camera_fourcc_text result = {""};
	int length = 4;

	for (int i = 0; i < 4; i++) {
		char c = (char)(fourcc >> (8 * i) & 0x7f);

		result.text[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	while (length > 1 && result.text[length - 1] == ' ')
		length--;
	strcpy(result.text + length, fourcc & 1u << 31 ? "-BE" : "");
	return result;
}

/* Whether a word is in a text of comma-separated words. */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length)
		if ((at == text || at[-1] == ' ') && (at[length] == ',' || !at[length]))
			return true;
	return false;
}

/* Appends to such a text a name that is not there already. From the first on that has no room there are none. */
static void add_word(char *text, size_t size, const char *word)
{
	size_t length = strlen(text);

	if (has_word(text, word) || has_word(text, "..."))
		return;
	if (length + strlen(", ") + strlen(word) + sizeof(", ...") > size)
		word = "...";
	snprintf(text + length, size - length, "%s%s", length ? ", " : "", word);
}

static bool named(const char *pix_fmt)
{
	return pix_fmt && strcmp(pix_fmt, CAMERA_ANY_NATIVE) != 0 && strcmp(pix_fmt, CAMERA_ANY_DECODED) != 0;
}

int camera_no_choice(const uint32_t *fourccs, unsigned count, const char *pix_fmt, struct tripool_error *error)
{
	char usable[96] = "", other[24] = "";
	bool decodes = false;

	for (unsigned i = 0; i < count; i++) {
		const struct camera_format *format = camera_format_find(fourccs[i]);

		if (format && format->pix_fmt)
			add_word(usable, sizeof(usable), format->pix_fmt);
		else if (!format)
			add_word(other, sizeof(other), camera_fourcc_text(fourccs[i]).text);
		decodes = decodes || (format && format->decodes);
	}
	for (size_t i = 0; decodes && i < COUNT(decoded); i++)
		add_word(usable, sizeof(usable), camera_format_find(decoded[i])->pix_fmt);
	if (!pix_fmt)
		return tripool_fail(error, -EINVAL, "the camera has no pixel format that can be used%s%s",
		    other[0] ? "; of no use here: " : "", other);
	return tripool_fail(error, -EINVAL, "the camera has no %s%.24s%s: choose one of %s%s%s",
	    named(pix_fmt) ? "'" : "", pix_fmt, named(pix_fmt) ? "'" : " format", usable[0] ? usable : "(none)",
	    other[0] ? "; of no use here: " : "", other);
}

static bool video(const struct camera_format *format)
{
	return format->pix_fmt && format->kind != CAMERA_GRAY && format->kind != CAMERA_BAYER;
}

/* Gray is not decoded unasked: nothing would be won. */
static bool worth_decoding(const struct camera_format *format)
{
	return format->decodes && format->kind != CAMERA_GRAY;
}

/* What to publish of a format, or NULL. */
static const struct camera_format *published(const struct camera_format *source, const char *pix_fmt)
{
	if (!pix_fmt) {
		if (video(source))
			return source;
		if (worth_decoding(source))
			return camera_format_find(decoded[0]);
		return source->pix_fmt ? source : NULL;
	}
	if (strcmp(pix_fmt, CAMERA_ANY_DECODED) == 0)
		return source->decodes && source->fourcc != decoded[0] ? camera_format_find(decoded[0]) : NULL;
	if (source->pix_fmt && (!named(pix_fmt) || strcmp(source->pix_fmt, pix_fmt) == 0))
		return source;
	for (size_t i = 0; source->decodes && i < COUNT(decoded); i++)
		if (strcmp(camera_format_find(decoded[i])->pix_fmt, pix_fmt) == 0)
			return camera_format_find(decoded[i]);
	return NULL;
}

bool camera_choose(struct camera_choice *choice, const struct camera_format *source, const char *pix_fmt)
{
	const struct camera_format *what = published(source, pix_fmt);

	if (what)
		*choice = (struct camera_choice){source, what};
	return what;
}

ptrdiff_t camera_format_place(const struct camera_format *format, const char *pix_fmt)
{
	bool decoding = pix_fmt && strcmp(pix_fmt, CAMERA_ANY_DECODED) == 0;

	return format - formats + (decoding && video(format) ? (ptrdiff_t)COUNT(formats) : 0);
}

void camera_choice_fit(struct camera_choice *choice, const char *pix_fmt, uint32_t width_px, uint32_t height_px)
{
	/* libv4lconvert takes JPEG to planes in whole blocks only: 16x16 for the usual 4:2:0. Through RGB it does any.
	 */
	uint32_t block = choice->source->kind == CAMERA_JPEG ? 16 : 2;

	if (!named(pix_fmt) && choice->source != choice->published &&
	    choice->published->fourcc == V4L2_PIX_FMT_YUV420 && (width_px % block != 0 || height_px % block != 0))
		choice->published = camera_format_find(V4L2_PIX_FMT_RGB24);
}

static uint8_t primaries(uint32_t colorspace)
{
	switch (colorspace) {
	case V4L2_COLORSPACE_REC709:
	case V4L2_COLORSPACE_SRGB:
	case V4L2_COLORSPACE_JPEG:
		return 1;
	case V4L2_COLORSPACE_470_SYSTEM_M:
		return 4;
	case V4L2_COLORSPACE_470_SYSTEM_BG:
		return 5;
	case V4L2_COLORSPACE_SMPTE170M:
		return 6;
	case V4L2_COLORSPACE_SMPTE240M:
		return 7;
	case V4L2_COLORSPACE_BT2020:
		return 9;
	case V4L2_COLORSPACE_DCI_P3:
		return 11;
	default: /* RAW; and OPRGB, which H.273 does not know */
		return 2;
	}
}

static uint8_t transfer(uint32_t xfer_func)
{
	switch (xfer_func) {
	case V4L2_XFER_FUNC_709:
		return 1;
	case V4L2_XFER_FUNC_SMPTE240M:
		return 7;
	case V4L2_XFER_FUNC_NONE:
		return 8;
	case V4L2_XFER_FUNC_SRGB:
		return 13;
	case V4L2_XFER_FUNC_SMPTE2084:
		return 16;
	case V4L2_XFER_FUNC_DCI_P3:
		return 17;
	default:
		return 2;
	}
}

static uint8_t matrix(uint32_t ycbcr_enc)
{
	switch (ycbcr_enc) {
	case V4L2_YCBCR_ENC_601:
	case V4L2_YCBCR_ENC_XV601:
	case V4L2_YCBCR_ENC_SYCC:
		return 6;
	case V4L2_YCBCR_ENC_709:
	case V4L2_YCBCR_ENC_XV709:
		return 1;
	case V4L2_YCBCR_ENC_BT2020:
		return 9;
	case V4L2_YCBCR_ENC_BT2020_CONST_LUM:
		return 10;
	case V4L2_YCBCR_ENC_SMPTE240M:
		return 7;
	default:
		return 2;
	}
}

static bool is_rgb(const struct camera_format *format)
{
	return format->kind == CAMERA_RGB || format->kind == CAMERA_BAYER;
}

void camera_describe_colour(
    struct tripool_format *format, const struct camera_choice *choice, const struct camera_colour *colour)
{
	const struct camera_format *source = choice->source, *published = choice->published;
	uint32_t space = colour->colorspace, enc = colour->ycbcr_enc, range = colour->quantization;
	uint32_t xfer = colour->xfer_func;

	if (space == V4L2_COLORSPACE_DEFAULT)
		space = source->kind == CAMERA_JPEG ? V4L2_COLORSPACE_JPEG : V4L2_MAP_COLORSPACE_DEFAULT(0, 0);
	if (xfer == V4L2_XFER_FUNC_DEFAULT)
		xfer = V4L2_MAP_XFER_FUNC_DEFAULT(space);
	if (enc == V4L2_YCBCR_ENC_DEFAULT)
		enc = V4L2_MAP_YCBCR_ENC_DEFAULT(space);
	if (range == V4L2_QUANTIZATION_DEFAULT) {
		/* A JPEG is of full range (JFIF), whatever colour space its camera claims. */
		range = source->kind == CAMERA_JPEG ? V4L2_QUANTIZATION_FULL_RANGE
		                                    : V4L2_MAP_QUANTIZATION_DEFAULT(is_rgb(source), space, enc);
	}
	if (published != source && is_rgb(published)) {
		range = V4L2_QUANTIZATION_FULL_RANGE;
	} else if (published != source && is_rgb(source)) {
		/* libv4lconvert's way from RGB to planes */
		enc = V4L2_YCBCR_ENC_601;
		range = V4L2_QUANTIZATION_LIM_RANGE;
	}
	format->matrix = is_rgb(published) ? 0 : matrix(enc);
	format->full_range = range == V4L2_QUANTIZATION_FULL_RANGE;
	format->primaries = primaries(space);
	format->transfer = transfer(xfer);
}
