// SPDX-License-Identifier: MIT
/* What a viewer asks the system for fails. Its producer is another process, to which nothing happens. */
#include "clock.h"
#include "faults.h"
#include "puppet.h"
#include "scenarios.h"
#include "viewer.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

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

static void walk_through_create(struct faults_walk *walk, const struct tripool_viewer_options *o)
{
	const struct faults_stock before = faults_take_stock();
	while (faults_next(walk)) {
		struct tripool_viewer *untouched = (struct tripool_viewer *)&walk, *v = untouched;
		struct tripool_error error = {""};
		faults_arm(walk);
		int r = tripool_viewer_create(&v, o, &error);
		faults_disarm(walk);
		if (!o->wait_for_producer || r < 0)
			faults_judge(walk, r, &error);
		if (r < 0) {
			assert_ptr_equal(v, untouched);
			faults_expect_stock(walk, &before);
			if (tripool_viewer_create(&v, o, &error) < 0)
				fail_msg("%s: %s does not fail any more: %s", walk->name, walk->function, error.text);
		}
		tripool_viewer_destroy(v);
		faults_expect_stock(walk, &before);
	}
}

void a_viewer_that_cannot_attach_leaves_nothing(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "attach"};
	const struct tripool_viewer_options o = {.name = "t"};
	struct puppet host = start_host();
	walk_through_create(&walk, &o);
	puppet_end(&host);
}

void so_it_is_with_every_frame(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "attach for every frame", .lasting = 1};
	const struct tripool_viewer_options o = {.name = "t", .every = true, .leases = 2};
	struct puppet host = start_host();
	walk_through_create(&walk, &o);
	puppet_end(&host);
}

void so_it_is_without_proc_for_a_viewer(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "attach without /proc"};
	const struct tripool_viewer_options o = {.name = "t"};
	struct puppet host = start_host();
	faults_no_proc(true);
	walk_through_create(&walk, &o);
	faults_no_proc(false);
	puppet_end(&host);
}

void so_it_is_without_a_producer(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "attach later"};
	const struct tripool_viewer_options o = {.name = "t", .wait_for_producer = true};
	walk_through_create(&walk, &o);
}

static struct tripool_viewer *attach(bool every)
{
	struct tripool_viewer *v = NULL;
	struct tripool_error error = {""};
	const struct tripool_viewer_options o = {.name = "t", .every = every, .leases = 2};
	if (tripool_viewer_create(&v, &o, &error) < 0)
		fail_msg("%s", error.text);
	return v;
}

void a_viewer_that_cannot_reconnect_can_try_again(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "reconnect", .lasting = 3};
	struct puppet host = start_host();
	struct tripool_viewer *v = attach(false);
	tripool_connection_close(v, 0);
	const struct faults_stock before = faults_take_stock();
	struct tripool_frame kept, frame;
	assert_int_equal(tripool_viewer_acquire(v, &kept), 0);
	uint8_t first = kept.memory[0];
	tripool_viewer_release(v, &kept);
	while (faults_next(&walk)) {
		struct tripool_error error = {""};
		faults_arm(&walk);
		int r = tripool_viewer_reconnect(v, &error);
		faults_disarm(&walk);
		faults_judge(&walk, r, &error);
		if (r < 0) {
			/* It has what it had. */
			faults_expect_stock(&walk, &before);
			assert_false(tripool_viewer_connected(v));
			tripool_viewer_rewind(v);
			assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
			assert_int_equal(frame.memory[0], first);
			tripool_viewer_release(v, &frame);
			if (tripool_viewer_reconnect(v, &error) < 0)
				fail_msg("%s: %s does not fail any more: %s", walk.name, walk.function, error.text);
		}
		assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
		assert_int_equal(frame.memory[0], first);
		tripool_viewer_release(v, &frame);
		tripool_connection_close(v, 0);
		faults_expect_stock(&walk, &before);
	}
	tripool_viewer_destroy(v);
	puppet_end(&host);
}

static void change_format(struct puppet *host)
{
	static uint32_t width_px = 64;
	width_px = 192 - width_px; /* 128, 64, ...: of as many pages */
	assert_int_equal(puppet_set_format(host, width_px).result, 0);
	assert_int_equal(puppet_make_frames(host, 1).result, 0);
	puppet_tell_host(host);
}

/* All that comes before the frame of the new generation; or why that does not come. */
static int acquire_news(struct tripool_viewer *v, struct tripool_frame *frame)
{
	int r;
	while ((r = tripool_viewer_acquire(v, frame)) == -ESTALE)
		;
	return r;
}

