// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_LAYER_H
#define TRIPOOL_LAYER_H

#include <SDL.h>

/* A picture with alpha, to be drawn over frames. All zero: nothing to draw. Belongs to one display from its first
 * drawing until display_forget_layer. */
struct layer {
	SDL_Surface *surface; /* ARGB8888; NULL: nothing to draw */
	unsigned serial;      /* another one each time the picture changes */

	/* the display's own */
	SDL_Texture *texture;
	unsigned texture_serial;
};

#endif
