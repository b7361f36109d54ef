// SPDX-License-Identifier: MIT
/* Processes come late, end, are killed, and come back: nothing is left behind, nothing is stuck. */
#include "puppet.h"
#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void dispatch_until(struct tripool_producer *producer, int viewers)
{
	for (int i = 0; tripool_producer_dispatch(producer) != viewers; i++) {
		struct pollfd f = {.fd = tripool_producer_fd(producer), .events = POLLIN};
		assert_true(i < 100 && poll(&f, 1, 10000) == 1);
	}
}

static void a_killed_viewer_frees_its_slots(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	for (int i = 0; i < 40; i++) { /* more often than there are places */
		struct puppet v = puppet_start();
		assert_int_equal(puppet_view(&v, 4, false).result, 0);
		for (uint32_t cell = 0; cell < 4; cell++) {
			puppet_publish(producer, 1);
			assert_int_equal(puppet_acquire(&v, cell).result, 0);
		}
		puppet_kill(&v, SIGKILL);
		dispatch_until(producer, 0);
	}
	struct tripool_producer_stats stats;
	tripool_producer_get_stats(producer, &stats);
	assert_in_range(stats.slots_touched, 3, 6);
	assert_int_equal(stats.viewers_peak, 1);
	/* And all of them are free again: with nobody there, two are enough. */
	for (int i = 0; i < 10; i++) {
		struct tripool_slot slot;
		assert_int_equal(tripool_producer_begin(producer, &slot), 0);
		assert_in_range(slot.index, 0, 1);
		assert_int_equal(tripool_producer_publish(producer, &slot, NULL), 0);
	}
	puppet_produce_end();
}

static void a_killed_producer_leaves_its_last_frame(void **state)
{
	(void)state;
	struct puppet p = puppet_start(), v = puppet_start();
	assert_int_equal(puppet_become_producer(&p, 64).result, 0);
	puppet_tell_host(&p);
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_make_frames(&p, 9);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 9);
	puppet_release(&v, 0);
	puppet_make_frames(&p, 1);
	puppet_tell_wait(&v, 10000);
	puppet_kill(&p, SIGKILL);
	assert_int_equal(puppet_hear(&v).result, 1);
	/* What had been published before the death is still newest, and can be had twice. */
	assert_int_equal(puppet_acquire(&v, 0).sequence, 10);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_release(&v, 0);
	puppet_wait(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -EPIPE);
	puppet_rewind(&v);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 10);
	assert_int_equal(puppet_reconnect(&v).result, -ENOENT);

	/* The name is free at once, and the viewer hears of it in its sleep. */
	puppet_tell_wait(&v, 10000);
	struct puppet q = puppet_start();
	assert_int_equal(puppet_become_producer(&q, 128).result, 0);
	assert_int_equal(puppet_hear(&v).result, 1);
	puppet_tell_host(&q);
	assert_int_equal(puppet_reconnect(&v).result, 0);
	assert_int_equal(puppet_check(&v, 0).result, 0); /* the dead one's frame, still held */
	assert_int_equal(puppet_acquire(&v, 1).result, -EAGAIN);
	puppet_make_frames(&q, 20);
	assert_int_equal(puppet_acquire(&v, 1).sequence, 20);
	assert_int_equal(puppet_check(&v, 1).result, 0);
	puppet_release(&v, 0);
	puppet_release(&v, 1);
	puppet_make_frames(&q, 3);
	assert_int_equal(puppet_acquire(&v, 1).sequence, 23);
	assert_int_equal(puppet_stats(&v).sequence, 2);   /* skipped: the new stream's 21 and 22 alone */
	assert_int_equal(puppet_stats(&v).generation, 1); /* reconnects */
	assert_int_equal(puppet_reconnect(&v).result, -EALREADY);
	puppet_end(&v);
	puppet_end(&q);
}

static void an_orderly_end_is_told_too(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, 0);
	puppet_tell_wait(&v, 10000);
	puppet_produce_end();
	assert_int_equal(puppet_hear(&v).result, 1);
	assert_int_equal(puppet_acquire(&v, 1).result, -EPIPE);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_end(&v);
}

static void a_lost_producer_keeps_nobody_busy(void **state)
{
	(void)state;
	puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_tell_wait(&v, 10000);
	puppet_produce_end();
	assert_int_equal(puppet_hear(&v).result, 1);
	/* Who reconnects without asking acquire why has nothing to be woken for any more. */
	assert_int_equal(puppet_reconnect(&v).result, -ENOENT);
	assert_int_equal(puppet_wait(&v, 50).result, 0);
	puppet_end(&v);
}

/* A child that was forked has the sockets, too. */
static void an_end_is_told_though_a_child_lives(void **state)
{
	(void)state;
	puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	struct puppet child = puppet_start();
	puppet_tell_wait(&v, 30000);
	puppet_produce_end();
	assert_int_equal(puppet_hear(&v).result, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, -EPIPE);
	puppet_end(&v);
	puppet_end(&child);

	struct puppet p = puppet_start();
	struct tripool_viewer *viewer;
	assert_int_equal(puppet_become_producer(&p, 64).result, 0);
	puppet_tell_host(&p);
	assert_int_equal(tripool_viewer_create(&viewer, &(struct tripool_viewer_options){.name = "t"}, NULL), 0);
	assert_int_equal(puppet_dispatch_for(&p, 1).result, 1);
	child = puppet_start();
	tripool_viewer_destroy(viewer);
	assert_int_equal(puppet_dispatch_for(&p, 300).result, 0);
	puppet_end(&child);
	puppet_end(&p);
}

