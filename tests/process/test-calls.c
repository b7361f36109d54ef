// SPDX-License-Identifier: MIT
/* What tripool.h says of single calls, beside the great promises: where a viewer and its producer are one each. */
#include "puppet-steps.h"
#include "scratch.h"
#include "viewer.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 30000

static struct puppet start_host(void)
{
	struct puppet host = puppet_start();
	assert_int_equal(puppet_become_producer(&host, 64).result, 0);
	assert_int_equal(puppet_make_frames(&host, 1).result, 0);
	puppet_tell_host(&host);
	return host;
}

static struct tripool_viewer *attach(const struct tripool_viewer_options *options)
{
	struct tripool_viewer_options o = *options;
	struct tripool_viewer *v = NULL;
	struct tripool_error error = {""};
	o.name = "t";
	if (tripool_viewer_create(&v, &o, &error) < 0)
		fail_msg("%s", error.text);
	return v;
}

static void wrong_options_are_named(void **state)
{
	(void)state;
	struct tripool_format f = puppet_format(64), flat = f;
	struct tripool_error e;
	struct tripool_viewer *v = NULL;
	struct tripool_producer *p = NULL;
	flat.height_px = 0;
	assert_int_equal(
	    tripool_viewer_create(&v, &(struct tripool_viewer_options){.name = "t", .leases = 17}, &e), -EINVAL);
	assert_non_null(strstr(e.text, "1 to 16 leases, not 17"));
	assert_int_equal(tripool_viewer_create(&v, &(struct tripool_viewer_options){.name = ""}, &e), -EINVAL);
	assert_non_null(strstr(e.text, "needs a name"));
	assert_int_equal(tripool_producer_create(&p, &(struct tripool_producer_options){0}, &f, &e), -EINVAL);
	assert_non_null(strstr(e.text, "needs a name"));
	assert_int_equal(
	    tripool_producer_create(&p, &(struct tripool_producer_options){.name = "t"}, &flat, &e), -EINVAL);
	assert_non_null(strstr(e.text, "64x0"));
	assert_null(v);
	assert_null(p);
}

static void a_frame_says_how_much_of_it_is_used(void **state)
{
	(void)state;
	struct tripool_producer *p = puppet_produce(NULL, 64);
	struct puppet v = puppet_start(), w = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	assert_int_equal(puppet_view_every(&w, 2).result, 0);
	const uint64_t said[] = {0, 1, 1023, 1024}, heard[] = {1024, 1, 1023, 1024};
	for (int i = 0; i < 4; i++) {
		struct tripool_slot slot;
		struct tripool_frame_info info = {.bytes_used = said[i]};
		assert_int_equal(tripool_producer_begin(p, &slot), 0);
		assert_int_equal(tripool_producer_publish(p, &slot, &info), 0);
		assert_int_equal(puppet_acquire(&v, 0).info.bytes_used, heard[i]);
		assert_int_equal(puppet_acquire(&w, 0).info.bytes_used, heard[i]);
		puppet_release(&v, 0);
		puppet_release(&w, 0);
	}
	puppet_end(&v);
	puppet_end(&w);
	puppet_produce_end();
}

static void a_frame_is_released_once(void **state)
{
	(void)state;
	struct puppet host = start_host();
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.leases = 1});
	struct tripool_frame frame;
	assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
	tripool_viewer_release(v, &frame);
	tripool_viewer_rewind(v);
	struct tripool_frame again;
	assert_int_equal(tripool_viewer_acquire(v, &again), 0);
	tripool_viewer_release(v, &frame); /* is nobody's, and takes nothing from the other */
	puppet_make_frames(&host, 1);
	assert_int_equal(tripool_viewer_acquire(v, &frame), -EBUSY);
	tripool_viewer_release(v, &again);
	assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
	tripool_viewer_destroy(v); /* with the lease standing */
	puppet_tell_host(&host);
	puppet_end(&host);
}

static void expect_last_pixel(const struct tripool_frame *f)
{
	uint64_t at = f->format->size_bytes - 1;
	assert_int_equal(f->memory[at], puppet_pixel(f->sequence, at));
}

