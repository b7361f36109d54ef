// SPDX-License-Identifier: MIT
/* A transport that loses frames, tears them or brings them out of order is found out, to the frame. On a clock of the
 * test's own (bench-clock.h): a busy machine is no reason to publish fewer. */
#include "bench-clock.h"
#include "bench-rig.h"
#include "bench/clock.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static uint8_t kept[RIG_BYTES]; /* by the producer, of an earlier frame */
static int kept_for;            /* frames more */

static int publishes(struct link *link, uint64_t sequence)
{
	(void)link;
	(void)sequence;
	rig->posted_ns = now_ns();
	return 0;
}

static int takes(struct link *link, int viewer, uint64_t sequence)
{
	(void)link;
	(void)viewer;
	(void)sequence;
	bench_clock_reach(rig->posted_ns);
	return 0;
}

static struct outcome measured_with(
    struct job job, int (*carry)(struct link *, uint8_t *, uint64_t), int (*take)(struct link *, int, uint64_t))
{
	struct outcome o;
	char why[WHY_BYTES];
	rig_clear();
	rig->carry = carry;
	rig->publish = publishes;
	rig->take = take;
	job.patience_s = 10;
	int r = measure(&job, scratch_directory(), 0, &o, why);
	if (r < 0)
		print_error("%s\n", why);
	assert_int_equal(r, 0);
	assert_int_equal(o.published, 100);
	outcome_finish(&o);
	return o;
}

static struct outcome measured(struct job job, int (*carry)(struct link *, uint8_t *, uint64_t))
{
	return measured_with(job, carry, takes);
}

static struct job in(bool real)
{
	struct job job = rig_job();
	job.real = real;
	return job;
}

static void expect(const struct outcome *o, uint64_t received, uint64_t lost, uint64_t torn, uint64_t disordered)
{
	assert_int_equal(o->received, received);
	assert_int_equal(o->lost, lost);
	assert_int_equal(o->torn, torn);
	assert_int_equal(o->disordered, disordered);
}

static int deliver_all(struct link *link, uint8_t *frame, uint64_t sequence)
{
	(void)sequence;
	rig_deliver(link, frame);
	return 0;
}

static void no_fault_is_found_where_there_is_none(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct job job = in(i & 1);
		job.sleeping = i & 2;
		job.viewers = i & 4 ? 3 : 1;
		struct outcome o = measured(job, deliver_all);
		expect(&o, 100 * (uint64_t)job.viewers, 0, 0, 0);
		assert_int_equal(o.samples, 100 * job.viewers);
	}
}

/* ---- Torn ---- */

static int tear(struct link *link, uint8_t *frame, uint64_t sequence)
{
	uint8_t torn[RIG_BYTES];
	memcpy(torn, frame, RIG_BYTES);
	if (sequence % 5 == 0)
		memcpy(torn + RIG_BYTES / 2, kept, RIG_BYTES / 2);
	memcpy(kept, frame, RIG_BYTES);
	rig_deliver(link, torn);
	return sequence % 5 == 0;
}

static void frames_of_two_halves_are_torn(void **state)
{
	(void)state;
	for (int real = 0; real < 2; real++) {
		struct outcome o = measured(in(real), tear);
		assert_int_equal(rig->made, 20);
		expect(&o, 100, 0, 20, 0);
	}
}

static int tear_the_middle(struct link *link, uint8_t *frame, uint64_t sequence)
{
	uint8_t torn[RIG_BYTES];
	memcpy(torn, frame, RIG_BYTES);
	if (sequence % 4 == 0)
		memcpy(torn + RIG_BYTES / 4, kept + RIG_BYTES / 4, RIG_BYTES / 4);
	memcpy(kept, frame, RIG_BYTES);
	rig_deliver(link, torn);
	return sequence % 4 == 0;
}

static size_t spoilt; /* which byte */

static int spoil_a_pixel(struct link *link, uint8_t *frame, uint64_t sequence)
{
	if (sequence % 10 == 0)
		frame[spoilt] ^= 1;
	rig_deliver(link, frame);
	return sequence % 10 == 0;
}

static void in_real_use_each_pixel_counts(void **state)
{
	(void)state;
	struct outcome o = measured(in(true), tear_the_middle);
	assert_int_equal(rig->made, 25);
	expect(&o, 100, 0, 25, 0);
	o = measured(in(false), tear_the_middle); /* the ends alone are read */
	expect(&o, 100, 0, 0, 0);

	static const size_t where[] = {
	    sizeof(struct stamp), RIG_BYTES / 2, RIG_BYTES / 3 * 2 + 1, RIG_BYTES - sizeof(struct stamp) - 1};
	for (size_t i = 0; i < sizeof(where) / sizeof(*where); i++) {
		spoilt = where[i];
		o = measured(in(true), spoil_a_pixel);
		assert_int_equal(rig->made, 10);
		expect(&o, 100, 0, 10, 0);
	}
}

/* ---- Lost ---- */

static int lose_each_7th(struct link *link, uint8_t *frame, uint64_t sequence)
{
	if (sequence % 7 != 0)
		rig_deliver(link, frame);
	return sequence % 7 == 0;
}

static int lose_the_first(struct link *link, uint8_t *frame, uint64_t sequence)
{
	bool lost = sequence >= 2 && sequence <= 4;
	if (!lost)
		rig_deliver(link, frame);
	return lost;
}

static int lose_the_last(struct link *link, uint8_t *frame, uint64_t sequence)
{
	bool lost = sequence >= 100 && sequence <= 103; /* two of them come after the last */
	if (!lost)
		rig_deliver(link, frame);
	return lost;
}

