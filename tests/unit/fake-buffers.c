// SPDX-License-Identifier: MIT
/* The buffers of the fake driver, as videobuf2 keeps them, and the dma-bufs that udmabuf makes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-parts.h"
#include "fake-v4l2.h"
#include "udmabuf.h"

#define PLANE_BYTES (FAKE_BUFFER_BYTES / 4)
#define CAPTURE_NS_PER_FRAME 40000000

/* By fd: where in its memfd each of the dma-bufs lies, which are no more than duplicates of that. */
static struct {
	uint64_t offset, size;
} dmabufs[1024];

int udmabuf_create(int memory_fd, uint64_t offset_bytes, uint64_t size_bytes)
{
	int seals = fcntl(memory_fd, F_GET_SEALS);
	int fd;

	if (fake.udmabuf_error && fake.udmabufs >= fake.udmabufs_max)
		return fake.udmabuf_error;
	if (!(seals & F_SEAL_SHRINK) || seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) || offset_bytes % 4096 ||
	    size_bytes % 4096)
		return -EINVAL;
	/* A page that no CPU has written is zeroed when the first one reads it, whatever a device did before. */
	assert_true(lseek(memory_fd, (off_t)offset_bytes, SEEK_HOLE) >= (off_t)(offset_bytes + size_bytes));
	fd = fcntl(memory_fd, F_DUPFD_CLOEXEC, 0);
	assert_in_range(fd, 0, 1023);
	dmabufs[fd].offset = offset_bytes;
	dmabufs[fd].size = size_bytes;
	fake.udmabufs++;
	return fd;
}

void udmabuf_sync(int fd)
{
	assert_true(fcntl(fd, F_GETFD) >= 0);
	fake.syncs++;
}

static uint32_t planes(void)
{
	return fake.multiplanar ? fake.format.fmt.pix_mp.num_planes : 1;
}

static uint32_t size_image(uint32_t plane)
{
	return fake.multiplanar ? fake.format.fmt.pix_mp.plane_fmt[plane].sizeimage : fake.format.fmt.pix.sizeimage;
}

static int request_buffers(struct v4l2_requestbuffers *request)
{
	bool user = request->memory == V4L2_MEMORY_USERPTR, dmabuf = request->memory == V4L2_MEMORY_DMABUF;

	if (request->type != fake_buffer_type())
		return -EINVAL;
	if (request->count && dmabuf && fake.dmabuf_reqbufs_error)
		return fake.dmabuf_reqbufs_error;
	if (request->count && (fake.reqbufs_error || (user && fake.user_reqbufs_error)))
		return fake.reqbufs_error ? fake.reqbufs_error : fake.user_reqbufs_error;
	assert_false(fake.streaming);
	memset(fake.buffer, 0, sizeof(fake.buffer));
	fake.queued_count = fake.done_count = 0;
	if (request->count > VIDEO_MAX_FRAME)
		request->count = VIDEO_MAX_FRAME;
	if (fake.few_buffers && request->count > 1)
		request->count--;
	fake.memory = request->memory;
	fake.count = request->count;
	return 0;
}

static int query_buffer(struct v4l2_buffer *b)
{
	if (b->type != fake_buffer_type() || b->memory != V4L2_MEMORY_MMAP || b->index >= fake.count)
		return -EINVAL;
	if (fake.multiplanar) {
		for (uint32_t p = 0; p < planes(); p++) {
			b->m.planes[p].length = size_image(p);
			b->m.planes[p].m.mem_offset = b->index * FAKE_BUFFER_BYTES + p * PLANE_BYTES;
		}
	} else {
		b->length = size_image(0);
		b->m.offset = b->index * FAKE_BUFFER_BYTES;
	}
	return 0;
}

static int queue_buffer(struct v4l2_buffer *b)
{
	struct fake_buffer *buffer = &fake.buffer[b->index];
	bool user = b->memory == V4L2_MEMORY_USERPTR, dmabuf = b->memory == V4L2_MEMORY_DMABUF;

	if (dmabuf && fake.dmabuf_qbuf_error)
		return fake.dmabuf_qbuf_error;
	if (fake.qbuf_error || (user && fake.user_qbuf_error))
		return fake.qbuf_error ? fake.qbuf_error : fake.user_qbuf_error;
	if (b->type != fake_buffer_type() || b->memory != fake.memory || b->index >= fake.count || buffer->queued ||
	    (fake.multiplanar && b->length < planes()))
		return -EINVAL;
	for (uint32_t p = 0; p < planes() && user; p++) {
		unsigned long address = fake.multiplanar ? b->m.planes[p].m.userptr : b->m.userptr;

		buffer->plane[p].memory = (uint8_t *)address;
		buffer->plane[p].length = fake.multiplanar ? b->m.planes[p].length : b->length;
		if (address % 4096 != 0 || buffer->plane[p].length < size_image(p))
			return -EINVAL;
	}
	for (uint32_t p = 0; p < planes() && dmabuf; p++) {
		int fd = fake.multiplanar ? b->m.planes[p].m.fd : b->m.fd;

		buffer->plane[p].dmabuf = fd;
		buffer->plane[p].length = fake.multiplanar ? b->m.planes[p].length : b->length;
		if (fcntl(fd, F_GETFD) < 0 || buffer->plane[p].length > dmabufs[fd].size ||
		    buffer->plane[p].length < size_image(p))
			return -EINVAL;
	}
	buffer->queued = true;
	fake.queued[fake.queued_count++] = b->index;
	return 0;
}

