// SPDX-License-Identifier: MIT
/*
 * The harness's figures against ones worked out by hand, on a clock that goes on only as told (bench-clock.h). Times
 * below count from when the measuring begins; the frames are 2 to `frames` + 1, so k is sequence - 1.
 */
#include "bench-clock.h"
#include "bench-rig.h"
#include "bench/clock.h"
#include "bench/samples.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define MS INT64_C(1000000)

/* What everything costs: set before measure. */
static int64_t publish_wall_ns;
static int64_t (*latency_of)(uint64_t k);

static int opens(struct link *link)
{
	bench_clock_spend(70 * MS, 1000 * MS, 1000 * MS); /* not to be in any figure */
	link->copied_bytes += 1000000;
	return 0;
}

static int publishes(struct link *link, uint64_t sequence)
{
	(void)link;
	(void)sequence;
	bench_clock_spend(publish_wall_ns, 3000, 4000);
	rig->posted_ns = now_ns();
	return 0;
}

/* The first viewer's take and release cost 7 us of CPU together, the second one's 9; and it is 4 us later. */
static int takes(struct link *link, int viewer, uint64_t sequence)
{
	(void)link;
	bench_clock_reach(rig->posted_ns);
	bench_clock_spend(latency_of(sequence - 1) + viewer * 4000, viewer == 0 ? 5000 : 7000, 0);
	return 0;
}

static void releases(int viewer)
{
	(void)viewer;
	bench_clock_spend(2000, 2000, 0);
}

static struct outcome measured(struct job job)
{
	struct outcome o;
	char why[WHY_BYTES];
	rig->open_producer = rig->open_viewer = opens;
	rig->publish = publishes;
	rig->take = takes;
	rig->release = releases;
	int r = measure(&job, scratch_directory(), getpid(), &o, why);
	if (r < 0)
		print_error("%s\n", why);
	assert_int_equal(r, 0);
	return o;
}

/* As good as equal: what is left is the order of the operations. */
static void expect(const char *what, double is, double expected)
{
	double error = is - expected;
	if (error < -1e-9 * expected || error > 1e-9 * expected)
		print_error("%s: %.12g, not %.12g\n", what, is, expected);
	assert_true(error >= -1e-9 * expected && error <= 1e-9 * expected);
}

/* 1 to 100 us, each once, in no order: 37 and 100 have no common divisor. The last is 1 us. */
static int64_t mixed(uint64_t k)
{
	return (int64_t)(k * 37 % 100 + 1) * 1000;
}

static int64_t five_us(uint64_t k)
{
	(void)k;
	return 5000;
}

static struct job at_100_hz(void)
{
	struct job job = rig_job();
	job.hz = 100;
	job.seconds = 1;
	job.patience_s = 10;
	return job;
}

