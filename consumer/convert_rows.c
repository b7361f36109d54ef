// SPDX-License-Identifier: MIT
#include "convert_rows.h"

#include <errno.h>
#include <libavutil/common.h>
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
#include <stdbool.h>
#include <stdlib.h>

#define STRIP_ROWS 16 /* even, for Bayer's sake */
#define BAYER_ROWS 2  /* that the colours at a strip's upper and lower edge need besides */

struct convert_rows {
	enum AVPixelFormat from;
	AVPixFmtDescriptor desc; /* of `from` */
	const AVPixFmtDescriptor *strip_desc;
	int width_px, height_px;
	struct SwsContext *bayer; /* NULL: another format */
	uint8_t *strip[4];
	int strip_stride_bytes[4];
	uint16_t *line; /* a component of a row */
};

static const struct {
	enum AVPixelFormat from, to;
} strips[] = {
    /* not read at all by libswscale 6 */
    {AV_PIX_FMT_UYYVYY411, AV_PIX_FMT_YUV411P},
    {AV_PIX_FMT_NV20LE, AV_PIX_FMT_YUV422P10},
    {AV_PIX_FMT_NV20BE, AV_PIX_FMT_YUV422P10},
    {AV_PIX_FMT_Y210BE, AV_PIX_FMT_YUV422P10},
    {AV_PIX_FMT_AYUV64BE, AV_PIX_FMT_YUV444P16},
    {AV_PIX_FMT_X2RGB10BE, AV_PIX_FMT_GBRP10},
    {AV_PIX_FMT_X2BGR10BE, AV_PIX_FMT_GBRP10},
    /* read, but in several times the time that this takes */
    {AV_PIX_FMT_RGB48LE, AV_PIX_FMT_GBRP16},
    {AV_PIX_FMT_RGB48BE, AV_PIX_FMT_GBRP16},
    {AV_PIX_FMT_BGR48LE, AV_PIX_FMT_GBRP16},
    {AV_PIX_FMT_BGR48BE, AV_PIX_FMT_GBRP16},
    {AV_PIX_FMT_RGBA64LE, AV_PIX_FMT_GBRP16},
    {AV_PIX_FMT_RGBA64BE, AV_PIX_FMT_GBRP16},
    {AV_PIX_FMT_BGRA64LE, AV_PIX_FMT_GBRP16},
    {AV_PIX_FMT_BGRA64BE, AV_PIX_FMT_GBRP16},
};

enum AVPixelFormat convert_rows_format(enum AVPixelFormat from, bool scaled)
{
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(from);
	/* left to itself, libswscale makes a whole frame of RGB of it, and one of 16 bits of 16 */
	if (desc->flags & AV_PIX_FMT_FLAG_BAYER)
		return AV_PIX_FMT_RGB24;
	/* the brightest of few bits would become a light gray; without scaling only that of four bits does */
	int depth = desc->comp[0].depth;
	if ((desc->flags & AV_PIX_FMT_FLAG_RGB) && depth < 8 && (depth == 4 || scaled))
		return AV_PIX_FMT_GBRP;
	for (size_t i = 0; i < sizeof(strips) / sizeof(*strips); i++)
		if (strips[i].from == from)
			return strips[i].to;
	return AV_PIX_FMT_NONE;
}

/* libavutil 57 has it the other way round than everybody, its own libswscale too: it is RRRGGGBB. */
static void mend_rgb8(AVPixFmtDescriptor *desc)
{
	static const int shift[] = {5, 2, 0}, depth[] = {3, 3, 2};
	for (int c = 0; c < 3; c++) {
		desc->comp[c].shift = shift[c];
		desc->comp[c].depth = depth[c];
	}
}

int convert_rows_create(
    struct convert_rows **rows, enum AVPixelFormat from, enum AVPixelFormat to, int width_px, int height_px)
{
	/* of Bayer an odd last column is written as two pixels */
	int strip_width_px = FFALIGN(width_px, 2), strip_rows = STRIP_ROWS + 2 * BAYER_ROWS, e = -ENOMEM;
	struct convert_rows *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->from = from;
	r->desc = *av_pix_fmt_desc_get(from);
	r->strip_desc = av_pix_fmt_desc_get(to);
	r->width_px = width_px;
	r->height_px = height_px;
	r->line = calloc((size_t)width_px, sizeof(*r->line));
	if (!r->line || av_image_alloc(r->strip, r->strip_stride_bytes, strip_width_px, strip_rows, to, 64) < 0)
		goto fail;
	if (from == AV_PIX_FMT_RGB8)
		mend_rgb8(&r->desc);
	if (r->desc.flags & AV_PIX_FMT_FLAG_BAYER) {
		e = -ENOTSUP;
		if (height_px < 2)
			goto fail;
		r->bayer = sws_getContext(
		    width_px, height_px, from, width_px, height_px, to, SWS_FAST_BILINEAR, NULL, NULL, NULL);
		if (!r->bayer)
			goto fail;
	}
	*rows = r;
	return 0;
fail:
	convert_rows_destroy(r);
	return e;
}

