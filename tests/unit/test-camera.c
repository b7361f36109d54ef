// SPDX-License-Identifier: MIT
/* The camera source against a driver in this process: the ways of a raw picture into its slot, and what is told of it.
 */
#include <errno.h>
#include <string.h>

#include "camera-rig.h"

static void userptr(void)
{
	struct source_request request = request_64x48;
	struct tripool_slot slot;
	struct tripool_frame_info info;
	const uint32_t order[] = {5, 2, 0, 6};

	request.pix_fmt = "yuyv422";
	assert_int_equal(open_camera(&request), 0);
	assert_string_equal(rig.description.path, "userptr");
	assert_string_equal(rig.description.name, "Fake Camera (" FAKE_PATH ")");
	assert_string_equal(rig.description.note, "");
	assert_int_equal(rig.description.copies_per_frame, 0);
	assert_int_equal(rig.description.write_depth, 4);
	assert_int_equal(rig.description.max_slots, 32);
	assert_string_equal(rig.description.format.pix_fmt, "yuyv422");
	assert_int_equal(attach(SLOTS), 0);
	assert_int_equal(fake.memory, V4L2_MEMORY_USERPTR);
	assert_int_equal(fake.count, SLOTS);
	for (size_t i = 0; i < COUNT(order); i++) {
		assert_false(fake.streaming);
		assert_int_equal(queue(order[i]), 0);
	}
	assert_true(fake.streaming);
	expect_nothing();
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t index = fake_deliver(picture((uint8_t)i), PICTURE_BYTES, i, 0);

		assert_int_equal(index, i < 4 ? order[i] : order[i % 4]);
		assert_int_equal(dequeue(&slot, &info), 0);
		assert_int_equal(slot.index, index);
		assert_ptr_equal(slot.memory, rig.pool.memory + index * rig.pool.slot_bytes);
		assert_memory_equal(slot.plane[0], picture((uint8_t)i), PICTURE_BYTES);
		assert_int_equal(info.bytes_used, PICTURE_BYTES);
		assert_int_equal(info.source_sequence, i);
		assert_int_equal(info.capture_ns, ((int64_t)i + 100) * 40000000);
		assert_int_equal(info.flags, 0);
		expect_nothing();
		assert_int_equal(queue(index), 0);
	}
	assert_int_equal(dropped(), 0);
}

static void test_userptr(void **state)
{
	(void)state;
	userptr();
}

static void test_userptr_multiplanar(void **state)
{
	(void)state;
	fake.multiplanar = true;
	userptr();
}

static void test_padding(void **state)
{
	const struct tripool_format *format = &rig.description.format;

	(void)state;
	fake.row_padding_bytes = 32;
	fake.size_padding_bytes = 1000;
	fake.colorspace = V4L2_COLORSPACE_REC709;
	start(NULL);
	assert_string_equal(format->pix_fmt, "nv12");
	assert_int_equal(format->stride_bytes[0], WIDTH + 32);
	assert_int_equal(format->stride_bytes[1], WIDTH + 32);
	assert_int_equal(format->offset_bytes[1], (WIDTH + 32) * HEIGHT);
	assert_int_equal(format->size_bytes, (WIDTH + 32) * HEIGHT * 3 / 2 + 1000);
	assert_int_equal(format->matrix, 1);
	assert_int_equal(tripool_format_check(format, NULL), 0);
}

static void test_min_buffers(void **state)
{
	(void)state;
	fake.min_buffers = 5;
	start(NULL);
	assert_int_equal(rig.description.write_depth, 6);
}

/* What was asked for and what was got. */
static void test_note(void **state)
{
	const struct source_request request = {.width_px = 1000, .height_px = 700, .rate_num = 60, .rate_den = 1};

	(void)state;
	fake.width_px = 640;
	fake.height_px = 480;
	fake.rate_num = 30000;
	fake.rate_den = 1001;
	fake.one_rate = true;
	assert_int_equal(open_camera(&request), 0);
	assert_string_equal(rig.description.note,
	    "asked for 1000x700, the camera makes 640x480; asked for 60 frames a second, the camera makes 29.97");
	assert_int_equal(rig.description.format.width_px, 640);
	assert_int_equal(rig.description.format.frame_rate_num, 30000);
	assert_int_equal(rig.description.format.frame_rate_den, 1001);
}

static void test_rate_unknown(void **state)
{
	const struct source_request request = {.rate_num = 25, .rate_den = 1};

	(void)state;
	assert_int_equal(open_camera(&request), 0);
	assert_string_equal(
	    rig.description.note, "asked for 25 frames a second, but the camera does not tell its rate");
	assert_int_equal(rig.description.format.frame_rate_den, 0);
	assert_int_equal(rig.description.format.width_px, 1280);
	assert_int_equal(rig.description.format.height_px, 720);
}

static void test_rate_set(void **state)
{
	const struct source_request request = {.rate_num = 25, .rate_den = 1};

	(void)state;
	fake.any_rate = true;
	fake.rate_num = 30;
	fake.rate_den = 1;
	assert_int_equal(open_camera(&request), 0);
	assert_int_equal(fake.rate_num, 25);
	assert_int_equal(rig.description.format.frame_rate_num, 25);
	assert_string_equal(rig.description.note, "");
}

