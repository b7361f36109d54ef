// SPDX-License-Identifier: MIT
#include "convert.h"

#include <errno.h>
#include <libavutil/common.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "error.h"
#include "pixels.h"

#define MOST_THREADS 4

struct convert {
	struct tripool_format from;
	int width_px, height_px;
	Uint32 to;
	Uint32 sdl_from; /* SDL_PIXELFORMAT_UNKNOWN: by libswscale */
	struct SwsContext *sws;
	AVFrame *source, *target;
	uint32_t palette[256]; /* of a source that is AV_PIX_FMT_PAL8 */
};

static void keep(void *opaque, uint8_t *data)
{
	(void)opaque;
	(void)data;
}

/* SDL takes one address and one pitch: where it then expects the other planes must be where the slot has them. */
static bool planes_as_sdl_expects(const struct tripool_format *f, Uint32 sdl)
{
	uint32_t stride = f->stride_bytes[0], half = (stride + 1) / 2;
	uint64_t chroma = f->offset_bytes[0] + (uint64_t)stride * f->height_px;
	uint64_t chroma_rows = (f->height_px + 1) / 2;
	switch (sdl) {
	case SDL_PIXELFORMAT_NV12:
	case SDL_PIXELFORMAT_NV21:
		return f->offset_bytes[1] == chroma && f->stride_bytes[1] == half * 2;
	case SDL_PIXELFORMAT_IYUV:
		return f->offset_bytes[1] == chroma && f->stride_bytes[1] == half && f->stride_bytes[2] == half &&
		       f->offset_bytes[2] == chroma + half * chroma_rows;
	default:
		return true;
	}
}

static Uint32 format_for_sdl(const struct tripool_format *from, int width_px, int height_px)
{
	Uint32 sdl = pixels_sdl_format(from);
	if (sdl == SDL_PIXELFORMAT_UNKNOWN || width_px != (int)from->width_px || height_px != (int)from->height_px ||
	    !planes_as_sdl_expects(from, sdl) || !pixels_set_sdl_colour(from))
		return SDL_PIXELFORMAT_UNKNOWN;
	return sdl;
}

bool convert_overshoots(const struct tripool_format *from, int width_px, int height_px)
{
	return width_px % CONVERT_OVERSHOOT_PX != 0 &&
	       format_for_sdl(from, width_px, height_px) == SDL_PIXELFORMAT_UNKNOWN;
}

/* How libswscale is to read the frames. It takes gray for full range where nothing is scaled, whatever it is told: then
 * gray of limited range goes as numbers of colours. */
static enum AVPixelFormat source_format(struct convert *c)
{
	enum AVPixelFormat from = av_get_pix_fmt(c->from.pix_fmt);
	if (from != AV_PIX_FMT_GRAY8 || pixels_colour(&c->from).full_range || c->width_px != (int)c->from.width_px ||
	    c->height_px != (int)c->from.height_px)
		return from;
	for (int i = 0; i < 256; i++) {
		uint32_t gray = av_clip_uint8((int)lround((i - 16) * 255.0 / 219));
		c->palette[i] = 0xff000000u | gray << 16 | gray << 8 | gray;
	}
	return AV_PIX_FMT_PAL8;
}

