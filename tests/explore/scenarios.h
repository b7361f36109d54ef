// SPDX-License-Identifier: MIT
/*
 * What is explored: one producer and two viewers, as threads of the machine, on the library's own data path. Checked:
 * begin finds a slot; no pixel is written while it is read or leased; a frame shows and says what was published under
 * its number; newest is newest; a queue's frames come in order, and of a lossless stream all; nobody sleeps for ever.
 */
#ifndef TRIPOOL_EXPLORE_SCENARIOS_H
#define TRIPOOL_EXPLORE_SCENARIOS_H

#include <stdbool.h>

enum role { POLLS, SLEEPS, EVERY };

struct scenario {
	const char *name;
	enum role first, second;
	bool lossless;
	bool may_stop;  /* the second, for ever, wherever it is */
	unsigned pools; /* formats that there may be */
};

extern const struct scenario scenarios[];
extern const unsigned scenario_count;

/* After machine_reset: the threads are ready to run. Frames and the like are as the machine's seed decides. */
void scenario_set_up(const struct scenario *scenario);

/* After a run without a violation. NULL: nothing is wrong. */
const char *scenario_check(void);

#endif
