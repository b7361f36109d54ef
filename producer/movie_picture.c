// SPDX-License-Identifier: MIT
#include "movie_picture.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

#define ONE (1 << 16) /* libswscale's: contrast and saturation as they are */

/* What takes the place of a pixel format that a stream cannot carry. */
static const enum AVPixelFormat substitutes[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P,
    AV_PIX_FMT_YUVA420P, AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_YUV444P16LE, AV_PIX_FMT_GRAY8, AV_PIX_FMT_GRAY16LE,
    AV_PIX_FMT_RGB24, AV_PIX_FMT_BGRA, AV_PIX_FMT_RGB48LE, AV_PIX_FMT_RGBA64LE, AV_PIX_FMT_NONE};

/* The old names that have the range in them. */
static enum AVPixelFormat plain(int format)
{
	static const enum AVPixelFormat old[][2] = {{AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P},
	    {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P}, {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P},
	    {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P}, {AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P}};

	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++)
		if (old[i][0] == format)
			return old[i][1];
	return format;
}

static bool is_rgb(int format)
{
	return av_pix_fmt_desc_get(format)->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BAYER);
}

static bool is_full(const AVFrame *frame)
{
	return frame->color_range == AVCOL_RANGE_JPEG || plain(frame->format) != frame->format || is_rgb(frame->format);
}

/* What is not said is guessed as tripool-view does. */
static enum AVColorSpace matrix_of(const AVFrame *frame)
{
	if (frame->colorspace != AVCOL_SPC_UNSPECIFIED && frame->colorspace != AVCOL_SPC_RGB)
		return frame->colorspace;
	return frame->width >= 1280 || frame->height > 576 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

static void describe_colour(struct tripool_format *f, const AVFrame *like, enum AVPixelFormat to)
{
	f->matrix = (uint8_t)like->colorspace;
	f->full_range = like->color_range == AVCOL_RANGE_UNSPECIFIED ? 2 : like->color_range == AVCOL_RANGE_JPEG;
	if (plain(like->format) != like->format)
		f->full_range = 1;
	f->primaries = like->color_primaries == AVCOL_PRI_RESERVED0 ? 2 : (uint8_t)like->color_primaries;
	f->transfer = (uint8_t)like->color_trc;
	if (is_rgb(like->format) != is_rgb(to)) {
		f->matrix = is_rgb(to) ? AVCOL_SPC_RGB : (uint8_t)matrix_of(like);
		f->full_range = is_rgb(to);
	}
}

/* A picture that is made wider is still to be shown as wide as it was. */
static void describe_aspect(struct tripool_format *f, const AVFrame *like)
{
	AVRational aspect = like->sample_aspect_ratio;
	int num, den;

	if (aspect.num <= 0 || aspect.den <= 0)
		return;
	if ((int)f->width_px != like->width || (int)f->height_px != like->height) {
		aspect = av_mul_q(aspect, (AVRational){like->width, (int)f->width_px});
		aspect = av_mul_q(aspect, (AVRational){(int)f->height_px, like->height});
	}
	av_reduce(&num, &den, aspect.num, aspect.den, 1000000);
	f->sample_aspect_num = num > 0 && den > 0 ? (uint32_t)num : 0;
	f->sample_aspect_den = num > 0 && den > 0 ? (uint32_t)den : 0;
}

static int settle_format(struct movie_picture *p, const AVFrame *like, const struct source_request *request,
    const char *name, struct tripool_error *error)
{
	struct tripool_format carried = {.width_px = 16, .height_px = 16};
	enum AVPixelFormat to = plain(like->format);

	if (request->pix_fmt) {
		to = av_get_pix_fmt(request->pix_fmt);
	} else {
		snprintf(carried.pix_fmt, sizeof(carried.pix_fmt), "%s", av_get_pix_fmt_name(to));
		p->cannot_be_carried = tripool_format_layout(&carried, NULL) < 0;
		if (p->cannot_be_carried)
			to = avcodec_find_best_pix_fmt_of_list(substitutes, to, 1, NULL);
	}
	snprintf(p->format.pix_fmt, sizeof(p->format.pix_fmt), "%s", av_get_pix_fmt_name(to));
	p->format.width_px = request->width_px ? request->width_px : (uint32_t)like->width;
	p->format.height_px = request->height_px ? request->height_px : (uint32_t)like->height;
	describe_colour(&p->format, like, to);
	describe_aspect(&p->format, like);

	struct tripool_error why;
	if (tripool_format_layout(&p->format, &why) == 0)
		return 0;
	if (request->pix_fmt || request->width_px)
		return tripool_fail(error, -EINVAL, "%s", why.text);
	return tripool_fail(error, -EFBIG, "%s: %.120s; -s WxH scales it", name, why.text);
}

static int open_scaler(
    struct movie_picture *p, const AVFrame *like, enum AVPixelFormat to, const char *name, struct tripool_error *error)
{
	enum AVPixelFormat from = plain(like->format);
	AVFrame made = {.format = to,
	    .width = (int)p->format.width_px,
	    .height = (int)p->format.height_px,
	    .colorspace = p->format.matrix,
	    .color_range = p->format.full_range == 1 ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG};

