// SPDX-License-Identifier: MIT
/* tripool-capture as its viewers see it: every frame they lease is whole, says its own number, and has its checksum. */
#include "tripool.h"

#include "scratch.h"
#include "strip.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAMES 60
#define PATIENCE_MS 5000

static int make_directory(void **state)
{
	(void)state;
	return scratch_make();
}

/* Fails when a producer left something behind. */
static int remove_directory(void **state)
{
	(void)state;
	return scratch_remove();
}

static pid_t start(const char *const arguments[])
{
	const char *argv[16] = {CAPTURE, "--quiet", "--name", "t"};

	for (int i = 0; arguments[i]; i++)
		argv[4 + i] = arguments[i];
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* A test that fails half-way leaves nobody behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv(CAPTURE, (char *const *)argv);
		_exit(127);
	}
	return pid;
}

static void assert_ends_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static struct tripool_viewer *attach(void)
{
	struct tripool_viewer_options options = {.name = "t", .wait_for_producer = true};
	struct tripool_viewer *viewer;

	assert_int_equal(tripool_viewer_create(&viewer, &options, NULL), 0);
	for (int i = 0; !tripool_viewer_connected(viewer); i++) {
		assert_true(i < 50);
		tripool_viewer_wait(viewer, PATIENCE_MS / 50);
		tripool_viewer_reconnect(viewer, NULL);
	}
	return viewer;
}

static void check_frame(const struct tripool_frame *frame, const char *pix_fmt, bool checksum)
{
	struct timespec now;
	uint64_t sequence = 0;

	assert_string_equal(frame->format->pix_fmt, pix_fmt);
	assert_int_equal(frame->format->frame_rate_num, 240);
	for (int edge = STRIP_TOP; edge <= STRIP_BOTTOM; edge++) {
		assert_int_equal(strip_read(frame->format, frame->plane, (enum strip_edge)edge, &sequence), 0);
		assert_int_equal(sequence, frame->sequence);
	}
	assert_int_equal(frame->info.bytes_used, frame->format->size_bytes);
	assert_int_equal(frame->info.flags & TRIPOOL_FRAME_CRC32C, checksum ? TRIPOOL_FRAME_CRC32C : 0);
	if (checksum)
		assert_int_equal(frame->info.crc32c, tripool_crc32c(frame->memory, frame->info.bytes_used));
	clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true(frame->info.capture_ns > 0 && frame->info.capture_ns <= frame->publish_ns);
	assert_true(frame->publish_ns <= now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
}

static void view(const char *kind, const char *pix_fmt, bool checksum)
{
	const char *arguments[] = {
	    kind, "-f", pix_fmt, "-s", "322x242", "-r", "240", checksum ? "--checksum" : NULL, NULL};
	pid_t pid = start(arguments);
	struct tripool_viewer *viewer = attach();
	uint64_t last = 0;

	for (int i = 0; i < FRAMES;) {
		struct tripool_frame frame;
		int r = tripool_viewer_acquire(viewer, &frame);

		if (r < 0) {
			assert_int_equal(r, -EAGAIN);
			assert_int_equal(tripool_viewer_wait(viewer, PATIENCE_MS), 1);
			continue;
		}
		assert_true(frame.sequence > last);
		last = frame.sequence;
		check_frame(&frame, pix_fmt, checksum);
		tripool_viewer_release(viewer, &frame);
		i++;
	}
	kill(pid, SIGTERM);
	assert_ends_well(pid);
	tripool_viewer_destroy(viewer);
}

static void test_frames(void **state)
{
	(void)state;
	view("pattern", "nv12", true);
	view("pattern:box", "yuyv422", true);
	view("pattern:zone", "gray", false);
	view("pattern:gradient", "bgra", true);
	view("pattern:noise", "yuv420p", true);
}

/* The last frame has the number that was asked for, and stays when the producer has gone. */
static void test_number_of_frames(void **state)
{
	const char *const arguments[] = {"-s", "128x64", "-r", "100", "--frames", "50", NULL};
	struct tripool_frame frame;
	int r;

	(void)state;
	pid_t pid = start(arguments);
	struct tripool_viewer *viewer = attach();
	while ((r = tripool_viewer_acquire(viewer, &frame)) != -EPIPE) {
		if (r == 0)
			tripool_viewer_release(viewer, &frame);
		else
			assert_int_equal(tripool_viewer_wait(viewer, PATIENCE_MS), 1);
	}
	assert_ends_well(pid);
	tripool_viewer_rewind(viewer);
	assert_int_equal(tripool_viewer_acquire(viewer, &frame), 0);
	assert_int_equal(frame.sequence, 50);
	tripool_viewer_destroy(viewer);
}

static void test_viewers_are_limited(void **state)
{
	const char *const arguments[] = {"-s", "128x64", "--max-viewers", "2", NULL};
	struct tripool_viewer_options options = {.name = "t"};
	struct tripool_viewer *third;
	struct tripool_error error = {""};

	(void)state;
	pid_t pid = start(arguments);
	struct tripool_viewer *viewers[] = {attach(), attach()};
	assert_int_equal(tripool_viewer_create(&third, &options, &error), -ECONNREFUSED);
	kill(pid, SIGINT);
	assert_ends_well(pid);
	tripool_viewer_destroy(viewers[0]);
	tripool_viewer_destroy(viewers[1]);
}

/* The first frame that a viewer who has just come is given. */
static struct tripool_frame first_frame(struct tripool_viewer *viewer)
{
	struct tripool_frame frame;

	while (tripool_viewer_acquire(viewer, &frame) < 0)
		assert_int_equal(tripool_viewer_wait(viewer, PATIENCE_MS), 1);
	return frame;
}

/* Off within a second after the last viewer has left; and nobody is shown what was taken before he came. */
static void test_on_demand(void **state)
{
	const char *const arguments[] = {"-s", "128x64", "-r", "100", "--on-demand", NULL};
	uint64_t generation = 0;

	(void)state;
	pid_t pid = start(arguments);
	for (int i = 0; i < 3; i++) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		struct tripool_viewer *viewer = attach();
		struct tripool_frame frame = first_frame(viewer);
		assert_true(frame.info.capture_ns > now.tv_sec * INT64_C(1000000000) + now.tv_nsec);
		assert_true(frame.generation > generation);
		generation = frame.generation;
		tripool_viewer_destroy(viewer);
		usleep(1000000);
	}
	/* Who comes back soon enough finds it as it was. */
	struct tripool_viewer *viewer = attach();
	struct tripool_frame frame = first_frame(viewer);
	generation = frame.generation;
	tripool_viewer_destroy(viewer);
	viewer = attach();
	frame = first_frame(viewer);
	assert_int_equal(frame.generation, generation);
	tripool_viewer_destroy(viewer);
	kill(pid, SIGINT);
	assert_ends_well(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_frames, make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(test_number_of_frames, make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(test_viewers_are_limited, make_directory, remove_directory),
	    cmocka_unit_test_setup_teardown(test_on_demand, make_directory, remove_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
