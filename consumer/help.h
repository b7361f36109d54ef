// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_HELP_H
#define TRIPOOL_HELP_H

#include "text.h"

/* The page of keys and what they do. */
void help_write(struct text *text, struct layer *layer, SDL_Rect area);

#endif
