// SPDX-License-Identifier: MIT
/* What tripool-capture does when its source fails and comes back. */
#include "scripted-source.h"

#include <errno.h>

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

static void a_source_may_change_its_format(void **state)
{
	(void)state;
	static const struct life script[] = {
	    {.frames = 5, .error = -ESTALE, .write_depth = 2},
	    {.frames = 3, .error = -ESTALE, .width_px = 32, .write_depth = 2, .note = "wider"},
	    {.frames = 2, .error = -ESTALE, .width_px = 32, .write_depth = 2, .note = "wider"}, /* as before */
	    {.frames = 100, .write_depth = 3},
	};
	assert_int_equal(run_heard(script, 4, (struct options){.frames = 20}), 0);
	assert_int_equal(stats.frames_published, 20);
	assert_int_equal(stats.generation, 3);
	assert_int_equal(capture.supply.renewals, 3);
	assert_int_equal(capture.supply.restarts, 0);
	assert_int_equal(times_said("wider\n"), 1);
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

/* Nobody comes here: after five seconds it begins all the same. */
static void a_source_that_hurries_waits(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 5, .error = -ENODATA, .hurries = true}};
	assert_int_equal(run(script, 1, (struct options){.duration_s = 1}), 0);
	assert_int_equal(stats.frames_published, 0);
	assert_int_equal(capture.state, CAPTURE_AWAITING);
	opens = closes = 0;
	assert_int_equal(run(script, 1, (struct options){.duration_s = 10}), 0);
	assert_int_equal(stats.frames_published, 5);
}

static void an_end_is_an_end(void **state)
{
	(void)state;
	static const struct life script[] = {{.frames = 5, .error = -ENODATA}};
	static const struct life early[] = {{.frames = 5, .error = -ENODATA, .note = "with words"}};
	assert_int_equal(run_heard(script, 1, (struct options){.frames = 10}), 0);
	assert_int_equal(stats.frames_published, 5);
	assert_int_equal(opens, 1);
	assert_int_equal(times_said("\n"), 0);
	opens = closes = 0;
	assert_int_equal(run_heard(early, 1, (struct options){.frames = 10}), 0);
	assert_int_equal(times_said("the script fails dequeue\n"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_error_is_survived),
	    TEST(another_format_is_another_generation),
	    TEST(a_source_may_change_its_format),
	    TEST(a_source_that_needs_a_fresh_pool_gets_one),
	    TEST(a_device_that_is_away_is_waited_for),
	    TEST(a_device_that_stays_away_costs_nothing),
	    TEST(a_storm_of_errors_is_met_with_patience),
	    TEST(a_storm_is_told_once),
	    TEST(silence_is_a_failure),
	    TEST(once_is_once),
	    TEST(once_is_once_in_silence_too),
	    TEST(the_first_start_must_succeed),
	    TEST(a_source_that_hurries_waits),
	    TEST(an_end_is_an_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
