// SPDX-License-Identifier: MIT
/* The camera source against a driver in this process: real JPEG and Bayer pictures, whole and damaged, decoded into the
 * slot. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camera-picture.h"
#include "camera-rig.h"

static const struct fake_format jpeg_formats[] = {{V4L2_PIX_FMT_MJPEG, 0, 0, 1}};
static const struct fake_format bayer_formats[] = {{V4L2_PIX_FMT_SRGGB8, 8, 8, 1}};

static void expect_about(int value, int expected)
{
	if (abs(value - expected) > 8)
		fail_msg("%d is not about %d", value, expected);
}

/* The middle of each quarter of the test picture: its luma in full range (JPEG) or limited (from Bayer). */
static void expect_quarters(const uint8_t *memory, const int luma[4])
{
	for (int quarter = 0; quarter < 4; quarter++) {
		int x = quarter % 2 * WIDTH / 2 + WIDTH / 4, y = quarter / 2 * HEIGHT / 2 + HEIGHT / 4;

		expect_about(memory[y * WIDTH + x], luma[quarter]);
	}
}

static void test_jpeg(void **state)
{
	const int luma[] = {88, 134, 58, 128};
	struct tripool_slot slot;
	struct tripool_frame_info info;
	const struct tripool_format *format = &rig.description.format;
	const uint8_t *v;

	(void)state;
	fake.formats = jpeg_formats;
	fake.format_count = 1;
	start(NULL);
	assert_string_equal(rig.description.path, "convert");
	assert_int_equal(rig.description.copies_per_frame, 0);
	assert_int_equal(rig.description.write_depth, 1);
	assert_string_equal(format->pix_fmt, "yuv420p");
	assert_int_equal(format->full_range, 1);
	assert_int_equal(format->stride_bytes[0], WIDTH);
	assert_int_equal(format->stride_bytes[1], WIDTH / 2);
	for (uint32_t i = 0; i < 10; i++) {
		fake_deliver(picture_jpeg, sizeof(picture_jpeg), i, 0);
		assert_int_equal(dequeue(&slot, &info), 0);
		expect_quarters(slot.memory, luma);
		assert_int_equal(info.bytes_used, WIDTH * HEIGHT * 3 / 2);
		assert_int_equal(info.source_sequence, i);
		assert_true(info.capture_ns > 0);
		v = slot.memory + format->offset_bytes[2];
		expect_about(v[HEIGHT / 8 * WIDTH / 2 + WIDTH / 8], 208); /* the red one */
		memset(slot.memory, 0, WIDTH * HEIGHT);
		assert_int_equal(queue(slot.index), 0);
	}
	assert_int_equal(dropped(), 0);
}

static void test_jpeg_to_rgb(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;
	const uint8_t *pixel;

	(void)state;
	fake.formats = jpeg_formats;
	fake.format_count = 1;
	start("rgb24");
	fake_deliver(picture_jpeg, sizeof(picture_jpeg), 0, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	pixel = slot.memory + 10 * WIDTH * 3 + 10 * 3;
	expect_about(pixel[0], 200);
	expect_about(pixel[1], 40);
	expect_about(pixel[2], 40);
	assert_int_equal(info.bytes_used, WIDTH * HEIGHT * 3);
}

/* Damaged pictures are dropped, and the stream goes on. */
static void test_jpeg_damaged(void **state)
{
	uint8_t damaged[sizeof(picture_jpeg) + 16] = {0};
	struct tripool_slot slot;
	struct tripool_frame_info info;
	uint32_t sequence = 0;

	(void)state;
	fake.formats = jpeg_formats;
	fake.format_count = 1;
	start(NULL);
	for (size_t length = 0; length < sizeof(picture_jpeg); length += 7) { /* cut off */
		fake_deliver(picture_jpeg, length, sequence++, 0);
		if (dropped() == 5) { /* and one that is well, its end padded */
			memcpy(damaged, picture_jpeg, sizeof(picture_jpeg));
			fake_deliver(damaged, sizeof(damaged), sequence++, 0);
			assert_int_equal(dequeue(&slot, &info), 0);
			assert_int_equal(queue(slot.index), 0);
		}
		expect_nothing();
	}
	assert_int_equal(dropped(), sequence - 1);
	for (size_t i = 0; i < sizeof(damaged); i++) /* noise */
		damaged[i] = (uint8_t)(i * i * 31 + 7);
	fake_deliver(damaged, sizeof(damaged), sequence++, 0);
	memcpy(damaged, picture_jpeg, sizeof(picture_jpeg));
	memset(damaged + 2, 0xff, 40); /* a bad header */
	fake_deliver(damaged, sizeof(picture_jpeg), sequence++, 0);
	expect_nothing();
	assert_int_equal(dropped(), sequence - 1);
	fake_deliver(picture_jpeg, sizeof(picture_jpeg), sequence++, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
}

/* A camera that never sends what can be decoded: not silence for ever. */
static void test_jpeg_hopeless(void **state)
{
	struct source_request request = {.width_px = 128, .height_px = 96};
	struct tripool_slot slot;
	struct tripool_frame_info info;
	int r = -EAGAIN;

	(void)state;
	fake.formats = jpeg_formats;
	fake.format_count = 1;
	assert_int_equal(open_camera(&request), 0);
	assert_int_equal(attach(SLOTS), 0);
	assert_int_equal(queue(0), 0);
	for (uint32_t i = 0; i < 30 && r == -EAGAIN; i++) {
		fake_deliver(picture_jpeg, sizeof(picture_jpeg), i, 0); /* of another size */
		r = dequeue(&slot, &info);
	}
	assert_int_equal(r, -EBADMSG);
	expect_text("can be decoded");
	expect_text("64x48");
}

static void bayer(void)
{
	static const uint8_t colour[4][3] = {{200, 40, 40}, {40, 200, 40}, {40, 40, 200}, {128, 128, 128}};
	const int luma[] = {92, 131, 66, 126};
	uint8_t raw[WIDTH * HEIGHT];
	struct tripool_slot slot;
	struct tripool_frame_info info;

	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			raw[y * WIDTH + x] =
			    colour[(y >= HEIGHT / 2) * 2 + (x >= WIDTH / 2)][y % 2 + x % 2]; /* RG above GB */
	fake.formats = bayer_formats;
	fake.format_count = 1;
	start(NULL);
	assert_string_equal(rig.description.path, "convert");
	assert_string_equal(rig.description.format.pix_fmt, "yuv420p");
	assert_int_equal(rig.description.format.full_range, 0);
	fake_deliver(raw, sizeof(raw), 0, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	expect_quarters(slot.memory, luma);
	fake_deliver(raw, sizeof(raw) - 100, 1, 0); /* libv4lconvert finds it short */
	assert_int_equal(queue(slot.index), 0);
	expect_nothing();
	assert_int_equal(dropped(), 1);
}

static void test_bayer(void **state)
{
	(void)state;
	bayer();
}

static void test_bayer_multiplanar(void **state)
{
	(void)state;
	fake.multiplanar = true;
	bayer();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_jpeg),
	    TEST(test_jpeg_to_rgb),
	    TEST(test_jpeg_damaged),
	    TEST(test_jpeg_hopeless),
	    TEST(test_bayer),
	    TEST(test_bayer_multiplanar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
