// SPDX-License-Identifier: MIT
/* Clocks that jump, as after a machine was stopped or somebody set the time, and clocks that differ, as in another time
 * namespace. The jumps are made here, for this test's processes alone. */
#include "clock.h"
#include "place.h"
#include "puppet.h"
#include "sandbox.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define HOUR_S 3600
#define SECOND_NS INT64_C(1000000000)

/* What the clocks were moved by, in all processes of the test. */
struct jumps {
	_Atomic int64_t monotonic_s, realtime_s;
	_Atomic uint64_t looks_at_realtime;
};

static struct jumps *jumps;

/* Stands before the C library's. */
int clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, clock, t);
	if (r == 0 && jumps && clock == CLOCK_MONOTONIC)
		t->tv_sec += jumps->monotonic_s;
	if (r == 0 && jumps && clock == CLOCK_REALTIME) {
		t->tv_sec += jumps->realtime_s;
		jumps->looks_at_realtime++;
	}
	return r;
}

/* So does this: the kernel's timers go by the kernel's clock. */
int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct itimerspec moved = *new;
	if (jumps && (flags & TFD_TIMER_ABSTIME) && moved.it_value.tv_sec > jumps->monotonic_s)
		moved.it_value.tv_sec -= jumps->monotonic_s;
	else if (jumps && (flags & TFD_TIMER_ABSTIME) && (moved.it_value.tv_sec || moved.it_value.tv_nsec))
		moved.it_value = (struct timespec){.tv_nsec = 1}; /* long ago */
	return (int)syscall(SYS_timerfd_settime, fd, flags, &moved, old);
}

static int setup(void **state)
{
	*jumps = (struct jumps){0};
	return puppet_setup(state);
}

/* ---- Jumps ---------------------------------------------------------------------------------------------------- */

static void the_time_of_day_is_nobodys_business(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	const int64_t days[] = {1, -400, 40000, -20000};
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		puppet_tell_wait(&v, 30000);
		jumps->realtime_s = days[i] * 24 * HOUR_S;
		usleep(20000);
		puppet_publish(producer, 1);
		assert_int_equal(puppet_hear(&v).result, 1);
		puppet_expect(&v, 0, i + 1);
		puppet_release(&v, 0);
		assert_int_equal(puppet_wait(&v, 20).result, 0);
	}
	puppet_end(&v);
	puppet_produce_end();
	assert_int_equal(jumps->looks_at_realtime, 0);
}

static int knock(void)
{
	int directory = tripool_place_open(false, NULL), socket = tripool_place_connect(directory, "t", NULL);
	assert_true(socket >= 0);
	close(directory);
	return socket;
}

static void after_a_jump_the_door_is_as_before(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	for (int round = 0; round < 3; round++) {
		int fds = count_fds(), early = knock(), late = -1;
		tripool_producer_dispatch(producer);
		assert_int_equal(count_fds(), fds + 2);
		jumps->monotonic_s += 10 * HOUR_S;
		/* Whose time it was is gone with it; who comes now has three seconds, and no more. */
		late = knock();
		tripool_producer_dispatch(producer);
		assert_int_equal(count_fds(), fds + 3);
		struct pollfd door = {.fd = tripool_producer_fd(producer), .events = POLLIN};
		assert_int_equal(poll(&door, 1, 30000), 1);
		tripool_producer_dispatch(producer);
		assert_int_equal(count_fds(), fds + 2);
		close(early);
		close(late);
		assert_int_equal(puppet_view(&v, 1, false).result, 0);
		puppet_publish(producer, 2);
		assert_int_equal(puppet_acquire(&v, 0).result, 0);
		puppet_unview(&v);
	}
	puppet_end(&v);
	puppet_produce_end();
}

