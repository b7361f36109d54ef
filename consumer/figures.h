// SPDX-License-Identifier: MIT
/* The figures of a tile's stream, as rows of a table. */
#ifndef TRIPOOL_FIGURES_H
#define TRIPOOL_FIGURES_H

#include "tile.h"

/* Begins to measure. */
void figures_begin(struct tile *tile, int64_t now_ns);

/* Writes tile->rows. They are of the time since they were last written: not of a moment so short that they say nothing.
 */
void figures_write(struct tile *tile, int64_t now_ns);

#endif
