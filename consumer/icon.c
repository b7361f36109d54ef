// SPDX-License-Identifier: MIT
#include "icon.h"

#include <png.h>
#include <stdlib.h>

static const unsigned char icon_png[] = {
#include "icon-png.inc"
};

void icon_set(SDL_Window *window)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	if (!png_image_begin_read_from_memory(&image, icon_png, sizeof(icon_png)))
		return;
	image.format = PNG_FORMAT_RGBA;
	int width = (int)image.width, height = (int)image.height;
	void *pixels = malloc(PNG_IMAGE_SIZE(image));
	if (pixels && png_image_finish_read(&image, NULL, pixels, 0, NULL)) {
		SDL_Surface *icon =
		    SDL_CreateRGBSurfaceWithFormatFrom(pixels, width, height, 32, 4 * width, SDL_PIXELFORMAT_RGBA32);
		if (icon)
			SDL_SetWindowIcon(window, icon);
		SDL_FreeSurface(icon);
	}
	png_image_free(&image);
	free(pixels);
}
