// SPDX-License-Identifier: MIT
/* Text over the picture, drawn into layers, never into a frame, and only when it changes. Without a font on the system
 * there is no text. */
#ifndef TRIPOOL_TEXT_H
#define TRIPOOL_TEXT_H

#include "layer.h"

#define TEXT_ROWS 24 /* at most, of a table */

struct text;

struct text_row {
	const char *label;
	char value[128];
};

struct text_graph {
	const float *value; /* `count` in a ring, the oldest at `first` */
	int count, first;
	const char *label;
};

/* NULL when there is no memory. Says on stderr when there is no font. */
struct text *text_create(void);
void text_destroy(struct text *text);

/* Each draws anew into the layer, sized for an area of that many pixels; the layer is empty without a font. */
void text_message(struct text *text, struct layer *layer, const char *words, SDL_Rect area);
void text_label(struct text *text, struct layer *layer, const char *words, SDL_Rect area);

/* With a graph one can see through it; without it is a page to be read. */
void text_table(struct text *text, struct layer *layer, const struct text_row *rows, int row_count,
    const struct text_graph *graph, SDL_Rect area);

void text_clear(struct layer *layer);

#endif
