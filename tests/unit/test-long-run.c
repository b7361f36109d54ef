// SPDX-License-Identifier: MIT
/* What a viewer says after hours and days: large numbers, many samples, old frames; and that it sleeps meanwhile. */
#include "clock.h"
#include "figures.h"
#include "report.h"
#include "tile-rig.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE_NS (60 * NS_PER_SECOND)
#define HOUR_NS (60 * MINUTE_NS)

/* ---- Numbers -------------------------------------------------------------------------------------------------- */

static void sequences_have_more_than_32_bits(void **state)
{
	static const uint64_t from[] = {1, UINT32_MAX - 2, (UINT64_C(1) << 40) - 3, (UINT64_C(1) << 53) - 1};
	(void)state;
	rig_open(true, false);
	rig_produce(60, 1);
	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++) {
		rig_go_on_from(from[i]);
		for (uint64_t n = from[i]; n < from[i] + 6; n++) {
			rig_publish(n, 0);
			assert_true(rig_round(tripool_now_ns()));
			assert_true(rig.tile->stream.last.sequence == n);
			assert_true(stream_about(&rig.tile->stream)->sequence == n);
			assert_false(rig_round(tripool_now_ns()));
		}
	}
	assert_int_equal(rig.tile->stream.frames_shown, 24);
	assert_int_equal(rig.tile->stream.gaps, 0);

	char name[SCREENSHOT_NAME_BYTES], number[32];
	screenshot_name(name, sizeof(name), stream_about(&rig.tile->stream));
	snprintf(number, sizeof(number), "tripool-t-%" PRIu64 "-", (UINT64_C(1) << 53) + 4);
	assert_non_null(strstr(name, number));
	rig_close();
}

/* Publishes frames of which the tile sees the last, and expects that many more to be missing. */
static void source_goes_on(uint64_t first, unsigned count, uint64_t missing)
{
	struct stream *s = &rig.tile->stream;
	uint64_t before = s->gaps;
	for (unsigned i = 0; i < count; i++)
		rig_publish(first + i, 0);
	assert_true(rig_round(tripool_now_ns()));
	if (s->gaps - before != missing)
		fail_msg(
		    "%" PRIu64 " missing before %" PRIu64 ", should be %" PRIu64, s->gaps - before, first, missing);
}

static void gaps_are_the_source_s_alone(void **state)
{
	(void)state;
	rig_open(true, false);
	rig_produce(60, 1);
	source_goes_on(4711, 1, 0); /* the first one we see */
	source_goes_on(4712, 1, 0);
	source_goes_on(4716, 1, 3);
	source_goes_on(4717, 5, 0);                     /* skipped here, not missing */
	source_goes_on(4730, 5, 8);                     /* both at once */
	source_goes_on(1, 1, 0);                        /* the source began again */
	source_goes_on(3, 1, 1);                        /* ... and goes on */
	source_goes_on(UINT32_MAX, 1, UINT32_MAX - 4u); /* a driver's numbers may jump, have 32 bits and begin again */
	source_goes_on(0, 1, 0);
	source_goes_on(1, 1, 0); /* after 0, which is no number */
	source_goes_on(UINT64_C(1) << 40, 1, (UINT64_C(1) << 40) - 2);
	source_goes_on((UINT64_C(1) << 40) + 2, 1, 1);
	rig_end_producer();
	rig_round(tripool_now_ns());
	rig_produce(60, 1);
	rig_go_on_from(1000);
	source_goes_on((UINT64_C(1) << 41), 1, 0); /* another producer, which is not asked for what went before */
	assert_int_equal(rig.tile->stream.reconnects, 1);
	rig_close();
}

/* ---- Samples -------------------------------------------------------------------------------------------------- */

#define SAMPLES 10000000 /* 46 hours at 60 a second */

static void about(double got, double should)
{
	if (got < should * 0.995 || got > should * 1.005)
		fail_msg("%g, should be %g", got, should);
}

/* In a process of its own: it is the last that a program says. */
static struct json_object *report(struct tile *tile)
{
	struct grid grid = {.display = &rig.display, .tile = {tile}, .count = 1, .is_lone = true};
	char text[4096] = "";
	int ends[2], status;
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		_exit(report_print(&grid) == 0 ? 0 : 1);
	}
	close(ends[1]);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0); /* one write of less than a pipe holds */
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	struct json_object *o = json_tokener_parse(text);
	assert_non_null(o);
	return o;
}

static double number(struct json_object *o, const char *key, const char *inner)
{
	struct json_object *value;
	assert_true(json_object_object_get_ex(o, key, &value));
	if (inner)
		assert_true(json_object_object_get_ex(value, inner, &value));
	return json_object_get_double(value);
}

