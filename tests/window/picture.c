// SPDX-License-Identifier: MIT
#include "picture.h"

#include <arpa/inet.h>
#include <png.h>
#include <stdio.h>

static SDL_Surface *load_png(const char *path)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	SDL_Surface *s = NULL;
	if (png_image_begin_read_from_file(&image, path)) {
		image.format = PNG_FORMAT_RGBA;
		s = SDL_CreateRGBSurfaceWithFormat(0, (int)image.width, (int)image.height, 32, SDL_PIXELFORMAT_RGBA32);
	}
	if (s && !png_image_finish_read(&image, NULL, s->pixels, s->pitch, NULL)) {
		SDL_FreeSurface(s);
		s = NULL;
	}
	if (!s && image.message[0])
		SDL_SetError("%s", image.message);
	png_image_free(&image);
	return s;
}

/* Words of a file of xwd, all big endian. */
enum {
	XWD_HEADER_BYTES,
	XWD_VERSION,
	XWD_FORMAT,
	XWD_WIDTH = 4,
	XWD_HEIGHT,
	XWD_BYTE_ORDER = 7,
	XWD_BITS = 11,
	XWD_PITCH,
	XWD_COLOURS = 19,
	XWD_WORDS = 25
};

/* 32 bits a pixel, blue first, as X servers of this machine's byte order have it; returns NULL for anything else. */
static SDL_Surface *load_xwd(FILE *file)
{
	uint32_t w[XWD_WORDS];
	if (fread(w, sizeof(*w), XWD_WORDS, file) != XWD_WORDS)
		return NULL;
	for (int i = 0; i < XWD_WORDS; i++)
		w[i] = ntohl(w[i]);
	if (w[XWD_VERSION] != 7 || w[XWD_FORMAT] != 2 || w[XWD_BYTE_ORDER] != 0 || w[XWD_BITS] != 32 ||
	    w[XWD_WIDTH] > 32768 || w[XWD_HEIGHT] > 32768 || w[XWD_PITCH] < w[XWD_WIDTH] * 4)
		return NULL;
	SDL_Surface *s =
	    SDL_CreateRGBSurfaceWithFormat(0, (int)w[XWD_WIDTH], (int)w[XWD_HEIGHT], 32, SDL_PIXELFORMAT_RGBA32);
	long at = (long)w[XWD_HEADER_BYTES] + 12L * (long)w[XWD_COLOURS];
	for (uint32_t y = 0; s && y < w[XWD_HEIGHT]; y++) {
		uint8_t *row = (uint8_t *)s->pixels + y * (size_t)s->pitch;
		if (fseek(file, at + (long)y * (long)w[XWD_PITCH], SEEK_SET) < 0 ||
		    fread(row, 4, w[XWD_WIDTH], file) != w[XWD_WIDTH]) {
			SDL_FreeSurface(s);
			return NULL;
		}
		for (uint32_t x = 0; x < w[XWD_WIDTH]; x++) {
			uint8_t blue = row[4 * x];
			row[4 * x] = row[4 * x + 2];
			row[4 * x + 2] = blue;
			row[4 * x + 3] = 255;
		}
	}
	return s;
}

SDL_Surface *picture_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	SDL_Surface *s = NULL;
	if (file) {
		s = load_xwd(file);
		fclose(file);
	}
	return s ? s : load_png(path);
}
