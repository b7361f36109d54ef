// SPDX-License-Identifier: MIT
/*
 * A way to carry frames that is at fault as told. When all is well publish returns once each viewer has released the
 * frame, so there is exactly one frame before those that are measured: these are 2 to `frames` + 1.
 */
#ifndef TRIPOOL_BENCH_RIG_H
#define TRIPOOL_BENCH_RIG_H

#include "bench/measure.h"

#define RIG_WIDTH 64
#define RIG_HEIGHT 48
#define RIG_BYTES (RIG_WIDTH * RIG_HEIGHT * 3 / 2)
#define RIG_VIEWER_COPIES 100 /* bytes of each frame */

/* What may go wrong. NULL, 0: nothing. All but `made` is set before measure. */
struct rig {
	uint64_t frames; /* that are measured, if the job goes well */
	/* Bring the frame to the viewers, by rig_deliver, or not. Returns how many faults that made. */
	int (*carry)(struct link *link, uint8_t *frame, uint64_t sequence);
	uint64_t made; /* while it was measured; in shared memory */
	/* Called at the beginning of each. */
	int (*prepare)(struct link *link);
	int (*open_producer)(struct link *link), (*open_viewer)(struct link *link);
	int (*publish)(struct link *link, uint64_t sequence);
	void (*close_producer)(void), (*close_viewer)(void);
	bool does_not_wait; /* publish, for the viewers */
	bool begin_fails;
	/* After the viewer of that number has got the frame (and before it has released it). Below 0: take fails;
	 * above 0: it says that there is none. */
	int (*take)(struct link *link, int viewer, uint64_t sequence);
	void (*release)(int viewer);
	_Atomic uint64_t seen[MOST_VIEWERS]; /* sequence of the last frame that each viewer has taken */
	_Atomic bool gone;                   /* the viewers are: publish does not wait for them any more */
	pid_t daemon;
	/* Between the sides, of their clocks: what the producer's showed when it had published. */
	int64_t posted_ns;
};

extern struct rig *rig; /* shared by the sides */
extern const struct transport rig_transport;

int rig_make(void);   /* once, before all */
void rig_clear(void); /* of all faults */
void rig_deliver(struct link *link, const uint8_t *frame);

/* The job that goes with it: 100 frames in 1 s, one viewer, little patience. */
struct job rig_job(void);

#endif
