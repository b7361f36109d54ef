// SPDX-License-Identifier: MIT
#include "camera-rig.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct fake_format raw_formats[] = {
    {V4L2_PIX_FMT_YUYV, 16, 16, 1},
    {V4L2_PIX_FMT_NV12, 8, 12, 1},
};

struct rig rig;

static int count_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

const struct source_request request_64x48 = {.width_px = WIDTH, .height_px = HEIGHT};

int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&rig, 0, sizeof(rig));
	rig.fds = count_fds();
	fake.formats = raw_formats;
	fake.format_count = COUNT(raw_formats);
	fake.timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	fake.dmabuf_reqbufs_error = -EINVAL;
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	camera_source.close(rig.source);
	assert_false(fake.streaming);
	assert_int_equal(fake.count, 0);
	assert_int_equal(count_fds(), rig.fds);
	if (rig.pool.memory)
		munmap(rig.pool.memory, rig.pool.slot_bytes * rig.pool.slots);
	return 0;
}

int open_camera(const struct source_request *request)
{
	return camera_source.open(&rig.source, request, &rig.description, &rig.error);
}

int attach(uint32_t slots)
{
	off_t size;
	int fd;

	rig.pool.slots = slots;
	rig.pool.slot_bytes = (rig.description.format.size_bytes + 4095) / 4096 * 4096;
	rig.pool.offset_bytes = 4096;
	size = (off_t)(rig.pool.offset_bytes + rig.pool.slot_bytes * slots);
	fd = memfd_create("pool", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	rig.pool.memory = mmap(
	    NULL, rig.pool.slot_bytes * slots, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)rig.pool.offset_bytes);
	assert_true(rig.pool.memory != MAP_FAILED);
	assert_int_equal(camera_source.prepare(rig.source, fd, &rig.pool, &rig.error), 0);
	close(fd);
	return camera_source.attach(rig.source, &rig.pool, &rig.description, &rig.error);
}

int queue(uint32_t index)
{
	struct tripool_slot slot = {.index = index, .memory = rig.pool.memory + index * rig.pool.slot_bytes};

	slot.plane[0] = slot.memory;
	return camera_source.queue(rig.source, &slot, &rig.error);
}

void start(const char *pix_fmt)
{
	struct source_request request = request_64x48;

	request.pix_fmt = pix_fmt;
	assert_int_equal(open_camera(&request), 0);
	assert_int_equal(attach(SLOTS), 0);
	for (uint32_t i = 0; i < rig.description.write_depth; i++)
		assert_int_equal(queue(i), 0);
	assert_true(fake.streaming);
}

int dequeue(struct tripool_slot *slot, struct tripool_frame_info *info)
{
	return camera_source.dequeue(rig.source, 1, slot, info, &rig.error);
}

void expect_nothing(void)
{
	struct tripool_slot slot = {.index = 99};
	struct tripool_frame_info info = {.bytes_used = 98};

	assert_int_equal(dequeue(&slot, &info), -EAGAIN);
	assert_int_equal(slot.index, 99);
	assert_int_equal(info.bytes_used, 98);
}

uint64_t dropped(void)
{
	return camera_source.counts(rig.source).dropped;
}

void expect_text(const char *part)
{
	if (!strstr(rig.error.text, part))
		fail_msg("'%s' is not in '%s'", part, rig.error.text);
}

const void *picture(uint8_t number)
{
	static uint8_t bytes[WIDTH * HEIGHT * 2];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + number);
	return bytes;
}