	if (!sws_isSupportedInput(from))
		return tripool_fail(
		    error, -ENOTSUP, "%s: libswscale does not read its %s", name, av_get_pix_fmt_name(like->format));
	if (!sws_isSupportedOutput(to))
		return tripool_fail(error, -EINVAL, "%s cannot be made into %s: libswscale does not write that; try %s",
		    name, p->format.pix_fmt, is_rgb(to) ? "bgra" : "yuv420p");
	p->sws = sws_getContext(like->width, like->height, from, made.width, made.height, to,
	    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
	if (!p->sws)
		return tripool_fail(error, -ENOTSUP, "%s cannot be made into %s %ux%u: libswscale refuses", name,
		    p->format.pix_fmt, p->format.width_px, p->format.height_px);
	sws_setColorspaceDetails(p->sws, sws_getCoefficients((int)matrix_of(like)), is_full(like),
	    sws_getCoefficients((int)matrix_of(is_rgb(to) ? like : &made)), is_rgb(to) || is_full(&made), 0, ONE, ONE);
	return 0;
}

int movie_picture_init(struct movie_picture *p, const AVFrame *like, const struct source_request *request,
    AVRational rate, const char *name, struct tripool_error *error)
{
	*p = (struct movie_picture){
	    .path = MOVIE_COPY, .from_format = like->format, .from_width = like->width, .from_height = like->height};
	p->format.frame_rate_num = rate.num > 0 ? (uint32_t)rate.num : 0;
	p->format.frame_rate_den = rate.num > 0 ? (uint32_t)rate.den : 0;
	int r = settle_format(p, like, request, name, error);
	if (r < 0)
		return r;
	enum AVPixelFormat to = av_get_pix_fmt(p->format.pix_fmt);
	if (to == plain(like->format) && (int)p->format.width_px == like->width &&
	    (int)p->format.height_px == like->height)
		return 0;
	p->path = MOVIE_CONVERT;
	return open_scaler(p, like, to, name, error);
}

void movie_picture_finish(struct movie_picture *picture)
{
	sws_freeContext(picture->sws);
	picture->sws = NULL;
}

bool movie_picture_suits(const struct movie_picture *picture, const AVFrame *frame)
{
	return frame->format == picture->from_format && frame->width == picture->from_width &&
	       frame->height == picture->from_height;
}

void movie_picture_fill(const struct movie_picture *picture, const AVFrame *frame, const struct tripool_slot *slot)
{
	const struct tripool_format *f = &picture->format;
	uint8_t *data[4] = {NULL};
	int linesize[4] = {0};

	for (uint32_t p = 0; p < f->plane_count; p++) {
		data[p] = slot->plane[p];
		linesize[p] = (int)f->stride_bytes[p];
	}
	if (picture->sws)
		sws_scale(picture->sws, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, data,
		    linesize);
	else
		av_image_copy(data, linesize, (const uint8_t **)(uintptr_t)frame->data, frame->linesize, frame->format,
		    frame->width, frame->height);
}