/* Frames of several formats, let go in any order. */
static void frames_of_old_formats_may_go_in_any_order(void **state)
{
	(void)state;
	static const int orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}};
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		struct puppet host = start_host();
		struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.leases = 4});
		struct tripool_frame frame[4];
		for (uint32_t n = 0; n < 4; n++) {
			if (n > 0) {
				assert_int_equal(puppet_set_format(&host, 64 + n).result, 0);
				assert_int_equal(puppet_make_frames(&host, 1).result, 0);
				assert_int_equal(tripool_viewer_acquire(v, &frame[n]), -ESTALE);
			}
			assert_int_equal(tripool_viewer_acquire(v, &frame[n]), 0);
			assert_int_equal(frame[n].format->width_px, 64 + n);
		}
		for (int n = 0; n < 4; n++) {
			for (int left = n; left < 4; left++) /* still there, to the last byte */
				expect_last_pixel(&frame[orders[i][left]]);
			tripool_viewer_release(v, &frame[orders[i][n]]);
		}
		tripool_viewer_destroy(v);
		puppet_tell_host(&host);
		puppet_end(&host);
	}
}

static void before_the_first_producer_there_is_no_format(void **state)
{
	(void)state;
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.every = true, .wait_for_producer = true});
	struct tripool_frame frame;
	assert_null(tripool_viewer_format(v));
	assert_int_equal(tripool_viewer_acquire(v, &frame), -EPIPE);
	tripool_viewer_rewind(v);
	assert_int_equal(tripool_viewer_reconnect(v, NULL), -ENOENT);
	struct puppet host = start_host();
	assert_int_equal(tripool_viewer_wait(v, PATIENCE_MS), 1);
	assert_int_equal(tripool_viewer_reconnect(v, NULL), 0);
	assert_int_equal(tripool_viewer_format(v)->width_px, 64);
	tripool_viewer_destroy(v);
	puppet_end(&host);
}

/* Heard by wait, or found by acquire: it is said once. */
static void a_new_format_is_said_once_however_it_was_heard(void **state)
{
	(void)state;
	struct puppet host = start_host();
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.leases = 1});
	struct tripool_frame frame;
	for (uint32_t n = 1; n <= 4; n++) {
		assert_int_equal(puppet_set_format(&host, 64 + n).result, 0);
		assert_int_equal(puppet_make_frames(&host, 1).result, 0);
		if (n % 2)
			assert_int_equal(tripool_viewer_wait(v, 0), 1);
		assert_int_equal(tripool_viewer_acquire(v, &frame), -ESTALE);
		assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
		assert_int_equal(frame.format->width_px, 64 + n);
		tripool_viewer_release(v, &frame);
	}
	tripool_viewer_destroy(v);
	puppet_tell_host(&host);
	puppet_end(&host);
}

/* Frames that a viewer of every frame has not taken are had after its producer's end, whoever is looked for meanwhile.
 */
static void what_waits_outlives_a_look_for_another_producer(void **state)
{
	(void)state;
	struct puppet host = start_host();
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.every = true, .leases = 4});
	struct tripool_frame frame;
	assert_int_equal(puppet_make_frames(&host, 3).result, 0);
	puppet_end(&host);
	assert_int_equal(tripool_viewer_wait(v, PATIENCE_MS), 1);
	for (int waits = 0; tripool_viewer_connected(v) && waits < PATIENCE_MS; waits++)
		tripool_viewer_wait(v, 0);
	assert_int_equal(tripool_viewer_reconnect(v, NULL), -ENOENT);
	for (uint64_t n = 2; n <= 4; n++) {
		assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
		assert_int_equal(frame.sequence, n);
		expect_last_pixel(&frame);
		tripool_viewer_release(v, &frame);
	}
	assert_int_equal(tripool_viewer_acquire(v, &frame), -EPIPE);
	tripool_viewer_destroy(v);
}

/* An entry of the queue, spoiled by who wrote it. */
static void an_entry_that_makes_no_sense_is_not_followed(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct puppet host = start_host();
		struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.every = true, .leases = 4});
		struct tripool_frame frame = {.sequence = 77};
		assert_int_equal(puppet_make_frames(&host, 1).result, 0);
		puppet_tell_host(&host);
		struct tripool_queued *q = &v->page->queue[0];
		if (i == 0)
			atomic_store(&q->slot, 64);
		else if (i == 1)
			atomic_store(&q->bytes_used, 1025);
		else
			atomic_store(&q->sequence, 0);
		assert_int_equal(tripool_viewer_acquire(v, &frame), -EPROTO);
		assert_int_equal(frame.sequence, 77);
		assert_int_equal(tripool_viewer_acquire(v, &frame), -EPIPE);
		assert_int_equal(tripool_viewer_reconnect(v, NULL), 0);
		tripool_viewer_destroy(v);
		puppet_end(&host);
	}
}

