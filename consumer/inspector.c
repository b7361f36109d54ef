// SPDX-License-Identifier: MIT
#include "inspector.h"

#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>

/* libavutil describes Bayer formats by how often each colour comes, not by where: the name says that. */
static int bayer(
    char *text, size_t size, const struct tripool_format *format, const uint8_t *const plane[], SDL_Point pixel)
{
	const char *pattern = format->pix_fmt + strlen("bayer_"); /* "rggb8", "gbrg16le" */
	int letter = pattern[pixel.y % 2 * 2 + pixel.x % 2];
	const uint8_t *row = plane[0] + (size_t)pixel.y * format->stride_bytes[0];
	unsigned value = row[pixel.x];
	if (strstr(pattern, "16le"))
		value = row[2 * pixel.x] | (unsigned)row[2 * pixel.x + 1] << 8;
	else if (strstr(pattern, "16be"))
		value = row[2 * pixel.x + 1] | (unsigned)row[2 * pixel.x] << 8;
	return snprintf(text, size, " %c %u", letter - 'a' + 'A', value);
}

void inspector_describe(
    char *text, size_t size, const struct tripool_format *format, const uint8_t *const plane[], SDL_Point pixel)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	int length = snprintf(text, size, "%d, %d:", pixel.x, pixel.y);
	if (!d || length < 0 || (size_t)length >= size)
		return;
	if (d->flags & AV_PIX_FMT_FLAG_BAYER) {
		bayer(text + length, size - (size_t)length, format, plane, pixel);
		return;
	}
	const char *names = d->flags & AV_PIX_FMT_FLAG_RGB ? "RGBA" : d->nb_components > 2 ? "YUVA" : "YA";
	int strides[TRIPOOL_MAX_PLANES];
	for (int p = 0; p < TRIPOOL_MAX_PLANES; p++)
		strides[p] = (int)format->stride_bytes[p];
	for (int c = 0; c < d->nb_components && (size_t)length < size; c++) {
		bool chroma = (c == 1 || c == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);
		int x = chroma ? pixel.x >> d->log2_chroma_w : pixel.x;
		int y = chroma ? pixel.y >> d->log2_chroma_h : pixel.y, p = d->comp[c].plane;
		uint32_t value = 0;
		const uint8_t *data[TRIPOOL_MAX_PLANES] = {plane[0], plane[1], plane[2], plane[3]};
		data[p] += (size_t)y * format->stride_bytes[p]; /* libavutil reckons in int */
		av_read_image_line2(&value, data, strides, d, x, 0, c, 1, 0, sizeof(value));
		length += snprintf(text + length, size - (size_t)length, " %c %u", names[c], value);
	}
}
