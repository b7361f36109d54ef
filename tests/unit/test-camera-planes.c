// SPDX-License-Identifier: MIT
/* The camera source against a driver in this process: pictures whose planes lie apart, or in another order than they
 * are published. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "camera-rig.h"

#define CHROMA_BYTES ((size_t)WIDTH * HEIGHT / 4)

static const struct fake_format nv12m[] = {{V4L2_PIX_FMT_NV12M, 8, 12, 2}};
static const struct fake_format yuv420m[] = {{V4L2_PIX_FMT_YUV420M, 8, 12, 3}};
static const struct fake_format yvu420m[] = {{V4L2_PIX_FMT_YVU420M, 8, 12, 3}};
static const struct fake_format yvu422m[] = {{V4L2_PIX_FMT_YVU422M, 8, 16, 3}};
static const struct fake_format yuv444m[] = {{V4L2_PIX_FMT_YUV444M, 8, 24, 3}};
static const struct fake_format yvu420[] = {{V4L2_PIX_FMT_YVU420, 8, 12, 1}};

static void has(const struct fake_format *format)
{
	fake.formats = format;
	fake.format_count = 1;
	fake.multiplanar = format->memory_planes > 1;
}

/* What the driver's plane is filled with: told apart from the others and from the frame before. */
static const uint8_t *plane(uint32_t number, uint32_t frame)
{
	static uint8_t bytes[FAKE_PLANES][WIDTH * HEIGHT * 2];

	memset(bytes[number], (int)(number * 64 + frame % 16 + 1), sizeof(bytes[number]));
	return bytes[number];
}

static void deliver(uint32_t frame, const size_t size[FAKE_PLANES])
{
	const void *const data[] = {plane(0, frame), plane(1, frame), plane(2, frame)};

	fake_deliver_planes(data, size, frame, 0);
}

/* Frames of three planes, source[p] of which is the published plane p. */
static void frames(uint32_t planes, const uint32_t *source)
{
	const struct tripool_format *format = &rig.description.format;
	size_t size[FAKE_PLANES] = {0};
	struct tripool_slot slot;
	struct tripool_frame_info info;

	assert_int_equal(tripool_format_check(format, NULL), 0);
	assert_int_equal(format->plane_count, planes);
	for (uint32_t i = 0; i < planes; i++)
		size[i] = fake.format.fmt.pix_mp.plane_fmt[i].sizeimage;
	for (uint32_t n = 0; n < 10; n++) {
		deliver(n, size);
		assert_int_equal(dequeue(&slot, &info), 0);
		assert_int_equal(info.bytes_used, format->size_bytes);
		for (uint32_t p = 0; p < planes; p++) {
			const struct v4l2_plane_pix_format *from = &fake.format.fmt.pix_mp.plane_fmt[source[p]];

			assert_int_equal(format->offset_bytes[p] % 4096, 0);
			assert_int_equal(format->stride_bytes[p], from->bytesperline);
			assert_memory_equal(
			    slot.memory + format->offset_bytes[p], plane(source[p], n), from->sizeimage);
		}
		assert_int_equal(queue(slot.index), 0);
	}
	assert_int_equal(dropped(), 0);
}

static void by(const char *path)
{
	if (strcmp(path, "userptr") != 0)
		fake.user_reqbufs_error = -EINVAL;
	if (strcmp(path, "dmabuf") == 0)
		fake.dmabuf_reqbufs_error = 0;
	start(NULL);
	assert_string_equal(rig.description.path, path);
}

static void apart(const char *path)
{
	fake.row_padding_bytes = 32;
	fake.size_padding_bytes = 100;
	by(path);
}

static const uint32_t in_order[] = {0, 1, 2}, swapped[] = {0, 2, 1};

static void test_nv12m_userptr(void **state)
{
	(void)state;
	has(nv12m);
	by("userptr");
	assert_string_equal(rig.description.format.pix_fmt, "nv12");
	frames(2, in_order);
}

static void test_nv12m_copy(void **state)
{
	(void)state;
	has(nv12m);
	apart("copy");
	frames(2, in_order);
}

static void test_yuv420m_userptr(void **state)
{
	(void)state;
	has(yuv420m);
	apart("userptr");
	assert_string_equal(rig.description.format.pix_fmt, "yuv420p");
	frames(3, in_order);
}

