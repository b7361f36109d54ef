// SPDX-License-Identifier: MIT
/* How often the window may show something else: as often as the screen does. A frame that comes a little early, or in
 * time after a late one, is not kept waiting for that; the average does not exceed the rate. */
#ifndef TRIPOOL_REFRESH_H
#define TRIPOOL_REFRESH_H

#include <stdint.h>

/* Of two times, where 0 is never. */
static inline int64_t earlier_ns(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

struct refresh {
	int64_t interval_ns; /* 0: no limit */
	int64_t next_ns;     /* when the next one is due at that rate */
};

/* When something may be shown next, given that it is `now`; not later than now: at once. */
static inline int64_t refresh_due_ns(const struct refresh *refresh)
{
	return refresh->next_ns - refresh->interval_ns / 2;
}

/* Something is shown now. If it is late, the next one is due as if it were not: were it counted from now, a stream as
 * fast as the screen would never make up for one late frame, and wait for each one after it. */
static inline void refresh_shown(struct refresh *refresh, int64_t now_ns)
{
	int64_t least_ns = now_ns - refresh->interval_ns;
	refresh->next_ns = (refresh->next_ns > least_ns ? refresh->next_ns : least_ns) + refresh->interval_ns;
}

#endif
