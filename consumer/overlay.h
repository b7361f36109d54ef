// SPDX-License-Identifier: MIT
/* Text over the picture: a table in the corner, a message in the middle. Drawn into layers of its own, never into a
 * frame, and only when the text changes. Without a font on the system there is no text. */
#ifndef TRIPOOL_OVERLAY_H
#define TRIPOOL_OVERLAY_H

#include "layer.h"

#define OVERLAY_ROWS 8

struct overlay;

struct overlay_row {
	const char *label;
	char value[128];
};

/* NULL when there is no memory. Says on stderr when there is no font. */
struct overlay *overlay_create(void);
void overlay_destroy(struct overlay *overlay);

/* Each returns a layer that is valid until the next call of the same, for a window of this size; NULL without text. */
const struct layer *overlay_message(struct overlay *overlay, const char *text, int width_px, int height_px);
const struct layer *overlay_table(
    struct overlay *overlay, const struct overlay_row *rows, int row_count, int width_px, int height_px);

#endif
