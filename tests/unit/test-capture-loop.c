// SPDX-License-Identifier: MIT
/* What tripool-capture does when its source fails and comes back, with a source that does so by a script. */
#include "capture.h"

#include "scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* One life of the source, from open to close. */
struct life {
	int open_error, start_error;
	unsigned frames; /* then it fails with... */
	int error;       /* 0: it falls silent */
	uint32_t width_px, write_depth;
	bool fresh_pool;
	bool takes_fds; /* from its close on there is no fd to be had */
	const char *note;
};

struct source {
	const struct life *life;
	int fd;
	unsigned frames;
	struct tripool_slot slot[TRIPOOL_MAX_SLOTS];
	uint32_t held;
	bool prepared;
};

static const struct life *lives;
static unsigned life_count, opens, closes;
static int device_comes_ms; /* after the watch was made; 0: never */
static struct rlimit fd_limit;
static int kept_fd;

static void fall_silent(const struct source *source)
{
	eventfd_t ignored;
	eventfd_read(source->fd, &ignored);
}

static int scripted_open(struct source **source, const struct source_request *request,
    struct source_description *description, struct tripool_error *error)
{
	const struct life *life = &lives[opens < life_count ? opens : life_count - 1];
	(void)request;
	opens++;
	if (life->open_error) {
		snprintf(error->text, sizeof(error->text), "the script fails open");
		return life->open_error;
	}
	struct source *s = calloc(1, sizeof(*s));
	s->life = life;
	s->fd = eventfd(1, EFD_CLOEXEC);
	*description = (struct source_description){.path = "script",
	    .write_depth = life->write_depth ? life->write_depth : 1,
	    .fresh_pool = life->fresh_pool,
	    .name = "script"};
	if (life->note)
		strcpy(description->note, life->note);
	s->prepared = false;
	if (life->frames == 0 && life->error == 0)
		fall_silent(s);
	description->format = (struct tripool_format){
	    .pix_fmt = "gray", .width_px = life->width_px ? life->width_px : 16, .height_px = 16};
	assert_int_equal(tripool_format_layout(&description->format, error), 0);
	*source = s;
	return 0;
}

static int scripted_prepare(
    struct source *source, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error)
{
	(void)memory_fd;
	(void)memory;
	(void)error;
	source->prepared = true;
	return 0;
}

static int scripted_attach(struct source *source, const struct tripool_pool_memory *memory,
    struct source_description *description, struct tripool_error *error)
{
	(void)memory;
	(void)description;
	assert_true(source->prepared || !source->life->fresh_pool);
	snprintf(error->text, sizeof(error->text), "the script fails attach");
	return source->life->start_error;
}

static int scripted_queue(struct source *source, const struct tripool_slot *slot, struct tripool_error *error)
{
	(void)error;
	assert_true(source->held < source->life->write_depth + 1);
	source->slot[source->held++] = *slot;
	return 0;
}

static int scripted_fd(const struct source *source)
{
	return source->fd;
}

static int scripted_dequeue(struct source *source, uint64_t sequence, struct tripool_slot *slot,
    struct tripool_frame_info *info, struct tripool_error *error)
{
	if (source->frames == source->life->frames) {
		snprintf(error->text, sizeof(error->text), "the script fails dequeue");
		return source->life->error;
	}
	if (++source->frames == source->life->frames && source->life->error == 0)
		fall_silent(source);
	*slot = source->slot[--source->held];
	memset(slot->memory, (int)sequence, 16);
	*info = (struct tripool_frame_info){.source_sequence = sequence};
	return 0;
}

static struct source_counts scripted_counts(const struct source *source)
{
	return (struct source_counts){.dropped = source->frames, .camera_gaps = 1};
}

/* One is kept, lest the limit be lower than the number of fds that poll is given. */
static void take_fds(void)
{
	struct rlimit none;
	kept_fd = dup(STDERR_FILENO);
	int next = dup(STDERR_FILENO);
	assert_int_equal(close(next), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &fd_limit), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)next, .rlim_max = fd_limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void give_fds_back(void)
{
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &fd_limit), 0);
	close(kept_fd);
}

static void scripted_close(struct source *source)
{
	if (!source)
		return;
	closes++;
	close(source->fd);
	if (source->life->takes_fds)
		take_fds();
	free(source);
}

static int scripted_watch(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	struct itimerspec when = {.it_value.tv_nsec = device_comes_ms * 1000000L};
	timerfd_settime(fd, 0, &when, NULL);
	return fd;
}