static int lose_all(struct link *link, uint8_t *frame, uint64_t sequence)
{
	bool lost = sequence >= 2 && sequence <= 101;
	if (!lost)
		rig_deliver(link, frame);
	return lost;
}

static void lost_frames_are_counted(void **state)
{
	(void)state;
	struct outcome o = measured(in(false), lose_each_7th);
	assert_int_equal(rig->made, 14);
	expect(&o, 86, 14, 0, 0);
	o = measured(in(false), lose_the_first);
	assert_int_equal(rig->made, 3);
	expect(&o, 97, 3, 0, 0);
	o = measured(in(true), lose_the_last);
	assert_int_equal(rig->made, 2);
	expect(&o, 98, 2, 0, 0);
	assert_int_equal(o.samples, 98);
	o = measured(in(false), lose_all);
	assert_int_equal(rig->made, 100);
	expect(&o, 0, 100, 0, 0);
	assert_int_equal(o.samples, 0);
	assert_true(o.fps == 0 && o.viewer_cpu_us == 0);
}

static int skip_each_7th(struct link *link, int viewer, uint64_t sequence)
{
	takes(link, viewer, sequence);
	return viewer == 1 && sequence % 7 == 0;
}

static void one_of_three_viewers_loses_frames(void **state)
{
	(void)state;
	struct job job = in(false);
	job.viewers = 3;
	struct outcome o = measured_with(job, NULL, skip_each_7th);
	expect(&o, 286, 14, 0, 0);
	assert_true(o.fps > 0 && o.fps < 0.95 * o.published_fps); /* the slowest viewer's */
}

static int skip_before(struct link *link, int viewer, uint64_t sequence)
{
	takes(link, viewer, sequence);
	return viewer == 0 ? sequence == 1 : sequence == 2 || sequence == 3;
}

static void what_comes_before_the_measuring_does_not_count(void **state)
{
	(void)state;
	struct job job = in(false);
	job.viewers = 2;
	/* So two frames are published until both have had one: 3 is the first that counts. */
	struct outcome o = measured_with(job, NULL, skip_before);
	expect(&o, 199, 1, 0, 0);
}

/* ---- Out of order ---- */

static int swap(struct link *link, uint8_t *frame, uint64_t sequence)
{
	if (sequence % 10 == 0) {
		memcpy(kept, frame, RIG_BYTES);
		return 0;
	}
	rig_deliver(link, frame);
	if (sequence % 10 == 1 && sequence > 10)
		rig_deliver(link, kept);
	return sequence % 10 == 1 && sequence > 10;
}

static int late_by; /* frames */

static int hold_one_back(struct link *link, uint8_t *frame, uint64_t sequence)
{
	if (sequence == 10) {
		memcpy(kept, frame, RIG_BYTES);
		kept_for = late_by;
		return 1;
	}
	rig_deliver(link, frame);
	if (kept_for > 0 && --kept_for == 0)
		rig_deliver(link, kept);
	return 0;
}

static int twice(struct link *link, uint8_t *frame, uint64_t sequence)
{
	rig_deliver(link, frame);
	if (sequence % 10 == 0)
		rig_deliver(link, frame);
	return sequence % 10 == 0;
}

static void frames_out_of_order_are_counted(void **state)
{
	(void)state;
	struct outcome o = measured(in(false), swap);
	/* 100 comes after 101: the measuring is over by then */
	assert_int_equal(rig->made, 10);
	expect(&o, 99, 1, 0, 9);
	o = measured(in(true), twice);
	assert_int_equal(rig->made, 10);
	expect(&o, 100, 0, 0, 10);
	for (late_by = 1; late_by <= 64; late_by += 7) {
		o = measured(in(false), hold_one_back);
		expect(&o, 100, 0, 0, 1);
	}
	late_by = 65; /* too late to be told from one that comes twice */
	o = measured(in(false), hold_one_back);
	expect(&o, 99, 1, 0, 1);
}

/* ---- No frames at all ---- */

static int bring_zeros(struct link *link, uint8_t *frame, uint64_t sequence)
{
	static const uint8_t zeros[RIG_BYTES];
	rig_deliver(link, sequence % 10 == 0 ? zeros : frame);
	return sequence % 10 == 0;
}

static int bring_rubbish(struct link *link, uint8_t *frame, uint64_t sequence)
{
	if (sequence % 10 == 0)
		memset(frame, 0xa5, RIG_BYTES);
	rig_deliver(link, frame);
	return sequence % 10 == 0;
}

static void what_is_no_frame_is_none(void **state)
{
	(void)state;
	struct outcome o = measured(in(false), bring_zeros);
	assert_int_equal(rig->made, 10);
	expect(&o, 90, 10, 0, 10);
	o = measured(in(false), bring_rubbish);
	assert_int_equal(rig->made, 10);
	expect(&o, 90, 10, 10, 0);
}

int main(void)
{
	if (rig_make() < 0 || scratch_make() < 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_fault_is_found_where_there_is_none),
	    cmocka_unit_test(frames_of_two_halves_are_torn),
	    cmocka_unit_test(in_real_use_each_pixel_counts),
	    cmocka_unit_test(lost_frames_are_counted),
	    cmocka_unit_test(one_of_three_viewers_loses_frames),
	    cmocka_unit_test(what_comes_before_the_measuring_does_not_count),
	    cmocka_unit_test(frames_out_of_order_are_counted),
	    cmocka_unit_test(what_is_no_frame_is_none),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	return scratch_remove() == 0 ? failed : 1;
}
