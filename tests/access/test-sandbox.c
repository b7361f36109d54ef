// SPDX-License-Identifier: MIT
/* Viewers and producers in namespaces of their own: with next to no files, without /proc, with other users and pids. */
#include "sandbox.h"

#include "listing.h"
#include "puppet.h"
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOMEBODY 64011 /* ids that nobody has */

static char streams[512], socket_path[600], root[600];

static int setup(void **state)
{
	puppet_setup(state);
	snprintf(streams, sizeof(streams), "%s/streams", scratch_directory());
	snprintf(socket_path, sizeof(socket_path), "%s/t.sock", streams);
	snprintf(root, sizeof(root), "%s/%s", scratch_directory(), SANDBOX_ROOT);
	setenv("TRIPOOL_DIR", streams, 1);
	return chmod(scratch_directory(), 0711) < 0 || mkdir(streams, 0711) < 0 || mkdir(root, 0755) < 0;
}

/* Fails where anything is left in either. */
static int teardown(void **state)
{
	return rmdir(streams) < 0 || rmdir(root) < 0 || puppet_teardown(state) < 0 ? -1 : 0;
}

static struct stage_role in(const struct sandbox *s)
{
	return (struct stage_role){.become = sandbox_become, .context = s};
}

static struct stage_producer open_stream(const struct tripool_producer_options *options)
{
	struct stage_producer p = stage_open((struct stage_role){0}, options);
	if (p.result < 0)
		fail_msg("%s", p.error.text);
	return p;
}

/* ---- Few files ------------------------------------------------------------------------------------------------ */

static void the_socket_alone_is_enough(void **state)
{
	(void)state;
	struct stage_producer p = open_stream(&(struct tripool_producer_options){.socket_mode = 0666});
	const struct stage_person somebody = {SOMEBODY, SOMEBODY, 0};
	int cases = 0;
	for (int way = 0; way < 16; way++) {
		const struct sandbox s = {
		    .person = way & 1 ? &somebody : NULL,
		    .passed_in = socket_path,
		    .at = "/s/t.sock",
		    .own_pids = way & 2,
		    .proc = way & 4,
		    .writable = way & 8,
		};
		if ((s.person && geteuid() != 0) || (s.proc && !s.own_pids))
			continue;
		struct stage_visit seen = stage_visit(in(&s));
		if (seen.result != 0 || seen.frames_right != 3)
			fail_msg("way %d: %s", way, seen.error.text);
		assert_int_equal(seen.report.sequence >= seen.sequence, true);
		cases++;
	}
	print_message("%d kinds of sandbox\n", cases);
	stage_close(&p);
}

/* Where there is nothing but /s. */
static int look_at_list(void)
{
	struct tripool_directory *d = list_open();
	int r = strcmp(list_rest(d), "t") != 0;
	tripool_directory_destroy(d);
	return r;
}

static void without_proc_streams_are_listed(void **state)
{
	(void)state;
	struct stage_producer p = open_stream(NULL);
	const struct sandbox s = {.passed_in = streams, .at = "/s"};
	assert_int_equal(stage_run(in(&s), look_at_list), 0);
	stage_close(&p);
}

static struct tripool_viewer *viewer;

static int come(void)
{
	const struct tripool_viewer_options o = {.name = "t", .wait_for_producer = true};
	struct tripool_error error;
	if (tripool_viewer_create(&viewer, &o, &error) < 0)
		return 1;
	/* Its coming must be told: no wait ends by its time-out. */
	while (!tripool_viewer_connected(viewer)) {
		if (tripool_viewer_wait(viewer, 60000) != 1)
			return 2;
		int r = tripool_viewer_reconnect(viewer, &error);
		if (r < 0 && r != -ENOENT && r != -EAGAIN && r != -ETIMEDOUT)
			return 3;
	}
	return 0;
}

static int come_and_go(void)
{
	int r = come();
	tripool_viewer_destroy(viewer);
	return r;
}

static void without_proc_a_viewer_waits_for_its_producer(void **state)
{
	(void)state;
	const struct sandbox s = {.passed_in = streams, .at = "/s"};
	pid_t pid = stage_start(in(&s), come_and_go);
	usleep(300000);
	struct stage_producer p = open_stream(NULL);
	assert_int_equal(stage_wait(pid), 0);
	stage_close(&p);
}

static void without_proc_a_long_path_is_told(void **state)
{
	(void)state;
	struct stage_producer p = open_stream(NULL);
	const struct sandbox s = {.passed_in = socket_path,
	    .at = "/a-directory-whose-name-is-longer-than-what-fits-into-the-address-of-a-socket-"
		  "which-the-kernel-limits/t.sock"};
	struct stage_visit seen = stage_visit(in(&s));
	assert_int_equal(seen.result, -ENAMETOOLONG);
	assert_string_equal(seen.error.text,
	    "the path of 't.sock' has 108 bytes, and without /proc a socket's has 107 at "
	    "most: mount /proc, or set TRIPOOL_DIR");
	/* One byte more than there is room for, and one that fits. */
	for (int more = 0; more < 2; more++) {
		char at[120];
		memset(at, 'd', sizeof(at));
		at[0] = '/';
		strcpy(at + 100 + more, "/t.sock");
		const struct sandbox edge = {.passed_in = socket_path, .at = at};
		assert_int_equal(stage_visit(in(&edge)).result, more ? -ENAMETOOLONG : 0);
	}
	stage_close(&p);
}

