// SPDX-License-Identifier: MIT
/* What a producer tells who asks: each figure against what is known to be so; and that nobody notices. */
#include "layout.h"
#include "listing.h"
#include "puppet.h"
#include "tripool_report.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct tripool_producer_options roomy = {.max_viewers = 4, .max_leases = 40};

/* Asks a producer of this process. */
static struct tripool_report report_of(struct tripool_producer *producer, const char *name)
{
	struct tripool_report r;
	struct tripool_error error = {""};
	int fd = tripool_report_ask(name, &error);
	assert_true(fd >= 0);
	assert_int_equal(tripool_report_take(fd, &r, &error), -EAGAIN);
	tripool_producer_dispatch(producer);
	struct pollfd f = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&f, 1, 0), 1);
	if (tripool_report_take(fd, &r, &error) < 0)
		fail_msg("%s", error.text);
	close(fd);
	return r;
}

static struct tripool_report_viewer viewer_of(struct tripool_producer *producer, uint32_t index)
{
	struct tripool_report r = report_of(producer, "t");
	assert_in_range(r.viewers, index + 1, TRIPOOL_MAX_SLOTS);
	return r.viewer[index];
}

static void expect(
    struct tripool_producer *producer, uint32_t index, uint64_t lag, uint32_t held, uint64_t acquired, uint64_t skipped)
{
	struct tripool_report_viewer v = viewer_of(producer, index);
	assert_int_equal(v.lag, lag);
	assert_int_equal(v.held, held);
	assert_int_equal(v.frames_acquired, acquired);
	assert_int_equal(v.frames_skipped, skipped);
}

static void a_stream_tells_of_itself(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {
	    .max_viewers = 3, .max_leases = 10, .write_depth = 2, .lossless = true, .source = "a \x1b[31msource"};
	struct tripool_producer *producer = puppet_produce(&o, 64);
	struct tripool_format format = puppet_format(64), wider = puppet_format(128);
	struct tripool_producer_stats stats;
	struct tripool_slot slot;
	struct tripool_report r = report_of(producer, "t");
	assert_int_equal(r.producer_pid, getpid());
	assert_int_equal(r.generation, 1);
	assert_int_equal(r.sequence, 0);
	assert_int_equal(r.publish_ns, 0);
	assert_int_equal(r.interval_ns, 0);
	assert_int_equal(r.viewers, 0);
	assert_int_equal(r.slots, 1 + 2 + 10);
	assert_int_equal(r.slots_touched, 0);
	assert_int_equal(r.slots_writing, 0);
	assert_int_equal(r.write_depth, 2);
	assert_int_equal(r.max_viewers, 3);
	assert_int_equal(r.leases, 0);
	assert_int_equal(r.max_leases, 10);
	assert_int_equal(r.lossless, 1);
	assert_string_equal(r.source, "a ?[31msource");
	assert_memory_equal(&r.format, &format, sizeof(format));

	puppet_publish(producer, 1);
	assert_int_equal(report_of(producer, "t").interval_ns, 0);
	usleep(20000);
	puppet_publish(producer, 1);
	assert_int_equal(tripool_producer_begin(producer, &slot), 0);
	r = report_of(producer, "t");
	tripool_producer_get_stats(producer, &stats);
	assert_int_equal(r.sequence, 2);
	assert_in_range(r.interval_ns, 20000000, r.publish_ns);
	assert_in_range(r.publish_ns, r.interval_ns, r.report_ns);
	assert_int_equal(r.slots_writing, 1);
	assert_int_equal(r.slots_touched, stats.slots_touched);
	assert_int_equal(r.pool_resident_bytes, stats.pool_resident_bytes);
	assert_in_range(r.pool_resident_bytes, 3 * 4096, r.pool_bytes);

	assert_int_equal(tripool_producer_set_format(producer, &wider, NULL), 0);
	r = report_of(producer, "t");
	assert_int_equal(r.generation, 2);
	assert_int_equal(r.sequence, 2);
	assert_int_equal(r.publish_ns, 0);
	assert_int_equal(r.interval_ns, 0);
	assert_memory_equal(&r.format, &wider, sizeof(wider));
	puppet_publish(producer, 1);
	r = report_of(producer, "t");
	assert_int_equal(r.sequence, 3);
	assert_true(r.publish_ns > 0);
	assert_int_equal(r.interval_ns, 0);
	puppet_produce_end();
}

