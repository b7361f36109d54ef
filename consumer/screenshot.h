// SPDX-License-Identifier: MIT
/* PNG files, whole or not at all: each is written beside its place and then takes it. */
#ifndef TRIPOOL_SCREENSHOT_H
#define TRIPOOL_SCREENSHOT_H

#include <SDL.h>

#include "tripool.h"

/* Whether a picture could be written there, without leaving anything there. 0 or -errno. */
int screenshot_check(const char *path, struct tripool_error *error);

/* `surface` may be NULL, for which it blames SDL. On failure what was there before is still there. 0 or -errno. */
int screenshot_write(const char *path, SDL_Surface *surface, struct tripool_error *error);

#endif
