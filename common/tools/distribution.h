// SPDX-License-Identifier: MIT
/*
 * How a duration is distributed: percentiles of any number of samples in a fixed amount of memory.
 *
 * A log-linear histogram: each power of two is cut into 128 equal buckets, so a percentile is off by less than 0.5 %
 * of its value. Smallest and largest sample are kept exactly.
 */
#ifndef TRIPOOL_DISTRIBUTION_H
#define TRIPOOL_DISTRIBUTION_H

#include <stdint.h>

#define DISTRIBUTION_SUB_BITS 7
#define DISTRIBUTION_VALUE_BITS 42 /* 73 minutes in ns; longer ones count in the last bucket */
#define DISTRIBUTION_BUCKETS ((DISTRIBUTION_VALUE_BITS - DISTRIBUTION_SUB_BITS + 1) << DISTRIBUTION_SUB_BITS)

/* All zero is the empty distribution. */
struct distribution {
	uint64_t count;
	uint64_t least_ns;
	uint64_t most_ns;
	uint64_t bucket[DISTRIBUTION_BUCKETS];
};

/* A negative sample counts as 0. */
void distribution_add(struct distribution *d, int64_t sample_ns);

/* The smallest sample that at least `percent` per cent of the samples do not exceed, in microseconds; percent is above
 * 0 and at most 100, which asks for the largest sample. 0 when there is no sample. */
double distribution_percentile_us(const struct distribution *d, double percent);

void distribution_clear(struct distribution *d);

#endif
