// SPDX-License-Identifier: MIT
/* The histogram's percentiles against those of the sorted samples. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "distribution.h"

#define SAMPLES 20000

static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static double exact_us(const int64_t *sorted, size_t count, double percent)
{
	size_t rank = (size_t)ceil(percent / 100 * (double)count);
	return (double)sorted[rank - 1] / 1e3;
}

static void compare(int64_t *samples, size_t count)
{
	static const double percents[] = {0.1, 1, 10, 50, 90, 99, 99.9};
	static struct distribution d;
	distribution_clear(&d);
	for (size_t i = 0; i < count; i++)
		distribution_add(&d, samples[i]);
	qsort(samples, count, sizeof(*samples), by_value);
	for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++) {
		double exact = exact_us(samples, count, percents[i]);
		double got = distribution_percentile_us(&d, percents[i]);
		if (fabs(got - exact) > exact * 0.005)
			fail_msg("p%g of %zu samples: %g us, should be %g us", percents[i], count, got, exact);
	}
	/* the largest is exact, not a bucket's */
	assert_true(distribution_percentile_us(&d, 100) == (double)samples[count - 1] / 1e3);
	assert_int_equal(d.least_ns, samples[0]);
}

static void test_matches_sorted_samples(void **unused)
{
	(void)unused;
	static int64_t samples[SAMPLES];
	state = 88172645463325252u;
	/* each round spreads over another number of powers of two: from a handful of ns to minutes */
	for (unsigned bits = 3; bits <= 40; bits++) {
		for (size_t i = 0; i < SAMPLES; i++)
			samples[i] = (int64_t)(next_random() >> (64 - 1 - next_random() % bits));
		compare(samples, SAMPLES);
	}
}

static void test_few_samples(void **unused)
{
	(void)unused;
	int64_t samples[100];
	for (size_t count = 1; count <= 100; count++) {
		for (size_t i = 0; i < count; i++)
			samples[i] = (int64_t)((i + 1) * 1000003);
		compare(samples, count);
	}
}

static void test_every_bucket_edge(void **unused)
{
	(void)unused;
	static struct distribution d;
	for (unsigned bit = 0; bit < DISTRIBUTION_VALUE_BITS; bit++) {
		for (int off = -1; off <= 1; off++) {
			int64_t value = (INT64_C(1) << bit) + off;
			distribution_clear(&d);
			/* the second sample keeps the first's percentile from being clamped to the largest */
			distribution_add(&d, value);
			distribution_add(&d, INT64_C(1) << 41);
			double got = distribution_percentile_us(&d, 50);
			if (fabs(got * 1e3 - (double)value) > (double)value * 0.005)
				fail_msg("%lld ns comes back as %g us", (long long)value, got);
		}
	}
}

static void test_out_of_range(void **unused)
{
	(void)unused;
	static struct distribution d;
	distribution_clear(&d);
	assert_true(distribution_percentile_us(&d, 50) == 0);
	distribution_add(&d, -5);
	assert_int_equal(d.count, 1);
	assert_true(distribution_percentile_us(&d, 100) == 0);
	distribution_add(&d, INT64_MAX);
	assert_true(distribution_percentile_us(&d, 100) == (double)INT64_MAX / 1e3);
	assert_true(distribution_percentile_us(&d, 50) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_matches_sorted_samples),
	    cmocka_unit_test(test_few_samples),
	    cmocka_unit_test(test_every_bucket_edge),
	    cmocka_unit_test(test_out_of_range),
	};
	return cmocka_run_group_tests_name("distribution", tests, NULL, NULL);
}
