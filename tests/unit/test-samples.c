// SPDX-License-Identifier: MIT
/* Quantiles and spreads against values worked out by hand. */
#include "bench/samples.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* n, n - 1, ..., 1 in *samples: the k-th by rank is k. */
static void count_down(int64_t *samples, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		samples[i] = n - i;
}

static void quantiles_are_by_nearest_rank(void **state)
{
	(void)state;
	static const struct {
		int64_t count;
		double q, expected;
	} cases[] = {
	    /* one sample is all of them */
	    {1, 0, 1},
	    {1, 0.5, 1},
	    {1, 0.999, 1},
	    {1, 1, 1},
	    /* two: half of them are not above the first */
	    {2, 0, 1},
	    {2, 0.5, 1},
	    {2, 0.51, 2},
	    {2, 0.9, 2},
	    {2, 1, 2},
	    {3, 0.5, 2},
	    {4, 0.5, 2},
	    {4, 0.75, 3},
	    {4, 0.76, 4},
	    {10, 0.9, 9},
	    {11, 0.9, 10},
	    {99, 0.99, 99},
	    {100, 0.99, 99},
	    {101, 0.99, 100},
	    {100, 0.07, 7}, /* 0.07 * 100 is a little more than 7 */
	    {100, 0.29, 29},
	    {999, 0.999, 999},
	    {1000, 0.5, 500},
	    {1000, 0.999, 999},
	    {1000, 1, 1000},
	    {1001, 0.999, 1000},
	    {2000, 0.999, 1998},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t samples[2000];
		count_down(samples, cases[i].count);
		double is = quantile(samples, (size_t)cases[i].count, cases[i].q);
		if (is != cases[i].expected)
			print_error("%g of %d: %g, not %g\n", cases[i].q, (int)cases[i].count, is, cases[i].expected);
		assert_true(is == cases[i].expected);
		assert_true(quantile_of_sorted(samples, (size_t)cases[i].count, cases[i].q) == is);
	}
}

static void samples_may_be_equal_or_below_zero(void **state)
{
	(void)state;
	int64_t samples[] = {7, -5000000000, 7, 7, -1};
	assert_true(quantile(samples, 5, 0) == -5e9);
	assert_true(quantile(samples, 5, 0.4) == -1);
	assert_true(quantile(samples, 5, 0.5) == 7);
	assert_true(quantile(samples, 5, 1) == 7);
}

static void spreads_are_as_worked_out(void **state)
{
	(void)state;
	double one[] = {2.5}, two[] = {4, 1}, three[] = {9, 2, 4}, four[] = {10, 1, 4, 3};
	struct spread s = spread_of(one, 1);
	assert_true(s.median == 2.5 && s.min == 2.5 && s.max == 2.5);
	s = spread_of(two, 2);
	assert_true(s.median == 2.5 && s.min == 1 && s.max == 4);
	s = spread_of(three, 3);
	assert_true(s.median == 4 && s.min == 2 && s.max == 9);
	s = spread_of(four, 4);
	assert_true(s.median == 3.5 && s.min == 1 && s.max == 10);
	assert_true(isnan(spread_of(NULL, 0).median) && spread_of(NULL, 0).count == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quantiles_are_by_nearest_rank),
	    cmocka_unit_test(samples_may_be_equal_or_below_zero),
	    cmocka_unit_test(spreads_are_as_worked_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
