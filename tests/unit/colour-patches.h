// SPDX-License-Identifier: MIT
/* A chess-board of colours in any raw pixel format, reckoned by the formulas of ITU-T H.273 in floating point. */
#ifndef COLOUR_PATCHES_H
#define COLOUR_PATCHES_H

#include <stdint.h>

#include "tripool.h"

#define PATCH_COLUMNS 4
#define PATCH_ROWS 3
#define PATCHES (PATCH_COLUMNS * PATCH_ROWS)

/* Everything format->matrix (1, 5, 6 or 9) and full_range (0 or 1) say is kept to; `memory` holds size_bytes. Alpha is
 * different everywhere. */
void patches_paint(const struct tripool_format *format, uint8_t *memory);

/* What the patch is to look like: the colour that its bits can tell, or its gray. */
void patches_colour(const struct tripool_format *format, int patch, double rgb[3]);

#endif
