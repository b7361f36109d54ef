// SPDX-License-Identifier: MIT
/*
 * All that is compared. For each size it goes in rounds through all points, and at each point through all transports,
 * so that what disturbs the machine for a while does not fall on one of them alone.
 */
#ifndef TRIPOOL_BENCH_SURVEY_H
#define TRIPOOL_BENCH_SURVEY_H

#include <signal.h>

#include "options.h"
#include "results.h"

extern volatile sig_atomic_t survey_stop; /* set by a signal: no more is measured */

/* The points that the options ask for, all rows without values. NULL: no memory. */
struct results *survey_plan(const struct options *options);

/* Fills them. `directory` is the run's own. What fails is told in its row; 0, or -errno when nothing can go on. */
int survey_run(struct results *results, const char *directory);

#endif
