// SPDX-License-Identifier: MIT
/* A viewer that only looks whether there is something, beside a producer that wakes it each time that it does, for
 * nothing. Both are in this one thread: whoever polls lets the producer take its turn (--wrap). */
#include "producer.h"
#include "scratch.h"
#include "tripool.h"
#include "wire.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

static struct tripool_producer *producer;
static bool restless;
static int polls;

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	if (producer)
		tripool_producer_dispatch(producer);
	if (restless) {
		assert_int_equal(tripool_wire_nudge(producer->viewer[0].socket, TRIPOOL_WAKE), 0);
		assert_true(++polls < 1000); /* else it does not end */
	}
	return __real_poll(fds, count, timeout_ms);
}

static void who_only_looks_does_not_stay(void **state)
{
	(void)state;
	struct tripool_format f = {.pix_fmt = "gray", .width_px = 16, .height_px = 16};
	struct tripool_producer_options o = {.name = "t", .manual_dispatch = true};
	struct tripool_viewer *v;
	assert_int_equal(scratch_make(), 0);
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(tripool_producer_create(&producer, &o, &f, NULL), 0);
	assert_int_equal(tripool_viewer_create(&v, &(struct tripool_viewer_options){.name = "t"}, NULL), 0);
	restless = true;
	assert_int_equal(tripool_viewer_wait(v, 0), 0);
	assert_in_range(polls, 1, 2);
	/* Nor does who waits for a while. */
	assert_int_equal(tripool_viewer_wait(v, 1), 0);
	/* A frame is news all the same. */
	struct tripool_slot slot;
	assert_int_equal(tripool_producer_begin(producer, &slot), 0);
	assert_int_equal(tripool_producer_publish(producer, &slot, NULL), 0);
	assert_int_equal(tripool_viewer_wait(v, 0), 1);
	restless = false;
	tripool_viewer_destroy(v);
	tripool_producer_destroy(producer);
	assert_int_equal(scratch_remove(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_only_looks_does_not_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