static void a_dead_viewer_keeps_nobody_busy(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&(struct tripool_producer_options){.max_viewers = 1}, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	/* It is forked from here, so it has copies of the producer's fds, and keeps them open. */
	struct puppet w = puppet_start();
	puppet_kill(&v, SIGKILL);
	dispatch_until(producer, 0);
	struct pollfd f = {.fd = tripool_producer_fd(producer), .events = POLLIN};
	assert_int_equal(poll(&f, 1, 50), 0);
	/* Who comes in the same moment as another leaves gets the place. */
	struct puppet x = puppet_start();
	assert_int_equal(puppet_view(&w, 1, false).result, 0);
	puppet_kill(&w, SIGKILL);
	usleep(1000);
	assert_int_equal(puppet_view(&x, 1, false).result, 0);
	puppet_end(&x);
	puppet_produce_end();
}

/* The number of the highest fd that leads there, or -1. */
static int find_fd(const char *target)
{
	for (int fd = 255; fd >= 0; fd--) {
		char path[32], link[64];
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		if (n > 0 && strncmp(link, target, strlen(target)) == 0)
			return fd;
	}
	return -1;
}

static void a_death_is_told_before_the_watch_of_the_directory_ends(void **state)
{
	(void)state;
	struct puppet p = puppet_start();
	struct tripool_viewer_options options = {.name = "t", .wait_for_producer = true};
	struct tripool_viewer *v;
	int low[8]; /* by the time the producer comes, these are free again */
	for (int i = 0; i < 8; i++)
		low[i] = dup(0);
	assert_int_equal(tripool_viewer_create(&v, &options, NULL), 0);
	for (int i = 0; i < 8; i++)
		close(low[i]);
	assert_int_equal(puppet_become_producer(&p, 64).result, 0);
	puppet_tell_host(&p);
	assert_int_equal(tripool_viewer_reconnect(v, NULL), 0);
	/* The kernel closes a dead process's fds from the highest down, and lets inotify's wait. */
	assert_true(find_fd("socket:") > find_fd("anon_inode:inotify"));
	tripool_viewer_destroy(v);
	puppet_end(&p);
}

static void a_stopped_viewer_does_not_keep_old_pools(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, 0);
	assert_int_equal(kill(v.pid, SIGSTOP), 0);
	for (uint32_t i = 0; i < 40; i++) {
		struct tripool_format format = puppet_format(65 + i);
		assert_int_equal(tripool_producer_set_format(producer, &format, NULL), 0);
	}
	assert_int_equal(tripool_producer_dispatch(producer), 0); /* too far behind: it has to come again */
	assert_int_equal(kill(v.pid, SIGCONT), 0);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_release(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -ESTALE);
	for (int i = 0; i < 3 && puppet_acquire(&v, 0).result != -EPIPE; i++)
		;
	assert_int_equal(puppet_reconnect(&v).result, 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 2);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