/* Spoiled and short pictures never come out; their slot goes back to the driver; gaps are counted. */
static void spoiled(const char *pix_fmt)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	start(pix_fmt);
	fake_deliver(picture(1), PICTURE_BYTES, 10, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_int_equal(queue(slot.index), 0);
	assert_int_equal(dropped(), 0); /* what was before the first does not count */

	fake_deliver(picture(2), PICTURE_BYTES, 11, V4L2_BUF_FLAG_ERROR);
	fake_deliver(picture(3), PICTURE_BYTES - 1, 12, 0);
	expect_nothing();
	assert_int_equal(dropped(), 2);
	assert_int_equal(fake.queued_count, 4);

	fake_deliver(picture(4), PICTURE_BYTES, 13, V4L2_BUF_FLAG_ERROR);
	fake_deliver(picture(5), PICTURE_BYTES, 17, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_int_equal(info.source_sequence, 17);
	assert_memory_equal(slot.memory, picture(5), PICTURE_BYTES);
	assert_int_equal(dropped(), 2 + 1 + 3);
}

static void test_spoiled_userptr(void **state)
{
	(void)state;
	spoiled("yuyv422");
}

static void test_spoiled_copy(void **state)
{
	(void)state;
	fake.user_reqbufs_error = -EINVAL;
	spoiled("yuyv422");
}

static void test_sequence_goes_round(void **state)
{
	const uint32_t sequences[] = {UINT32_MAX - 1, UINT32_MAX, 1, 7, 3, 4};
	const uint64_t numbers[] = {UINT32_MAX - 1, UINT32_MAX, (UINT64_C(1) << 32) + 1, (UINT64_C(1) << 32) + 7, 3, 4};
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	start("yuyv422");
	for (size_t i = 0; i < COUNT(sequences); i++) {
		fake_deliver(picture(0), PICTURE_BYTES, sequences[i], 0);
		assert_int_equal(dequeue(&slot, &info), 0);
		assert_int_equal(info.source_sequence, numbers[i]);
		assert_int_equal(queue(slot.index), 0);
	}
	assert_int_equal(dropped(), 1 + 5); /* 0; 2 to 6; then the driver began anew */
}

/* A driver that does not say how much it wrote, and one whose clock is another. */
static void test_says_little(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	fake.timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN;
	start("yuyv422");
	fake_deliver("", 0, 0, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_int_equal(info.bytes_used, PICTURE_BYTES);
	assert_int_equal(info.capture_ns, 0);
}

static void copies(const char *reason)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	start("yuyv422");
	assert_string_equal(rig.description.path, "copy");
	assert_int_equal(rig.description.copies_per_frame, 1);
	if (!strstr(rig.description.note, reason))
		fail_msg("'%s' is not in '%s'", reason, rig.description.note);
	assert_int_equal(fake.memory, V4L2_MEMORY_MMAP);
	for (uint32_t i = 0; i < 20; i++) {
		fake_deliver(picture((uint8_t)i), PICTURE_BYTES, i, 0);
		assert_int_equal(dequeue(&slot, &info), 0);
		assert_memory_equal(slot.memory, picture((uint8_t)i), PICTURE_BYTES);
		assert_ptr_equal(slot.memory, rig.pool.memory + slot.index * rig.pool.slot_bytes);
		assert_int_equal(info.bytes_used, PICTURE_BYTES);
		assert_int_equal(info.source_sequence, i);
		assert_int_equal(fake.queued_count, fake.count); /* the driver has all its buffers again */
		assert_int_equal(queue(slot.index), 0);
	}
}

static void test_no_userptr(void **state)
{
	(void)state;
	fake.user_reqbufs_error = -EINVAL;
	copies("USERPTR: Invalid argument");
}

static void test_userptr_not_into_such_memory(void **state)
{
	(void)state;
	fake.user_qbuf_error = -EFAULT;
	copies("USERPTR: Bad address");
}

static void test_userptr_for_too_few(void **state)
{
	(void)state;
	fake.few_buffers = true;
	copies("USERPTR: No buffer space available");
}

static void test_copy_multiplanar(void **state)
{
	(void)state;
	fake.multiplanar = true;
	fake.user_qbuf_error = -EINVAL;
	copies("USERPTR");
}

/* Without a slot to write into nothing is taken from the driver. */
static void test_copy_waits_for_slots(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	fake.user_reqbufs_error = -EINVAL;
	start("yuyv422");
	for (uint32_t i = 0; i < 4; i++) {
		fake_deliver(picture((uint8_t)i), PICTURE_BYTES, i, 0);
		assert_int_equal(dequeue(&slot, &info), 0);
	}
	fake_deliver(picture(4), PICTURE_BYTES, 4, 0);
	expect_nothing();
	assert_int_equal(queue(6), 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_int_equal(slot.index, 6);
	assert_memory_equal(slot.memory, picture(4), PICTURE_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_userptr),
	    TEST(test_userptr_multiplanar),
	    TEST(test_padding),
	    TEST(test_min_buffers),
	    TEST(test_note),
	    TEST(test_rate_unknown),
	    TEST(test_rate_set),
	    TEST(test_spoiled_userptr),
	    TEST(test_spoiled_copy),
	    TEST(test_sequence_goes_round),
	    TEST(test_says_little),
	    TEST(test_no_userptr),
	    TEST(test_userptr_not_into_such_memory),
	    TEST(test_userptr_for_too_few),
	    TEST(test_copy_multiplanar),
	    TEST(test_copy_waits_for_slots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
