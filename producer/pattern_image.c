// SPDX-License-Identifier: MIT
#include "pattern_image.h"

#include "error.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <limits.h>
#include <string.h>

#define PADDING_BYTES 64 /* libswscale may write a vector past the last pixel */

/* Grey is full range as in libswscale, which knows no other. */
static bool is_full_range(const AVPixFmtDescriptor *desc)
{
	return desc->flags & AV_PIX_FMT_FLAG_RGB || desc->nb_components < 3 || strncmp(desc->name, "yuvj", 4) == 0;
}

int image_supports(const struct tripool_format *format, struct tripool_error *error)
{
	const uint64_t unsuitable =
	    AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_BAYER;
	enum AVPixelFormat pix_fmt = av_get_pix_fmt(format->pix_fmt);
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(pix_fmt);

	if (!desc || desc->flags & unsuitable || !sws_isSupportedOutput(pix_fmt) ||
	    strncmp(desc->name, "xyz", 3) == 0 || desc->log2_chroma_w > 2 || desc->log2_chroma_h > 2)
		return tripool_fail(error, -EINVAL,
		    "a test pattern cannot be drawn in pixel format '%s'; nv12, yuyv422 or bgra can", format->pix_fmt);

	/* A packed row ends with a whole macropixel. */
	uint32_t step = 1u << desc->log2_chroma_w;
	if (!(desc->flags & AV_PIX_FMT_FLAG_PLANAR) && format->width_px % step)
		return tripool_fail(error, -EINVAL, "width %u: pixel format '%s' needs a multiple of %u",
		    format->width_px, format->pix_fmt, step);
	return 0;
}

int image_fits(const struct tripool_format *format, struct tripool_error *error)
{
	uint64_t art_bytes = (uint64_t)format->width_px * format->height_px * 3;
	uint64_t most = art_bytes > format->size_bytes ? art_bytes : format->size_bytes;

	if (most > INT_MAX - PADDING_BYTES)
		return tripool_fail(error, -EINVAL,
		    "size %ux%u is too large for a test pattern in '%s': at most %d MiB a picture (as RGB, too)",
		    format->width_px, format->height_px, format->pix_fmt, INT_MAX >> 20);
	return 0;
}

void image_describe_colour(struct tripool_format *format)
{
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	bool high = format->height_px >= 720;

	format->full_range = is_full_range(desc);
	if (desc->flags & AV_PIX_FMT_FLAG_RGB) {
		format->matrix = AVCOL_SPC_RGB;
		format->primaries = AVCOL_PRI_BT709;
		format->transfer = AVCOL_TRC_IEC61966_2_1;
	} else {
		format->matrix = high ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
		format->primaries = high ? AVCOL_PRI_BT709 : AVCOL_PRI_SMPTE170M;
		format->transfer = high ? AVCOL_TRC_BT709 : AVCOL_TRC_SMPTE170M;
	}
}

static struct SwsContext *open_converter(const struct tripool_format *format)
{
	enum AVPixelFormat pix_fmt = av_get_pix_fmt(format->pix_fmt);
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(pix_fmt);
	struct SwsContext *sws = sws_alloc_context();

	if (!sws)
		return NULL;
	av_opt_set_int(sws, "srcw", format->width_px, 0);
	av_opt_set_int(sws, "srch", format->height_px, 0);
	av_opt_set_int(sws, "src_format", AV_PIX_FMT_RGB24, 0);
	av_opt_set_int(sws, "dstw", format->width_px, 0);
	av_opt_set_int(sws, "dsth", format->height_px, 0);
	av_opt_set_int(sws, "dst_format", pix_fmt, 0);
	av_opt_set_int(sws, "sws_flags",
	    SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT, 0);
	/* Chroma to the left, between the rows of 4:2:0: what is meant where nothing else is said. */
	if (desc->log2_chroma_w)
		av_opt_set_int(sws, "dst_h_chr_pos", 0, 0);
	if (desc->log2_chroma_h)
		av_opt_set_int(sws, "dst_v_chr_pos", 128, 0);
	if (sws_init_context(sws, NULL, NULL) < 0) {
		sws_freeContext(sws);
		return NULL;
	}
	int matrix = format->matrix == AVCOL_SPC_BT709 ? SWS_CS_ITU709 : SWS_CS_ITU601;
	/* Fails where there is nothing to set, as from RGB to RGB. */
	sws_setColorspaceDetails(sws, sws_getCoefficients(SWS_CS_DEFAULT), 1, sws_getCoefficients(matrix),
	    format->full_range == 1, 0, 1 << 16, 1 << 16);
	return sws;
}