static void a_poll_loop_is_told_everything(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	for (int i = 0; i < 100; i++) {
		puppet_tell_poll(&v, 10000);
		if (i % 2)
			usleep(i * 10);
		puppet_publish(producer, 1);
		assert_int_equal(puppet_hear(&v).result, 1);
		assert_int_equal(puppet_acquire(&v, 0).sequence, i + 1);
		puppet_release(&v, 0);
	}
	/* A death that arm itself takes in is told as well. */
	puppet_tell_poll(&v, 10000);
	puppet_produce_end();
	assert_int_equal(puppet_hear(&v).result, 1);
	puppet_tell_poll(&v, 3000);
	assert_int_equal(puppet_hear(&v).result, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, -EPIPE);
	puppet_tell_poll(&v, 50);
	assert_int_equal(puppet_hear(&v).result, 0);
	puppet_tell_poll(&v, 10000);
	puppet_produce(NULL, 64);
	assert_int_equal(puppet_hear(&v).result, 1);
	assert_int_equal(puppet_reconnect(&v).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

static void a_viewer_may_come_first(void **state)
{
	(void)state;
	struct puppet v = puppet_start(), w = puppet_start();
	struct puppet_answer a = puppet_view(&w, 1, false);
	assert_int_equal(a.result, -ENOENT);
	assert_string_equal(a.error.text, "stream 't' has no producer");
	assert_int_equal(puppet_view(&v, 1, true).result, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -EPIPE);
	assert_int_equal(puppet_wait(&v, 20).result, 0);
	puppet_tell_wait(&v, 10000);
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	assert_int_equal(puppet_hear(&v).result, 1);
	assert_int_equal(puppet_reconnect(&v).result, 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 1);
	assert_int_equal(puppet_stats(&v).generation, 0); /* the first time is not a reconnect */
	puppet_end(&v);
	puppet_end(&w);
	puppet_produce_end();
}

static void a_name_has_one_producer(void **state)
{
	(void)state;
	puppet_produce(NULL, 64);
	struct puppet p = puppet_start();
	struct puppet_answer a = puppet_become_producer(&p, 64);
	assert_int_equal(a.result, -EADDRINUSE);
	char expected[64];
	snprintf(expected, sizeof(expected), "stream 't' already has a producer (pid %d)", (int)getpid());
	assert_string_equal(a.error.text, expected);
	puppet_produce_end();
	assert_int_equal(puppet_become_producer(&p, 64).result, 0);
	puppet_end(&p);
}

static void a_name_is_reusable_at_once_after_a_kill(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		struct puppet p = puppet_start();
		struct puppet_answer a = puppet_become_producer(&p, 64);
		if (a.result < 0)
			fail_msg("round %d: %s", i, a.error.text);
		puppet_kill(&p, SIGKILL);
	}
	/* What a killed one leaves are two names without memory, which the next takes over. */
	assert_in_range(count_files(), 1, 2);
	puppet_produce(NULL, 64);
	puppet_produce_end();
}

static void a_directory_that_is_not_ours_is_refused(void **state)
{
	(void)state;
	struct tripool_producer_options options = {.name = "t"};
	struct tripool_viewer_options view = {.name = "t"};
	struct tripool_format format = puppet_format(64);
	struct tripool_producer *p = NULL;
	struct tripool_viewer *v = NULL;
	struct tripool_error e;
	assert_int_equal(chmod(scratch_directory(), 0770), 0);
	assert_int_equal(tripool_producer_create(&p, &options, &format, &e), -EPERM);
	assert_non_null(strstr(e.text, "others may write"));
	assert_int_equal(tripool_viewer_create(&v, &view, &e), -EPERM);
	assert_int_equal(chmod(scratch_directory(), 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(scratch_directory(), 12345, (gid_t)-1), 0);
		assert_int_equal(tripool_producer_create(&p, &options, &format, &e), -EPERM);
		assert_non_null(strstr(e.text, "belongs to user 12345"));
		assert_int_equal(chown(scratch_directory(), 0, (gid_t)-1), 0);
	}
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/a/b", scratch_directory());
	setenv("TRIPOOL_DIR", path, 1);
	assert_int_equal(tripool_producer_create(&p, &options, &format, &e), -ENOTDIR);
	assert_non_null(strstr(e.text, "cannot make directory"));
	view.wait_for_producer = true; /* but not for a directory that cannot be */
	assert_int_equal(tripool_viewer_create(&v, &view, &e), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/dangling", scratch_directory());
	assert_int_equal(symlink("/nonsense/nowhere", path), 0);
	setenv("TRIPOOL_DIR", path, 1);
	assert_int_equal(tripool_viewer_create(&v, &view, &e), -ENOTDIR);
	unlink(path);
	setenv("TRIPOOL_DIR", "/dev/null", 1);
	assert_int_equal(tripool_producer_create(&p, &options, &format, &e), -ENOTDIR);
	assert_null(p);
	assert_null(v);
}

static void a_deep_directory_and_a_long_name_will_do(void **state)
{
	(void)state;
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s", scratch_directory());
	size_t levels[3];
	for (int i = 0; i < 3; i++) {
		levels[i] = strlen(path);
		memset(path + levels[i] + 1, 'd', 100);
		path[levels[i]] = '/';
		path[levels[i] + 101] = '\0';
		assert_int_equal(mkdir(path, 0700), 0);
	}
	setenv("TRIPOOL_DIR", path, 1);
	char name[66];
	memset(name, 'n', 65);
	name[65] = '\0';
	struct tripool_producer_options options = {.name = name};
	struct tripool_format format = puppet_format(64);
	struct tripool_producer *p;
	struct tripool_error e;
	assert_int_equal(tripool_producer_create(&p, &options, &format, &e), -EINVAL);
	name[64] = '\0';
	if (tripool_producer_create(&p, &options, &format, &e) < 0)
		fail_msg("%s", e.text);
	tripool_producer_destroy(p);
	for (int i = 3; i-- > 0;) {
		assert_int_equal(rmdir(path), 0);
		path[levels[i]] = '\0';
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_killed_viewer_frees_its_slots),
	    TEST(a_killed_producer_leaves_its_last_frame),
	    TEST(an_orderly_end_is_told_too),
	    TEST(a_lost_producer_keeps_nobody_busy),
	    TEST(an_end_is_told_though_a_child_lives),
	    TEST(a_dead_viewer_keeps_nobody_busy),
	    TEST(a_death_is_told_before_the_watch_of_the_directory_ends),
	    TEST(a_stopped_viewer_does_not_keep_old_pools),
	    TEST(a_poll_loop_is_told_everything),
	    TEST(a_viewer_may_come_first),
	    TEST(a_name_has_one_producer),
	    TEST(a_name_is_reusable_at_once_after_a_kill),
	    TEST(a_directory_that_is_not_ours_is_refused),
	    TEST(a_deep_directory_and_a_long_name_will_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
