// SPDX-License-Identifier: MIT
/* Viewers that get each frame in order, between real processes. */
#include "puppet.h"

#include "clock.h"

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
			puppet_expect(&v, 0, ++sequence);
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
	puppet_expect(&v, 0, 1);
	puppet_expect(&v, 1, 2);
	puppet_publish(producer, 50); /* two are held and two wait: no place */
	puppet_release(&v, 0);
	puppet_publish(producer, 1);
	puppet_expect(&v, 0, 3);
	puppet_expect(&v, 2, 4);
	puppet_expect(&v, 3, 61);
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
		puppet_expect(&v, i, 1 + i);
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
		puppet_expect(&v, i, 105 + i);
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
	puppet_expect(&v, 0, 1);
	puppet_expect(&v, 1, 2);
	assert_int_equal(puppet_acquire(&v, 2).result, -ESTALE);
	struct puppet_answer a = puppet_acquire(&v, 2);
	assert_int_equal(a.result, 0);
	assert_int_equal(a.sequence, 3);
	assert_int_equal(a.generation, 2);
	puppet_publish(producer, 2);
	puppet_expect(&v, 3, 4);
	puppet_expect(&v, 4, 5);
	puppet_expect(&v, 5, 6);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(puppet_check(&v, i).result, 0);
	for (uint32_t i = 0; i < 4; i++)
		puppet_release(&v, i);
	puppet_publish(producer, 20);
	for (uint32_t i = 4; i < 6; i++) {
		assert_int_equal(puppet_check(&v, i).result, 0);
		puppet_release(&v, i);
	}
	puppet_expect(&v, 0, 7);
	puppet_expect(&v, 1, 8);
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
	puppet_expect(&v, 0, 28);
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
	int64_t late_ns = tripool_now_ns() + INT64_C(60000000000);
	for (uint64_t n = 0, formats = 0; formats < rounds && tripool_now_ns() < late_ns;) {
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
	puppet_await_viewers(producer, 1);
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
		puppet_expect(&v, 0, (uint64_t)i * 2 + 1);
		puppet_release(&v, 0);
		assert_int_equal(puppet_wait(&v, 0).result, 1); /* one more is there */
		puppet_expect(&v, 0, (uint64_t)i * 2 + 2);
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
	puppet_tell_host(&p);
	assert_int_equal(puppet_view_every(&v, 8).result, 0);
	assert_int_equal(puppet_make_frames(&p, 5).result, 0);
	puppet_kill(&p, SIGKILL);
	for (uint32_t i = 0; i < 5; i++)
		puppet_expect(&v, i, 1 + i);
	assert_int_equal(puppet_wait(&v, 2000).result, 1);
	assert_int_equal(puppet_acquire(&v, 5).result, -EPIPE);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(puppet_check(&v, i).result, 0);
	puppet_end(&v);
	puppet_produce(NULL, 64); /* takes over what was left of the name */
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
