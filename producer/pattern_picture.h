// SPDX-License-Identifier: MIT
/*
 * The test pattern's frames. Everything that can be made beforehand is: the still background, the thing that moves,
 * the characters and the cells of the strip, all in the stream's own pixel format. A frame is then copied together in
 * the slot, and only where it differs from what that slot showed before.
 *
 * From top to bottom: strip, the area where something moves, a plate with the clock and the frame counter, strip.
 * These never overlap, so each part is brought up to date on its own.
 */
#ifndef TRIPOOL_PATTERN_PICTURE_H
#define TRIPOOL_PATTERN_PICTURE_H

#include "pattern_image.h"
#include "strip.h"

#include <stdbool.h>

#define PICTURE_MIN_WIDTH_PX STRIP_MIN_WIDTH_PX
#define PICTURE_MIN_HEIGHT_PX 64

#define PICTURE_CLOCK_CHARACTERS 12 /* hh:mm:ss.mmm */
#define PICTURE_COUNTER_DIGITS 9
#define PICTURE_CHARACTERS (PICTURE_CLOCK_CHARACTERS + 1 + PICTURE_COUNTER_DIGITS)

/* What one slot shows; all zero: nothing yet. */
struct picture_shown {
	bool drawn;
	struct image_move mover;
	uint64_t strip;
	char text[PICTURE_CHARACTERS];
};

enum picture_mover { MOVE_BAR, MOVE_BOX, MOVE_BAND };

struct picture_kind {
	const char *name;
	void (*paint)(struct art *art);
	enum picture_mover mover;
};

/* The kinds, the default first; a NULL name ends the list. */
extern const struct picture_kind picture_kinds[];

struct picture {
	const struct picture_kind *kind;
	struct image background;
	struct image mover; /* not for MOVE_BAND, which shows other rows of the background */
	struct image glyphs;
	struct image cells; /* one black, one white */
	struct strip_geometry strip;
	uint32_t area_y_px, area_height_px;
	uint32_t mover_width_px, mover_height_px;
	uint32_t text_x_px, text_y_px, scale_px;
};

/* Paints everything in `format`, which is kept. Returns 0, -ENOMEM or -EINVAL. */
int picture_init(struct picture *picture, const struct picture_kind *kind, const struct tripool_format *format,
    struct tripool_error *error);
void picture_finish(struct picture *picture);

/* Where the moving part of frame `sequence` is. */
void picture_mover_at(const struct picture *picture, uint64_t sequence, struct image_move *move);

/* Makes the slot show frame `sequence` and the time of day `utc_ms` (since 1970). `shown` belongs to the slot. */
void picture_draw(
    const struct picture *picture, struct picture_shown *shown, uint8_t *memory, uint64_t sequence, int64_t utc_ms);

#endif