static void newest_viewers_are_told(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	struct puppet a = puppet_start(), b = puppet_start();
	puppet_publish(producer, 5);
	assert_int_equal(puppet_view(&a, 3, false).result, 0);
	assert_int_equal(puppet_view(&b, 1, false).result, 0);
	struct tripool_report r = report_of(producer, "t");
	assert_int_equal(r.viewers, 2);
	assert_int_equal(r.leases, 4);
	assert_int_equal(r.viewer[0].pid, a.pid);
	assert_int_equal(r.viewer[1].pid, b.pid);
	assert_string_equal(r.viewer[0].name, "puppet");
	assert_int_equal(r.viewer[0].leases, 3);
	assert_int_equal(r.viewer[1].leases, 1);
	assert_int_equal(r.viewer[0].every, 0);
	assert_int_equal(r.viewer[0].closed, 0);
	expect(producer, 0, TRIPOOL_UNKNOWN, 0, 0, 0);

	assert_int_equal(puppet_acquire(&a, 0).sequence, 5);
	expect(producer, 0, 0, 1, 1, 0);
	puppet_publish(producer, 4);
	expect(producer, 0, 4, 1, 1, 0);
	assert_int_equal(puppet_acquire(&a, 1).sequence, 9);
	expect(producer, 0, 0, 2, 2, 3);
	puppet_release(&a, 0);
	expect(producer, 0, 0, 1, 2, 3);
	puppet_release(&a, 1);
	puppet_publish(producer, 7);
	expect(producer, 0, 7, 0, 2, 3);
	expect(producer, 1, TRIPOOL_UNKNOWN, 0, 0, 0);
	puppet_kill(&a, SIGKILL);
	tripool_producer_dispatch(producer);
	r = report_of(producer, "t");
	assert_int_equal(r.viewers, 1);
	assert_int_equal(r.viewer[0].pid, b.pid);
	puppet_end(&b);
	puppet_produce_end();
}

static void viewers_of_every_frame_are_told(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&roomy, 64);
	struct tripool_format wider = puppet_format(128);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 4).result, 0);
	assert_int_equal(viewer_of(producer, 0).every, 1);
	expect(producer, 0, 0, 0, 0, 0);
	puppet_publish(producer, 3);
	expect(producer, 0, 3, 0, 0, 0);
	puppet_acquire(&v, 0);
	expect(producer, 0, 2, 1, 1, 0);
	puppet_acquire(&v, 1);
	puppet_release(&v, 1); /* its place is free when the one before is */
	expect(producer, 0, 1, 2, 2, 0);
	puppet_publish(producer, 10);
	expect(producer, 0, 2, 2, 2, 0);
	puppet_release(&v, 0);
	expect(producer, 0, 2, 0, 2, 0);
	puppet_publish(producer, 1);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(puppet_acquire(&v, i).result, 0);
	expect(producer, 0, 0, 3, 5, 9);
	/* What waits in an older format still waits; what is held of it takes no place in the new one. */
	puppet_publish(producer, 1);
	assert_int_equal(tripool_producer_set_format(producer, &wider, NULL), 0);
	expect(producer, 0, 1, 3, 5, 9);
	assert_int_equal(puppet_acquire(&v, 3).sequence, 15);
	assert_int_equal(puppet_acquire(&v, 4).result, -ESTALE);
	expect(producer, 0, 0, 0, 6, 9);
	puppet_end(&v);
	puppet_produce_end();
}

static void one_that_was_shut_out_is_told(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {.max_leases = 40, .lossless = true, .stall_ms = 50};
	struct tripool_producer *producer = puppet_produce(&o, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view_every(&v, 2).result, 0);
	puppet_publish(producer, 2);
	assert_int_equal(viewer_of(producer, 0).closed, 0);
	puppet_publish(producer, 1);
	assert_int_equal(viewer_of(producer, 0).closed, 1);
	expect(producer, 0, 2, 0, 0, 0);
	puppet_end(&v);
	puppet_produce_end();
}

static void count_lines(void *context, enum tripool_log_level level, const char *text)
{
	(void)level;
	(void)text;
	++*(int *)context;
}

