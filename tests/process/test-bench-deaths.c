// SPDX-License-Identifier: MIT
/* Sides that fail, die or hang: the harness ends soon, says what it was, and leaves nothing behind. */
#include "bench-rig.h"
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define AMID 5 /* the sequence at which it happens */

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	assert_non_null(d);
	int n = 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Those without a file, as the harness's are. */
static int shared_mappings(void)
{
	char line[512];
	int n = 0;
	FILE *f = fopen("/proc/self/maps", "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "/dev/zero") != NULL;
	fclose(f);
	return n;
}

static pid_t daemon_pid;

/* It fails, within so long, with these words. */
static void fails_in(double most_s, struct job job, int error, const char *words)
{
	struct outcome o, untouched;
	char why[WHY_BYTES];
	memset(&o, 0x55, sizeof(o));
	untouched = o;
	int files = entries(scratch_directory()), fds = entries("/proc/self/fd"), mappings = shared_mappings();
	double begin_s = now_s();
	int r = measure(&job, scratch_directory(), daemon_pid, &o, why);
	double took_s = now_s() - begin_s;
	if (strcmp(why, words) != 0)
		print_error("said: %s\nnot:  %s\n", why, words);
	assert_string_equal(why, words);
	assert_int_equal(r, error);
	if (took_s > most_s)
		print_error("took %.2f s\n", took_s);
	assert_true(took_s <= most_s);
	assert_memory_equal(&o, &untouched, sizeof(o));
	assert_int_equal(entries(scratch_directory()), files);
	assert_int_equal(entries("/proc/self/fd"), fds);
	assert_int_equal(shared_mappings(), mappings);
	if (daemon_pid == 0)
		assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD); /* no process is left */
}

/* It should be 1 s, 3 s of patience, 0.4 s for a side that hangs; the rest is for a busy machine. */
static void fails(int error, const char *words)
{
	fails_in(12, rig_job(), error, words);
}

static _Noreturn void hang(void)
{
	for (;;)
		pause();
}

/* ---- Before the frames ---- */

static int fails_with_words(struct link *link)
{
	return link_fail(link, "the socket", ECONNREFUSED);
}

static int fails_silently(struct link *link)
{
	(void)link;
	return -ENOSPC;
}

static int hangs(struct link *link)
{
	(void)link;
	hang();
}

static int kills_itself(struct link *link)
{
	(void)link;
	return raise(SIGKILL);
}

static void what_fails_before_the_frames_says_why(void **state)
{
	(void)state;
	rig_clear();
	rig->prepare = fails_with_words;
	fails(-ECONNREFUSED, "the socket: Connection refused");
	rig->prepare = fails_silently;
	fails(-ENOSPC, "No space left on device");
	rig_clear();
	rig->open_producer = fails_with_words;
	fails(-ECHILD, "producer: the socket: Connection refused");
	rig->open_producer = fails_silently;
	fails(-ECHILD, "producer: No space left on device");
	rig->open_producer = kills_itself;
	fails(-ECHILD, "the producer was killed by signal 9");
	rig_clear();
	rig->open_viewer = fails_with_words;
	fails(-ECHILD, "viewer: the socket: Connection refused");
	rig->open_viewer = fails_silently;
	fails(-ECHILD, "viewer: No space left on device");
	rig->open_viewer = kills_itself;
	fails(-ECHILD, "the viewer was killed by signal 9");
	rig_clear();
	rig->begin_fails = true;
	fails(-ECHILD, "producer: no place for the next frame: Input/output error");
}

static int sees_nothing(struct link *link, int viewer, uint64_t sequence)
{
	(void)link;
	(void)viewer;
	(void)sequence;
	return 1;
}

static int the_second_sees_nothing(struct link *link, int viewer, uint64_t sequence)
{
	(void)link;
	(void)sequence;
	return viewer == 1;
}

static void viewers_that_never_attach_are_not_waited_for_long(void **state)
{
	(void)state;
	rig_clear();
	rig->take = sees_nothing;
	fails(-ECHILD, "producer: 0 of 1 viewers had a frame within 2 s");
	struct job job = rig_job();
	job.viewers = 2;
	rig->take = the_second_sees_nothing;
	fails_in(12, job, -ECHILD, "producer: 1 of 2 viewers had a frame within 2 s");
	rig_clear();
	rig->open_viewer = hangs;
	fails(-ETIMEDOUT, "took too long: 0 of 1 viewers have had a frame");
	rig->does_not_wait = true;
	fails(-ECHILD, "producer: 0 of 1 viewers had a frame within 2 s");
	rig_clear();
	rig->open_producer = hangs;
	fails(-ETIMEDOUT, "took too long: 0 of 1 viewers have had a frame");
}

