// SPDX-License-Identifier: MIT
/*
 * A tile between a real producer and a display that shows nothing, in one process: what it would draw is counted, what
 * it would write is kept as words.
 */
#ifndef TRIPOOL_TILE_RIG_H
#define TRIPOOL_TILE_RIG_H

#include "tile.h"

struct tile_rig {
	struct tripool_producer *producer; /* NULL: none */
	struct tile *tile;
	struct display display;
	struct display_class class;

	unsigned uploads, draws, layers;
	void (*on_upload)(struct tile_rig *rig); /* called once, by the next upload */
	char message[160], label[160];           /* as last written; empty: cleared */
	struct text_row row[TEXT_ROWS];
	int rows;
};

extern struct tile_rig rig;

/* A fresh directory of streams, and a tile that waits for stream "t"; redraws_all is the display's. */
void rig_open(bool redraws_all, bool verifies);
void rig_close(void); /* fails when something is left behind */

/* The tile finds a producer whose frames are gray, 256x64, at a rate that it says. */
void rig_produce(uint32_t frame_rate_num, uint32_t frame_rate_den);
void rig_end_producer(void);

/* The next frame has the number `sequence`. */
void rig_go_on_from(uint64_t sequence);
void rig_publish(uint64_t source_sequence, int64_t capture_ns);

/* One round of the window at that time; whether a frame was shown that was not shown before. */
bool rig_round(int64_t now_ns);

/* The figures' row; fails when there is none. */
const char *rig_row(const char *label);

#endif
