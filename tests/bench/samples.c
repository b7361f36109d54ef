// SPDX-License-Identifier: MIT
#include "samples.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double quantile_of_sorted(const int64_t *samples, size_t count, double q)
{
	/* What is left of a product that should be whole (0.07 * 100) makes no further rank. */
	double exact = q * (double)count - 1e-6;
	size_t rank = exact > 0 ? (size_t)exact + 1 : 1;
	return (double)samples[(rank < count ? rank : count) - 1];
}

double quantile(int64_t *samples, size_t count, double q)
{
	qsort(samples, count, sizeof(*samples), by_time);
	return quantile_of_sorted(samples, count, q);
}

struct spread spread_of(const double *values, size_t count)
{
	double sorted[MOST_REPEATS];
	assert(count <= MOST_REPEATS);
	if (count == 0)
		return (struct spread){NAN, NAN, NAN, 0};
	memcpy(sorted, values, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_value);
	return (struct spread){
	    .median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
	    .min = sorted[0],
	    .max = sorted[count - 1],
	    .count = count,
	};
}