/* ---- Amid them ---- */

static int publish_fails(struct link *link, uint64_t sequence)
{
	return sequence == AMID ? link_fail(link, "write", ENOBUFS) : 0;
}

static int publish_hangs(struct link *link, uint64_t sequence)
{
	return sequence == AMID ? hangs(link) : 0;
}

static int publish_kills(struct link *link, uint64_t sequence)
{
	(void)link;
	return sequence == AMID ? raise(SIGTERM) : 0;
}

static int publish_exits(struct link *link, uint64_t sequence)
{
	(void)link;
	if (sequence == AMID)
		_exit(7);
	return 0;
}

static int publish_writes_to_nobody(struct link *link, uint64_t sequence)
{
	int fd[2];
	if (sequence != AMID || pipe(fd) < 0 || close(fd[0]) < 0)
		return 0;
	return write(fd[1], "", 1) < 0 ? link_fail(link, "write", errno) : 0;
}

static void a_producer_that_ends_or_hangs_is_noticed(void **state)
{
	(void)state;
	rig_clear();
	rig->publish = publish_fails;
	fails(-ECHILD, "producer: write: No buffer space available");
	rig->publish = publish_kills;
	fails(-ECHILD, "the producer was killed by signal 15");
	rig->publish = publish_exits;
	fails(-ECHILD, "the producer has ended with status 7");
	rig->publish = publish_hangs;
	fails(-ETIMEDOUT, "took too long: the producer is stuck amid its frames");
	rig->publish = publish_writes_to_nobody;
	fails(-ECHILD, "producer: write: Broken pipe");
}

/* On a busy machine the first frame that a viewer sees may come late: it would not even have attached then. */
static bool amid(uint64_t sequence)
{
	static bool attached;
	bool now = attached && sequence >= AMID;
	attached = true;
	return now;
}

static int take_fails(struct link *link, int viewer, uint64_t sequence)
{
	(void)viewer;
	return amid(sequence) ? link_fail(link, "read", ECONNRESET) : 0;
}

static int take_hangs(struct link *link, int viewer, uint64_t sequence)
{
	(void)viewer;
	return amid(sequence) ? hangs(link) : 0;
}

static int take_kills(struct link *link, int viewer, uint64_t sequence)
{
	(void)link;
	(void)viewer;
	return amid(sequence) ? raise(SIGKILL) : 0;
}

static void close_is_seen(void)
{
	rig->made++;
}

static int the_last_of_16_is_killed(struct link *link, int viewer, uint64_t sequence)
{
	return viewer == 15 ? take_kills(link, viewer, sequence) : 0;
}

static void a_viewer_that_ends_or_hangs_is_noticed(void **state)
{
	(void)state;
	for (int waits = 0; waits < 2; waits++) {
		rig_clear();
		rig->does_not_wait = !waits;
		rig->take = take_fails;
		fails(-ECHILD, "viewer: read: Connection reset by peer");
		rig->take = take_kills;
		fails(-ECHILD, "the viewer was killed by signal 9");
		rig->take = take_hangs;
		if (waits)
			fails(-ETIMEDOUT, "took too long: the producer is stuck amid its frames");
		else
			fails(-EPIPE, "0 of 1 viewers had the last frame, or one after it");
	}
	/* The other side, which is well, may put its things away. */
	rig_clear();
	rig->does_not_wait = true;
	rig->close_producer = close_is_seen;
	rig->take = take_kills;
	struct job job = rig_job();
	job.seconds = 10;
	fails_in(12, job, -ECHILD, "the viewer was killed by signal 9");
	assert_int_equal(rig->made, 1);

	job = rig_job();
	job.viewers = 16;
	rig_clear();
	rig->take = the_last_of_16_is_killed;
	fails_in(12, job, -ECHILD, "the viewer was killed by signal 9");
}

static int notices_that_they_are_gone(struct link *link, uint64_t sequence)
{
	(void)sequence;
	if (!atomic_load(&rig->gone))
		return 0;
	usleep(20000);
	return link_fail(link, "write", EPIPE);
}

