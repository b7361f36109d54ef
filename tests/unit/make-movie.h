// SPDX-License-Identifier: MIT
/* Small movies for tests: picture i is gray of level 16 + 8 * i, and lasts 20 ms, 60 where i is odd. */
#ifndef TRIPOOL_MAKE_MOVIE_H
#define TRIPOOL_MAKE_MOVIE_H

#include <stdint.h>

#define MOVIE_SHORT_MS 20
#define MOVIE_LONG_MS 60

/* A cmocka assertion fails where it cannot be made. */
void make_movie(const char *path, const char *codec, const char *pix_fmt, int width, int height, int pictures);

uint8_t movie_level(uint64_t picture);

#endif
