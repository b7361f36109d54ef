// SPDX-License-Identifier: MIT
/* Viewers that get each frame in order, between real processes; and lossless streams, which wait for them. */
#include "puppet.h"

#include "layout.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const struct tripool_producer_options roomy = {.max_viewers = 4, .max_leases = 40};
static const struct tripool_producer_options lossless = {
    .max_viewers = 4, .max_leases = 40, .lossless = true, .stall_ms = 300};

static void expect_frame(struct puppet *v, uint32_t slot, uint64_t sequence)
{
	struct puppet_answer a = puppet_acquire(v, slot);
	assert_int_equal(a.result, 0);
	assert_int_equal(a.sequence, sequence);
	assert_int_equal(a.info.source_sequence, sequence * 3);
	assert_int_equal(a.info.capture_ns, 42);
	assert_int_equal(puppet_check(v, slot).result, 0);
}

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static void until_viewers(struct tripool_producer *producer, int viewers)
{
	int64_t late_ms = now_ms() + 10000;
	while (tripool_producer_dispatch(producer) < viewers && now_ms() < late_ms)
		usleep(1000);
	assert_int_equal(tripool_producer_dispatch(producer), viewers);
}

static void each_frame_comes_in_order(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	struct puppet v = puppet_start(), newest = puppet_start();
	puppet_publish(producer, 3); /* before it came: not for it */
	assert_int_equal(puppet_view_every(&v, 8).result, 0);
	assert_int_equal(puppet_view(&newest, 1, false).result, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -EAGAIN);
	uint64_t sequence = 3;
	for (unsigned frames = 1; frames <= 8; frames++) {
		puppet_publish(producer, frames);
		for (unsigned i = 0; i < frames; i++) {
			expect_frame(&v, 0, ++sequence);
			puppet_release(&v, 0);
		}
		assert_int_equal(puppet_acquire(&v, 0).result, -EAGAIN);
		assert_int_equal(puppet_acquire(&newest, 0).sequence, sequence);
		puppet_release(&newest, 0);
	}
	assert_int_equal(puppet_stats(&v).sequence, 0);
	puppet_end(&v);
	puppet_end(&newest);
	puppet_produce_end();
}

static void what_finds_no_place_is_skipped_and_seen(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 4).result, 0);
	puppet_publish(producer, 10);
	expect_frame(&v, 0, 1);
	expect_frame(&v, 1, 2);
	puppet_publish(producer, 50); /* two are held and two wait: no place */
	puppet_release(&v, 0);
	puppet_publish(producer, 1);
	expect_frame(&v, 0, 3);
	expect_frame(&v, 2, 4);
	expect_frame(&v, 3, 61);
	assert_int_equal(puppet_acquire(&v, 4).result, -EBUSY);
	assert_int_equal(puppet_stats(&v).sequence, 56);
	puppet_end(&v);
	puppet_produce_end();
}

static void a_held_frame_stays_and_may_be_let_go_in_any_order(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 4).result, 0);
	puppet_publish(producer, 4);
	for (uint32_t i = 0; i < 4; i++)
		expect_frame(&v, i, 1 + i);
	/* The oldest one is held: no place is free before it is let go. */
	puppet_release(&v, 2);
	puppet_release(&v, 1);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	assert_int_equal(puppet_check(&v, 3).result, 0);
	assert_int_equal(puppet_acquire(&v, 1).result, -EBUSY); /* it holds two, but the oldest is one of them */
	puppet_release(&v, 0);
	puppet_publish(producer, 100);
	for (uint32_t i = 0; i < 3; i++)
		expect_frame(&v, i, 105 + i);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_check(&v, 3).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

/* The frames that wait are served before the change is told; what is held of the old pool keeps no place. */
static void a_new_format_comes_in_its_turn(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	struct tripool_format larger = puppet_format(128), largest = puppet_format(256);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 4).result, 0);
	puppet_publish(producer, 2);
	assert_int_equal(tripool_producer_set_format(producer, &larger, NULL), 0);
	puppet_publish(producer, 2);
	expect_frame(&v, 0, 1);
	expect_frame(&v, 1, 2);
	assert_int_equal(puppet_acquire(&v, 2).result, -ESTALE);
	struct puppet_answer a = puppet_acquire(&v, 2);
	assert_int_equal(a.result, 0);
	assert_int_equal(a.sequence, 3);
	assert_int_equal(a.generation, 2);
	puppet_publish(producer, 2);
	expect_frame(&v, 3, 4);
	expect_frame(&v, 4, 5);
	expect_frame(&v, 5, 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(puppet_check(&v, i).result, 0);
	for (uint32_t i = 0; i < 4; i++)
		puppet_release(&v, i);
	puppet_publish(producer, 20);
	for (uint32_t i = 4; i < 6; i++) {
		assert_int_equal(puppet_check(&v, i).result, 0);
		puppet_release(&v, i);
	}
	expect_frame(&v, 0, 7);
	expect_frame(&v, 1, 8);
	puppet_release(&v, 0);
	puppet_release(&v, 1);
	/* A change with nothing waiting is told as well; a pool that lived too shortly leaves a gap. */
	assert_int_equal(tripool_producer_set_format(producer, &largest, NULL), 0);
	assert_int_equal(puppet_wait(&v, 2000).result, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, -ESTALE);
	assert_int_equal(tripool_producer_set_format(producer, &larger, NULL), 0);
	puppet_publish(producer, 1);
	assert_int_equal(tripool_producer_set_format(producer, &largest, NULL), 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, -ESTALE);
	expect_frame(&v, 0, 28);
	puppet_end(&v);
	puppet_produce_end();
}

/* Stops the taker wherever it is, long enough for a frame and a new format. */
static void pause_and_go_on(int signal)
{
	(void)signal;
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 40}, NULL);
}

