// SPDX-License-Identifier: MIT
#include "strip.h"

#include <errno.h>
#include <libavutil/pixdesc.h>

#define MARKER 0xA5u
#define SEQUENCE_BITS 40
#define SEQUENCE_MASK ((UINT64_C(1) << SEQUENCE_BITS) - 1)

int strip_layout(uint32_t width_px, uint32_t height_px, struct strip_geometry *geometry)
{
	if (width_px < STRIP_MIN_WIDTH_PX || height_px < STRIP_MIN_HEIGHT_PX)
		return -EINVAL;
	/* Heights are multiples of four, so that no row of chroma is shared with the picture even in 4:1:0. */
	uint32_t height = (height_px / 40) & ~3u;
	if (height < 4)
		height = 4;
	geometry->cell_px = (width_px / STRIP_CELLS) & ~1u;
	geometry->height_px = height;
	geometry->bottom_y_px = (height_px - height) & ~3u;
	return 0;
}

static uint32_t check_of(uint64_t sequence)
{
	uint8_t bytes[SEQUENCE_BITS / 8];

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(sequence >> (SEQUENCE_BITS - 8 - 8 * i));
	return tripool_crc32c(bytes, sizeof(bytes)) & 0xffffu;
}

uint64_t strip_encode(uint64_t sequence)
{
	sequence &= SEQUENCE_MASK;
	return (uint64_t)MARKER << 56 | sequence << 16 | check_of(sequence);
}

int strip_decode(uint64_t word, uint64_t *sequence)
{
	uint64_t number = word >> 16 & SEQUENCE_MASK;

	if (word >> 56 != MARKER || (word & 0xffffu) != check_of(number))
		return -EBADMSG;
	*sequence = number;
	return 0;
}

/* The component that shows black from white, NULL where the layout is not one that can be read. */
static const AVComponentDescriptor *brightness(const AVPixFmtDescriptor *desc, int *component)
{
	const uint64_t unreadable =
	    AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;

	if (!desc || desc->flags & unreadable)
		return NULL;
	*component = desc->flags & AV_PIX_FMT_FLAG_RGB && desc->nb_components >= 3 ? 1 : 0;
	const AVComponentDescriptor *comp = &desc->comp[*component];
	return comp->depth >= 1 && comp->depth <= 16 ? comp : NULL;
}

int strip_read(const struct tripool_format *format, const uint8_t *const plane[TRIPOOL_MAX_PLANES],
    enum strip_edge edge, uint64_t *sequence)
{
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	struct strip_geometry geometry;
	int component;
	const AVComponentDescriptor *comp = brightness(desc, &component);

	if (!comp || strip_layout(format->width_px, format->height_px, &geometry) < 0)
		return -EINVAL;

	const uint8_t *data[4] = {plane[0], plane[1], plane[2], plane[3]};
	int linesize[4];
	for (int p = 0; p < 4; p++)
		linesize[p] = (int)format->stride_bytes[p];

	uint32_t y = (edge == STRIP_TOP ? 0 : geometry.bottom_y_px) + geometry.height_px / 2;
	uint64_t word = 0;
	for (uint32_t cell = 0; cell < STRIP_CELLS; cell++) {
		uint32_t x = cell * geometry.cell_px + geometry.cell_px / 2;
		uint16_t value = 0;
		av_read_image_line2(&value, data, linesize, desc, (int)x, (int)y, component, 1, 0, sizeof(value));
		word = word << 1 | (value >> (comp->depth - 1) & 1);
	}
	return strip_decode(word, sequence);
}
