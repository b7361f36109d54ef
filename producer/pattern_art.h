// SPDX-License-Identifier: MIT
/* What the test pattern shows, painted once as RGB in private memory. */
#ifndef TRIPOOL_PATTERN_ART_H
#define TRIPOOL_PATTERN_ART_H

#include <stdint.h>

/* 24 bits a pixel, red first; row y begins at pixels + y * 3 * width_px. */
struct art {
	uint8_t *pixels;
	uint32_t width_px, height_px;
};

/* The characters that can be drawn, each in a cell of ART_GLYPH_COLUMNS x ART_GLYPH_ROWS squares. */
#define ART_CHARACTERS " 0123456789:."
#define ART_GLYPH_COLUMNS 4
#define ART_GLYPH_ROWS 7

int art_init(struct art *art, uint32_t width_px, uint32_t height_px); /* black; 0 or -ENOMEM */
void art_finish(struct art *art);

/* Colours are 0xRRGGBB. The rectangle must lie in the picture. */
void art_fill(struct art *art, uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t colour);

/* Light on black; `scale` pixels a square. */
void art_glyph(struct art *art, uint32_t x, uint32_t y, uint32_t scale, char character);

/* Pictures that fill the whole. */
void art_bars(struct art *art);
void art_grid(struct art *art);
void art_zone(struct art *art);
void art_gradient(struct art *art);
void art_noise(struct art *art);

#endif
