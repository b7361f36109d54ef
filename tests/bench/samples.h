// SPDX-License-Identifier: MIT
/* Times taken, and what is said of them. */
#ifndef TRIPOOL_SAMPLES_H
#define TRIPOOL_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/*
 * The q-quantile (0 to 1) by nearest rank: the least sample that at least the q-th part of all samples do not exceed,
 * so always one that was taken. Of 1,000 the p99.9 is the last but one; of fewer than 1,000 it is the greatest. Of none
 * there is none: a count of at least 1.
 */
double quantile_of_sorted(const int64_t *samples, size_t count, double q);
double quantile(int64_t *samples, size_t count, double q); /* sorts them */

/* What repeats of one figure came to. The median of an even count is halfway between the two in the middle. Of none:
 * all NAN. */
struct spread {
	double median, min, max;
	size_t count;
};

#define MOST_REPEATS 64
struct spread spread_of(const double *values, size_t count); /* at most MOST_REPEATS */

#endif
