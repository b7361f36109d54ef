// SPDX-License-Identifier: MIT
/* One stream's place in the window: its picture, how the user looks at it, and the words over it. */
#ifndef TRIPOOL_TILE_H
#define TRIPOOL_TILE_H

#include "display.h"
#include "stream.h"
#include "text.h"

struct tile {
	struct stream stream;
	struct display *display;
	struct text *text;
	struct picture *picture;
	bool has_format; /* the picture's */
	bool unshowable; /* the stream's format, on this display */
	struct view view;
	SDL_Rect area; /* in the window's pixels; w 0: not seen */
	bool is_only;  /* that was asked for: the window may follow its frames, and ends with what cannot be shown */
	bool named;    /* its name is written over it */
	bool frozen, figures, inspects;
	bool froze_to_inspect; /* and goes on after it */
	SDL_Point pointer;     /* where the mouse is */

	bool fresh;            /* has a frame that was not shown before, and is not yet */
	bool redraw;           /* what is on the screen is out of date */
	bool changed;          /* by tile_update: to be drawn in this round */
	bool is_new;           /* by tile_update: with a frame that was not shown before */
	bool listed;           /* for follow.h: it is in the directory, */
	int64_t gone_since_ns; /* or since when it is not */
	int64_t tick_ns;       /* when the words grow old; 0: never */
	bool has_words;
	enum stream_state written; /* the state that the words tell */
	struct layer message, table, label, pixel;
	struct text_row rows[TEXT_ROWS];
	int row_count;
	int64_t rows_since_ns, rows_publish_ns;
	uint64_t rows_frames_shown, rows_sequence, rows_reconnects;
};

/* Opens the stream. Errors: those of stream_open. */
int tile_create(struct tile **tile, const char *name, bool verifies, struct tripool_error *error);
void tile_destroy(struct tile *tile);

/* From here to tile_detach it is in that window. Errors: -ENOMEM. */
int tile_attach(struct tile *tile, struct display *display, struct text *text, struct tripool_error *error);
void tile_detach(struct tile *tile);

/* Nobody has looked for a while. */
void tile_resume(struct tile *tile);

/* Where it is from now on. */
void tile_place(struct tile *tile, SDL_Rect area);

/* Brings what is new, or what there is again where it must be drawn again, and the words. Negative: cannot go on. */
int tile_update(struct tile *tile, int64_t now_ns, struct tripool_error *error);

/* Draws what tile_update brought. */
void tile_draw(struct tile *tile);

/* When tile_update has something to do unasked; 0: never. */
int64_t tile_wake_ns(const struct tile *tile);

/* Freezes the newest frame, or goes on. */
int tile_freeze(struct tile *tile, bool freeze, struct tripool_error *error);
void tile_show_figures(struct tile *tile, bool show);
int tile_inspect(struct tile *tile, bool inspect, struct tripool_error *error);

/* The mouse is there now, or the view is another. */
void tile_look_again(struct tile *tile);

#endif