static void a_wait_goes_by_the_clock_and_ends(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	const int timeouts_ms[] = {60000, HOUR_S * 1000, INT_MAX, -1};
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	for (size_t i = 0; i < sizeof(timeouts_ms) / sizeof(*timeouts_ms); i++) {
		puppet_tell_wait(&v, timeouts_ms[i]);
		usleep(50000);
		jumps->monotonic_s += 100 * HOUR_S;
		puppet_publish(producer, 1);
		assert_int_equal(puppet_hear(&v).result, 1); /* for the frame, though the time is over */
		puppet_expect(&v, 0, i + 1);
		puppet_release(&v, 0);
	}
	puppet_tell_wait(&v, 300);
	usleep(50000);
	jumps->monotonic_s += 100 * HOUR_S;
	assert_int_equal(puppet_hear(&v).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

/* A viewer of each frame that holds all it may; while the producer waits for it, hours go by in a moment. */
static int hold_and_jump(void)
{
	const struct tripool_viewer_options o = {.name = "t", .every = true, .leases = 4};
	struct tripool_viewer *v;
	struct tripool_frame f[4], next;
	if (tripool_viewer_create(&v, &o, NULL) < 0)
		return 1;
	for (int i = 0; i < 4;) {
		int r = tripool_viewer_acquire(v, &f[i]);
		if (r == 0)
			i++;
		else if (r != -EAGAIN || tripool_viewer_wait(v, 30000) != 1)
			return 2;
	}
	usleep(500000); /* the producer waits by now */
	jumps->monotonic_s += 10 * HOUR_S;
	close(knock()); /* wakes it, as a real jump would */
	usleep(500000);
	for (int i = 0; i < 4; i++)
		tripool_viewer_release(v, &f[i]);
	for (uint64_t sequence = 5; sequence <= 20;) {
		int r = tripool_viewer_acquire(v, &next);
		if (r == 0 && next.sequence != sequence++)
			return 3;
		if (r == 0)
			tripool_viewer_release(v, &next);
		else if (r != -EAGAIN || tripool_viewer_wait(v, 30000) != 1)
			return 4;
	}
	tripool_viewer_destroy(v);
	return 0;
}

static void a_jump_is_no_stall(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {
	    .lossless = true, .stall_ms = 60000, .max_viewers = 1, .max_leases = 4};
	struct tripool_producer *producer = puppet_produce(&o, 64);
	pid_t pid = stage_start((struct stage_role){0}, hold_and_jump);
	puppet_await_viewers(producer, 1);
	puppet_publish(producer, 20);
	assert_int_equal(stage_wait(pid), 0);
	assert_int_equal(jumps->monotonic_s, 10 * HOUR_S);
	puppet_produce_end();
}

/* ---- Another time namespace ----------------------------------------------------------------------------------- */

static void become_elsewhen(const void *offset_s)
{
	int fd;
	sandbox_become_user_namespace();
	if (unshare(CLONE_NEWTIME) < 0 || (fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC)) < 0 ||
	    dprintf(fd, "monotonic %d 0\n", *(const int *)offset_s) < 0)
		stage_give_up("cannot make a time namespace");
	close(fd);
	sandbox_enter_by_fork();
}

static void where_the_clock_differs_frames_are_right(void **state)
{
	(void)state;
	const int offsets_s[] = {24 * HOUR_S, -30};
	if (access("/proc/self/ns/time", F_OK) < 0) {
		fputs("test-clock: this kernel has no time namespaces\n", stderr);
		skip();
	}
	if (!sandbox_is_possible())
		skip();
	for (size_t i = 0; i < sizeof(offsets_s) / sizeof(*offsets_s); i++) {
		const struct stage_role elsewhen = {.become = become_elsewhen, .context = &offsets_s[i]};
		struct stage_producer p = stage_open((struct stage_role){0}, NULL);
		struct stage_visit seen = stage_visit(elsewhen);
		if (seen.result != 0)
			fail_msg("%s", seen.error.text);
		assert_int_equal(seen.frames_right, 3);
		/* But how old they are cannot be told there. */
		assert_in_range(seen.newest_ago_ns / SECOND_NS - offsets_s[i] + 30, 29, 60);
		stage_close(&p);
		p = stage_open(elsewhen, NULL);
		assert_int_equal(p.result, 0);
		assert_int_equal(stage_visit((struct stage_role){0}).frames_right, 3);
		stage_close(&p);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_time_of_day_is_nobodys_business),
	    TEST(after_a_jump_the_door_is_as_before),
	    TEST(a_wait_goes_by_the_clock_and_ends),
	    TEST(a_jump_is_no_stall),
	    TEST(where_the_clock_differs_frames_are_right),
	};
	void *memory = mmap(NULL, sizeof(*jumps), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	jumps = memory;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
