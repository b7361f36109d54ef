// SPDX-License-Identifier: MIT
#include "convert.h"

#include <errno.h>
#include <libavutil/common.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "convert_rows.h"
#include "error.h"
#include "pixels.h"

#define MOST_THREADS 4
#define FEW_PX 16
#define TINY 64                           /* times smaller than the frame */
#define MOST_PLANE_BYTES (INT_MAX - 4096) /* libswscale reckons with int */

/* The part of a frame that is converted: where it begins in each plane. */
struct part {
	SDL_Rect rect;
	size_t skip_bytes[TRIPOOL_MAX_PLANES];
	int stride_bytes[TRIPOOL_MAX_PLANES];
};

struct convert {
	struct tripool_format from;
	struct part part;
	int width_px, height_px;
	Uint32 to;
	Uint32 sdl_from; /* SDL_PIXELFORMAT_UNKNOWN: by libswscale */
	struct SwsContext *sws;
	struct convert_rows *rows; /* NULL: libswscale reads the slot itself */
	AVFrame *source, *target;
	uint32_t palette[256]; /* of a source that is AV_PIX_FMT_PAL8 */
};

static void keep(void *opaque, uint8_t *data)
{
	(void)opaque;
	(void)data;
}

/* Outwards to whole multiples of `step`; the last one of the frame may be a piece. */
static void align_range(int *from, int *length, int whole, int step)
{
	int64_t begin = av_clip64(*from, 0, whole - 1);
	int64_t end = av_clip64((int64_t)*from + *length, begin + 1, whole);
	begin -= begin % step;
	end += (step - end % step) % step;
	*from = (int)begin;
	*length = (int)(FFMIN(end, whole) - begin);
}

SDL_Rect convert_align_crop(const struct tripool_format *format, SDL_Rect crop)
{
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	bool bayer = desc->flags & AV_PIX_FMT_FLAG_BAYER;
	align_range(&crop.x, &crop.w, (int)format->width_px, bayer ? 2 : 1 << desc->log2_chroma_w);
	align_range(&crop.y, &crop.h, (int)format->height_px, bayer ? 2 : 1 << desc->log2_chroma_h);
	if (bayer && crop.h == 1 && crop.y > 0) { /* the odd last row has no colour without the others */
		crop.y -= 2;
		crop.h += 2;
	}
	return crop;
}

static struct part part_of(const struct tripool_format *format, SDL_Rect crop)
{
	enum AVPixelFormat pix_fmt = av_get_pix_fmt(format->pix_fmt);
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(pix_fmt);
	struct part part = {.rect = crop};
	if (crop.w == 0)
		part.rect = (SDL_Rect){0, 0, (int)format->width_px, (int)format->height_px};
	for (unsigned p = 0; p < format->plane_count; p++) {
		bool chroma = (p == 1 || p == 2) && !(desc->flags & AV_PIX_FMT_FLAG_RGB);
		size_t row = (size_t)part.rect.y >> (chroma ? desc->log2_chroma_h : 0);
		part.skip_bytes[p] = row * format->stride_bytes[p];
		if (part.rect.x > 0)
			part.skip_bytes[p] += (size_t)av_image_get_linesize(pix_fmt, part.rect.x, (int)p);
		part.stride_bytes[p] = pixels_stride(format, p);
	}
	return part;
}

/* SDL takes one address and one pitch: where it then expects the other planes must be where the slot has them. */
static bool planes_as_sdl_expects(const struct tripool_format *f, const struct part *part, Uint32 sdl)
{
	uint64_t at[TRIPOOL_MAX_PLANES];
	for (unsigned p = 0; p < f->plane_count; p++)
		at[p] = f->offset_bytes[p] + part->skip_bytes[p];
	const int *stride = part->stride_bytes;
	int half = (stride[0] + 1) / 2;
	uint64_t chroma = (uint64_t)stride[0] * (uint64_t)part->rect.h;
	uint64_t chroma_rows = ((uint64_t)part->rect.h + 1) / 2;
	switch (sdl) {
	case SDL_PIXELFORMAT_NV12:
	case SDL_PIXELFORMAT_NV21:
		return at[1] == at[0] + chroma && stride[1] == half * 2;
	case SDL_PIXELFORMAT_IYUV:
		return at[1] == at[0] + chroma && stride[1] == half && stride[2] == half &&
		       at[2] == at[1] + (uint64_t)half * chroma_rows;
	default:
		return true;
	}
}