static void without_proc_a_producer_says_so(void **state)
{
	(void)state;
	const struct sandbox s = {.passed_in = streams, .at = "/s", .writable = true};
	struct stage_producer p = stage_open(in(&s), NULL);
	assert_int_equal(p.result, -ENOENT);
	assert_non_null(strstr(p.error.text, "read-only: No such file or directory (is /proc mounted?)"));
	stage_close(&p); /* and the teardown finds nothing left */
}

/* ---- Other pids, other users ---------------------------------------------------------------------------------- */

static void a_viewer_among_other_pids_is_seen_from_outside(void **state)
{
	(void)state;
	struct stage_producer p = open_stream(NULL);
	const struct sandbox s = {.passed_in = socket_path, .at = "/s/t.sock", .own_pids = true, .proc = true};
	struct stage_visit seen = stage_visit(in(&s));
	assert_int_equal(seen.result, 0);
	assert_int_equal(seen.report.producer_pid, 0); /* not visible from there */
	assert_int_equal(seen.report.viewers, 1);
	assert_true(seen.report.viewer[0].pid > 1); /* nor what it is inside */
	char words[100];
	snprintf(words, sizeof(words), "viewer 'visitor' (pid %d) came, 1 of 16\n", seen.report.viewer[0].pid);
	assert_non_null(strstr(p.said, words));
	stage_close(&p);
}

static void become_other_pids(const void *context)
{
	(void)context;
	const struct sandbox here = {
	    .passed_in = streams, .at = "/s", .own_pids = true, .proc = true, .writable = true};
	sandbox_become(&here);
	if (mkdir("/dev", 0755) < 0 || symlink("/proc/self/comm", "/dev/null") < 0) /* all that it wants of it */
		stage_give_up("cannot make /dev");
}

static void a_producer_among_other_pids_sees_pid_0(void **state)
{
	(void)state;
	struct stage_producer p = stage_open((struct stage_role){.become = become_other_pids}, NULL);
	if (p.result < 0)
		fail_msg("%s", p.error.text);
	struct stage_visit seen = stage_visit((struct stage_role){0});
	assert_int_equal(seen.result, 0);
	assert_int_equal(seen.frames_right, 3);
	assert_true(seen.report.producer_pid > 1);
	assert_int_equal(seen.report.viewer[0].pid, 0);
	assert_non_null(strstr(p.said, "viewer 'visitor' (pid 0) came, 1 of 16\n"));
	/* The name is taken for who is outside as well, where that pid says nothing. */
	struct stage_producer q = stage_open((struct stage_role){0}, NULL);
	assert_int_equal(q.result, -EADDRINUSE);
	assert_non_null(strstr(q.error.text, "stream 't' already has a producer (pid 1"));
	stage_close(&q);
	stage_close(&p);
}

static int view_until_stopped(void)
{
	int r = come();
	raise(SIGSTOP);
	tripool_viewer_destroy(viewer);
	return r;
}

static void become_own_users(const void *context)
{
	if (context)
		stage_become_person(context);
	sandbox_become_user_namespace();
}

static void a_user_that_has_no_number_there_is_65534(void **state)
{
	(void)state;
	const struct stage_person somebody = {SOMEBODY, SOMEBODY, 0}, other = {SOMEBODY + 1, SOMEBODY + 1, 0};
	if (geteuid() != 0) {
		fputs("test-sandbox: not root: cannot be two users\n", stderr);
		skip();
	}
	assert_int_equal(chown(streams, SOMEBODY, SOMEBODY), 0);
	assert_int_equal(chmod(streams, 0755), 0);
	struct tripool_producer_options o = {.socket_mode = 0666, .max_viewers = 1};
	struct stage_producer p = stage_open((struct stage_role){.become = become_own_users, .context = &somebody}, &o);
	if (p.result < 0)
		fail_msg("%s", p.error.text);
	const struct stage_role visitor = {.become = stage_become_person, .context = &other};
	assert_int_equal(stage_visit(visitor).frames_right, 3);
	/* The second is refused, and named by what the kernel says there. */
	pid_t first = stage_start(visitor, view_until_stopped);
	int status;
	assert_int_equal(waitpid(first, &status, WUNTRACED), first);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(stage_visit(visitor).result, -ECONNREFUSED);
	assert_non_null(strstr(p.said, "(user 65534): stream 't' has its 1 viewers"));
	kill(first, SIGCONT);
	assert_int_equal(stage_wait(first), 0);
	stage_close(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_socket_alone_is_enough),
	    TEST(without_proc_streams_are_listed),
	    TEST(without_proc_a_viewer_waits_for_its_producer),
	    TEST(without_proc_a_long_path_is_told),
	    TEST(without_proc_a_producer_says_so),
	    TEST(a_viewer_among_other_pids_is_seen_from_outside),
	    TEST(a_producer_among_other_pids_sees_pid_0),
	    TEST(a_user_that_has_no_number_there_is_65534),
	};
	if (!sandbox_is_possible())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
