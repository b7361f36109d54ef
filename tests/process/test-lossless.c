// SPDX-License-Identifier: MIT
/* Lossless streams wait for the viewers that get each frame, between real processes. */
#include "puppet.h"

#include "clock.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct tripool_producer_options lossless = {
    .max_viewers = 4, .max_leases = 40, .lossless = true, .stall_ms = 300};

static int64_t now_ms(void)
{
	return tripool_now_ns() / 1000000;
}

/* Takes frames as fast as it can and says at the end how it went: 0, or which promise was broken. */
static pid_t start_taker(uint64_t frames, uint32_t leases, unsigned pause_us)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	alarm(60);
	struct tripool_viewer_options o = {.name = "t", .leases = leases, .every = true};
	struct tripool_viewer *v;
	struct tripool_frame f;
	if (tripool_viewer_create(&v, &o, NULL) < 0)
		_exit(1);
	for (uint64_t n = 1; n <= frames; n++) {
		int r;
		while ((r = tripool_viewer_acquire(v, &f)) == -EAGAIN)
			tripool_viewer_wait(v, -1);
		if (r < 0 || f.sequence != n)
			_exit(2);
		if (f.memory[0] != (uint8_t)(n * 131) || f.memory[512] != (uint8_t)(n * 131 + 512 * 7 + 2))
			_exit(3);
		if (pause_us)
			usleep(pause_us);
		tripool_viewer_release(v, &f);
	}
	tripool_viewer_destroy(v);
	_exit(0);
}

static void a_lossless_stream_loses_nothing(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct tripool_producer *producer = puppet_produce(&lossless, 64);
		pid_t fast = start_taker(2000, way == 0 ? 1 : 8, 0), slow = start_taker(2000, way == 2 ? 1 : 4, 100);
		puppet_await_viewers(producer, 2);
		puppet_publish(producer, 2000);
		int status;
		assert_int_equal(waitpid(fast, &status, 0), fast);
		assert_int_equal(status, 0);
		assert_int_equal(waitpid(slow, &status, 0), slow);
		assert_int_equal(status, 0);
		puppet_produce_end();
	}
}

static void who_stalls_a_lossless_stream_has_to_leave(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&lossless, 64);
	struct puppet staller = puppet_start(), newest = puppet_start();
	assert_int_equal(puppet_view_every(&staller, 4).result, 0);
	assert_int_equal(puppet_view(&newest, 1, false).result, 0);
	puppet_publish(producer, 4);
	struct tripool_format format = puppet_format(128); /* which changes nothing about that */
	assert_int_equal(tripool_producer_set_format(producer, &format, NULL), 0);
	assert_int_equal(tripool_producer_viewers(producer), 2);
	int64_t begin_ms = now_ms();
	puppet_publish(producer, 1);
	int64_t waited_ms = now_ms() - begin_ms;
	assert_true(waited_ms >= 300);
	begin_ms = now_ms();
	puppet_publish(producer, 1000);
	assert_true(now_ms() - begin_ms < 300 * 100);
	assert_int_equal(puppet_acquire(&newest, 0).result, -ESTALE);
	assert_int_equal(puppet_acquire(&newest, 0).sequence, 1005);
	assert_int_equal(puppet_check(&newest, 0).result, 0);
	/* It has what it had, and learns that it was let go. */
	assert_int_equal(puppet_acquire(&staller, 0).sequence, 1);
	puppet_end(&staller);
	puppet_end(&newest);
	puppet_produce_end();
}

/* It may just be slow: what it holds, and what waited, stays as it was until it lets go. */
static void who_has_to_leave_keeps_its_frames(void **state)
{
	(void)state;
	struct tripool_producer_options o = lossless;
	o.max_leases = 4;
	struct tripool_producer *producer = puppet_produce(&o, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 4).result, 0);
	puppet_publish(producer, 4);
	puppet_expect(&v, 0, 1);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	assert_int_equal(puppet_wait(&v, 0).result, 1);
	for (uint32_t i = 1; i < 4; i++)
		puppet_expect(&v, i, 1 + i);
	assert_int_equal(puppet_acquire(&v, 4).result, -EPIPE);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_reconnect(&v).result, -ECONNREFUSED); /* it has its four leases */
	puppet_publish(producer, 100);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(puppet_check(&v, i).result, 0);
		puppet_release(&v, i);
	}
	assert_int_equal(puppet_reconnect(&v).result, 0);
	assert_int_equal(tripool_producer_viewers(producer), 1);
	puppet_publish(producer, 2);
	puppet_expect(&v, 0, 305);
	puppet_release(&v, 0);
	/* Over a new format as well. */
	struct tripool_format larger = puppet_format(128);
	assert_int_equal(tripool_producer_set_format(producer, &larger, NULL), 0);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_wait(&v, 0).result, 1);
	puppet_expect(&v, 0, 306);
	puppet_release(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -ESTALE);
	for (uint32_t i = 0; i < 3; i++)
		puppet_expect(&v, i, 307 + i);
	puppet_publish(producer, 100);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(puppet_check(&v, i).result, 0);
		puppet_release(&v, i);
	}
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, -EPIPE); /* there is room, but no more comes */
	assert_int_equal(puppet_reconnect(&v).result, 0);
	puppet_publish(producer, 1);
	puppet_expect(&v, 0, 508);
	puppet_end(&v);
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	puppet_produce_end();
}

/* With fewer places than frames being written begin would wait for who cannot help it. */
static void a_lossless_stream_wants_places_for_what_is_written(void **state)
{
	(void)state;
	struct tripool_producer_options o = lossless;
	o.write_depth = 3;
	struct tripool_producer *producer = puppet_produce(&o, 64);
	struct tripool_format larger = puppet_format(128);
	struct puppet few = puppet_start(), enough = puppet_start(), newest = puppet_start();
	assert_int_equal(puppet_view_every(&few, 2).result, -ECONNREFUSED);
	assert_int_equal(puppet_view_every(&enough, 3).result, 0);
	assert_int_equal(puppet_view(&newest, 1, false).result, 0);
	for (int round = 0; round < 2; round++) {
		struct tripool_slot slot[4];
		for (int i = 0; i < 3 + round; i++)
			assert_int_equal(tripool_producer_begin(producer, &slot[i]), 0);
		assert_int_equal(tripool_producer_viewers(producer), 2 - round);
		assert_int_equal(tripool_producer_set_write_depth(producer, 4), 0);
		assert_int_equal(tripool_producer_set_format(producer, &larger, NULL), 0);
	}
	puppet_end(&few);
	puppet_end(&enough);
	puppet_end(&newest);
	puppet_produce_end();
}

static void who_is_killed_stalls_nobody(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(
	    &(struct tripool_producer_options){.max_leases = 40, .lossless = true, .stall_ms = 60000}, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 4).result, 0);
	puppet_publish(producer, 4);
	kill(v.pid, SIGKILL);
	puppet_publish(producer, 100);
	assert_int_equal(tripool_producer_viewers(producer), 0);
	puppet_kill(&v, SIGKILL);
	puppet_produce_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_lossless_stream_loses_nothing),
	    TEST(who_stalls_a_lossless_stream_has_to_leave),
	    TEST(who_has_to_leave_keeps_its_frames),
	    TEST(a_lossless_stream_wants_places_for_what_is_written),
	    TEST(who_is_killed_stalls_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
