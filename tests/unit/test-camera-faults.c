// SPDX-License-Identifier: MIT
/* The camera source against a driver in this process: each thing that a driver can refuse, or fail to do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camera-rig.h"

static const struct fake_format apart_formats[] = {{V4L2_PIX_FMT_NV12, 8, 12, 2}};

static void test_gone(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	start("yuyv422");
	fake.gone = true;
	assert_int_equal(dequeue(&slot, &info), -ENODEV);
	assert_string_equal(rig.error.text, "camera " FAKE_PATH " is gone (unplugged?)");
	rig.error.text[0] = '\0';
	assert_int_equal(queue(6), -ENODEV);
	assert_string_equal(rig.error.text, "camera " FAKE_PATH " is gone (unplugged?)");
	fake.gone = false; /* for the tear-down to see that all was given back */
}

static void test_failed(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	start("yuyv422");
	fake.dqbuf_error = -EIO;
	assert_int_equal(dequeue(&slot, &info), -EIO);
	assert_string_equal(rig.error.text, "camera " FAKE_PATH " cannot deliver pictures: Input/output error");
	fake.dqbuf_error = 0;
	fake.qbuf_error = -ENOMEM;
	assert_int_equal(queue(6), -ENOMEM);
	expect_text("cannot take a buffer");
}

static void test_start_fails(void **state)
{
	(void)state;
	fake.streamon_error = -ENOSPC;
	assert_int_equal(open_camera(&request_64x48), 0);
	assert_int_equal(attach(SLOTS), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(queue(i), 0);
	assert_int_equal(queue(3), -ENOSPC);
	expect_text("no bandwidth left (try -f decoded,");
}

static void test_buffers_refused(void **state)
{
	(void)state;
	fake.reqbufs_error = -EBUSY;
	assert_int_equal(open_camera(&request_64x48), 0);
	assert_int_equal(attach(SLOTS), -EBUSY);
	expect_text("busy");
}

static void refused(const char *path, const char *pix_fmt, int code, const char *text)
{
	struct source_request request = request_64x48;

	request.argument = path;
	request.pix_fmt = pix_fmt;
	assert_int_equal(open_camera(&request), code);
	assert_null(rig.source);
	expect_text(text);
	assert_null(strchr(rig.error.text, '\n'));
}

static void test_open_refusals(void **state)
{
	(void)state;
	refused("/dev/no-such-camera", NULL, -ENOENT, "there is no camera '/dev/no-such-camera'");
	refused("/dev/null", NULL, -ENOTTY, "'/dev/null' is not a video device");
	refused("/tmp", NULL, -EISDIR, "/tmp");
	fake.open_error = -EACCES;
	refused(FAKE_PATH, NULL, -EACCES, "usermod -aG video");
	refused(NULL, NULL, -EACCES, "usermod -aG video");
	fake.open_error = -EBUSY;
	refused(FAKE_PATH, NULL, -EBUSY, "busy");
	fake.open_error = 0;
	fake.device_caps = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING;
	refused(FAKE_PATH, NULL, -EINVAL, "captures nothing");
	refused(NULL, NULL, -ENODEV, "no cameras found");
	fake.device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_READWRITE;
	refused(FAKE_PATH, NULL, -EINVAL, "no streaming");
	fake.absent = true;
	refused(NULL, NULL, -ENODEV, "no cameras found");
}

static void test_mode_refusals(void **state)
{
	(void)state;
	refused(NULL, "yuv444p", -EINVAL, "no 'yuv444p': choose one of yuyv422, nv12");
	fake.format_error = -EBUSY;
	refused(NULL, NULL, -EBUSY, "busy");
	fake.format_error = -EINVAL;
	refused(NULL, NULL, -EINVAL, "refuses format NV12 64x48");
	fake.format_error = 0;
	fake.other_format = V4L2_PIX_FMT_YUYV;
	refused(NULL, "nv12", -EINVAL, "asked for format NV12 but sets YUYV");
	fake.other_format = 0;
	fake.row_padding_bytes = 64;
	refused(NULL, "rgb24", -ENOTSUP, "pads its rows");
	fake.multiplanar = true;
	fake.formats = apart_formats;
	fake.format_count = 1;
	refused(NULL, NULL, -ENOTSUP, "2 separate memory planes");
}

/* Ten minutes of a camera at 30 frames a second whose driver has every fault now and then. */
static void test_ten_minutes(void **state)
{
	uint64_t spoiled = 0, gaps = 0, good = 0;
	uint32_t sequence = 0, spare = SLOTS - 1;

	(void)state;
	start("yuyv422");
	srand(3);
	for (int n = 0; n < 10 * 60 * 30; n++) {
		bool error = rand() % 50 == 0, is_short = rand() % 70 == 0;
		uint32_t lost = rand() % 40 == 0 ? (uint32_t)rand() % 5 : 0;
		struct tripool_slot slot;
		struct tripool_frame_info info;

		sequence += n == 0 ? 0 : 1 + lost;
		gaps += n == 0 ? 0 : lost;
		uint32_t index = fake_deliver(picture((uint8_t)n), is_short ? PICTURE_BYTES - 1 : PICTURE_BYTES,
		    sequence, error ? V4L2_BUF_FLAG_ERROR : 0);
		if (error || is_short) {
			expect_nothing();
			spoiled++;
			continue;
		}
		assert_int_equal(dequeue(&slot, &info), 0);
		assert_int_equal(slot.index, index);
		assert_int_equal(info.source_sequence, sequence);
		assert_memory_equal(slot.memory, picture((uint8_t)n), PICTURE_BYTES);
		good++;
		assert_int_equal(queue(spare), 0); /* as if this one were the newest, and the last newest free */
		spare = slot.index;
	}
	assert_true(good > 16000 && spoiled > 300 && gaps > 300);
	assert_int_equal(dropped(), spoiled + gaps);
	assert_int_equal(camera_source.counts(rig.source).camera_gaps, gaps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_gone),
	    TEST(test_failed),
	    TEST(test_start_fails),
	    TEST(test_buffers_refused),
	    TEST(test_open_refusals),
	    TEST(test_mode_refusals),
	    TEST(test_ten_minutes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
