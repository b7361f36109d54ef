// SPDX-License-Identifier: MIT
#include "movie_clock.h"

#define SECOND_NS INT64_C(1000000000)
#define MOST_AHEAD_NS (10 * SECOND_NS)
#define MOST_BEHIND_NS SECOND_NS

static int64_t begin(struct movie_clock *clock, int64_t pts_ns, int64_t due_ns)
{
	clock->running = true;
	clock->start_ns = due_ns - pts_ns;
	return due_ns;
}

int64_t movie_clock_due(struct movie_clock *clock, int64_t pts_ns, int64_t now_ns)
{
	int64_t distance_ns = pts_ns - clock->last_pts_ns;
	int64_t due_ns;

	if (!clock->running) {
		due_ns = begin(clock, pts_ns, now_ns);
	} else if (distance_ns < 0 || distance_ns > MOST_AHEAD_NS) {
		due_ns = begin(clock, pts_ns, clock->last_due_ns + clock->step_ns);
	} else {
		clock->step_ns = distance_ns;
		due_ns = clock->start_ns + pts_ns;
	}
	if (!clock->flat_out && now_ns - due_ns > MOST_BEHIND_NS) {
		clock->given_up_ns += now_ns - due_ns;
		due_ns = begin(clock, pts_ns, now_ns);
	}
	clock->last_pts_ns = pts_ns;
	clock->last_due_ns = due_ns;
	return due_ns;
}
