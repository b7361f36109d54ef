// SPDX-License-Identifier: MIT
/* When a movie's pictures are due, by a clock that the test sets. */
#include "movie_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define NOW (INT64_C(5000) * SECOND)

static struct movie_clock clock;

static int begin(void **state)
{
	(void)state;
	clock = (struct movie_clock){0};
	return 0;
}

static void assert_due(int64_t pts_ns, int64_t now_ns, int64_t due_ns)
{
	assert_int_equal(movie_clock_due(&clock, pts_ns, now_ns), due_ns);
}

static void test_keeps_distances(void **state)
{
	(void)state;
	/* the first at once, whatever its time stamp; the others as far apart as theirs are */
	assert_due(700 * MS, NOW, NOW);
	assert_due(740 * MS, NOW + 2 * MS, NOW + 40 * MS);
	assert_due(745 * MS, NOW + 41 * MS, NOW + 45 * MS);
	assert_due(745 * MS, NOW + 46 * MS, NOW + 45 * MS);
	assert_due(9745 * MS, NOW + 50 * MS, NOW + 9045 * MS);
	assert_int_equal(clock.given_up_ns, 0);
}

static void test_a_little_late_is_caught_up(void **state)
{
	(void)state;
	assert_due(0, NOW, NOW);
	assert_due(40 * MS, NOW + SECOND, NOW + 40 * MS);
	assert_due(80 * MS, NOW + SECOND, NOW + 80 * MS);
	assert_due(2000 * MS, NOW + SECOND, NOW + 2000 * MS);
	assert_int_equal(clock.given_up_ns, 0);
}

static void test_far_too_late_begins_anew(void **state)
{
	(void)state;
	assert_due(0, NOW, NOW);
	assert_due(40 * MS, NOW + 1041 * MS, NOW + 1041 * MS);
	assert_int_equal(clock.given_up_ns, 1001 * MS);
	assert_due(80 * MS, NOW + 1050 * MS, NOW + 1081 * MS);
}

static void test_jumps_begin_anew_in_step(void **state)
{
	(void)state;
	assert_due(0, NOW, NOW);
	assert_due(40 * MS, NOW, NOW + 40 * MS);
	/* back */
	assert_due(10 * MS, NOW + 40 * MS, NOW + 80 * MS);
	assert_due(50 * MS, NOW + 80 * MS, NOW + 120 * MS);
	/* far ahead */
	assert_due(50 * MS + 10 * SECOND + 1, NOW + 120 * MS, NOW + 160 * MS);
	assert_due(90 * MS + 10 * SECOND + 1, NOW + 160 * MS, NOW + 200 * MS);
	/* exactly so far it is not */
	assert_due(90 * MS + 20 * SECOND + 1, NOW + 200 * MS, NOW + 200 * MS + 10 * SECOND);
	/* before the first distance is known, the usual one */
	begin(NULL);
	clock.step_ns = 25 * MS;
	assert_due(5 * SECOND, NOW, NOW);
	assert_due(0, NOW, NOW + 25 * MS);
}

static void test_flat_out_is_never_late(void **state)
{
	(void)state;
	clock.flat_out = true;
	assert_due(0, NOW, NOW);
	assert_due(40 * MS, NOW, NOW + 40 * MS);
	assert_due(80 * MS, NOW + 60 * SECOND, NOW + 80 * MS);
	assert_int_equal(clock.given_up_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_keeps_distances, begin),
	    cmocka_unit_test_setup(test_a_little_late_is_caught_up, begin),
	    cmocka_unit_test_setup(test_far_too_late_begins_anew, begin),
	    cmocka_unit_test_setup(test_jumps_begin_anew_in_step, begin),
	    cmocka_unit_test_setup(test_flat_out_is_never_late, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
