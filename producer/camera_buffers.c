// SPDX-License-Identifier: MIT
#include "camera_buffers.h"

#include <errno.h>
#include <sys/mman.h>

#include "udmabuf.h"
#include "v4l2.h"

/* A v4l2_buffer of either API. */
struct request {
	struct v4l2_buffer buffer;
	struct v4l2_plane plane[CAMERA_MAX_PLANES];
};

static bool multiplanar(const struct camera_buffers *buffers)
{
	return buffers->device->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

static int call(const struct camera_buffers *buffers, unsigned long what, struct request *request, uint32_t index)
{
	request->buffer.type = buffers->device->type;
	request->buffer.memory = buffers->memory;
	request->buffer.index = index;
	if (multiplanar(buffers)) {
		request->buffer.m.planes = request->plane;
		request->buffer.length = buffers->planes;
	}
	return v4l2_call(buffers->device->fd, what, &request->buffer);
}

/* Returns how many buffers the driver has now. */
static int request_buffers(const struct camera_buffers *buffers, uint32_t count)
{
	struct v4l2_requestbuffers request = {.count = count, .type = buffers->device->type, .memory = buffers->memory};
	int r = v4l2_call(buffers->device->fd, VIDIOC_REQBUFS, &request);

	return r < 0 ? r : (int)request.count;
}

static int stop(struct camera_buffers *buffers)
{
	int type = (int)buffers->device->type;

	buffers->streaming = false;
	return v4l2_call(buffers->device->fd, VIDIOC_STREAMOFF, &type);
}

/* Makes `count` slots the driver's buffers; where they are is filled in already. */
static int take_slots(struct camera_buffers *buffers, uint32_t count)
{
	int r = request_buffers(buffers, count);

	if (r < 0)
		return r;
	if ((uint32_t)r < count) {
		request_buffers(buffers, 0);
		return -ENOBUFS;
	}
	buffers->count = count;
	/* Only queueing shows whether the driver can write to such memory (some need it contiguous). STREAMOFF takes
	 * the buffer back; it stays pinned. */
	r = camera_buffers_queue(buffers, 0);
	if (r >= 0)
		r = stop(buffers);
	if (r < 0)
		camera_buffers_finish(buffers);
	return r < 0 ? r : 0;
}

int camera_buffers_init_user(struct camera_buffers *buffers, const struct camera_device *device,
    const struct camera_layout *layout, const struct tripool_pool_memory *slots)
{
	struct camera_buffers b = {.device = device, .memory = V4L2_MEMORY_USERPTR, .planes = layout->planes};
	int r;

	if (slots->slots > VIDEO_MAX_FRAME || slots->slot_bytes > UINT32_MAX)
		return -E2BIG;
	for (uint32_t i = 0; i < slots->slots * b.planes; i++) {
		uint32_t slot = i / b.planes, plane = i % b.planes;

		b.buffer[slot].plane[plane].memory =
		    slots->memory + slot * slots->slot_bytes + layout->plane[plane].offset_bytes;
		b.buffer[slot].plane[plane].size_bytes = (size_t)layout->plane[plane].room_bytes;
	}
	r = take_slots(&b, slots->slots);
	if (r == 0)
		*buffers = b;
	return r;
}

int camera_buffers_init_dmabuf(struct camera_buffers *buffers, const struct camera_device *device,
    const struct camera_layout *layout, const struct camera_dmabufs *dmabufs)
{
	struct camera_buffers b = {.device = device, .memory = V4L2_MEMORY_DMABUF, .planes = layout->planes};
	int r;

	for (uint32_t i = 0; i < dmabufs->slots * b.planes; i++) {
		uint32_t slot = i / b.planes, plane = i % b.planes;

		b.buffer[slot].plane[plane].dmabuf = dmabufs->fd[slot][plane];
		b.buffer[slot].plane[plane].size_bytes = (size_t)layout->plane[plane].room_bytes;
	}
	r = take_slots(&b, dmabufs->slots);
	if (r == 0)
		*buffers = b;
	return r;
}

int camera_buffers_probe(const struct camera_device *device, enum v4l2_memory memory)
{
	const struct camera_buffers b = {.device = device, .memory = memory, .planes = 1};
	int r = request_buffers(&b, 1);

	if (r >= 0)
		request_buffers(&b, 0);
	return r < 0 ? r : 0;
}

static int map(struct camera_buffers *buffers, uint32_t index)
{
	struct request request = {.plane = {{0}}};
	int r = call(buffers, VIDIOC_QUERYBUF, &request, index);

	for (uint32_t p = 0; p < buffers->planes && r >= 0; p++) {
		uint32_t length = multiplanar(buffers) ? request.plane[p].length : request.buffer.length;
		uint32_t offset = multiplanar(buffers) ? request.plane[p].m.mem_offset : request.buffer.m.offset;
		/* Writable: libv4lconvert decodes some formats in steps, the first in place. */
		void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, buffers->device->fd, offset);

		if (memory == MAP_FAILED)
			return -errno;
		buffers->buffer[index].plane[p].memory = memory;
		buffers->buffer[index].plane[p].size_bytes = length;
	}
	return r;
}