static pid_t start_interrupted_taker(uint64_t rounds, int told)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct tripool_viewer_options o = {.name = "t", .leases = 4, .every = true};
	struct tripool_viewer *v;
	struct tripool_frame f;
	if (tripool_viewer_create(&v, &o, NULL) < 0)
		_exit(1);
	signal(SIGALRM, pause_and_go_on);
	pause_and_go_on(SIGALRM);
	int64_t late_ms = now_ms() + 60000;
	for (uint64_t n = 0, formats = 0; formats < rounds && now_ms() < late_ms;) {
		int r = -EAGAIN;
		for (int i = 0; i < 1000 && r == -EAGAIN; i++)
			r = tripool_viewer_acquire(v, &f);
		if (r == 0 && f.sequence != ++n)
			_exit(2);
		if (r == 0)
			tripool_viewer_release(v, &f);
		if (r == -ESTALE && (++formats != n || write(told, "s", 1) != 1))
			_exit(3);
	}
	tripool_viewer_destroy(v);
	_exit(0);
}

static void the_last_frame_of_a_format_is_not_lost(void **state)
{
	(void)state;
	struct tripool_format format[2] = {puppet_format(128), puppet_format(64)};
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	int told[2], status;
	char c;
	assert_int_equal(pipe(told), 0);
	pid_t taker = start_interrupted_taker(500, told[1]);
	close(told[1]);
	until_viewers(producer, 1);
	for (int i = 0; i < 500; i++) {
		puppet_publish(producer, 1);
		assert_int_equal(tripool_producer_set_format(producer, &format[i % 2], NULL), 0);
		if (read(told[0], &c, 1) != 1)
			break;
	}
	close(told[0]);
	assert_int_equal(waitpid(taker, &status, 0), taker);
	assert_int_equal(status, 0);
	puppet_produce_end();
}

static void waiting_is_asleep_and_ends_with_a_frame(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 4).result, 0);
	assert_int_equal(puppet_wait(&v, 50).result, 0);
	for (int i = 0; i < 20; i++) {
		if (i % 2)
			puppet_tell_poll(&v, 5000);
		else
			puppet_tell_wait(&v, 5000);
		usleep(5000);
		puppet_publish(producer, 2);
		assert_int_equal(puppet_hear(&v).result, 1);
		assert_int_equal(puppet_wait(&v, 0).result, 1);
		expect_frame(&v, 0, (uint64_t)i * 2 + 1);
		puppet_release(&v, 0);
		assert_int_equal(puppet_wait(&v, 0).result, 1); /* one more is there */
		expect_frame(&v, 0, (uint64_t)i * 2 + 2);
		puppet_release(&v, 0);
		assert_int_equal(puppet_wait(&v, 0).result, 0);
	}
	puppet_end(&v);
	puppet_produce_end();
}

static void after_the_producers_death_what_waits_is_there(void **state)
{
	(void)state;
	struct puppet p = puppet_start(), v = puppet_start();
	assert_int_equal(puppet_become_producer(&p, 64).result, 0);
	puppet_tell_dispatch_for(&p, 300);
	assert_int_equal(puppet_view_every(&v, 8).result, 0);
	puppet_hear(&p);
	assert_int_equal(puppet_make_frames(&p, 5).result, 0);
	puppet_kill(&p, SIGKILL);
	for (uint32_t i = 0; i < 5; i++)
		expect_frame(&v, i, 1 + i);
	assert_int_equal(puppet_wait(&v, 2000).result, 1);
	assert_int_equal(puppet_acquire(&v, 5).result, -EPIPE);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(puppet_check(&v, i).result, 0);
	puppet_end(&v);
	puppet_produce(NULL, 64); /* takes over what was left of the name */
	puppet_produce_end();
}

/* ---- Lossless ---- */

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
		until_viewers(producer, 2);
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
	assert_true(now_ms() - begin_ms < 300 * 10);
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
	expect_frame(&v, 0, 1);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	assert_int_equal(puppet_wait(&v, 0).result, 1);
	for (uint32_t i = 1; i < 4; i++)
		expect_frame(&v, i, 1 + i);
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
	expect_frame(&v, 0, 305);
	puppet_release(&v, 0);
	/* Over a new format as well. */
	struct tripool_format larger = puppet_format(128);
	assert_int_equal(tripool_producer_set_format(producer, &larger, NULL), 0);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_wait(&v, 0).result, 1);
	expect_frame(&v, 0, 306);
	puppet_release(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -ESTALE);
	for (uint32_t i = 0; i < 3; i++)
		expect_frame(&v, i, 307 + i);
	puppet_publish(producer, 100);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(puppet_check(&v, i).result, 0);
		puppet_release(&v, i);
	}
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, -EPIPE); /* there is room, but no more comes */
	assert_int_equal(puppet_reconnect(&v).result, 0);
	puppet_publish(producer, 1);
	expect_frame(&v, 0, 508);
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
	    TEST(each_frame_comes_in_order),
	    TEST(what_finds_no_place_is_skipped_and_seen),
	    TEST(a_held_frame_stays_and_may_be_let_go_in_any_order),
	    TEST(a_new_format_comes_in_its_turn),
	    TEST(the_last_frame_of_a_format_is_not_lost),
	    TEST(waiting_is_asleep_and_ends_with_a_frame),
	    TEST(after_the_producers_death_what_waits_is_there),
	    TEST(a_lossless_stream_loses_nothing),
	    TEST(who_stalls_a_lossless_stream_has_to_leave),
	    TEST(who_has_to_leave_keeps_its_frames),
	    TEST(a_lossless_stream_wants_places_for_what_is_written),
	    TEST(who_is_killed_stalls_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