static int dequeue_buffer(struct v4l2_buffer *b)
{
	struct fake_buffer *buffer;
	int64_t capture_us;

	if (fake.dqbuf_error)
		return fake.dqbuf_error;
	if (!fake.streaming || b->type != fake_buffer_type() || b->memory != fake.memory)
		return -EINVAL;
	if (fake.done_count == 0)
		return -EAGAIN;
	b->index = fake.done[0];
	memmove(fake.done, fake.done + 1, --fake.done_count * sizeof(fake.done[0]));
	buffer = &fake.buffer[b->index];
	buffer->queued = false;
	if (fake.multiplanar) {
		assert_true(b->length >= planes());
		for (uint32_t p = 0; p < planes(); p++)
			b->m.planes[p].bytesused = buffer->plane[p].bytes_used;
	} else {
		b->bytesused = buffer->plane[0].bytes_used;
	}
	b->sequence = buffer->sequence;
	b->flags = buffer->flags | fake.timestamp_flags;
	capture_us = ((int64_t)buffer->sequence + 100) * CAPTURE_NS_PER_FRAME / 1000;
	b->timestamp.tv_sec = capture_us / 1000000;
	b->timestamp.tv_usec = capture_us % 1000000;
	return 0;
}

static int stream_off(void)
{
	fake.streaming = false;
	fake.queued_count = fake.done_count = 0;
	fake.streamoffs++;
	for (unsigned i = 0; i < VIDEO_MAX_FRAME; i++)
		fake.buffer[i].queued = false;
	return 0;
}

int fake_buffer_call(unsigned long request, void *argument)
{
	switch (request) {
	case VIDIOC_REQBUFS:
		return request_buffers(argument);
	case VIDIOC_QUERYBUF:
		return query_buffer(argument);
	case VIDIOC_QBUF:
		return queue_buffer(argument);
	case VIDIOC_DQBUF:
		return dequeue_buffer(argument);
	case VIDIOC_STREAMON:
		fake.streaming = !fake.streamon_error;
		return fake.streamon_error;
	case VIDIOC_STREAMOFF:
		return stream_off();
	default:
		return -ENOTTY;
	}
}

static void fill(uint32_t index, uint32_t plane, const void *data, size_t size)
{
	struct fake_buffer *buffer = &fake.buffer[index];
	off_t own = (off_t)index * FAKE_BUFFER_BYTES + plane * PLANE_BYTES;

	if (fake.memory == V4L2_MEMORY_USERPTR) {
		assert_true(size <= buffer->plane[plane].length);
		memcpy(buffer->plane[plane].memory, data, size);
	} else if (fake.memory == V4L2_MEMORY_DMABUF) {
		int fd = buffer->plane[plane].dmabuf;

		assert_true(size <= buffer->plane[plane].length);
		assert_int_equal(pwrite(fd, data, size, (off_t)dmabufs[fd].offset), (ssize_t)size);
	} else {
		assert_int_equal(pwrite(fake_fd, data, size, own), (ssize_t)size);
	}
	buffer->plane[plane].bytes_used = (uint32_t)size;
}

uint32_t fake_deliver(const void *data, size_t size, uint32_t sequence, uint32_t flags)
{
	const void *const all_data[FAKE_PLANES] = {data};
	const size_t all_size[FAKE_PLANES] = {size};

	assert_int_equal(planes(), 1);
	return fake_deliver_planes(all_data, all_size, sequence, flags);
}

uint32_t fake_deliver_planes(
    const void *const data[FAKE_PLANES], const size_t size[FAKE_PLANES], uint32_t sequence, uint32_t flags)
{
	struct fake_buffer *buffer;
	uint32_t index;

	assert_true(fake.streaming);
	assert_true(fake.queued_count > 0);
	index = fake.queued[0];
	memmove(fake.queued, fake.queued + 1, --fake.queued_count * sizeof(fake.queued[0]));
	buffer = &fake.buffer[index];
	for (uint32_t p = 0; p < planes(); p++)
		fill(index, p, data[p], size[p]);
	buffer->sequence = sequence;
	buffer->flags = flags;
	fake.done[fake.done_count++] = index;
	return index;
}
