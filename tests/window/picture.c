// SPDX-License-Identifier: MIT
#include "picture.h"

#include <png.h>

SDL_Surface *picture_load(const char *path)
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