static void test_yuv420m_copy(void **state)
{
	(void)state;
	has(yuv420m);
	by("copy");
	frames(3, in_order);
}

static void test_yvu420m_userptr(void **state)
{
	(void)state;
	has(yvu420m);
	by("userptr");
	assert_string_equal(rig.description.format.pix_fmt, "yuv420p");
	frames(3, swapped);
}

static void test_yvu420m_copy(void **state)
{
	(void)state;
	has(yvu420m);
	apart("copy");
	frames(3, swapped);
}

static void test_nv12m_dmabuf(void **state)
{
	(void)state;
	has(nv12m);
	apart("dmabuf");
	frames(2, in_order);
	assert_int_equal(fake.syncs, 10 * 2);
}

static void test_yvu420m_dmabuf(void **state)
{
	(void)state;
	has(yvu420m);
	apart("dmabuf");
	frames(3, swapped);
}

/* A driver without USERPTR: the slots as dma-bufs, each of its own index. */
static void test_dmabuf(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	fake.user_reqbufs_error = -EINVAL;
	fake.dmabuf_reqbufs_error = 0;
	start("yuyv422");
	assert_string_equal(rig.description.path, "dmabuf");
	assert_int_equal(rig.description.copies_per_frame, 0);
	assert_int_equal(rig.description.usual_viewers, 4);
	assert_string_equal(rig.description.note,
	    "the driver cannot write into the pool by its addresses (USERPTR: Invalid argument) but as DMABUF: all 7 "
	    "slots are kept in memory (--max-viewers makes them fewer or more)");
	assert_int_equal(fake.memory, V4L2_MEMORY_DMABUF);
	assert_int_equal(fake.count, SLOTS);
	assert_int_equal(fake.udmabufs, 1 + SLOTS); /* one to try */
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t index = fake_deliver(picture((uint8_t)i), PICTURE_BYTES, i, 0);

		assert_int_equal(dequeue(&slot, &info), 0);
		assert_int_equal(fake.syncs, i + 1);
		assert_int_equal(slot.index, index);
		assert_ptr_equal(slot.memory, rig.pool.memory + index * rig.pool.slot_bytes);
		assert_memory_equal(slot.memory, picture((uint8_t)i), PICTURE_BYTES);
		assert_int_equal(info.bytes_used, PICTURE_BYTES);
		assert_int_equal(queue(index), 0);
	}
	assert_int_equal(dropped(), 0);
}

/* Every way but the copy is refused, the last of them for the reason given. */
static void copies(const char *reason)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;
	char note[256];

	fake.user_reqbufs_error = -EINVAL;
	start("yuyv422");
	assert_string_equal(rig.description.path, "copy");
	assert_int_equal(rig.description.copies_per_frame, 1);
	snprintf(note, sizeof(note),
	    "the driver cannot write into the pool (USERPTR: Invalid argument, %s): one copy a frame", reason);
	assert_string_equal(rig.description.note, note);
	assert_int_equal(fake.memory, V4L2_MEMORY_MMAP);
	fake_deliver(picture(1), PICTURE_BYTES, 0, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_memory_equal(slot.memory, picture(1), PICTURE_BYTES);
}

static void test_dmabuf_not_in_the_driver(void **state)
{
	(void)state;
	copies("DMABUF: Invalid argument");
	assert_int_equal(fake.udmabufs, 0);
}

static void test_dmabuf_not_of_such_memory(void **state)
{
	(void)state;
	fake.dmabuf_reqbufs_error = 0;
	fake.dmabuf_qbuf_error = -EFAULT;
	copies("DMABUF: Bad address");
}

static void test_dmabuf_not_in_the_kernel(void **state)
{
	(void)state;
	fake.dmabuf_reqbufs_error = 0;
	fake.udmabuf_error = -ENOENT;
	copies("/dev/udmabuf: No such file or directory");
}

static void test_dmabufs_run_out(void **state)
{
	(void)state;
	fake.dmabuf_reqbufs_error = 0;
	fake.udmabuf_error = -EMFILE;
	fake.udmabufs_max = 1 + 4;
	copies("/dev/udmabuf: Too many open files");
}

