// SPDX-License-Identifier: MIT
/* One measurement: a job, done by a producer and its viewers in processes of their own, and what came of it. */
#ifndef TRIPOOL_BENCH_MEASURE_H
#define TRIPOOL_BENCH_MEASURE_H

#include <signal.h>

#include "side.h"

/* Set by a handler of signals: nothing more is measured, and what is under way ends. */
extern volatile sig_atomic_t measure_stop;

struct outcome {
	double fps; /* frames that the (slowest) viewer had, a second */
	double published_fps;
	/* See struct viewer_report; the viewers' are summed up: received + lost = published * viewers. In newest mode
	 * what a viewer was too slow for is lost. */
	uint64_t published, received, lost, torn, disordered;
	int64_t *sample_ns; /* sorted; of all viewers */
	size_t samples;
	double producer_cpu_us, viewer_cpu_us,
	    daemon_cpu_us;   /* a frame published; a frame received by a viewer; published */
	double copied_bytes; /* by the producer a frame published and by a viewer a frame received, together */
	/* What the processes have, shared pages once, more than before they opened, and all of the daemon. What the
	 * kernel keeps for them (the buffers of pipes, sockets and queues) is not in it. */
	uint64_t resident_bytes;
};

/*
 * Returns 0, or -errno (-EINTR: measure_stop) with a line in `why` (WHY_BYTES) of what went wrong, which is untouched
 * else: so one reason can be kept over several runs. Either way no process, file or segment is left. `directory` is
 * where links may make their own. `daemon` is the transport's, or 0. The outcome is the caller's to finish where 0 was
 * returned.
 */
int measure(const struct job *job, const char *directory, pid_t daemon, struct outcome *outcome, char *why);
void outcome_finish(struct outcome *outcome);

#endif