static int fails_and_is_gone(struct link *link, int viewer, uint64_t sequence)
{
	if (sequence == AMID)
		link_fail(link, "read", ECONNRESET);
	atomic_store(&rig->gone, sequence == AMID);
	(void)viewer;
	return sequence == AMID ? -ECONNRESET : 0;
}

static int is_killed_and_gone(struct link *link, int viewer, uint64_t sequence)
{
	atomic_store(&rig->gone, sequence == AMID);
	return take_kills(link, viewer, sequence);
}

/* The end of one side is an error to the other, too, and both may have ended before the harness looks. */
static void who_was_first_is_named(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		rig_clear();
		rig->publish = notices_that_they_are_gone;
		rig->take = fails_and_is_gone;
		fails(-ECHILD, "viewer: read: Connection reset by peer");
		rig_clear();
		rig->publish = notices_that_they_are_gone;
		rig->take = is_killed_and_gone;
		fails(-ECHILD, "the viewer was killed by signal 9");
	}
}

/* ---- After them ---- */

static void close_kills(void)
{
	raise(SIGKILL);
}

static void close_exits(void)
{
	_exit(9);
}

static void close_hangs(void)
{
	hang();
}

static void sides_that_do_not_end_well_are_noticed(void **state)
{
	(void)state;
	rig_clear();
	rig->close_viewer = close_kills;
	fails(-ECHILD, "the viewer ended badly: signal 9");
	rig->close_viewer = close_exits;
	fails(-ECHILD, "the viewer ended badly: status 9");
	rig->close_viewer = close_hangs;
	fails(-ECHILD, "the viewer did not end when it was told to");
	rig_clear();
	rig->close_producer = close_kills;
	fails(-ECHILD, "the producer ended badly: signal 9");
	rig->close_producer = close_hangs;
	fails(-ECHILD, "the producer did not end when it was told to");
}

/* ---- The daemon ---- */

static int kills_the_daemon(struct link *link, uint64_t sequence)
{
	(void)link;
	if (sequence == AMID)
		kill(rig->daemon, SIGKILL);
	if (sequence > AMID)
		usleep(10000);
	return 0;
}

static void a_daemon_that_ends_is_noticed(void **state)
{
	(void)state;
	rig_clear();
	daemon_pid = fork();
	if (daemon_pid == 0)
		hang();
	rig->daemon = daemon_pid;
	rig->publish = kills_the_daemon;
	fails(-ECHILD, "the daemon has ended");
	fails(-ECHILD, "the daemon has ended");                     /* it is not there from the beginning */
	assert_int_equal(waitpid(daemon_pid, NULL, 0), daemon_pid); /* that is left to who has started it */
	fails(-ECHILD, "the daemon has ended");
	daemon_pid = 0;
}

/* ---- A signal that is meant ---- */

/* Also the reason of an earlier run stays. */
static void a_viewer_in_trouble_leaves_the_others_figures(void **state)
{
	static const int signals[] = {SIGSTOP, SIGKILL};
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct job job = rig_job();
		struct outcome o;
		char why[WHY_BYTES] = "the one before";
		rig_clear();
		rig->does_not_wait = true;
		job.viewers = 2;
		job.signal = signals[i];
		int r = measure(&job, scratch_directory(), 0, &o, why);
		assert_string_equal(why, "the one before");
		assert_int_equal(r, 0);
		assert_int_equal(o.received + o.lost, o.published); /* of one viewer */
		assert_true(o.received >= 1);
		assert_int_equal(o.samples, o.received);
		assert_int_not_equal(rig->seen[0], rig->seen[1]); /* the one in trouble saw no more */
		outcome_finish(&o);
		assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	}
}

int main(void)
{
	if (rig_make() < 0 || scratch_make() < 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_fails_before_the_frames_says_why),
	    cmocka_unit_test(viewers_that_never_attach_are_not_waited_for_long),
	    cmocka_unit_test(a_producer_that_ends_or_hangs_is_noticed),
	    cmocka_unit_test(a_viewer_that_ends_or_hangs_is_noticed),
	    cmocka_unit_test(who_was_first_is_named),
	    cmocka_unit_test(sides_that_do_not_end_well_are_noticed),
	    cmocka_unit_test(a_daemon_that_ends_is_noticed),
	    cmocka_unit_test(a_viewer_in_trouble_leaves_the_others_figures),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return scratch_remove() == 0 ? failed : 1;
}