int camera_buffers_init_mmap(
    struct camera_buffers *buffers, const struct camera_device *device, uint32_t planes, uint32_t least)
{
	struct camera_buffers b = {.device = device, .memory = V4L2_MEMORY_MMAP, .planes = planes};
	int r = request_buffers(&b, least);

	if (r < 0)
		return r;
	b.count = r < VIDEO_MAX_FRAME ? (uint32_t)r : VIDEO_MAX_FRAME;
	r = b.count > 0 ? 0 : -ENOBUFS;
	for (uint32_t i = 0; i < b.count && r >= 0; i++)
		r = map(&b, i);
	for (uint32_t i = 0; i < b.count && r >= 0; i++)
		r = camera_buffers_queue(&b, i);
	if (r < 0) {
		camera_buffers_finish(&b);
		return r;
	}
	*buffers = b;
	return 0;
}

static void unmap(struct camera_buffers *buffers, uint32_t index)
{
	for (uint32_t p = 0; p < buffers->planes; p++)
		if (buffers->buffer[index].plane[p].memory)
			munmap(buffers->buffer[index].plane[p].memory, buffers->buffer[index].plane[p].size_bytes);
}

void camera_buffers_finish(struct camera_buffers *buffers)
{
	if (!buffers->device)
		return;
	stop(buffers);
	for (uint32_t i = 0; i < buffers->count && buffers->memory == V4L2_MEMORY_MMAP; i++)
		unmap(buffers, i);
	request_buffers(buffers, 0);
	*buffers = (struct camera_buffers){.device = NULL};
}

/* Says where the buffer's plane lies. */
static void name_slot(const struct camera_buffers *buffers, struct request *request, uint32_t index, uint32_t plane)
{
	unsigned long address = (unsigned long)buffers->buffer[index].plane[plane].memory;
	uint32_t length = (uint32_t)buffers->buffer[index].plane[plane].size_bytes;
	int fd = buffers->buffer[index].plane[plane].dmabuf;

	if (multiplanar(buffers))
		request->plane[plane].length = length;
	else
		request->buffer.length = length;
	if (multiplanar(buffers) && buffers->memory == V4L2_MEMORY_DMABUF)
		request->plane[plane].m.fd = fd;
	else if (multiplanar(buffers))
		request->plane[plane].m.userptr = address;
	else if (buffers->memory == V4L2_MEMORY_DMABUF)
		request->buffer.m.fd = fd;
	else
		request->buffer.m.userptr = address;
}

int camera_buffers_queue(struct camera_buffers *buffers, uint32_t index)
{
	struct request request = {.plane = {{0}}};

	for (uint32_t p = 0; p < buffers->planes && buffers->memory != V4L2_MEMORY_MMAP; p++)
		name_slot(buffers, &request, index, p);
	return call(buffers, VIDIOC_QBUF, &request, index);
}

int camera_buffers_start(struct camera_buffers *buffers)
{
	int type = (int)buffers->device->type;
	int r = v4l2_call(buffers->device->fd, VIDIOC_STREAMON, &type);

	buffers->streaming = r >= 0;
	return r;
}

int camera_buffers_dequeue(struct camera_buffers *buffers, struct camera_buffer_info *info)
{
	struct request request = {.plane = {{0}}};
	const struct v4l2_buffer *b = &request.buffer;
	int r = call(buffers, VIDIOC_DQBUF, &request, 0);
	bool monotonic;

	if (r < 0)
		return r;
	if (b->index >= buffers->count)
		return -EPROTO;
	/* A picture that does not begin where its buffer does would need a layout that nothing announced. */
	for (uint32_t p = 0; p < buffers->planes && multiplanar(buffers); p++)
		if (request.plane[p].data_offset)
			return -ENOTSUP;
	for (uint32_t p = 0; p < buffers->planes && buffers->memory == V4L2_MEMORY_DMABUF; p++)
		udmabuf_sync(buffers->buffer[b->index].plane[p].dmabuf);
	monotonic = (b->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	*info = (struct camera_buffer_info){
	    .index = b->index,
	    .bytes_used = {b->bytesused},
	    .sequence = b->sequence,
	    .spoiled = (b->flags & V4L2_BUF_FLAG_ERROR) != 0,
	    .capture_ns = monotonic ? (int64_t)b->timestamp.tv_sec * 1000000000 + b->timestamp.tv_usec * 1000 : 0,
	};
	for (uint32_t p = 0; p < buffers->planes && multiplanar(buffers); p++)
		info->bytes_used[p] = request.plane[p].bytesused;
	return 0;
}
