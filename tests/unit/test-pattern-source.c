// SPDX-License-Identifier: MIT
/* The test pattern as a source: what it refuses, what it is by default, and its pace. */
#include "pace.h"
#include "source.h"

#include <errno.h>
#include <libavutil/log.h>
#include <libavutil/pixfmt.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_refused(const char *argument, const char *pix_fmt, uint32_t width, uint32_t height, const char *said)
{
	struct source_request request = {
	    .argument = argument, .pix_fmt = pix_fmt, .width_px = width, .height_px = height};
	struct source_description description;
	struct source *source = NULL;
	struct tripool_error error = {""};

	assert_int_equal(pattern_source.open(&source, &request, &description, &error), -EINVAL);
	assert_null(source);
	if (!strstr(error.text, said))
		fail_msg("'%s' does not say '%s'", error.text, said);
}

static void test_refused(void **state)
{
	(void)state;
	assert_refused("disco", NULL, 0, 0, "disco");
	assert_refused("", NULL, 0, 0, "''");
	assert_refused(NULL, "nonsense", 0, 0, "nonsense");
	assert_refused(NULL, "", 0, 0, "''");
	assert_refused(NULL, "vaapi", 0, 0, "vaapi");
	assert_refused(NULL, "pal8", 0, 0, "pal8");
	assert_refused(NULL, "monow", 0, 0, "monow");
	assert_refused(NULL, "bayer_bggr8", 0, 0, "bayer_bggr8");
	assert_refused(NULL, "xyz12le", 0, 0, "xyz12le");
	assert_refused(NULL, NULL, 127, 64, "127x64");
	assert_refused(NULL, NULL, 128, 63, "128x63");
	assert_refused(NULL, NULL, 40000, 720, "40000");
	assert_refused(NULL, "yuyv422", 1281, 720, "1281");
	assert_refused(NULL, "uyvy422", 129, 64, "129");
}

static void test_defaults(void **state)
{
	struct source_request request = {.pix_fmt = "gray16"};
	struct source_description d;
	struct source *source;

	(void)state;
	/* A nickname of libavutil's becomes the name. */
	assert_int_equal(pattern_source.open(&source, &request, &d, NULL), 0);
	assert_int_equal(strncmp(d.format.pix_fmt, "gray16", 6), 0);
	assert_int_equal(strlen(d.format.pix_fmt), 8);
	pattern_source.close(source);
	request.pix_fmt = NULL;
	assert_int_equal(pattern_source.open(&source, &request, &d, NULL), 0);
	assert_string_equal(d.format.pix_fmt, "nv12");
	assert_string_equal(d.path, "draw");
	assert_string_equal(d.name, "test pattern bars");
	assert_int_equal(d.format.width_px, 1280);
	assert_int_equal(d.format.height_px, 720);
	assert_int_equal(d.format.frame_rate_num, 60);
	assert_int_equal(d.format.frame_rate_den, 1);
	assert_int_equal(d.format.matrix, AVCOL_SPC_BT709);
	assert_int_equal(d.format.full_range, 0);
	assert_int_equal(d.copies_per_frame, 0);
	assert_int_equal(d.write_depth, 1);
	pattern_source.close(source);
	pattern_source.close(NULL);
}

/* The source as the program uses it: frames come at their time, and late ones are counted. */
static void test_source(void **state)
{
	struct source_request request = {.width_px = 128, .height_px = 64, .rate_num = 200, .rate_den = 1};
	struct source_description d;
	struct tripool_frame_info info;
	struct source *source;
	struct tripool_slot slot = {.index = TRIPOOL_MAX_SLOTS - 1}, filled;
	int64_t last_ns = 0;

	(void)state;
	assert_int_equal(pattern_source.open(&source, &request, &d, NULL), 0);
	slot.memory = malloc(d.format.size_bytes);
	assert_non_null(slot.memory);
	assert_int_equal(pattern_source.attach(source, &(struct tripool_pool_memory){0}, &d, NULL), 0);
	for (uint64_t n = 1; n <= 20; n++) {
		struct pollfd fd = {.fd = pattern_source.fd(source), .events = POLLIN};

		assert_int_equal(pattern_source.queue(source, &slot, NULL), 0);
		assert_int_equal(pattern_source.queue(source, &slot, NULL), -EBUSY);
		assert_int_equal(poll(&fd, 1, 5000), 1);
		assert_int_equal(pattern_source.dequeue(source, n, &filled, &info, NULL), 0);
		assert_ptr_equal(filled.memory, slot.memory);
		assert_int_equal(filled.index, slot.index);
		assert_true(info.capture_ns > last_ns);
		last_ns = info.capture_ns;
	}
	/* Late by at least ten intervals. */
	uint64_t before = pattern_source.counts(source).dropped;
	assert_int_equal(pattern_source.queue(source, &slot, NULL), 0);
	usleep(55000);
	assert_int_equal(pattern_source.dequeue(source, 21, &filled, &info, NULL), 0);
	assert_true(pattern_source.counts(source).dropped >= before + 9);
	/* Due, but there is no slot: lost, and not a busy loop. */
	struct pollfd fd = {.fd = pattern_source.fd(source), .events = POLLIN};
	before = pattern_source.counts(source).dropped;
	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_int_equal(pattern_source.dequeue(source, 22, &filled, &info, NULL), -EAGAIN);
	assert_true(pattern_source.counts(source).dropped > before);
	pattern_source.close(source);
	free(slot.memory);
}

static void test_pace_is_exact(void **state)
{
	struct pace pace;

	(void)state;
	assert_int_equal(pace_init(&pace, 60000, 1001), 0);
	pace.start_ns = 5;
	assert_int_equal(pace_due_ns(&pace, 0), 5);
	assert_int_equal(pace_due_ns(&pace, 1), 5 + 16683333);
	assert_int_equal(pace_due_ns(&pace, 2), 5 + 33366666);
	assert_int_equal(pace_due_ns(&pace, 3), 5 + 50050000);
	assert_int_equal(pace_due_ns(&pace, 60000), 5 + INT64_C(1001000000000));
	/* A year. */
	assert_int_equal(pace_due_ns(&pace, UINT64_C(60000) * 31536), 5 + INT64_C(1001000000000) * 31536);
	pace_finish(&pace);

	/* A tick is taken once, and those that passed meanwhile are counted, whatever the interval's fraction. */
	assert_int_equal(pace_init(&pace, 7000, 3), 0);
	assert_int_equal(pace_start(&pace), 0);
	for (int i = 0; i < 50; i++) {
		struct pollfd fd = {.fd = pace.fd, .events = POLLIN};
		uint64_t next = pace.next, missed = pace.missed;

		assert_int_equal(poll(&fd, 1, 5000), 1);
		if (i % 10 == 9)
			usleep(3000);
		assert_int_equal(pace_take(&pace), 1);
		assert_int_equal(pace.next - next - 1, pace.missed - missed);
	}
	assert_true(pace.missed >= 5);
	pace_finish(&pace);

	assert_int_equal(pace_init(&pace, 1, 1000), 0);
	assert_int_equal(pace_start(&pace), 0);
	assert_int_equal(pace_take(&pace), 1);
	assert_int_equal(pace_take(&pace), 0);
	pace_finish(&pace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_source),
	    cmocka_unit_test(test_pace_is_exact),
	};
	av_log_set_level(AV_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
