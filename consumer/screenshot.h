// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_SCREENSHOT_H
#define TRIPOOL_SCREENSHOT_H

#include <SDL.h>
#include <stdbool.h>
#include <stdio.h>

#include "tripool.h"

/* A PNG file to be written later. It is opened at once, so that a path that cannot be written is known at once. */
struct screenshot {
	const char *path;
	FILE *file;
	bool existed;
};

int screenshot_open(struct screenshot *screenshot, const char *path, struct tripool_error *error);

/* Writes and closes it. `surface` may be NULL, for which it blames SDL. */
int screenshot_write(struct screenshot *screenshot, SDL_Surface *surface, struct tripool_error *error);

/* Closes it unwritten; a file that was not there before is not there afterwards. */
void screenshot_discard(struct screenshot *screenshot);

#endif
