// SPDX-License-Identifier: MIT
/*
 * Each transport that carries frames does so whole, in order and, where it queues, all of them; what it says that it
 * copies is what it does; a side that is killed neither hangs the other nor leaves anything behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* these before */
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "leftovers.h"
#include "measure.h"
#include "scratch.h"

#define WIDTH_PX 320
#define HEIGHT_PX 240
#define FRAME_BYTES (WIDTH_PX * HEIGHT_PX * 3 / 2)
#define HANG_NS 3000000000 /* far more than a few TAKE_MS, on a machine that is busy, too */

static char before[LEFTOVERS_BYTES];

static const char *const sleeping_or_polling[] = {"polling", "sleeping"};

/* ---- Nothing left ---- */

static void directory_is_empty(void)
{
	DIR *d = opendir(scratch_directory());
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			fail_msg("left in the directory: %s", e->d_name);
	closedir(d);
}

static void nothing_is_left(void)
{
	char after[LEFTOVERS_BYTES];
	leftovers_list(after);
	assert_string_equal(after, before);
	directory_is_empty();
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* ---- One transport after the other ---- */

/* A daemon, where there is one, belongs to the test of each. */
static void with_each(void (*test)(const struct transport *t, bool sleeping, pid_t daemon))
{
	char why[WHY_BYTES] = "";
	for (int i = 0; transports[i]; i++) {
		const struct transport *t = transports[i];
		if (t->kind == TRANSPORT_LIMIT)
			continue;
		leftovers_list(before);
		pid_t daemon = t->start ? t->start(scratch_directory(), WIDTH_PX * HEIGHT_PX * 3 / 2, why) : 0;
		if (daemon < 0)
			fail_msg("%s: %s", t->name, why);
		for (int sleeping = 0; sleeping < 2; sleeping++)
			test(t, sleeping, daemon);
		if (t->stop)
			t->stop();
		nothing_is_left();
	}
}

static struct job job_of(const struct transport *t, bool sleeping, double hz)
{
	return (struct job){.transport = t,
	    .width_px = WIDTH_PX,
	    .height_px = HEIGHT_PX,
	    .real = true,
	    .hz = hz,
	    .seconds = 0.1,
	    .sleeping = sleeping,
	    .viewers = 1};
}

/* ---- Frames ---- */

static void frames_are_right(const struct job *job, pid_t daemon)
{
	struct outcome o;
	char why[WHY_BYTES];
	const struct transport *t = job->transport;
	print_message(
	    "%s, %s, %s\n", t->name, sleeping_or_polling[job->sleeping], job->hz > 0 ? "at a rate" : "flat out");
	if (measure(job, scratch_directory(), daemon, &o, why) < 0)
		fail_msg("%s: %s", t->name, why);
	assert_int_equal(o.torn, 0);
	assert_int_equal(o.disordered, 0);
	assert_int_equal(o.received + o.lost, o.published);
	if (!t->skips)
		assert_int_equal(o.lost, 0);
	assert_in_range(o.received, 1, o.published);
	if (job->hz > 0)
		assert_in_range(
		    o.published, 2, (long)(job->hz * job->seconds + 0.5)); /* fewer where the rate is not held */
	if (job->hz > 0)
		assert_int_equal(o.samples, o.received);
	outcome_finish(&o);
}

/* So that what queues is full all the time, and the producer has to wait. */
static const struct transport *fast;

static void release_late(struct link *link, struct taken *taken)
{
	sleep_until_ns(now_ns() + 2000000);
	if (fast->release)
		fast->release(link, taken);
}

static void frames_of(const struct transport *t, bool sleeping, pid_t daemon)
{
	struct transport slow = *t;
	struct job at_rate = job_of(t, sleeping, 240), flat_out = job_of(t, sleeping, 0),
		   late = job_of(&slow, sleeping, 0);
	fast = t;
	slow.release = release_late;
	frames_are_right(&at_rate, daemon);
	frames_are_right(&flat_out, daemon);
	frames_are_right(&late, daemon);
	if (!t->start)
		nothing_is_left();
}

static void frames_come_whole_in_order_and_all(void **state)
{
	(void)state;
	with_each(frames_of);
}

/* ---- Copies ---- */

static void copies_are_counted(void **state)
{
	static const struct {
		const char *name;
		int copies;
	} expected[] = {{"tripool", 0}, {"tripool-lossless", 0}, {"pipe", 2}, {"fifo", 2}, {"socket", 2},
	    {"posix-queue", 2}, {"sysv-queue", 2}, {"sysv-shm", 2}, {"posix-shm", 2}, {"zeromq", 2}, {"gst-shm", 1},
	    {"gst-shm-alloc", 0}};
	(void)state;
	for (int i = 0; transports[i]; i++)
		for (size_t n = 0; n < sizeof(expected) / sizeof(*expected); n++) {
			if (strcmp(transports[i]->name, expected[n].name) != 0)
				continue;
			struct outcome o;
			char why[WHY_BYTES];
			struct job job = job_of(transports[i], true, 240);
			if (measure(&job, scratch_directory(), 0, &o, why) < 0)
				fail_msg("%s: %s", expected[n].name, why);
			print_message("%s: %.0f bytes a frame\n", expected[n].name, o.copied_bytes);
			assert_int_equal((long)o.copied_bytes, expected[n].copies * (long)FRAME_BYTES);
			outcome_finish(&o);
		}
}

/* ---- A side that is killed ---- */

/* Of the two processes below. */
struct progress {
	_Atomic uint64_t frames, takes;
};

static struct link link_of(bool sleeping, char *why)
{
	return (struct link){.bytes = FRAME_BYTES,
	    .width_px = WIDTH_PX,
	    .height_px = HEIGHT_PX,
	    .viewers = 1,
	    .sleeping = sleeping,
	    .directory = scratch_directory(),
	    .why = why};
}

static _Noreturn void publish_for_ever(const struct transport *t, struct link *link)
{
	int r = t->open_producer(link);
	for (struct stamp stamp = {.sequence = 1}; r >= 0; stamp.sequence++) {
		uint8_t *frame = t->begin(link);
		if (!frame)
			break;
		memcpy(frame, &stamp, sizeof(stamp));
		memcpy(frame + link->bytes - sizeof(stamp), &stamp, sizeof(stamp));
		r = t->publish(link, &stamp);
	}
	_exit(1);
}

static _Noreturn void take_for_ever(const struct transport *t, struct link *link, struct progress *progress)
{
	int r = t->open_viewer(link);
	while (r >= 0) {
		struct taken taken = {0};
		r = t->take(link, &taken);
		if (r > 0) {
			atomic_fetch_add(&progress->frames, 1);
			if (t->release)
				t->release(link, &taken);
		}
		atomic_fetch_add(&progress->takes, 1);
	}
	_exit(1);
}

static pid_t side(const struct transport *t, struct link *link, struct progress *viewer)
{
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (viewer)
		take_for_ever(t, link, viewer);
	publish_for_ever(t, link);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void wait_for(_Atomic uint64_t *count, uint64_t least)
{
	int64_t late_ns = now_ns() + 10 * HANG_NS;
	while (atomic_load(count) < least && now_ns() < late_ns)
		sleep_until_ns(now_ns() + 100000);
	assert_true(atomic_load(count) >= least);
}

/* take() comes back again and again, or the viewer has ended for want of a producer: which is told. */
static bool goes_on(pid_t viewer, struct progress *progress)
{
	uint64_t takes = atomic_load(&progress->takes);
	int64_t late_ns = now_ns() + HANG_NS;
	while (now_ns() < late_ns) {
		if (atomic_load(&progress->takes) > takes + 5)
			return true;
		siginfo_t info = {0};
		if (waitid(P_PID, (id_t)viewer, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == viewer)
			return info.si_code == CLD_EXITED;
		sleep_until_ns(now_ns() + 1000000);
	}
	return false;
}

static void one_is_killed(const struct transport *t, bool sleeping, bool the_producer)
{
	char why[WHY_BYTES] = "";
	struct link link = link_of(sleeping, why);
	struct progress *progress =
	    mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(progress, MAP_FAILED);
	print_message(
	    "%s, %s: the %s is killed\n", t->name, sleeping_or_polling[sleeping], the_producer ? "producer" : "viewer");
	if (t->prepare && t->prepare(&link) < 0)
		fail_msg("%s", why);
	pid_t producer = side(t, &link, NULL), viewer = side(t, &link, progress);
	wait_for(&progress->frames, 20);
	bool alive = true;
	end(the_producer ? producer : viewer);
	if (the_producer)
		alive = goes_on(viewer, progress);
	end(the_producer ? viewer : producer);
	if (t->clean)
		t->clean(&link);
	munmap(progress, sizeof(*progress));
	assert_true(alive);
	nothing_is_left();
}

/* Several times, since it matters where it is at that moment. What a daemon makes of it is its own affair. */
static void kills_of(const struct transport *t, bool sleeping, pid_t daemon)
{
	if (daemon > 0)
		return;
	for (int n = 0; n < 3; n++) {
		one_is_killed(t, sleeping, true);
		one_is_killed(t, sleeping, false);
	}
}

static void a_killed_side_hangs_and_leaves_nothing(void **state)
{
	(void)state;
	with_each(kills_of);
}

/* measure() ends at once, and says who it was. */
static const struct transport *mortal;

static int publish_and_die(struct link *link, const struct stamp *stamp)
{
	if (stamp->sequence >= 3)
		raise(SIGKILL);
	return mortal->publish(link, stamp);
}

static void dying_of(const struct transport *t, bool sleeping, pid_t daemon)
{
	struct transport dying = *t;
	struct job job = job_of(&dying, sleeping, 240);
	struct outcome o;
	char why[WHY_BYTES];
	mortal = t;
	dying.publish = publish_and_die;
	assert_int_equal(measure(&job, scratch_directory(), daemon, &o, why), -ECHILD);
	print_message("%s: %s\n", t->name, why);
	assert_string_equal(why, "the producer was killed by signal 9");
	if (!t->start)
		nothing_is_left();
}

static void a_measurement_whose_side_is_killed_leaves_nothing(void **state)
{
	(void)state;
	with_each(dying_of);
}

/* ---- More than it can do ---- */

static void two_viewers_of(const struct transport *t, bool sleeping, pid_t daemon)
{
	struct job job = job_of(t, sleeping, 240);
	struct outcome o;
	char why[WHY_BYTES];
	job.viewers = 2;
	int r = measure(&job, scratch_directory(), daemon, &o, why);
	print_message("%s: %s\n", t->name, r < 0 ? why : "has two");
	if (r < 0) {
		assert_int_equal(r, -ENOTSUP);
	} else {
		assert_int_equal(o.torn + o.disordered + (t->skips ? 0 : o.lost), 0);
		outcome_finish(&o);
	}
	if (!t->start)
		nothing_is_left();
}

static void what_cannot_have_two_viewers_says_so(void **state)
{
	(void)state;
	with_each(two_viewers_of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frames_come_whole_in_order_and_all),
	    cmocka_unit_test(copies_are_counted),
	    cmocka_unit_test(a_killed_side_hangs_and_leaves_nothing),
	    cmocka_unit_test(a_measurement_whose_side_is_killed_leaves_nothing),
	    cmocka_unit_test(what_cannot_have_two_viewers_says_so),
	};
	leftovers_isolate();
	if (scratch_make() < 0)
		return 1;
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	return scratch_remove() != 0 ? 1 : r;
}
