// SPDX-License-Identifier: MIT
#include "error.h"

#include <errno.h>
#include <libavutil/common.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <string.h>

#define MAX_SIDE_PX 32768
#define MAX_SIZE_BYTES (UINT64_C(1) << 34)
#define STRIDE_ALIGNMENT_BYTES 64

/* What libavutil says of a picture: for each plane the bytes of a row and the number of rows. */
struct geometry {
	uint32_t plane_count;
	uint32_t row_bytes[TRIPOOL_MAX_PLANES];
	uint32_t rows[TRIPOOL_MAX_PLANES];
};

static int describe(const struct tripool_format *format, struct geometry *geometry, struct tripool_error *error)
{
	if (strnlen(format->pix_fmt, sizeof(format->pix_fmt)) == sizeof(format->pix_fmt))
		return tripool_fail(error, -EINVAL, "the pixel format's name is not terminated");
	enum AVPixelFormat pix_fmt = av_get_pix_fmt(format->pix_fmt);
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(pix_fmt);
	/* av_get_pix_fmt also takes nicknames ("gray16"): only the name itself means the same on every machine. */
	if (!desc || strcmp(av_get_pix_fmt_name(pix_fmt), format->pix_fmt) != 0)
		return tripool_fail(error, -EINVAL,
		    "pixel format '%s' is not known: use a name that 'ffmpeg -pix_fmts' lists", format->pix_fmt);
	if (desc->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_PAL))
		return tripool_fail(error, -EINVAL,
		    "pixel format '%s' is not raw pixels in memory (hardware, bit-stream or palette)", format->pix_fmt);
	if (format->width_px == 0 || format->width_px > MAX_SIDE_PX || format->height_px == 0 ||
	    format->height_px > MAX_SIDE_PX)
		return tripool_fail(error, -EINVAL, "size %ux%u is not between 1x1 and %ux%u", format->width_px,
		    format->height_px, MAX_SIDE_PX, MAX_SIDE_PX);

	int row_bytes[4];
	if (av_image_fill_linesizes(row_bytes, pix_fmt, (int)format->width_px) < 0)
		return tripool_fail(error, -EINVAL, "libavutil has no rows for '%s' %ux%u", format->pix_fmt,
		    format->width_px, format->height_px);
	*geometry = (struct geometry){.plane_count = (uint32_t)av_pix_fmt_count_planes(pix_fmt)};
	for (uint32_t p = 0; p < geometry->plane_count; p++) {
		bool chroma = (p == 1 || p == 2) && !(desc->flags & AV_PIX_FMT_FLAG_RGB);
		int shift = chroma ? desc->log2_chroma_h : 0;
		geometry->row_bytes[p] = (uint32_t)row_bytes[p];
		geometry->rows[p] = (uint32_t)AV_CEIL_RSHIFT((int)format->height_px, shift);
	}
	return 0;
}

int tripool_format_layout(struct tripool_format *format, struct tripool_error *error)
{
	struct geometry g;
	int r = describe(format, &g, error);
	if (r < 0)
		return r;
	struct tripool_format f = *format;
	f.plane_count = g.plane_count;
	bool asked = format->stride_bytes[0] != 0;
	uint64_t end = 0;
	for (uint32_t p = 0; p < TRIPOOL_MAX_PLANES; p++) {
		f.stride_bytes[p] = 0;
		f.offset_bytes[p] = 0;
		if (p >= g.plane_count)
			continue;
		if (asked) /* as V4L2 lays planes out: in proportion to the first */
			f.stride_bytes[p] =
			    (uint32_t)((uint64_t)format->stride_bytes[0] * g.row_bytes[p] / g.row_bytes[0]);
		else
			f.stride_bytes[p] =
			    (g.row_bytes[p] + STRIDE_ALIGNMENT_BYTES - 1) & ~(STRIDE_ALIGNMENT_BYTES - 1u);
		f.offset_bytes[p] = end;
		end += (uint64_t)f.stride_bytes[p] * g.rows[p];
	}
	if (f.size_bytes < end)
		f.size_bytes = end;
	if (f.primaries == 0)
		f.primaries = f.transfer = f.matrix = f.full_range = 2;
	r = tripool_format_check(&f, error);
	if (r == 0)
		*format = f;
	return r;
}

int tripool_format_check(const struct tripool_format *format, struct tripool_error *error)
{
	struct geometry g;
	int r = describe(format, &g, error);
	if (r < 0)
		return r;
	if (format->plane_count != g.plane_count)
		return tripool_fail(error, -EINVAL, "%u planes, but '%s' has %u (tripool_format_layout fills it in)",
		    format->plane_count, format->pix_fmt, g.plane_count);
	if (format->size_bytes > MAX_SIZE_BYTES)
		return tripool_fail(error, -EINVAL, "a frame of %llu bytes is too large (at most %llu)",
		    (unsigned long long)format->size_bytes, (unsigned long long)MAX_SIZE_BYTES);
	uint64_t begin[TRIPOOL_MAX_PLANES], end[TRIPOOL_MAX_PLANES];
	for (uint32_t p = 0; p < g.plane_count; p++) {
		if (format->stride_bytes[p] < g.row_bytes[p])
			return tripool_fail(error, -EINVAL, "plane %u: stride of %u bytes is less than a row's %u", p,
			    format->stride_bytes[p], g.row_bytes[p]);
		/* 32 bits times 16: no overflow. The padding of the last row need not be there. */
		uint64_t bytes = (uint64_t)format->stride_bytes[p] * (g.rows[p] - 1) + g.row_bytes[p];
		begin[p] = format->offset_bytes[p];
		if (bytes > format->size_bytes || begin[p] > format->size_bytes - bytes)
			return tripool_fail(error, -EINVAL, "plane %u lies outside the frame's %llu bytes", p,
			    (unsigned long long)format->size_bytes);
		end[p] = begin[p] + bytes;
		for (uint32_t q = 0; q < p; q++)
			if (begin[p] < end[q] && begin[q] < end[p])
				return tripool_fail(error, -EINVAL, "planes %u and %u overlap", q, p);
	}
	if ((format->frame_rate_num == 0) != (format->frame_rate_den == 0) ||
	    (format->sample_aspect_num == 0) != (format->sample_aspect_den == 0))
		return tripool_fail(error, -EINVAL, "a frame rate or sample aspect with only one side of the fraction");
	if (format->full_range > 2)
		return tripool_fail(error, -EINVAL, "full_range is %u, not 0, 1 or 2", format->full_range);
	return 0;
}
