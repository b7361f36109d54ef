// SPDX-License-Identifier: MIT
/*
 * When a movie's pictures are due: at the distances that their time stamps have, from the first one on. No time is read
 * here: the caller says what it is.
 */
#ifndef TRIPOOL_MOVIE_CLOCK_H
#define TRIPOOL_MOVIE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct movie_clock {
	bool flat_out; /* nobody waits: nothing is ever late */
	bool running;
	int64_t start_ns; /* when time stamp 0 is due, CLOCK_MONOTONIC */
	int64_t last_pts_ns, last_due_ns;
	int64_t step_ns;     /* from the picture before to the last */
	int64_t given_up_ns; /* the delays that were not caught up with, together */
};

/*
 * When the picture with this time stamp is due, or was. To be asked once for each, in the order in which they are
 * shown. A time stamp that lies before the last, or far behind it, begins anew, at the distance from the last picture
 * that this had from the one before. A picture that is a little late is just that; after more than a second the clock
 * begins anew with it.
 */
int64_t movie_clock_due(struct movie_clock *clock, int64_t pts_ns, int64_t now_ns);

#endif