static const struct source_class scripted = {
    .scheme = "script",
    .open = scripted_open,
    .prepare = scripted_prepare,
    .attach = scripted_attach,
    .queue = scripted_queue,
    .fd = scripted_fd,
    .dequeue = scripted_dequeue,
    .counts = scripted_counts,
    .close = scripted_close,
    .watch = scripted_watch,
};

static struct capture capture;
static struct tripool_producer_stats stats;

static int set_up(void **state)
{
	(void)state;
	assert_int_equal(scratch_make(), 0);
	opens = closes = 0;
	device_comes_ms = 0;
	return 0;
}

/* All that was opened is closed, and the name is free. */
static int tear_down(void **state)
{
	(void)state;
	unsigned failed = 0;
	int r = scratch_remove();
	for (unsigned i = 0; i < opens; i++)
		failed += lives[i < life_count ? i : life_count - 1].open_error != 0;
	assert_int_equal(closes + failed, opens);
	return r;
}

/* Runs the script; returns what capture_run returns. The stream is still there where that is 0. */
static int run_open(const struct life *script, unsigned count, struct options *options)
{
	struct tripool_error error = {""};
	lives = script;
	life_count = count;
	options->source = &scripted;
	options->name = "script";
	int r = capture_open(&capture, options, &error);
	if (r < 0)
		return r;
	r = capture_run(&capture, &error);
	tripool_producer_get_stats(capture.producer, &stats);
	if (r < 0)
		capture_close(&capture);
	return r;
}

static int run(const struct life *script, unsigned count, struct options options)
{
	int r = run_open(script, count, &options);
	if (r == 0)
		capture_close(&capture);
	return r;
}

static char said[4096]; /* on stderr, by run_open_heard */

static int run_open_heard(const struct life *script, unsigned count, struct options *options)
{
	int heard = memfd_create("heard", MFD_CLOEXEC), own = dup(STDERR_FILENO);
	assert_int_equal(dup2(heard, STDERR_FILENO), STDERR_FILENO);
	int r = run_open(script, count, options);
	dup2(own, STDERR_FILENO);
	close(own);
	ssize_t length = pread(heard, said, sizeof(said) - 1, 0);
	assert_in_range(length, 0, sizeof(said) - 1);
	said[length] = '\0';
	close(heard);
	return r;
}

static int run_heard(const struct life *script, unsigned count, struct options options)
{
	int r = run_open_heard(script, count, &options);
	if (r == 0)
		capture_close(&capture);
	return r;
}

static unsigned times_said(const char *words)
{
	unsigned times = 0;
	for (const char *at = said; (at = strstr(at, words)); at += strlen(words))
		times++;
	return times;
}

static void an_error_is_survived(void **state)
{
	(void)state;
	static const struct life script[] = {
	    {.frames = 5, .error = -EIO, .write_depth = 4},
	    {.frames = 3, .error = -EIO, .write_depth = 4},
	    {.frames = 100, .error = -EIO, .write_depth = 4},
	};
	assert_int_equal(run(script, 3, (struct options){.frames = 20}), 0);
	assert_int_equal(stats.frames_published, 20);
	assert_int_equal(stats.generation, 1);
	assert_int_equal(capture.supply.restarts, 2);
	/* Also what the closed ones had counted. */
	assert_int_equal(capture.supply.counts.dropped, 20);
	assert_int_equal(capture.supply.counts.camera_gaps, 3);
}

static void another_format_is_another_generation(void **state)
{
	(void)state;
	static const struct life script[] = {
	    {.frames = 5, .error = -EIO},
	    {.frames = 5, .error = -EIO, .width_px = 32},
	    {.frames = 5, .error = -EIO, .width_px = 32, .write_depth = 6},
	    {.frames = 100, .error = -EIO, .width_px = 32, .write_depth = 2},
	};
	assert_int_equal(run(script, 4, (struct options){.frames = 20}), 0);
	assert_int_equal(stats.frames_published, 20);
	assert_int_equal(stats.generation, 3);
	assert_int_equal(capture.supply.restarts, 3);
}

static void a_source_that_needs_a_fresh_pool_gets_one(void **state)
{
	(void)state;
	static const struct life script[] = {
	    {.frames = 5, .error = -EIO, .fresh_pool = true},
	    {.frames = 100, .error = -EIO, .fresh_pool = true},
	};
	assert_int_equal(run(script, 2, (struct options){.frames = 20}), 0);
	assert_int_equal(stats.generation, 2);
}