/* Two days of frames of which each is between 1 and 11 ms old when it is presented, and twice as old since capture. */
static void two_days_of_latencies(void **state)
{
	(void)state;
	rig_open(true, false);
	rig_produce(60, 1);
	rig_go_on_from(UINT64_C(1) << 33);
	rig_publish(1, 0);
	assert_true(rig_round(tripool_now_ns()));
	struct stream *s = &rig.tile->stream;
	int64_t frame_ns = NS_PER_SECOND / 60, begin = s->last_shown_ns;
	distribution_clear(&s->all.publish);
	distribution_clear(&s->all.capture);
	s->frames_shown = 0;
	figures_begin(rig.tile, begin);
	for (int i = 0; i < SAMPLES; i++) {
		int64_t now = begin + i * frame_ns, latency = NS_PER_MS + (int64_t)(i * 7919LL % 10000) * 1000;
		s->last.publish_ns = now - latency;
		s->last.capture_ns = now - 2 * latency;
		s->watching_since_ns = 0;
		stream_presented(s, now);
	}
	assert_int_equal(s->all.publish.count, SAMPLES);
	assert_int_equal(s->recent.capture.count, SAMPLES);
	for (int i = 0; i < STREAM_HISTORY; i++)
		assert_true(s->history_ms[i] >= 0.999f && s->history_ms[i] < 11.001f);

	struct json_object *o = report(rig.tile);
	assert_true(number(o, "frames_shown", NULL) == SAMPLES);
	about(number(o, "fps", NULL), 60);
	about(number(o, "latency_us", "p50"), 6000);
	about(number(o, "latency_us", "p99"), 10900);
	assert_true(number(o, "latency_us", "max") == 10999);
	about(number(o, "capture_latency_us", "p50"), 12000);
	assert_true(number(o, "last_sequence", NULL) == (double)(UINT64_C(1) << 33));
	json_object_put(o);

	/* the figures are of the two days, if nobody looked meanwhile, and the next ones of the time since then */
	int64_t end = begin + SAMPLES * frame_ns;
	s->last.sequence += SAMPLES;
	s->gaps = UINT64_MAX;
	figures_write(rig.tile, end);
	rig.tile->figures = true;
	tile_look_again(rig.tile);
	tile_place(rig.tile, rig.tile->area);
	assert_string_equal(rig_row("frame"), "8599934592");
	assert_string_equal(rig_row("rate"), "source 60.0 fps · shown 60.0 fps");
	assert_non_null(strstr(rig_row("since publish"), "p50 6.0"));
	assert_non_null(strstr(rig_row("lost"), "18446744073709551615 before they were published"));
	assert_int_equal(s->recent.publish.count, 0);
	rig_close();
}

static void times_that_cannot_be(void **state)
{
	(void)state;
	struct stream *s;
	rig_open(true, false);
	rig_produce(60, 1);
	s = &rig.tile->stream;
	rig_publish(1, tripool_now_ns() + HOUR_NS); /* captured in an hour */
	assert_true(rig_round(tripool_now_ns()));
	assert_true(s->last.capture_ns <= tripool_now_ns());
	rig_publish(2, INT64_MIN);
	assert_true(rig_round(tripool_now_ns()));
	rig_publish(3, 1); /* captured as the machine was switched on: it may be so */
	assert_true(rig_round(tripool_now_ns()));
	assert_int_equal(s->all.capture.count, 3);
	about((double)s->all.capture.most_ns, (double)tripool_now_ns());
	assert_true(distribution_percentile_us(&s->all.capture, 50) < 1e6);
	assert_true(s->all.publish.most_ns < (uint64_t)HOUR_NS);
	rig_close();
}

/* ---- Old frames ----------------------------------------------------------------------------------------------- */

static void expect_age(const char *before, int64_t age_ns)
{
	char words[160];
	int64_t minutes = age_ns / MINUTE_NS;
	if (minutes == 0)
		snprintf(words, sizeof(words), "%s · %.1f s", before, (double)age_ns / NS_PER_SECOND);
	else if (minutes < 60)
		snprintf(words, sizeof(words), "%s · %d min", before, (int)minutes);
	else
		snprintf(words, sizeof(words), "%s · %d h %d min", before, (int)(minutes / 60), (int)(minutes % 60));
	assert_string_equal(rig.message, words);
}

/* The words are right at every moment of a day, and nothing is done but when they change. */
static void age_for_a_day(const char *before)
{
	int64_t since = rig.tile->stream.last.publish_ns, now = since + 3500 * NS_PER_MS;
	unsigned rounds = 0;
	rig.tile->redraw = true;
	rig.tile->tick_ns = now;
	rig_round(now);
	while (now < since + 24 * HOUR_NS) {
		expect_age(before, now - since);
		now = tile_wake_ns(rig.tile);
		assert_true(now != 0);
		rig_round(now - 1);
		assert_false(rig.tile->changed);
		if (rounds >= 60) /* of seconds it may be one behind */
			expect_age(before, now - 1 - since);
		rig_round(now);
		assert_true(rig.tile->changed);
		rounds++;
	}
	assert_in_range(rounds, 24 * 60 + 50, 24 * 60 + 61);
}