static Uint32 format_for_sdl(const struct convert_request *request, const struct part *part)
{
	Uint32 sdl = pixels_sdl_format(request->from);
	if (sdl == SDL_PIXELFORMAT_UNKNOWN || request->width_px != part->rect.w || request->height_px != part->rect.h ||
	    !planes_as_sdl_expects(request->from, part, sdl) || !pixels_set_sdl_colour(request->from))
		return SDL_PIXELFORMAT_UNKNOWN;
	return sdl;
}

bool convert_overshoots(const struct convert_request *request)
{
	struct part part = part_of(request->from, request->crop);
	return request->width_px % CONVERT_OVERSHOOT_PX != 0 &&
	       format_for_sdl(request, &part) == SDL_PIXELFORMAT_UNKNOWN;
}

static bool is_scaled(const struct convert *c)
{
	return c->width_px != c->part.rect.w || c->height_px != c->part.rect.h;
}

/* How libswscale is to read the frames. It takes gray for full range where nothing is scaled, whatever it is told: then
 * gray of limited range goes as numbers of colours. */
static enum AVPixelFormat source_format(struct convert *c)
{
	enum AVPixelFormat from = pixels_of_frame(&c->from);
	if (from != AV_PIX_FMT_GRAY8 || pixels_colour(&c->from).full_range || is_scaled(c))
		return from;
	for (int i = 0; i < 256; i++) {
		uint32_t gray = av_clip_uint8((int)lround((i - 16) * 255.0 / 219));
		c->palette[i] = 0xff000000u | gray << 16 | gray << 8 | gray;
	}
	return AV_PIX_FMT_PAL8;
}

static int threads_for(const struct convert *c)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	if (c->rows || processors < 1)
		return 1;
	return processors > MOST_THREADS ? MOST_THREADS : (int)processors;
}

/* The fast one needs some pixels. Of something tiny both bilinear ones make another picture first, which they cannot in
 * every shape, and crash over slices of it. */
static int64_t scaler_for(const struct convert *c)
{
	if (c->part.rect.w / c->width_px >= TINY || c->part.rect.h / c->height_px >= TINY)
		return SWS_POINT;
	return c->part.rect.w < FEW_PX || c->width_px < FEW_PX ? SWS_BILINEAR : SWS_FAST_BILINEAR;
}

static struct SwsContext *make_sws(
    const struct convert *c, enum AVPixelFormat from, enum AVPixelFormat to, int64_t scaler)
{
	struct SwsContext *sws = sws_alloc_context();
	if (!sws)
		return NULL;
	av_opt_set_int(sws, "srcw", c->part.rect.w, 0);
	av_opt_set_int(sws, "srch", c->part.rect.h, 0);
	av_opt_set_int(sws, "src_format", from, 0);
	av_opt_set_int(sws, "dstw", c->target->width, 0);
	av_opt_set_int(sws, "dsth", c->target->height, 0);
	av_opt_set_int(sws, "dst_format", to, 0);
	/* RGB with all its colour is both finer and faster than with half of it */
	av_opt_set_int(sws, "sws_flags", scaler | SWS_FULL_CHR_H_INP, 0);
	av_opt_set_int(sws, "threads", threads_for(c), 0);
	if (sws_init_context(sws, NULL, NULL) < 0) {
		sws_freeContext(sws);
		return NULL;
	}
	struct pixels_colour colour = pixels_colour(&c->from);
	const int *coefficients = sws_getCoefficients(colour.matrix);
	sws_setColorspaceDetails(sws, coefficients, colour.full_range, coefficients, 1, 0, 1 << 16, 1 << 16);
	return sws;
}

static int open_frames(struct convert *c, enum AVPixelFormat from, enum AVPixelFormat to)
{
	c->source = av_frame_alloc();
	c->target = av_frame_alloc();
	if (!c->source || !c->target)
		return -ENOMEM;
	c->source->format = from;
	c->source->width = c->part.rect.w;
	c->source->height = c->part.rect.h;
	c->target->format = to;
	/* rows of an odd length take several times as long: one pixel more is within what we may write */
	c->target->width = is_scaled(c) ? FFALIGN(c->width_px, 2) : c->width_px;
	c->target->height = c->height_px;
	return 0;
}