static void walk_through_a_new_format(const char *name, bool every)
{
	struct faults_walk walk = {.name = name, .lasting = 3};
	struct puppet host = start_host();
	struct tripool_viewer *v = attach(every);
	struct tripool_frame frame;
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_error error = {""};
		change_format(&host);
		faults_arm(&walk);
		int r = acquire_news(v, &frame);
		faults_disarm(&walk);
		if (r == -EAGAIN) /* with every: it came before that frame, and is to come after it */
			r = acquire_news(v, &frame);
		if (r < 0) {
			assert_true(walk.hit);
			/* Said once; from then on there is no producer, until there is one again. */
			assert_false(tripool_viewer_connected(v));
			assert_int_equal(tripool_viewer_acquire(v, &frame), -EPIPE);
			if (tripool_viewer_reconnect(v, &error) < 0)
				fail_msg("%s: %s does not fail any more: %s", walk.name, walk.function, error.text);
			change_format(&host);
			r = acquire_news(v, &frame);
		}
		assert_int_equal(r, 0);
		tripool_viewer_release(v, &frame);
		/* It may have lost its producer after the news. */
		if (!tripool_viewer_connected(v))
			assert_int_equal(tripool_viewer_reconnect(v, &error), 0);
		faults_expect_stock(&walk, &before);
	}
	tripool_viewer_destroy(v);
	puppet_end(&host);
}

void a_new_format_that_cannot_be_had_is_told(void **state)
{
	(void)state;
	walk_through_a_new_format("a new format comes", false);
	walk_through_a_new_format("a new format comes, for every frame", true);
}

void room_is_told_of_whatever_fails(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "release, where room is wanted", .lasting = 2};
	struct puppet host = start_host();
	struct tripool_viewer *v = attach(true);
	struct tripool_frame frame;
	while (faults_next(&walk)) {
		assert_int_equal(puppet_make_frames(&host, 1).result, 0);
		puppet_tell_host(&host);
		assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
		atomic_store(&v->page->wants_room, 1); /* as a producer does whom a full queue keeps waiting */
		faults_arm(&walk);
		tripool_viewer_release(v, &frame);
		faults_disarm(&walk);
		/* What the kernel had no memory for is said at the next release. The host does not wait for what is
		 * said, and so hangs up. */
		bool unsaid = walk.hit && walk.error != EINTR;
		bool again = unsaid && (walk.error == ENOMEM || walk.error == ENOBUFS);
		assert_int_equal(atomic_load(&v->page->wants_room), again);
		atomic_store(&v->page->wants_room, 0);
		assert_int_equal(tripool_viewer_wait(v, unsaid ? 0 : PATIENCE_MS), !unsaid);
		if (tripool_viewer_connected(v))
			continue;
		assert_int_equal(tripool_viewer_reconnect(v, NULL), 0);
	}
	tripool_viewer_destroy(v);
	puppet_end(&host);
}

/* By its own wait and by its fd: it hears of frames, and where its producer goes, of the next one. */
void waiting_outlives_whatever_fails(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "wait", .lasting = 3};
	while (faults_next(&walk)) {
		struct puppet host = start_host();
		struct tripool_viewer *v = attach(false);
		struct tripool_frame frame;
		faults_arm(&walk);
		tripool_viewer_wait(v, 0);
		assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
		tripool_viewer_release(v, &frame);
		tripool_viewer_wait(v, 1);
		faults_pause();
		puppet_end(&host);
		struct pollfd f = {.fd = tripool_viewer_fd(v), .events = POLLIN};
		int64_t late_ns = tripool_now_ns() + PATIENCE_MS * INT64_C(1000000);
		faults_resume();
		while (tripool_viewer_connected(v) && tripool_now_ns() < late_ns)
			tripool_viewer_wait(v, 1);
		tripool_viewer_acquire(v, &frame);
		faults_disarm(&walk);
		assert_false(tripool_viewer_connected(v));
		while (tripool_viewer_arm(v) == 1)
			assert_true(tripool_viewer_acquire(v, &frame) < 0);
		host = start_host();
		if (poll(&f, 1, PATIENCE_MS) != 1)
			fail_msg("after %s had failed nobody told of the next producer", walk.function);
		assert_int_equal(tripool_viewer_arm(v), 1);
		assert_int_equal(tripool_viewer_reconnect(v, NULL), 0);
		tripool_viewer_destroy(v);
		puppet_end(&host);
	}
}
