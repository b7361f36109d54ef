// SPDX-License-Identifier: MIT
#include "tripool_av.h"

#include <errno.h>
#include <libavutil/pixdesc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct loan {
	struct tripool_frame frame;
	struct tripool_av *av;
	struct loan *next;
};

struct tripool_av {
	struct tripool_viewer *viewer;
	int lent;                      /* by the viewer's thread, and not collected */
	_Atomic(struct loan *) let_go; /* any thread adds; the viewer's takes all at once, so nothing is seen twice */
	_Atomic int holders;           /* the owner and each loan: the last one frees */
};

static void drop(struct tripool_av *av)
{
	/* Release and acquire, each with its other calls: what the others did with it was before it is freed. */
	if (atomic_fetch_sub_explicit(&av->holders, 1, memory_order_acq_rel) > 1)
		return;
	/* What was let go of after the owner had gone. Relaxed: nobody else is left. */
	struct loan *loan = atomic_load_explicit(&av->let_go, memory_order_relaxed);
	while (loan) {
		struct loan *next = loan->next;
		free(loan);
		loan = next;
	}
	free(av);
}

int tripool_av_create(struct tripool_av **av, struct tripool_viewer *viewer, struct tripool_error *error)
{
	struct tripool_av *a = calloc(1, sizeof(*a));
	if (!a) {
		if (error)
			strcpy(error->text, "no memory to lend frames");
		return -ENOMEM;
	}
	a->viewer = viewer;
	atomic_init(&a->holders, 1);
	*av = a;
	return 0;
}

/* The buffer's last reference is gone, in whichever thread had it. */
static void let_go(void *opaque, uint8_t *data)
{
	struct loan *loan = opaque;
	struct tripool_av *av = loan->av;
	(void)data;
	/* Relaxed: only compared, by the exchange. */
	loan->next = atomic_load_explicit(&av->let_go, memory_order_relaxed);
	/* Release, with the acquire in collect: the frame was read before its lease ends. */
	while (!atomic_compare_exchange_weak_explicit(
	    &av->let_go, &loan->next, loan, memory_order_release, memory_order_relaxed))
		;
	/* Not before: this may be the last. */
	drop(av);
}

int tripool_av_collect(struct tripool_av *av)
{
	/* Acquire, with the release in let_go. */
	struct loan *loan = atomic_exchange_explicit(&av->let_go, NULL, memory_order_acquire);
	while (loan) {
		struct loan *next = loan->next;
		tripool_viewer_release(av->viewer, &loan->frame);
		free(loan);
		av->lent--;
		loan = next;
	}
	return av->lent;
}

void tripool_av_destroy(struct tripool_av *av)
{
	if (!av)
		return;
	tripool_av_collect(av);
	drop(av);
}

/* All but the pixels. */
static int describe(const struct tripool_format *f, AVFrame *picture)
{
	enum AVPixelFormat pix_fmt = av_get_pix_fmt(f->pix_fmt);
	if (pix_fmt == AV_PIX_FMT_NONE)
		return -EINVAL;
	for (uint32_t p = 0; p < f->plane_count; p++)
		if (f->stride_bytes[p] > INT32_MAX)
			return -EINVAL;
	picture->format = pix_fmt;
	picture->width = (int)f->width_px;
	picture->height = (int)f->height_px;
	for (uint32_t p = 0; p < f->plane_count; p++)
		picture->linesize[p] = (int)f->stride_bytes[p];
	if (f->sample_aspect_num <= INT32_MAX && f->sample_aspect_den <= INT32_MAX && f->sample_aspect_den > 0)
		picture->sample_aspect_ratio = (AVRational){(int)f->sample_aspect_num, (int)f->sample_aspect_den};
	picture->colorspace = f->matrix;
	picture->color_primaries = f->primaries;
	picture->color_trc = f->transfer;
	picture->color_range = AVCOL_RANGE_UNSPECIFIED;
	if (f->full_range < 2)
		picture->color_range = f->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
	return 0;
}

int tripool_av_lend(struct tripool_av *av, struct tripool_frame *frame, AVFrame *picture)
{
	tripool_av_collect(av);
	if (!frame->lease)
		return -EINVAL;
	int r = describe(frame->format, picture);
	struct loan *loan = r == 0 ? malloc(sizeof(*loan)) : NULL;
	if (loan) {
		*loan = (struct loan){.frame = *frame, .av = av};
		picture->buf[0] = av_buffer_create((uint8_t *)(uintptr_t)frame->memory, frame->format->size_bytes,
		    let_go, loan, AV_BUFFER_FLAG_READONLY);
	}
	if (!loan || !picture->buf[0]) {
		free(loan);
		av_frame_unref(picture);
		return r < 0 ? r : -ENOMEM;
	}
	/* Relaxed: the buffer has not left this thread yet. */
	atomic_fetch_add_explicit(&av->holders, 1, memory_order_relaxed);
	av->lent++;
	frame->lease = NULL;
	for (uint32_t p = 0; p < frame->format->plane_count; p++)
		picture->data[p] = (uint8_t *)(uintptr_t)frame->plane[p];
	picture->pts = frame->info.capture_ns;
	picture->time_base = (AVRational){1, 1000000000};
	return 0;
}

static void keep(void *opaque, uint8_t *data)
{
	(void)opaque;
	(void)data;
}

int tripool_av_slot(const struct tripool_format *format, const struct tripool_slot *slot, AVFrame *picture)
{
	int r = describe(format, picture);
	if (r == 0) {
		picture->buf[0] = av_buffer_create(slot->memory, format->size_bytes, keep, NULL, 0);
		r = picture->buf[0] ? 0 : -ENOMEM;
	}
	if (r < 0) {
		av_frame_unref(picture);
		return r;
	}
	for (uint32_t p = 0; p < format->plane_count; p++)
		picture->data[p] = slot->plane[p];
	return 0;
}
