// SPDX-License-Identifier: MIT
/* How far a run has come, on standard error: one line that changes on a terminal, else a line for each part. */
#ifndef TRIPOOL_BENCH_PROGRESS_H
#define TRIPOOL_BENCH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	int done, all; /* steps, each of which takes about as long */
	int64_t begin_ns;
	bool terminal;
};

void progress_begin(struct progress *progress, int all);

/* Before each step. `part` is what it belongs to, `step` what it is in it (NULL: nothing); `first`: of the part. */
void progress_step(struct progress *progress, int round, const char *part, const char *step, bool first);

void progress_end(struct progress *progress); /* the line is gone */
double progress_seconds(const struct progress *progress);

#endif
