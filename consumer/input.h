// SPDX-License-Identifier: MIT
/* Keys, mouse and window events: what they do to the grid. */
#ifndef TRIPOOL_INPUT_H
#define TRIPOOL_INPUT_H

#include "grid.h"

struct input {
	struct grid *grid;
	const char *title; /* of the window; NULL: the streams' names */

	/* the input's own; all zero at first */
	bool quit, help, on_top;
	bool hidden;         /* nobody can see the window */
	bool screen_changed; /* the window is on another one, or was not on any */
	SDL_Point pointer;
	bool pressed, dragged;
	SDL_Point pressed_at;
};

/* What is in SDL's queue. 1: there was something, which may have brought more with it; 0: nothing. Negative: cannot go
 * on. */
int input_handle(struct input *input, struct tripool_error *error);

/* Names the window after what it shows. */
void input_set_title(struct input *input);

#endif
