// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_OPTIONS_H
#define TRIPOOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "display.h"

struct options {
	const char **names;
	int name_count;
	bool all;          /* every stream there is */
	uint64_t frames;   /* 0: no limit */
	double duration_s; /* 0: no limit */
	enum display_kind renderer;
	SDL_Rect place;    /* of the window; w 0, x and y SDL_WINDOWPOS_CENTERED where nothing is said */
	const char *title; /* NULL: the streams' names */
	bool fullscreen, no_vsync, verify, json;
	const char *screenshot; /* NULL: none */
};

/* names points into argv. Ends the program for --help and --version, and with status 2 and one line for anything wrong.
 */
void options_parse(struct options *options, int argc, char **argv);

#endif
