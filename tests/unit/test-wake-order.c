// SPDX-License-Identifier: MIT
/* audience.c with wake-ups that take as long as they are told to: who makes them long is woken after the others. */
#include "clock.h"
#include "producer.h"
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct tripool_producer producer;
static int64_t time_ns, takes_ns[TRIPOOL_MAX_SLOTS];
static int woken[2 * TRIPOOL_MAX_SLOTS], wakes; /* whom, in turn */

static int64_t tell_time(void)
{
	return time_ns;
}

static int nudge(int socket, enum tripool_message_type type)
{
	(void)type;
	woken[wakes++] = socket;
	time_ns += takes_ns[socket];
	return 0;
}

#define tripool_now_ns tell_time
#define tripool_wire_nudge nudge
#include "../../common/audience.c"

static void publish(uint64_t to)
{
	wakes = 0;
	tripool_audience_wake(&producer, to);
}

static void publish_often(int times, uint64_t to)
{
	while (times-- > 0)
		publish(to);
}

static void who_takes_long_comes_after_the_others(void **state)
{
	(void)state;
	takes_ns[0] = 300000;
	publish_often(2, 7);
	assert_int_equal(wakes, 3);
	assert_int_equal(woken[2], 0);
}

static void a_newcomer_comes_after_those_that_are_known(void **state)
{
	(void)state;
	publish_often(1000, 6);
	publish(7);
	assert_int_equal(woken[2], 0);
	producer.viewer[0].wake_ns = 0; /* it left, and came again */
	publish(7);
	assert_int_equal(woken[2], 0);
}

static void who_takes_long_no_more_is_forgiven(void **state)
{
	(void)state;
	takes_ns[0] = 300000;
	publish_often(1000, 7);
	assert_int_equal(woken[2], 0);
	takes_ns[0] = 1000;
	publish_often(600, 7);
	assert_int_equal(woken[0], 0);
}

static void one_that_was_held_up_once_comes_before_one_that_always_takes_long(void **state)
{
	(void)state;
	takes_ns[0] = 300000;
	publish_often(100, 7);
	takes_ns[1] = 10000000; /* the producer had to share its processor */
	publish(7);
	takes_ns[1] = 5000;
	publish(7);
	assert_int_equal(woken[0], 2);
	assert_int_equal(woken[1], 1);
	assert_int_equal(woken[2], 0);
}

static void one_that_takes_long_each_other_time_comes_last(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		takes_ns[0] = i % 2 ? 5000 : 300000;
		publish(7);
		assert_true(i == 0 || woken[2] == 0);
	}
}

static void all_are_woken_once(void **state)
{
	(void)state;
	for (int i = 0; i < TRIPOOL_MAX_SLOTS; i++)
		takes_ns[i] = i * 37 % 64 * 1000;
	for (int times = 0; times < 2; times++) {
		uint64_t seen = 0;
		publish(UINT64_MAX);
		assert_int_equal(wakes, TRIPOOL_MAX_SLOTS);
		for (int i = 0; i < wakes; i++) {
			seen |= UINT64_C(1) << woken[i];
			assert_true(times == 0 || i == 0 || takes_ns[woken[i]] >= takes_ns[woken[i - 1]]);
		}
		assert_true(seen == UINT64_MAX);
	}
	publish(UINT64_C(1) << 63 | 1 << 5);
	assert_int_equal(wakes, 2);
	assert_true(woken[0] + woken[1] == 68);
}

static int set_up(void **state)
{
	(void)state;
	for (int i = 0; i < TRIPOOL_MAX_SLOTS; i++) {
		producer.viewer[i] = (struct tripool_client){.socket = i};
		takes_ns[i] = 5000;
	}
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(who_takes_long_comes_after_the_others, set_up),
	    cmocka_unit_test_setup(a_newcomer_comes_after_those_that_are_known, set_up),
	    cmocka_unit_test_setup(who_takes_long_no_more_is_forgiven, set_up),
	    cmocka_unit_test_setup(one_that_was_held_up_once_comes_before_one_that_always_takes_long, set_up),
	    cmocka_unit_test_setup(one_that_takes_long_each_other_time_comes_last, set_up),
	    cmocka_unit_test_setup(all_are_woken_once, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
