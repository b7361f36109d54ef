// SPDX-License-Identifier: MIT
/* What happens when: frames, keys, timers. Sleeps when there is nothing to do, or nobody can see it. */
#ifndef TRIPOOL_LOOP_H
#define TRIPOOL_LOOP_H

#include "events.h"
#include "follow.h"
#include "input.h"
#include "refresh.h"

struct loop {
	/* given */
	struct grid *grid;
	struct events *events;
	struct follow *follow; /* NULL: only the streams that the grid has */
	struct input input;    /* its grid and title */
	bool vsync;
	uint64_t most_frames; /* 0: no limit */
	int64_t end_ns;       /* 0: never */

	/* the loop's own; all zero at first */
	struct refresh refresh;
	bool pending; /* a frame came that could not be shown yet */
};

/* Until the user, a signal or a limit ends it. 0, or negative: cannot go on. */
int loop_run(struct loop *loop, struct tripool_error *error);

#endif