static void a_device_that_is_away_is_waited_for(void **state)
{
	(void)state;
	static const struct life script[] = {
	    {.frames = 5, .error = -ENODEV},
	    {.open_error = -ENOENT}, /* at once when the device comes: the link to it does not come as fast */
	    {.open_error = -EACCES}, /* nor do its permissions */
	    {.frames = 100, .error = -EIO},
	};
	device_comes_ms = 700;
	assert_int_equal(run(script, 4, (struct options){.frames = 10, .duration_s = 6}), 0);
	assert_int_equal(stats.frames_published, 10);
	assert_int_equal(opens, 4);
}

static void a_device_that_stays_away_costs_nothing(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 5, .error = -ENODEV}, {.open_error = -ENOENT}};
	assert_int_equal(run_heard(script, 2, (struct options){.duration_s = 1.5}), 0);
	assert_int_equal(times_said("the script fails dequeue; the stream stays, waiting for it to come back"), 1);
	assert_int_equal(stats.frames_published, 5);
	assert_int_equal(opens, 1);
	assert_int_equal(capture.state, CAPTURE_LOST);
}

static void a_storm_of_errors_is_met_with_patience(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 1, .error = -EIO}, {.start_error = -EIO}};
	assert_int_equal(run(script, 2, (struct options){.duration_s = 2}), 0);
	/* At once, after 250 ms, 500 ms, 1 s. */
	assert_in_range(opens, 3, 5);
}

/* Open again, but without a frame, it is not back; and why it went is known. */
static void a_storm_is_told_once(void **state)
{
	(void)state;
	static const struct life script[] = {
	    {.frames = 1, .error = -EIO}, {.error = -EIO}, {.error = -EIO}, {.frames = 100, .error = -EIO}};
	assert_int_equal(run_heard(script, 4, (struct options){.frames = 3}), 0);
	assert_int_equal(opens, 4);
	assert_int_equal(times_said("the script fails dequeue; the stream stays, and it is tried again"), 1);
	assert_int_equal(times_said("script is back"), 1);
	assert_int_equal(times_said("\n"), 2);
}

static void silence_is_a_failure(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 2}, {.frames = 100, .error = -EIO}};
	assert_int_equal(run(script, 2, (struct options){.frames = 10}), 0);
	assert_int_equal(stats.frames_published, 10);
	assert_int_equal(opens, 2);
}

static void once_is_once(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 5, .error = -ENODEV}};
	assert_int_equal(run(script, 1, (struct options){.once = true}), -ENODEV);
	assert_int_equal(opens, 1);
}

static void once_is_once_in_silence_too(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 2}};
	assert_int_equal(run(script, 1, (struct options){.once = true}), -ETIMEDOUT);
	assert_int_equal(opens, 1);
}

static void the_first_start_must_succeed(void **state)
{
	(void)state;
	static const struct life closed[] = {{.open_error = -EBUSY}}, broken[] = {{.start_error = -EINVAL}};
	assert_int_equal(run(closed, 1, (struct options){.frames = 1}), -EBUSY);
	opens = 0;
	assert_int_equal(run(broken, 1, (struct options){.frames = 1}), -EIO);
	assert_int_equal(opens, 1);
}

static void an_end_is_an_end(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 5, .error = -ENODATA}};
	assert_int_equal(run(script, 1, (struct options){.frames = 10}), 0);
	assert_int_equal(stats.frames_published, 5);
	assert_int_equal(opens, 1);
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_error_is_survived),
	    TEST(another_format_is_another_generation),
	    TEST(a_source_that_needs_a_fresh_pool_gets_one),
	    TEST(a_device_that_is_away_is_waited_for),
	    TEST(a_device_that_stays_away_costs_nothing),
	    TEST(a_storm_of_errors_is_met_with_patience),
	    TEST(a_storm_is_told_once),
	    TEST(silence_is_a_failure),
	    TEST(once_is_once),
	    TEST(once_is_once_in_silence_too),
	    TEST(the_first_start_must_succeed),
	    TEST(an_end_is_an_end),
	    TEST(on_demand_nothing_happens_without_a_viewer),
	    TEST(on_demand_a_failure_leaves_no_picture),
	    TEST(on_demand_a_note_is_told_once),
	    TEST(on_demand_once_is_once),
	    TEST(on_demand_a_picture_that_cannot_be_withdrawn_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
