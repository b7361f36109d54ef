// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_TEST_PICTURE_H
#define TRIPOOL_TEST_PICTURE_H

#include <SDL.h>

/* A PNG of any kind, or what xwd says of an ordinary screen, as SDL_PIXELFORMAT_RGBA32, to be freed with
 * SDL_FreeSurface; NULL with SDL_GetError. */
SDL_Surface *picture_load(const char *path);

#endif