static void a_producer_gone_for_a_day(void **state)
{
	(void)state;
	for (int redraws_all = 0; redraws_all < 2; redraws_all++) {
		rig_open(redraws_all, false);
		assert_string_equal(rig.message, "waiting for 't'");
		assert_int_equal(tile_wake_ns(rig.tile), 0);
		rig_produce(60, 1);
		rig_round(tripool_now_ns());
		rig_publish(1, 0);
		assert_true(rig_round(tripool_now_ns()));
		assert_string_equal(rig.message, "");
		rig_end_producer();
		rig_round(tripool_now_ns());
		assert_int_equal(rig.tile->stream.state, STREAM_LOST);
		age_for_a_day("producer is gone");

		/* and with the next one it goes on at once */
		rig_produce(60, 1);
		rig_publish(1, 0);
		assert_true(rig_round(tripool_now_ns()));
		assert_string_equal(rig.message, "");
		assert_int_equal(rig.tile->stream.frames_shown, 2);
		rig_close();
	}
}

static void a_producer_silent_for_a_day(void **state)
{
	(void)state;
	for (int redraws_all = 0; redraws_all < 2; redraws_all++) {
		rig_open(redraws_all, false);
		rig_produce(60, 1);
		rig_publish(1, 0);
		assert_true(rig_round(tripool_now_ns()));
		struct stream *s = &rig.tile->stream;
		assert_true(tile_wake_ns(rig.tile) == s->last.publish_ns + 2 * NS_PER_SECOND);
		s->last.publish_ns -= 3 * NS_PER_SECOND; /* the stream looks at the clock itself */
		rig_round(tripool_now_ns());
		assert_int_equal(s->state, STREAM_SILENT);
		age_for_a_day("no signal");
		rig_publish(2, 0);
		assert_true(rig_round(tripool_now_ns()));
		assert_string_equal(rig.message, "");
		rig_close();
	}
}

static void patience_by_the_stream_s_own_word(void **state)
{
	static const struct {
		uint32_t num, den;
		int64_t seconds;
	} rates[] = {{60, 1, 2}, {0, 0, 2}, {1, 1, 2}, {1, 5, 10}, {1, 600, 1200}, {1, 86400, 3600},
	    {1, UINT32_MAX, 3600}, {UINT32_MAX, 1, 2}};
	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		rig_open(true, false);
		rig_produce(rates[i].num, rates[i].den);
		rig_publish(1, 0);
		assert_true(rig_round(tripool_now_ns()));
		const struct stream *s = &rig.tile->stream;
		assert_true(stream_silent_from_ns(s) - s->last.publish_ns == rates[i].seconds * NS_PER_SECOND);
		rig_close();
	}
}

/* ---- Each frame once ------------------------------------------------------------------------------------------ */

static void publish_another(struct tile_rig *r)
{
	(void)r;
	rig_publish(2, 0);
}

/* A frame that comes while the one before is uploaded is not taken for that one: each is counted once. */
static void a_frame_that_comes_meanwhile(void **state)
{
	(void)state;
	for (int redraws_all = 0; redraws_all < 2; redraws_all++) {
		rig_open(redraws_all, false);
		rig_produce(60, 1);
		rig_round(tripool_now_ns());
		rig.on_upload = publish_another;
		rig.tile->redraw = true; /* the window was resized, say */
		rig_publish(1, 0);
		assert_true(rig_round(tripool_now_ns()));
		struct stream *s = &rig.tile->stream;
		assert_int_equal(s->frames_shown, 1);
		assert_int_equal(s->last.sequence, 1);
		assert_true(rig_round(tripool_now_ns()));
		assert_int_equal(s->frames_shown, 2);
		assert_int_equal(s->last.sequence, 2);
		assert_int_equal(s->lease.count, 2);
		assert_false(rig_round(tripool_now_ns()));
		assert_int_equal(rig.uploads, 2);
		rig_close();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sequences_have_more_than_32_bits),
	    cmocka_unit_test(gaps_are_the_source_s_alone),
	    cmocka_unit_test(two_days_of_latencies),
	    cmocka_unit_test(times_that_cannot_be),
	    cmocka_unit_test(a_producer_gone_for_a_day),
	    cmocka_unit_test(a_producer_silent_for_a_day),
	    cmocka_unit_test(patience_by_the_stream_s_own_word),
	    cmocka_unit_test(a_frame_that_comes_meanwhile),
	};
	return cmocka_run_group_tests_name("long run", tests, NULL, NULL);
}
