// SPDX-License-Identifier: MIT
#include "pattern_art.h"

#include <errno.h>
#include <libavutil/mem.h>
#include <math.h>
#include <string.h>

#define PADDING_BYTES 64 /* libswscale may read a vector past the last pixel */

int art_init(struct art *art, uint32_t width_px, uint32_t height_px)
{
	art->width_px = width_px;
	art->height_px = height_px;
	art->pixels = av_mallocz((size_t)width_px * height_px * 3 + PADDING_BYTES);
	return art->pixels ? 0 : -ENOMEM;
}

void art_finish(struct art *art)
{
	av_freep(&art->pixels);
}

static uint8_t *pixel_at(struct art *art, uint32_t x, uint32_t y)
{
	return art->pixels + ((size_t)y * art->width_px + x) * 3;
}

static void set_pixel(uint8_t *pixel, uint32_t colour)
{
	pixel[0] = (uint8_t)(colour >> 16);
	pixel[1] = (uint8_t)(colour >> 8);
	pixel[2] = (uint8_t)colour;
}

void art_fill(struct art *art, uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t colour)
{
	for (uint32_t row = y; row < y + height; row++) {
		uint8_t *pixel = pixel_at(art, x, row);
		for (uint32_t column = 0; column < width; column++, pixel += 3)
			set_pixel(pixel, colour);
	}
}

/* Three by five squares, a row in three bits, the top row first. */
static const uint16_t glyphs[] = {
    0,      /* space */
    075557, /* 0 */
    026227, /* 1 */
    071747, /* 2 */
    071717, /* 3 */
    055711, /* 4 */
    074717, /* 5 */
    074757, /* 6 */
    071222, /* 7 */
    075757, /* 8 */
    075717, /* 9 */
    002020, /* : */
    000002, /* . */
};
_Static_assert(sizeof(glyphs) / sizeof(glyphs[0]) == sizeof(ART_CHARACTERS) - 1, "a glyph for each character");

void art_glyph(struct art *art, uint32_t x, uint32_t y, uint32_t scale, char character)
{
	uint16_t squares = glyphs[strchr(ART_CHARACTERS, character) - ART_CHARACTERS];

	for (uint32_t i = 0; i < 15; i++) {
		if (squares >> (14 - i) & 1)
			art_fill(art, x + i % 3 * scale, y + (i / 3 + 1) * scale, scale, scale, 0xf0f0f0);
	}
}

void art_bars(struct art *art)
{
	static const uint32_t colours[] = {
	    0xbfbfbf, 0xbfbf00, 0x00bfbf, 0x00bf00, 0xbf00bf, 0xbf0000, 0x0000bf, 0x000000};

	for (uint32_t i = 0; i < 8; i++) {
		uint32_t begin = art->width_px * i / 8;
		uint32_t end = art->width_px * (i + 1) / 8;
		art_fill(art, begin, 0, end - begin, art->height_px, colours[i]);
	}
}

void art_grid(struct art *art)
{
	uint32_t step = (art->height_px / 12 + 3) & ~3u;
	uint32_t line = art->height_px / 360 + 1;

	art_fill(art, 0, 0, art->width_px, art->height_px, 0x181c24);
	for (uint32_t y = 0; y < art->height_px; y += step)
		art_fill(art, 0, y, art->width_px, y + line > art->height_px ? art->height_px - y : line, 0x384250);
	for (uint32_t x = 0; x < art->width_px; x += step)
		art_fill(art, x, 0, x + line > art->width_px ? art->width_px - x : line, art->height_px, 0x384250);
}

/* cos(k r^2): the frequency grows with the distance from the middle and reaches half a cycle a pixel at the sides. */
void art_zone(struct art *art)
{
	uint8_t wave[1024];

	for (int i = 0; i < 1024; i++)
		wave[i] = (uint8_t)lrint(127.5 + 127.5 * cos(i * (6.283185307179586 / 1024)));
	for (uint32_t y = 0; y < art->height_px; y++) {
		uint8_t *pixel = pixel_at(art, 0, y);
		int64_t dy = (int64_t)y - art->height_px / 2;
		for (uint32_t x = 0; x < art->width_px; x++, pixel += 3) {
			int64_t dx = (int64_t)x - art->width_px / 2;
			uint64_t phase = (uint64_t)(dx * dx + dy * dy) * 512 / art->width_px;
			memset(pixel, wave[phase % 1024], 3);
		}
	}
}

/* Black to full from left to right: grey above, red, green and blue below. */
void art_gradient(struct art *art)
{
	static const uint32_t channels[] = {0x010101, 0x010101, 0x010101, 0x010000, 0x000100, 0x000001};

	for (uint32_t i = 0; i < 6; i++) {
		uint32_t begin = art->height_px * i / 6;
		uint32_t end = art->height_px * (i + 1) / 6;
		for (uint32_t x = 0; x < art->width_px; x++)
			set_pixel(pixel_at(art, x, begin), channels[i] * (x * 255 / (art->width_px - 1)));
		for (uint32_t y = begin + 1; y < end; y++)
			memcpy(pixel_at(art, 0, y), pixel_at(art, 0, begin), (size_t)art->width_px * 3);
	}
}

void art_noise(struct art *art)
{
	uint32_t state = 0x9e3779b9;
	size_t pixels = (size_t)art->width_px * art->height_px;

	for (size_t i = 0; i < pixels; i++) {
		state ^= state << 13; /* Marsaglia's xorshift */
		state ^= state >> 17;
		state ^= state << 5;
		memset(art->pixels + 3 * i, (int)(state >> 24), 3);
	}
}
