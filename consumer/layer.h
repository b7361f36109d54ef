// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_LAYER_H
#define TRIPOOL_LAYER_H

#include <SDL.h>
#include <stdbool.h>

#define LAYER_MARGIN_PX 12 /* from the corner */

/* A picture with alpha, to be drawn over the frame. */
struct layer {
	SDL_Surface *surface; /* ARGB8888; NULL: nothing to draw */
	unsigned serial;      /* another one each time the picture changes */
};

/* What is drawn over and to the frame that was uploaded last. */
struct scene {
	bool dim;
	const struct layer *corner; /* top left; NULL: none */
	const struct layer *centre;
};

#endif
