// SPDX-License-Identifier: MIT
#include "distribution.h"

#include <math.h>
#include <string.h>

#define SUB_BUCKETS (1u << DISTRIBUTION_SUB_BITS)

static unsigned bucket_of(uint64_t value)
{
	if (value < SUB_BUCKETS)
		return (unsigned)value;
	if (value >> DISTRIBUTION_VALUE_BITS)
		return DISTRIBUTION_BUCKETS - 1;
	unsigned shift = 63u - (unsigned)__builtin_clzll(value) - DISTRIBUTION_SUB_BITS;
	return (shift << DISTRIBUTION_SUB_BITS) + (unsigned)(value >> shift);
}

static double middle_of(unsigned bucket)
{
	if (bucket < SUB_BUCKETS)
		return bucket;
	unsigned shift = (bucket >> DISTRIBUTION_SUB_BITS) - 1;
	uint64_t least = (uint64_t)(bucket - (shift << DISTRIBUTION_SUB_BITS)) << shift;
	return (double)least + (double)((UINT64_C(1) << shift) - 1) / 2;
}

void distribution_add(struct distribution *d, int64_t sample_ns)
{
	uint64_t value = sample_ns < 0 ? 0 : (uint64_t)sample_ns;
	if (d->count == 0 || value < d->least_ns)
		d->least_ns = value;
	if (value > d->most_ns)
		d->most_ns = value;
	d->count++;
	d->bucket[bucket_of(value)]++;
}

double distribution_percentile_us(const struct distribution *d, double percent)
{
	if (d->count == 0)
		return 0;
	uint64_t rank = (uint64_t)ceil(percent / 100 * (double)d->count);
	if (rank >= d->count)
		return (double)d->most_ns / 1e3;
	uint64_t seen = 0;
	for (unsigned i = 0; i < DISTRIBUTION_BUCKETS; i++) {
		seen += d->bucket[i];
		if (seen >= rank && seen > 0)
			return fmin(fmax(middle_of(i), (double)d->least_ns), (double)d->most_ns) / 1e3;
	}
	return (double)d->most_ns / 1e3;
}

void distribution_clear(struct distribution *d)
{
	memset(d, 0, sizeof(*d));
}