static void test_dmabufs_run_out_within_a_slot(void **state)
{
	(void)state;
	has(nv12m);
	fake.dmabuf_reqbufs_error = 0;
	fake.udmabuf_error = -EMFILE;
	fake.udmabufs_max = 1;
	by("copy");
	frames(2, in_order);
}

static void test_dmabuf_for_too_few(void **state)
{
	(void)state;
	fake.dmabuf_reqbufs_error = 0;
	fake.few_buffers = true;
	copies("DMABUF: No buffer space available");
}

static void test_yvu422m(void **state)
{
	(void)state;
	has(yvu422m);
	apart("userptr");
	assert_string_equal(rig.description.format.pix_fmt, "yuv422p");
	frames(3, swapped);
}

static void test_yuv444m(void **state)
{
	(void)state;
	has(yuv444m);
	apart("userptr");
	assert_string_equal(rig.description.format.pix_fmt, "yuv444p");
	frames(3, in_order);
}

/* One plane that is not whole spoils the picture. */
static void test_short(void **state)
{
	const size_t whole[] = {WIDTH * HEIGHT, CHROMA_BYTES, CHROMA_BYTES};
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	has(yuv420m);
	start(NULL);
	deliver(0, whole);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_int_equal(queue(slot.index), 0);
	for (uint32_t p = 0; p < 3; p++) {
		size_t size[FAKE_PLANES];

		memcpy(size, whole, sizeof(size));
		size[p]--;
		deliver(1 + p, size);
		expect_nothing();
		assert_int_equal(dropped(), 1 + p);
	}
	deliver(4, whole);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_int_equal(info.source_sequence, 4);
}

/* A driver whose planes are smaller than their rows. */
static void test_too_small(void **state)
{
	const struct source_request request = {.width_px = 640, .height_px = 480};

	(void)state;
	has(nv12m);
	fake.size_padding_bytes = (uint32_t)-10000;
	assert_int_equal(open_camera(&request), -EINVAL);
	expect_text("plane");
}

/* In one piece of memory, but Cr before Cb. */
static void test_yv12(void **state)
{
	const struct tripool_format *format = &rig.description.format;
	struct tripool_slot slot;
	struct tripool_frame_info info;

	(void)state;
	has(yvu420);
	fake.row_padding_bytes = 16;
	start(NULL);
	assert_string_equal(format->pix_fmt, "yuv420p");
	assert_int_equal(format->stride_bytes[1], (WIDTH + 16) / 2);
	assert_int_equal(format->stride_bytes[2], (WIDTH + 16) / 2);
	assert_int_equal(format->offset_bytes[2], (WIDTH + 16) * HEIGHT);
	assert_int_equal(format->offset_bytes[1], (WIDTH + 16) * HEIGHT * 5 / 4);
	assert_int_equal(format->size_bytes, (WIDTH + 16) * HEIGHT * 3 / 2);
	assert_int_equal(tripool_format_check(format, NULL), 0);
	fake_deliver(picture(1), (WIDTH + 16) * HEIGHT * 3 / 2, 0, 0);
	assert_int_equal(dequeue(&slot, &info), 0);
	assert_memory_equal(slot.memory, picture(1), (WIDTH + 16) * HEIGHT * 3 / 2);
	assert_int_equal(info.bytes_used, (WIDTH + 16) * HEIGHT * 3 / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_nv12m_userptr),
	    TEST(test_nv12m_copy),
	    TEST(test_yuv420m_userptr),
	    TEST(test_yuv420m_copy),
	    TEST(test_yvu420m_userptr),
	    TEST(test_yvu420m_copy),
	    TEST(test_dmabuf),
	    TEST(test_dmabuf_not_in_the_driver),
	    TEST(test_dmabuf_not_of_such_memory),
	    TEST(test_dmabuf_not_in_the_kernel),
	    TEST(test_dmabufs_run_out),
	    TEST(test_dmabufs_run_out_within_a_slot),
	    TEST(test_dmabuf_for_too_few),
	    TEST(test_nv12m_dmabuf),
	    TEST(test_yvu420m_dmabuf),
	    TEST(test_yvu422m),
	    TEST(test_yuv444m),
	    TEST(test_short),
	    TEST(test_too_small),
	    TEST(test_yv12),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