static void asking_disturbs_nobody(void **state)
{
	(void)state;
	int lines = 0;
	const struct tripool_producer_options o = {.max_viewers = 1, .log = count_lines, .log_context = &lines};
	struct tripool_producer *producer = puppet_produce(&o, 64);
	struct tripool_producer_stats before, after;
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 10);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 10);
	puppet_publish(producer, 10);
	tripool_producer_get_stats(producer, &before);
	int fds = count_fds();
	lines = 0;
	puppet_tell_wait(&v, 20000); /* it has something new at once, and is asked only at the end */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(report_of(producer, "t").viewers, 1); /* although the house is full */
		assert_int_equal(tripool_producer_viewers(producer), 1);
		assert_int_equal(count_fds(), fds);
	}
	assert_int_equal(lines, 0);
	tripool_producer_get_stats(producer, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(puppet_hear(&v).result, 1);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_release(&v, 0);
	/* One that sleeps is not woken. */
	assert_int_equal(puppet_acquire(&v, 0).sequence, 20);
	puppet_tell_wait(&v, 300);
	for (int i = 0; i < 100; i++)
		report_of(producer, "t");
	assert_int_equal(puppet_hear(&v).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

static void each_stream_tells_of_its_own(void **state)
{
	(void)state;
	struct tripool_producer *a = list_produce("a", NULL, NULL), *b = list_produce("b", NULL, NULL);
	puppet_publish(a, 3);
	puppet_publish(b, 8);
	assert_int_equal(report_of(a, "a").sequence, 3);
	assert_int_equal(report_of(b, "b").sequence, 8);
	tripool_producer_destroy(a);
	tripool_producer_destroy(b);
}

static void the_fullest_house_fits(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&(struct tripool_producer_options){.max_viewers = 62}, 64);
	struct puppet v[62];
	for (int i = 0; i < 62; i++) {
		v[i] = puppet_start();
		assert_int_equal(puppet_view(&v[i], 1, false).result, 0);
	}
	struct tripool_report r = report_of(producer, "t");
	assert_int_equal(r.viewers, 62);
	for (int i = 0; i < 62; i++) {
		assert_int_equal(r.viewer[i].pid, v[i].pid);
		assert_string_equal(r.viewer[i].name, "puppet");
	}
	for (int i = 0; i < 62; i++)
		puppet_end(&v[i]);
	puppet_produce_end();
}

static void a_producer_that_does_not_answer_is_told(void **state)
{
	(void)state;
	struct puppet p = puppet_start();
	struct tripool_report r = {.sequence = 77};
	struct tripool_error error;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	assert_int_equal(tripool_report_get("t", 100, &r, &error), -ENOENT);
	assert_string_equal(error.text, "stream 't' has no producer");
	assert_int_equal(tripool_report_ask("a b", &error), -EINVAL);
	assert_int_equal(puppet_become_producer(&p, 64).result, 0);
	assert_int_equal(puppet_make_frames(&p, 4).result, 0);
	/* It does not dispatch now. */
	assert_int_equal(tripool_report_get("t", 100, &r, &error), -ETIMEDOUT);
	assert_non_null(strstr(error.text, "does not answer"));
	assert_int_equal(r.sequence, 77);
	int fd = tripool_report_ask("t", &error);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
	assert_int_equal(peer.pid, p.pid);
	/* Later it does, also for who asked meanwhile. */
	puppet_tell_host(&p);
	assert_int_equal(tripool_report_get("t", -1, &r, &error), 0);
	assert_int_equal(r.producer_pid, p.pid);
	assert_int_equal(r.sequence, 4);
	assert_int_equal(tripool_report_take(fd, &r, &error), 0);
	close(fd);
	fd = tripool_report_ask("t", &error);
	puppet_kill(&p, SIGKILL);
	assert_int_equal(tripool_report_take(fd, &r, &error), -EPIPE);
	close(fd);
	assert_int_equal(tripool_report_get("t", 100, &r, &error), -ENOENT);
	puppet_produce(NULL, 64); /* takes over what was left of the name */
	puppet_produce_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_stream_tells_of_itself),
	    TEST(newest_viewers_are_told),
	    TEST(viewers_of_every_frame_are_told),
	    TEST(one_that_was_shut_out_is_told),
	    TEST(asking_disturbs_nobody),
	    TEST(each_stream_tells_of_its_own),
	    TEST(the_fullest_house_fits),
	    TEST(a_producer_that_does_not_answer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
