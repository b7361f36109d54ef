// SPDX-License-Identifier: MIT
/* All tiles of the window, side by side, or one of them alone. */
#ifndef TRIPOOL_GRID_H
#define TRIPOOL_GRID_H

#include "tile.h"

#define GRID_MOST_TILES 64

/* Streams may be added before there is a window; nothing is shown before grid_open. */
struct grid {
	struct display *display; /* NULL: no window yet */
	struct text *text;
	bool is_lone; /* one stream was asked for: there will be no other */
	bool verifies;
	bool figures; /* of every tile, also of those to come */
	struct tile *tile[GRID_MOST_TILES];
	int count;
	struct tile *enlarged; /* alone in the window; NULL: none */
	struct layer help;     /* over all; empty: not shown */
	struct layer nothing;  /* what is said where there is no stream */
	bool redraw_all;
	double aspect;                                /* of the layout */
	int width_px, height_px;                      /* of the window, as it was laid out */
	uint64_t gone_frames_shown, gone_frames_torn; /* of streams that were removed */
};

/* Where tile `index` of `count` lies in a window: as large as tiles of the aspect (width by height) can be there. */
SDL_Rect grid_cell(int count, int index, int width_px, int height_px, double aspect);

/* Errors: those of stream_open, and -E2BIG. */
int grid_add(struct grid *grid, const char *name, struct tripool_error *error);
void grid_remove(struct grid *grid, struct tile *tile);
struct tile *grid_find(const struct grid *grid, const char *name);
void grid_finish(struct grid *grid);

/* From here to grid_close it is in that window. Errors: -ENOMEM. */
int grid_open(struct grid *grid, struct display *display, struct text *text, struct tripool_error *error);
void grid_close(struct grid *grid);

/* After the window's size, the tiles, or what is enlarged changed. */
void grid_layout(struct grid *grid);

/* The tile that has the window for itself; NULL: there is none, or several share it. */
struct tile *grid_alone(const struct grid *grid);

/* The tile at a point, or the only one that is seen; NULL: none. */
struct tile *grid_tile_at(const struct grid *grid, SDL_Point at);

/* One round: takes what is new to the window. Returns 1 when something was presented, 0, or negative. */
int grid_show(struct grid *grid, struct tripool_error *error);

/* What the window shows, to be freed with SDL_FreeSurface; NULL with SDL's error. */
SDL_Surface *grid_picture(struct grid *grid);

/* When grid_show has something to do unasked; 0: never. */
int64_t grid_wake_ns(const struct grid *grid);

/* Of all streams, also those that were removed. */
uint64_t grid_frames_shown(const struct grid *grid);

#endif