int image_init(
    struct image *image, const struct art *art, const struct tripool_format *format, struct tripool_error *error)
{
	image->format = *format;
	image->memory = NULL;
	if (format->width_px != art->width_px || format->height_px != art->height_px) {
		image->format.width_px = art->width_px;
		image->format.height_px = art->height_px;
		image->format.size_bytes = 0;
		memset(image->format.stride_bytes, 0, sizeof(image->format.stride_bytes));
		int r = tripool_format_layout(&image->format, error);
		if (r < 0)
			return r;
	}
	image->memory = av_mallocz(image->format.size_bytes + PADDING_BYTES);
	struct SwsContext *sws = image->memory ? open_converter(&image->format) : NULL;
	if (!sws) {
		av_freep(&image->memory);
		return tripool_fail(
		    error, -ENOMEM, "no memory for a picture of %ux%u pixels", art->width_px, art->height_px);
	}

	const uint8_t *from[4] = {art->pixels};
	int from_stride[4] = {(int)art->width_px * 3};
	uint8_t *to[4] = {NULL};
	int to_stride[4] = {0};
	for (uint32_t p = 0; p < image->format.plane_count; p++) {
		to[p] = image->memory + image->format.offset_bytes[p];
		to_stride[p] = (int)image->format.stride_bytes[p];
	}
	int rows = sws_scale(sws, from, from_stride, 0, (int)art->height_px, to, to_stride);
	sws_freeContext(sws);
	if (rows < 0) {
		av_freep(&image->memory);
		return tripool_fail(error, -EINVAL, "pixel format '%s': libswscale cannot make it", format->pix_fmt);
	}
	return 0;
}

void image_finish(struct image *image)
{
	av_freep(&image->memory);
}

void image_copy(
    const struct image *image, const struct image_move *move, const struct tripool_format *format, uint8_t *memory)
{
	enum AVPixelFormat pix_fmt = av_get_pix_fmt(format->pix_fmt);
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(pix_fmt);

	for (uint32_t p = 0; p < format->plane_count; p++) {
		bool chroma = p == 1 || p == 2;
		int down = chroma ? desc->log2_chroma_h : 0;
		uint32_t aligned = chroma ? (1u << desc->log2_chroma_w) - 1 : 0;
		int to = av_image_get_linesize(pix_fmt, (int)(move->x & ~aligned), (int)p);
		int from = av_image_get_linesize(pix_fmt, (int)(move->from_x & ~aligned), (int)p);
		int end = av_image_get_linesize(pix_fmt, (int)(move->x + move->width_px), (int)p);
		uint32_t y = move->y >> down;
		uint32_t y_end = (move->y + move->height_px + (1u << down) - 1) >> down;
		uint32_t from_stride = image->format.stride_bytes[p];
		const uint8_t *source = image->memory + image->format.offset_bytes[p] + from +
		                        (uint64_t)(move->from_y >> down) * from_stride;
		uint8_t *target = memory + format->offset_bytes[p] + to + (uint64_t)y * format->stride_bytes[p];

		for (; y < y_end; y++, source += from_stride, target += format->stride_bytes[p])
			memcpy(target, source, (size_t)(end - to));
	}
}
