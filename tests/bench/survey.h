// SPDX-License-Identifier: MIT
/*
 * All that is compared. For each size it goes in rounds through all points, and at each point through all transports,
 * so that what disturbs the machine for a while does not fall on one of them alone.
 */
#ifndef TRIPOOL_BENCH_SURVEY_H
#define TRIPOOL_BENCH_SURVEY_H

#include "options.h"
#include "progress.h"
#include "results.h"

/* The points that the options ask for, all rows without values. NULL: no memory. */
struct results *survey_plan(const struct options *options);

int survey_steps(const struct results *results); /* of progress */

/* Fills them. `directory` is the run's own. What fails is told in its row; 0, or -errno when nothing can go on. Ends
 * early on measure_stop. */
int survey_run(struct results *results, const char *directory, struct progress *progress);

#endif
