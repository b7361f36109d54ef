// SPDX-License-Identifier: MIT
#include "picture.h"

#include <errno.h>
#include <libavutil/pixdesc.h>
#include <string.h>

#include "error.h"

#define MOST_FORMATS 256
#define ONE (1 << 16)

enum AVPixelFormat picture_choose(const enum AVPixelFormat *list, enum AVPixelFormat from)
{
	enum AVPixelFormat some[MOST_FORMATS];
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(from);
	int n = 0;
	if (!list)
		return from;
	for (int i = 0; list[i] != AV_PIX_FMT_NONE && n < MOST_FORMATS - 1; i++) {
		if (list[i] == from)
			return from;
		/* those with a range in their names are old names for others */
		if (strncmp(av_get_pix_fmt_name(list[i]), "yuvj", 4) != 0)
			some[n++] = list[i];
	}
	some[n] = AV_PIX_FMT_NONE;
	return avcodec_find_best_pix_fmt_of_list(n ? some : list, from, d->flags & AV_PIX_FMT_FLAG_ALPHA, NULL);
}

static bool is_rgb(const AVFrame *f)
{
	return av_pix_fmt_desc_get(f->format)->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BAYER);
}

static bool is_full(const AVFrame *f)
{
	return f->color_range == AVCOL_RANGE_JPEG || is_rgb(f);
}

/* What is not said is guessed as players do. */
static enum AVColorSpace matrix_of(const AVFrame *f)
{
	if (f->colorspace != AVCOL_SPC_UNSPECIFIED && f->colorspace != AVCOL_SPC_RGB)
		return f->colorspace;
	return f->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

static void choose_colours(const AVFrame *from, AVFrame *to)
{
	if (is_rgb(from) == is_rgb(to))
		return;
	to->colorspace = is_rgb(to) ? AVCOL_SPC_RGB : matrix_of(from);
	to->color_range = is_rgb(to) ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

int picture_open(struct picture *p, const AVFrame *from, enum AVPixelFormat to, struct tripool_error *error)
{
	const char *names[] = {av_get_pix_fmt_name(from->format), av_get_pix_fmt_name(to)};
	*p = (struct picture){.like = av_frame_alloc()};
	if (!p->like || av_frame_copy_props(p->like, from) < 0) {
		av_frame_free(&p->like);
		return tripool_fail(error, -ENOMEM, "no memory for pictures");
	}
	p->like->format = to;
	p->like->width = from->width;
	p->like->height = from->height;
	if (to == from->format)
		return 0;
	choose_colours(from, p->like);
	if (sws_isSupportedInput(from->format) && sws_isSupportedOutput(to))
		p->sws = sws_getContext(from->width, from->height, from->format, from->width, from->height, to,
		    SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
	if (!p->sws) {
		picture_close(p);
		return tripool_fail(error, -ENOTSUP,
		    "libswscale cannot make %s of the stream's %s: record it as it is (-c:v rawvideo, into a .nut)",
		    names[1], names[0]);
	}
	sws_setColorspaceDetails(p->sws, sws_getCoefficients((int)matrix_of(from)), is_full(from),
	    sws_getCoefficients((int)matrix_of(p->like)), is_full(p->like), 0, ONE, ONE);
	return 0;
}

void picture_close(struct picture *p)
{
	sws_freeContext(p->sws);
	p->sws = NULL;
	av_frame_free(&p->like);
}

int picture_convert(struct picture *p, AVFrame *picture)
{
	AVFrame *made = av_frame_alloc();
	int r = made ? av_frame_copy_props(made, p->like) : AVERROR(ENOMEM);
	if (r >= 0) {
		made->format = p->like->format;
		made->width = p->like->width;
		made->height = p->like->height;
		made->pts = picture->pts;
		r = av_frame_get_buffer(made, 0);
	}
	if (r >= 0)
		r = sws_scale(p->sws, (const uint8_t *const *)picture->data, picture->linesize, 0, picture->height,
		    made->data, made->linesize);
	if (r >= 0) {
		av_frame_unref(picture);
		av_frame_move_ref(picture, made);
	}
	av_frame_free(&made);
	return r < 0 ? r : 0;
}