/* Another name's producer is no reason; the time is over when it is over. */
static void a_viewer_waits_for_its_own_producer(void **state)
{
	(void)state;
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.wait_for_producer = true});
	struct tripool_format f = puppet_format(64);
	struct tripool_producer *p;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    tripool_producer_create(&p, &(struct tripool_producer_options){.name = "other"}, &f, NULL), 0);
		assert_int_equal(tripool_viewer_wait(v, i * 10), 0);
		tripool_producer_destroy(p);
	}
	/* And where they come and go without end. */
	pid_t pid = fork();
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (pid == 0)
		if (tripool_producer_create(&p, &(struct tripool_producer_options){.name = "other"}, &f, NULL) == 0)
			tripool_producer_destroy(p);
	for (int i = 1; i < 10; i++)
		assert_int_equal(tripool_viewer_wait(v, i), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	static const char *const left[] = {"other.sock", "other.lock", "other.sock.new"}; /* by who was killed */
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "%s/%s", scratch_directory(), left[i]);
		unlink(path);
	}
	tripool_viewer_destroy(v);
}

static void a_viewer_waits_for_its_own_without_end(void **state)
{
	(void)state;
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.wait_for_producer = true});
	struct tripool_format f = puppet_format(64);
	struct puppet host = puppet_start();
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++) {
			struct tripool_producer *p;
			usleep(2000);
			if (tripool_producer_create(&p, &(struct tripool_producer_options){.name = "other"}, &f, NULL) <
			    0)
				_exit(1);
			tripool_producer_destroy(p);
		}
		_exit(puppet_become_producer(&host, 64).result);
	}
	assert_int_equal(tripool_viewer_wait(v, -1), 1);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	tripool_viewer_destroy(v);
	puppet_end(&host);
}

/* Whom a producer does not answer looks again, after a second; but not where that is more than it has. */
static void a_mute_producer_is_asked_again(void **state)
{
	(void)state;
	puppet_produce(NULL, 64);
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.wait_for_producer = true});
	assert_false(tripool_viewer_connected(v));
	assert_int_equal(tripool_viewer_wait(v, 20), 0);
	assert_int_equal(tripool_viewer_wait(v, PATIENCE_MS), 1);
	assert_int_equal(tripool_viewer_wait(v, 20), 0);
	assert_int_equal(tripool_viewer_reconnect(v, NULL), -ETIMEDOUT);
	assert_int_equal(tripool_viewer_wait(v, -1), 1);
	tripool_viewer_destroy(v);
	puppet_produce_end();
}

static void a_viewer_notices_that_its_directory_goes(void **state)
{
	(void)state;
	char own[PATH_MAX], gone[PATH_MAX];
	snprintf(own, sizeof(own), "%s/streams", scratch_directory());
	snprintf(gone, sizeof(gone), "%s/gone", scratch_directory());
	setenv("TRIPOOL_DIR", own, 1);
	struct tripool_viewer *v = attach(&(struct tripool_viewer_options){.wait_for_producer = true});
	assert_int_equal(tripool_viewer_wait(v, 0), 0);
	assert_int_equal(rename(own, gone), 0);
	assert_int_equal(tripool_viewer_wait(v, PATIENCE_MS), 1);
	assert_int_equal(tripool_viewer_reconnect(v, NULL), -ENOENT); /* makes it anew, and watches that */
	struct puppet host = start_host();
	while (tripool_viewer_reconnect(v, NULL) == -ENOENT)
		assert_int_equal(tripool_viewer_wait(v, PATIENCE_MS), 1);
	tripool_viewer_destroy(v);
	puppet_end(&host);
	assert_int_equal(rmdir(own), 0);
	assert_int_equal(rmdir(gone), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(wrong_options_are_named),
	    TEST(a_frame_says_how_much_of_it_is_used),
	    TEST(a_frame_is_released_once),
	    TEST(frames_of_old_formats_may_go_in_any_order),
	    TEST(before_the_first_producer_there_is_no_format),
	    TEST(a_new_format_is_said_once_however_it_was_heard),
	    TEST(what_waits_outlives_a_look_for_another_producer),
	    TEST(an_entry_that_makes_no_sense_is_not_followed),
	    TEST(a_mute_producer_is_asked_again),
	    TEST(a_viewer_waits_for_its_own_producer),
	    TEST(a_viewer_waits_for_its_own_without_end),
	    TEST(a_viewer_notices_that_its_directory_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