static int open_sws(struct convert *c, enum AVPixelFormat to, struct tripool_error *error)
{
	enum AVPixelFormat from = source_format(c);
	if (from == AV_PIX_FMT_NONE || to == AV_PIX_FMT_NONE || !sws_isSupportedInput(from)) {
		return tripool_fail(
		    error, -ENOTSUP, "pixel format '%s' cannot be shown on this display", c->from.pix_fmt);
	}
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int threads = processors < 1 ? 1 : processors > MOST_THREADS ? MOST_THREADS : (int)processors;

	c->sws = sws_alloc_context();
	if (!c->sws)
		return -ENOMEM;
	av_opt_set_int(c->sws, "srcw", c->from.width_px, 0);
	av_opt_set_int(c->sws, "srch", c->from.height_px, 0);
	av_opt_set_int(c->sws, "src_format", from, 0);
	av_opt_set_int(c->sws, "dstw", c->width_px, 0);
	av_opt_set_int(c->sws, "dsth", c->height_px, 0);
	av_opt_set_int(c->sws, "dst_format", to, 0);
	av_opt_set_int(c->sws, "sws_flags", SWS_FAST_BILINEAR, 0);
	av_opt_set_int(c->sws, "threads", threads, 0);
	if (sws_init_context(c->sws, NULL, NULL) < 0) {
		return tripool_fail(error, -ENOTSUP, "%s %ux%u cannot be scaled to %dx%d", c->from.pix_fmt,
		    c->from.width_px, c->from.height_px, c->width_px, c->height_px);
	}
	struct pixels_colour colour = pixels_colour(&c->from);
	const int *coefficients = sws_getCoefficients(colour.matrix);
	sws_setColorspaceDetails(c->sws, coefficients, colour.full_range, coefficients, 1, 0, 1 << 16, 1 << 16);

	c->source = av_frame_alloc();
	c->target = av_frame_alloc();
	if (!c->source || !c->target)
		return -ENOMEM;
	c->source->format = from;
	c->source->width = (int)c->from.width_px;
	c->source->height = (int)c->from.height_px;
	c->target->format = to;
	c->target->width = c->width_px;
	c->target->height = c->height_px;
	return 0;
}

int convert_create(struct convert **convert, const struct tripool_format *from, int width_px, int height_px, Uint32 to,
    struct tripool_error *error)
{
	struct convert *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->from = *from;
	c->width_px = width_px;
	c->height_px = height_px;
	c->to = to;
	c->sdl_from = format_for_sdl(from, width_px, height_px);
	if (c->sdl_from == SDL_PIXELFORMAT_UNKNOWN) {
		int r = open_sws(c, pixels_of_window(to), error);
		if (r < 0) {
			if (r == -ENOMEM)
				tripool_fail(error, r, "no memory to convert frames");
			convert_destroy(c);
			return r;
		}
	}
	*convert = c;
	return 0;
}

void convert_destroy(struct convert *c)
{
	if (!c)
		return;
	av_frame_free(&c->source);
	av_frame_free(&c->target);
	sws_freeContext(c->sws);
	free(c);
}

/* libswscale copies the pixels of frames that have no reference-counted buffer: so both get one that owns nothing. */
static int lend(AVFrame *frame, const uint8_t *memory, size_t size_bytes, int flags)
{
	frame->buf[0] = av_buffer_create((uint8_t *)memory, size_bytes, keep, NULL, flags);
	return frame->buf[0] ? 0 : -ENOMEM;
}

static int run_sws(struct convert *c, const uint8_t *const plane[], uint8_t *pixels, int pitch_bytes)
{
	for (unsigned p = 0; p < c->from.plane_count; p++) {
		c->source->data[p] = (uint8_t *)plane[p];
		c->source->linesize[p] = (int)c->from.stride_bytes[p];
	}
	if (c->source->format == AV_PIX_FMT_PAL8)
		c->source->data[1] = (uint8_t *)c->palette;
	c->target->data[0] = pixels;
	c->target->linesize[0] = pitch_bytes;
	int r = lend(c->source, plane[0], c->from.size_bytes, AV_BUFFER_FLAG_READONLY);
	if (r == 0)
		r = lend(c->target, pixels, (size_t)pitch_bytes * (size_t)c->height_px, 0);
	if (r == 0)
		r = sws_scale_frame(c->sws, c->target, c->source) < 0 ? -EIO : 0;
	av_buffer_unref(&c->source->buf[0]);
	av_buffer_unref(&c->target->buf[0]);
	return r;
}

int convert_run(struct convert *c, const uint8_t *const plane[TRIPOOL_MAX_PLANES], uint8_t *pixels, int pitch_bytes)
{
	if (c->sdl_from == SDL_PIXELFORMAT_UNKNOWN)
		return run_sws(c, plane, pixels, pitch_bytes);
	pixels_set_sdl_colour(&c->from);
	return SDL_ConvertPixels(c->width_px, c->height_px, c->sdl_from, plane[0], (int)c->from.stride_bytes[0], c->to,
		   pixels, pitch_bytes) < 0
	           ? -EIO
	           : 0;
}
