// SPDX-License-Identifier: MIT
/* What happens when: frames, keys, timers. Sleeps when there is nothing to do. */
#ifndef TRIPOOL_LOOP_H
#define TRIPOOL_LOOP_H

#include "display.h"
#include "events.h"
#include "overlay.h"
#include "stream.h"

struct loop {
	/* given */
	struct stream *stream;
	struct display *display;
	struct overlay *overlay;
	struct events *events;
	uint64_t most_frames; /* 0: no limit */
	int64_t end_ns;       /* 0: never */

	/* the loop's own; all zero at first */
	bool quit, redraw, frozen, show_table;
	struct scene scene;
	struct overlay_row rows[OVERLAY_ROWS];
	int row_count;
	int64_t tick_ns; /* when the text on the screen grows old; 0: never */
	int64_t table_since_ns;
	uint64_t table_frames_shown;
};

/* Until the user, a signal or a limit ends it. 0, or negative: cannot go on. */
int loop_run(struct loop *loop, struct tripool_error *error);

#endif
