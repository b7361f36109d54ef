// SPDX-License-Identifier: MIT
/*
 * The machine-readable strip of the test pattern: a row of STRIP_CELLS black and white cells along the top and the
 * bottom edge of the picture, that says the frame's sequence number. Read in the raw frame it proves that what was
 * leased is one whole frame; read in a screenshot it proves which frame the window shows.
 *
 * Cell 0 is the leftmost and carries the most significant bit; white is 1. The 64-bit word is
 * marker (8 bits, 0xA5) | sequence modulo 2^40 (40 bits) | check (16 bits, the low half of the CRC-32C of the 40 bits).
 */
#ifndef TRIPOOL_STRIP_H
#define TRIPOOL_STRIP_H

#include "tripool.h"

#define STRIP_CELLS 64
#define STRIP_MIN_WIDTH_PX 128
#define STRIP_MIN_HEIGHT_PX 32

/* A strip is `height_px` rows at the top and again at the bottom; its cells are `cell_px` wide, beginning at x = 0.
 * Both are even, so that cells do not share a chroma sample; the rows start at even y. What is left on the right of
 * the last cell is not the strip's. */
struct strip_geometry {
	uint32_t cell_px;
	uint32_t height_px;
	uint32_t bottom_y_px; /* first row of the bottom strip */
};

/* 0, or -EINVAL when the picture is smaller than STRIP_MIN_WIDTH_PX x STRIP_MIN_HEIGHT_PX. */
int strip_layout(uint32_t width_px, uint32_t height_px, struct strip_geometry *geometry);

uint64_t strip_encode(uint64_t sequence);

/* 0 and the sequence, or -EBADMSG when the word is not a strip. */
int strip_decode(uint64_t word, uint64_t *sequence);

enum strip_edge { STRIP_TOP, STRIP_BOTTOM };

/*
 * Reads a strip from raw pixels of any format with 8 to 16 bits a component, in any layout that libavutil describes:
 * luma (or green) at the middle of each cell, against half of full scale. 0 and the sequence, -EBADMSG when there is
 * no strip, -EINVAL when the picture is too small for one.
 */
int strip_read(const struct tripool_format *format, const uint8_t *const plane[TRIPOOL_MAX_PLANES],
    enum strip_edge edge, uint64_t *sequence);

#endif
