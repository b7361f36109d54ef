// SPDX-License-Identifier: MIT
#include "pixels.h"

#include <libavutil/pixdesc.h>
#include <limits.h>
#include <math.h>
#include <string.h>

static const struct {
	const char *name;
	Uint32 sdl;
} sdl_formats[] = {
    {"nv12", SDL_PIXELFORMAT_NV12},
    {"nv16", SDL_PIXELFORMAT_NV12},
    {"nv21", SDL_PIXELFORMAT_NV21},
    {"yuv420p", SDL_PIXELFORMAT_IYUV},
    {"yuvj420p", SDL_PIXELFORMAT_IYUV},
    {"yuyv422", SDL_PIXELFORMAT_YUY2},
    {"uyvy422", SDL_PIXELFORMAT_UYVY},
    {"yvyu422", SDL_PIXELFORMAT_YVYU},
    {"rgb24", SDL_PIXELFORMAT_RGB24},
    {"bgr24", SDL_PIXELFORMAT_BGR24},
    {"bgra", SDL_PIXELFORMAT_BGRA32},
    {"rgba", SDL_PIXELFORMAT_RGBA32},
    {"argb", SDL_PIXELFORMAT_ARGB32},
    {"abgr", SDL_PIXELFORMAT_ABGR32},
#if SDL_BYTEORDER == SDL_LIL_ENDIAN /* SDL names these by the value of the word, libavutil by the bytes */
    {"bgr0", SDL_PIXELFORMAT_XRGB8888},
    {"rgb0", SDL_PIXELFORMAT_XBGR8888},
    {"0rgb", SDL_PIXELFORMAT_BGRX8888},
    {"0bgr", SDL_PIXELFORMAT_RGBX8888},
    {"rgb565le", SDL_PIXELFORMAT_RGB565},
    {"bgr565le", SDL_PIXELFORMAT_BGR565},
#endif
};

/* nv12 with another row of chroma between two of its own. */
static bool is_nv16(const struct tripool_format *format)
{
	return strcmp(format->pix_fmt, "nv16") == 0;
}

Uint32 pixels_sdl_format(const struct tripool_format *format)
{
	for (unsigned p = 0; p < format->plane_count; p++)
		if (format->stride_bytes[p] > INT_MAX / 2)
			return SDL_PIXELFORMAT_UNKNOWN;
	for (size_t i = 0; i < sizeof(sdl_formats) / sizeof(*sdl_formats); i++)
		if (strcmp(sdl_formats[i].name, format->pix_fmt) == 0)
			return sdl_formats[i].sdl;
	return SDL_PIXELFORMAT_UNKNOWN;
}

enum AVPixelFormat pixels_of_frame(const struct tripool_format *format)
{
	enum AVPixelFormat from = is_nv16(format) ? AV_PIX_FMT_NV12 : av_get_pix_fmt(format->pix_fmt);
	switch (from) { /* libswscale takes these as well, but complains of it on stderr */
	case AV_PIX_FMT_YUVJ411P:
		return AV_PIX_FMT_YUV411P;
	case AV_PIX_FMT_YUVJ420P:
		return AV_PIX_FMT_YUV420P;
	case AV_PIX_FMT_YUVJ422P:
		return AV_PIX_FMT_YUV422P;
	case AV_PIX_FMT_YUVJ440P:
		return AV_PIX_FMT_YUV440P;
	case AV_PIX_FMT_YUVJ444P:
		return AV_PIX_FMT_YUV444P;
	default:
		return from;
	}
}

int pixels_stride(const struct tripool_format *format, unsigned plane)
{
	return (int)(format->stride_bytes[plane] << (plane == 1 && is_nv16(format)));
}

enum AVPixelFormat pixels_of_window(Uint32 sdl_format)
{
	switch (sdl_format) {
	case SDL_PIXELFORMAT_ARGB8888:
	case SDL_PIXELFORMAT_XRGB8888:
		return AV_PIX_FMT_0RGB32;
	case SDL_PIXELFORMAT_ABGR8888:
	case SDL_PIXELFORMAT_XBGR8888:
		return AV_PIX_FMT_0BGR32;
	case SDL_PIXELFORMAT_RGB565:
		return AV_PIX_FMT_RGB565;
	case SDL_PIXELFORMAT_RGB24:
		return AV_PIX_FMT_RGB24;
	default:
		return AV_PIX_FMT_NONE;
	}
}

bool pixels_is_rgb(const struct tripool_format *format)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	return d && (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BAYER));
}

static bool is_gray(const struct tripool_format *format)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	return d && d->nb_components <= 2 && !(d->flags & AV_PIX_FMT_FLAG_RGB);
}

static bool is_float(const struct tripool_format *format)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	return d && (d->flags & AV_PIX_FMT_FLAG_FLOAT);
}

struct pixels_colour pixels_colour(const struct tripool_format *format)
{
	struct pixels_colour colour = {.full_range = format->full_range == 1};
	switch (format->matrix) {
	case AVCOL_SPC_BT709:
	case AVCOL_SPC_FCC:
	case AVCOL_SPC_SMPTE240M:
		colour.matrix = format->matrix;
		break;
	case AVCOL_SPC_BT470BG:
	case AVCOL_SPC_SMPTE170M:
		colour.matrix = AVCOL_SPC_BT470BG;
		break;
	case AVCOL_SPC_BT2020_NCL:
	case AVCOL_SPC_BT2020_CL:
		colour.matrix = AVCOL_SPC_BT2020_NCL;
		break;
	default:
		colour.matrix =
		    format->width_px < 1280 && format->height_px <= 576 ? AVCOL_SPC_BT470BG : AVCOL_SPC_BT709;
	}
	/* libavutil's "yuvj" formats are full range by their name, floats are from 0 to 1, and gray is full range when
	 * nothing else is said */
	if (strncmp(format->pix_fmt, "yuvj", 4) == 0 || is_float(format) || (format->full_range > 1 && is_gray(format)))
		colour.full_range = true;
	return colour;
}

bool pixels_set_sdl_colour(const struct tripool_format *format)
{
	if (pixels_is_rgb(format))
		return true;
	struct pixels_colour colour = pixels_colour(format);
	if (colour.matrix == AVCOL_SPC_BT470BG)
		SDL_SetYUVConversionMode(colour.full_range ? SDL_YUV_CONVERSION_JPEG : SDL_YUV_CONVERSION_BT601);
	else if (colour.matrix == AVCOL_SPC_BT709 && !colour.full_range)
		SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_BT709);
	else
		return false;
	return true;
}

void pixels_display_size(const struct tripool_format *format, int *width_px, int *height_px)
{
	*width_px = (int)format->width_px;
	*height_px = (int)format->height_px;
	if (format->sample_aspect_num == 0 || format->sample_aspect_den == 0)
		return;
	double aspect = (double)format->sample_aspect_num / format->sample_aspect_den;
	/* a nonsensical one must not make a window of a million pixels */
	if (aspect < 1.0 / 16 || aspect > 16)
		return;
	if (aspect >= 1)
		*width_px = (int)lround(*width_px * aspect);
	else
		*height_px = (int)lround(*height_px / aspect);
}