static int open_sws(struct convert *c, struct tripool_error *error)
{
	enum AVPixelFormat from = source_format(c), to = pixels_of_window(c->to);
	enum AVPixelFormat strip = convert_rows_format(from, is_scaled(c));
	if (strip != AV_PIX_FMT_NONE) {
		int r = convert_rows_create(&c->rows, from, strip, c->part.rect.w, c->part.rect.h);
		if (r == -ENOMEM)
			return r;
		from = r < 0 ? AV_PIX_FMT_NONE : strip;
	}
	if (from == AV_PIX_FMT_NONE || to == AV_PIX_FMT_NONE || !sws_isSupportedInput(from))
		return tripool_fail(error, -ENOTSUP, "pixel format '%s' %dx%d cannot be shown on this display",
		    c->from.pix_fmt, c->part.rect.w, c->part.rect.h);
	if (open_frames(c, from, to) < 0)
		return -ENOMEM;
	int64_t scaler = scaler_for(c);
	c->sws = make_sws(c, from, to, scaler);
	if (!c->sws && scaler == SWS_FAST_BILINEAR) /* which makes code, and that may be forbidden */
		c->sws = make_sws(c, from, to, SWS_BILINEAR);
	if (!c->sws)
		return tripool_fail(error, -ENOTSUP, "%s %dx%d cannot be scaled to %dx%d", c->from.pix_fmt,
		    c->part.rect.w, c->part.rect.h, c->width_px, c->height_px);
	return 0;
}

static int check(const struct convert_request *request, const struct part *part, struct tripool_error *error)
{
	const struct tripool_format *f = request->from;
	SDL_Rect aligned = convert_align_crop(f, part->rect);
	if (!SDL_RectEquals(&aligned, &part->rect))
		return tripool_fail(error, -EINVAL, "a %s frame cannot be cropped to %dx%d at %d,%d", f->pix_fmt,
		    part->rect.w, part->rect.h, part->rect.x, part->rect.y);
	for (unsigned p = 0; p < f->plane_count; p++)
		if (f->stride_bytes[p] > MOST_PLANE_BYTES / f->height_px)
			return tripool_fail(error, -ENOTSUP, "a frame of %u rows of %u bytes is too large to be shown",
			    f->height_px, f->stride_bytes[p]);
	return 0;
}

int convert_create(struct convert **convert, const struct convert_request *request, struct tripool_error *error)
{
	struct part part = part_of(request->from, request->crop);
	int r = check(request, &part, error);
	if (r < 0)
		return r;
	struct convert *c = calloc(1, sizeof(*c));
	if (!c)
		return tripool_fail(error, -ENOMEM, "no memory to convert frames");
	c->from = *request->from;
	c->part = part;
	c->width_px = request->width_px;
	c->height_px = request->height_px;
	c->to = request->to;
	c->sdl_from = format_for_sdl(request, &part);
	if (c->sdl_from == SDL_PIXELFORMAT_UNKNOWN) {
		r = open_sws(c, error);
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
	convert_rows_destroy(c->rows);
	free(c);
}

/* libswscale copies the pixels of frames that have no reference-counted buffer: so both get one that owns nothing. */
static int lend(AVFrame *frame, const uint8_t *memory, size_t size_bytes, int flags)
{
	frame->buf[0] = av_buffer_create((uint8_t *)memory, size_bytes, keep, NULL, flags);
	return frame->buf[0] ? 0 : -ENOMEM;
}

static int run_sws(
    struct convert *c, const uint8_t *slot, const uint8_t *const plane[], uint8_t *pixels, int pitch_bytes)
{
	for (unsigned p = 0; p < c->from.plane_count; p++) {
		c->source->data[p] = (uint8_t *)plane[p];
		c->source->linesize[p] = c->part.stride_bytes[p];
	}
	if (c->source->format == AV_PIX_FMT_PAL8)
		c->source->data[1] = (uint8_t *)c->palette;
	c->target->data[0] = pixels;
	c->target->linesize[0] = pitch_bytes;
	int r = lend(c->source, slot, c->from.size_bytes, AV_BUFFER_FLAG_READONLY);
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
	const uint8_t *part[TRIPOOL_MAX_PLANES] = {NULL};
	for (unsigned p = 0; p < c->from.plane_count; p++)
		part[p] = plane[p] + c->part.skip_bytes[p];
	if (c->rows)
		return convert_rows_run(c->rows, c->sws, part, c->part.stride_bytes, pixels, pitch_bytes);
	if (c->sdl_from == SDL_PIXELFORMAT_UNKNOWN)
		return run_sws(c, plane[0] - c->from.offset_bytes[0], part, pixels, pitch_bytes);
	pixels_set_sdl_colour(&c->from);
	return SDL_ConvertPixels(c->width_px, c->height_px, c->sdl_from, part[0], c->part.stride_bytes[0], c->to,
		   pixels, pitch_bytes) < 0
	           ? -EIO
	           : 0;
}
