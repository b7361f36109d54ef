// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_ICON_H
#define TRIPOOL_ICON_H

#include <SDL.h>

/* Gives the window its picture in task bars. Without memory for it there is none. */
void icon_set(SDL_Window *window);

#endif
