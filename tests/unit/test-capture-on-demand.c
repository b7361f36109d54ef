// SPDX-License-Identifier: MIT
/* What tripool-capture --on-demand does when viewers come and go and its source fails. */
#include "scripted-source.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_demand_nothing_happens_without_a_viewer(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 5, .error = -EIO}};
	assert_int_equal(run(script, 1, (struct options){.duration_s = 0.3, .on_demand = true}), 0);
	assert_int_equal(stats.frames_published, 0);
	assert_int_equal(opens, 1); /* which told the format */
	assert_int_equal(capture.state, CAPTURE_IDLE);
}

#define NO_FRAME 0
#define NO_VIEWER 100

/* A process that views until it has had a frame and a little more, or its producer goes. It ends with the frame's
 * number. */
static pid_t start_viewer(void)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct tripool_viewer_options o = {.name = "script", .wait_for_producer = true};
	struct tripool_viewer *v;
	struct tripool_frame frame;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(20);
	if (tripool_viewer_create(&v, &o, NULL) < 0)
		_exit(NO_VIEWER);
	while (!tripool_viewer_connected(v)) {
		tripool_viewer_wait(v, 20);
		tripool_viewer_reconnect(v, NULL);
	}
	int r;
	while ((r = tripool_viewer_acquire(v, &frame)) == -EAGAIN)
		tripool_viewer_wait(v, -1);
	usleep(300000);
	_exit(r == 0 ? (int)frame.sequence : r == -EPIPE ? NO_FRAME : NO_VIEWER);
}

static int end_viewer(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void on_demand_a_failure_leaves_no_picture(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 1}, {.frames = 5, .error = -ENODEV}, {.open_error = -ENOENT}};
	pid_t viewer = start_viewer();
	assert_int_equal(run(script, 3, (struct options){.duration_s = 2, .on_demand = true}), 0);
	assert_in_range(end_viewer(viewer), 1, 5);
	assert_int_equal(stats.frames_published, 5);
	assert_int_equal(capture.state, CAPTURE_IDLE);
	assert_int_equal(stats.generation, 2); /* the pool with the picture is gone */
}

/* At once, though nobody views yet; and not again with each viewer, unless it is another. */
static void on_demand_a_note_is_told_once(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 1, .note = "larger"}, {.frames = 5, .note = "larger"}};
	static const struct life other[] = {{.frames = 1, .note = "larger"}, {.frames = 5, .note = "smaller"}};
	assert_int_equal(run_heard(script, 1, (struct options){.duration_s = 0.1, .on_demand = true}), 0);
	assert_int_equal(times_said("larger\n"), 1);
	for (int i = 0; i < 2; i++) {
		pid_t viewer = start_viewer();
		opens = closes = 0;
		assert_int_equal(
		    run_heard(i ? other : script, 2, (struct options){.duration_s = 1, .on_demand = true}), 0);
		end_viewer(viewer);
		assert_int_equal(opens, 2);
		assert_int_equal(times_said("larger\n"), 1);
		assert_int_equal(times_said("smaller\n"), i);
	}
}

static void on_demand_once_is_once(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 1}, {.open_error = -EBUSY}};
	pid_t viewer = start_viewer();
	assert_int_equal(run(script, 2, (struct options){.duration_s = 5, .on_demand = true, .once = true}), -EBUSY);
	assert_int_equal(end_viewer(viewer), NO_FRAME);
	assert_int_equal(opens, 2);
}

static void on_demand_a_picture_that_cannot_be_withdrawn_stays(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 1}, {.frames = 5, .takes_fds = true}};
	struct options options = {.duration_s = 2, .on_demand = true};
	pid_t viewer = start_viewer();
	int r = run_open_heard(script, 2, &options);
	give_fds_back();
	assert_int_equal(r, 0);
	assert_in_range(end_viewer(viewer), 1, 5);
	assert_int_equal(capture.state, CAPTURE_IDLE);
	assert_int_equal(times_said("Too many open files"), 1);
	assert_int_equal(opens, 2);
	assert_int_equal(stats.generation, 1);
	/* Who comes now is shown it. */
	int status;
	viewer = start_viewer();
	while (waitpid(viewer, &status, WNOHANG) == 0) {
		tripool_producer_dispatch(capture.producer);
		usleep(1000);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 5);
	capture_close(&capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(on_demand_nothing_happens_without_a_viewer),
	    TEST(on_demand_a_failure_leaves_no_picture),
	    TEST(on_demand_a_note_is_told_once),
	    TEST(on_demand_once_is_once),
	    TEST(on_demand_a_picture_that_cannot_be_withdrawn_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
