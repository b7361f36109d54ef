// SPDX-License-Identifier: MIT
/*
 * When the next frame is due: an fd that becomes readable at each multiple of an exact fraction of a second after the
 * start, so that 60000/1001 frames a second are that after a week too.
 */
#ifndef TRIPOOL_PACE_H
#define TRIPOOL_PACE_H

#include <stdint.h>

struct pace {
	int fd; /* a timerfd; -1: not started */
	int64_t start_ns;
	uint64_t next; /* the tick that is waited for; tick 0 is the start */
	uint64_t missed;
	uint64_t interval_ns, interval_rest; /* rate_den seconds / rate_num, as quotient and remainder */
	uint32_t rate_num;
};

/* Makes the fd; rate_num and rate_den up to 10^6. Returns 0 or -errno. */
int pace_init(struct pace *pace, uint32_t rate_num, uint32_t rate_den);

/* Tick 0 is now. Returns 0 or -errno. */
int pace_start(struct pace *pace);

/* 1 when a tick was due: it is over, and whole intervals that passed beside it are counted in `missed`.
 * 0 when none is due yet, -errno on failure. */
int pace_take(struct pace *pace);

/* When tick `tick` is due, CLOCK_MONOTONIC. */
int64_t pace_due_ns(const struct pace *pace, uint64_t tick);

void pace_finish(struct pace *pace);

#endif