static void figures_at_a_rate(void **state)
{
	(void)state;
	rig_clear();
	publish_wall_ns = 1000;
	latency_of = mixed;
	struct outcome o = measured(at_100_hz());
	assert_int_equal(o.published, 100);
	assert_int_equal(o.received, 100);
	assert_int_equal(o.lost + o.torn + o.disordered, 0);
	/* The k-th frame is stamped at k * 10 ms, published 1 us later, and there 1 to 100 us after that. */
	expect("published fps", o.published_fps, 100 / 1.000001);
	expect("fps", o.fps, 100 / 1.000002);
	assert_int_equal(o.samples, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(o.sample_ns[i], 2000 + (int64_t)i * 1000);
	expect("p50", quantile_of_sorted(o.sample_ns, o.samples, 0.5), 51000);
	expect("p90", quantile_of_sorted(o.sample_ns, o.samples, 0.9), 91000);
	expect("p99", quantile_of_sorted(o.sample_ns, o.samples, 0.99), 100000);
	expect("p99.9", quantile_of_sorted(o.sample_ns, o.samples, 0.999), 101000);
	expect("max", quantile_of_sorted(o.sample_ns, o.samples, 1), 101000);
	expect("producer's CPU", o.producer_cpu_us, 3);
	expect("viewer's CPU", o.viewer_cpu_us, 7);
	expect("daemon's CPU", o.daemon_cpu_us, 4);
	expect("copied", o.copied_bytes, RIG_BYTES + RIG_VIEWER_COPIES);
	outcome_finish(&o);
}

static void figures_of_two_viewers(void **state)
{
	(void)state;
	rig_clear();
	publish_wall_ns = 1000;
	latency_of = five_us;
	struct job job = at_100_hz();
	job.viewers = 2;
	struct outcome o = measured(job);
	assert_int_equal(o.received, 200);
	expect("fps", o.fps, 100 / 1.00001); /* the slower one's */
	assert_int_equal(o.samples, 200);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(o.sample_ns[i], i < 100 ? 6000 : 10000);
	expect("producer's CPU", o.producer_cpu_us, 3);
	expect("viewer's CPU", o.viewer_cpu_us, 8); /* on the average */
	expect("copied", o.copied_bytes, RIG_BYTES + RIG_VIEWER_COPIES);
	outcome_finish(&o);
}

static struct job flat_out(void)
{
	struct job job = rig_job();
	job.hz = 0;
	job.seconds = 0.01;
	job.patience_s = 10;
	return job;
}

/* 10 us a frame. The clock is looked at after 1, 2, 4, ... 32 frames (630 us) and then after each 64 (0.64 ms), until
 * it has been 10 ms: 15 times more, 63 + 960 = 1023 frames; and the last is one more: 1024 in 10.24 ms. */
static void figures_flat_out(void **state)
{
	(void)state;
	rig_clear();
	rig->frames = 1024;
	publish_wall_ns = 10000;
	latency_of = five_us;
	struct outcome o = measured(flat_out());
	assert_int_equal(o.published, 1024);
	assert_int_equal(o.received, 1024);
	expect("published fps", o.published_fps, 100000);
	expect("fps", o.fps, 1024 / 0.010247); /* it has released the last one 5 + 2 us later */
	assert_int_equal(o.samples, 0);
	expect("producer's CPU", o.producer_cpu_us, 3);
	expect("viewer's CPU", o.viewer_cpu_us, 7);
	outcome_finish(&o);
}

static int loses_the_last(struct link *link, uint8_t *frame, uint64_t sequence)
{
	if (sequence != 1025)
		rig_deliver(link, frame);
	return sequence == 1025;
}

/* It is a frame long after the last that says so: that time is not in the rate. */
static void figures_without_the_last_frame(void **state)
{
	(void)state;
	rig_clear();
	rig->frames = 1024;
	rig->carry = loses_the_last;
	publish_wall_ns = 10000;
	latency_of = five_us;
	struct outcome o = measured(flat_out());
	assert_int_equal(o.received, 1023);
	assert_int_equal(o.lost, 1);
	expect("fps", o.fps, 1023 / 0.01024);
	outcome_finish(&o);
}

/* 50 ms a frame at 100 Hz: from 10 ms on, one begins each 50 ms, the 22nd at 1.06 s. That is done at 1.11 s, 0.1 s
 * after when all of them should have been (and the 10 ms); then comes the last. */
static void figures_of_a_producer_that_cannot_keep_its_rate(void **state)
{
	(void)state;
	rig_clear();
	rig->frames = 23;
	publish_wall_ns = 50 * MS;
	latency_of = five_us;
	struct outcome o = measured(at_100_hz());
	assert_int_equal(o.published, 23);
	assert_int_equal(o.received, 23);
	expect("published fps", o.published_fps, 23 / 1.16);
	expect("fps", o.fps, 23 / 1.160005);
	expect("least", (double)o.sample_ns[0], 50005000);
	expect("greatest", (double)o.sample_ns[22], 50005000);
	expect("daemon's CPU", o.daemon_cpu_us, 4);
	outcome_finish(&o);
}

static int loses_each_4th(struct link *link, uint8_t *frame, uint64_t sequence)
{
	if (sequence % 4 != 0)
		rig_deliver(link, frame);
	return sequence % 4 == 0;
}

/* What a viewer costs is by the frames that it had. */
static void figures_where_frames_are_lost(void **state)
{
	(void)state;
	rig_clear();
	rig->carry = loses_each_4th;
	publish_wall_ns = 1000;
	latency_of = five_us;
	struct outcome o = measured(at_100_hz());
	assert_int_equal(o.received, 75);
	assert_int_equal(o.lost, 25);
	expect("published fps", o.published_fps, 100 / 1.000001);
	expect("fps", o.fps, 75 / 1.000006);
	assert_int_equal(o.samples, 75);
	expect("producer's CPU", o.producer_cpu_us, 3);
	expect("viewer's CPU", o.viewer_cpu_us, 7);
	expect("copied", o.copied_bytes, 0.75 * RIG_BYTES + RIG_VIEWER_COPIES);
	outcome_finish(&o);
}

int main(void)
{
	if (rig_make() < 0 || scratch_make() < 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(figures_at_a_rate),
	    cmocka_unit_test(figures_of_two_viewers),
	    cmocka_unit_test(figures_flat_out),
	    cmocka_unit_test(figures_without_the_last_frame),
	    cmocka_unit_test(figures_of_a_producer_that_cannot_keep_its_rate),
	    cmocka_unit_test(figures_where_frames_are_lost),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return scratch_remove() == 0 ? failed : 1;
}