void convert_rows_destroy(struct convert_rows *rows)
{
	if (!rows)
		return;
	sws_freeContext(rows->bayer);
	av_freep(&rows->strip[0]);
	free(rows->line);
	free(rows);
}

/* libavutil describes its luma as if it lay evenly: it is Cb Y Y Cr Y Y. */
static void unpack_uyyvyy411(const struct convert_rows *r, const uint8_t *packed, int row)
{
	uint8_t *y = r->strip[0] + row * r->strip_stride_bytes[0];
	uint8_t *cb = r->strip[1] + row * r->strip_stride_bytes[1];
	uint8_t *cr = r->strip[2] + row * r->strip_stride_bytes[2];
	for (int x = 0; x < r->width_px; x += 4, packed += 6) {
		const uint8_t luma[] = {packed[1], packed[2], packed[4], packed[5]};
		for (int i = 0; i < 4 && x + i < r->width_px; i++)
			*y++ = luma[i];
		*cb++ = packed[0];
		*cr++ = packed[3];
	}
}

/* To 8 bits, the largest number to 255. */
static void widen(uint8_t *to, const uint16_t *from, int count, int depth)
{
	int most = (1 << depth) - 1;
	uint8_t wide[1 << 7];
	for (int i = 0; i <= most; i++)
		wide[i] = (uint8_t)((i * 255 + most / 2) / most);
	for (int x = 0; x < count; x++)
		to[x] = wide[from[x]];
}

static void unpack(struct convert_rows *r, const uint8_t *const plane[4], const int stride_bytes[4], int y, int count)
{
	const uint8_t *data[4] = {plane[0], plane[1], plane[2], plane[3]};
	for (int i = 0; i < count; i++) {
		if (r->from == AV_PIX_FMT_UYYVYY411) {
			unpack_uyyvyy411(r, plane[0] + (ptrdiff_t)(y + i) * stride_bytes[0], i);
			continue;
		}
		for (int c = 0; c < 3; c++) {
			int p = r->strip_desc->comp[c].plane, depth = r->desc.comp[c].depth;
			bool chroma = (c == 1 || c == 2) && !(r->desc.flags & AV_PIX_FMT_FLAG_RGB);
			int width = AV_CEIL_RSHIFT(r->width_px, chroma ? r->desc.log2_chroma_w : 0);
			uint8_t *to = r->strip[p] + i * r->strip_stride_bytes[p];
			av_read_image_line2(depth < 8 ? (void *)r->line : to, data, stride_bytes, &r->desc, 0, y + i, c,
			    width, 0, sizeof(*r->line));
			if (depth < 8)
				widen(to, r->line, width, depth);
		}
	}
}

/* Returns how many rows are in the strip before row y, negative when it fails. */
static int develop(struct convert_rows *r, const uint8_t *plane, int stride_bytes, int y, int count)
{
	int first = FFMAX(y - BAYER_ROWS, 0);
	int end = FFMIN(y + count + BAYER_ROWS, r->height_px);
	const uint8_t *from[4] = {plane + (ptrdiff_t)first * stride_bytes};
	const int from_stride[4] = {stride_bytes};
	/* libswscale counts its output from the picture's first row */
	uint8_t *to[4] = {r->strip[0] - (ptrdiff_t)first * r->strip_stride_bytes[0]};
	if (sws_scale(r->bayer, from, from_stride, first, end - first, to, r->strip_stride_bytes) < 0)
		return -EIO;
	return y - first;
}

int convert_rows_run(struct convert_rows *r, struct SwsContext *sws, const uint8_t *const plane[4],
    const int stride_bytes[4], uint8_t *pixels, int pitch_bytes)
{
	uint8_t *const to[4] = {pixels};
	const int to_stride[4] = {pitch_bytes};
	for (int y = 0, count; y < r->height_px; y += count) {
		/* only the last strip may reach the last row: there libswscale takes the picture for done */
		count = r->height_px - y <= STRIP_ROWS + BAYER_ROWS ? r->height_px - y : STRIP_ROWS;
		int before = 0;
		if (r->bayer)
			before = develop(r, plane[0], stride_bytes[0], y, count);
		else
			unpack(r, plane, stride_bytes, y, count);
		if (before < 0)
			return before;
		const uint8_t *strip[4];
		for (int p = 0; p < 4; p++)
			strip[p] = r->strip[p] ? r->strip[p] + before * r->strip_stride_bytes[p] : NULL;
		if (sws_scale(sws, strip, r->strip_stride_bytes, y, count, to, to_stride) < 0)
			return -EIO;
	}
	return 0;
}
