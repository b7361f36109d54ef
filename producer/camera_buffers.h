// SPDX-License-Identifier: MIT
/*
 * The buffers that a camera's driver fills: the slots themselves (buffer i is slot i: by USERPTR, pinned by the driver
 * once, or by DMABUF, as dma-bufs of the same pages) or, where the driver lacks both or the picture must be decoded,
 * the driver's own (MMAP).
 *
 * Life: init_user, init_dmabuf or init_mmap -> { queue ... start ... dequeue ... }* -> finish. Codes are -errno.
 */
#ifndef TRIPOOL_CAMERA_BUFFERS_H
#define TRIPOOL_CAMERA_BUFFERS_H

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "camera_device.h"
#include "camera_layout.h"
#include "tripool.h"

/* The slots' pages as dma-bufs: one for each of the driver's pieces of memory. */
struct camera_dmabufs {
	uint32_t slots, planes;
	int fd[VIDEO_MAX_FRAME][CAMERA_MAX_PLANES];
};

struct camera_buffers {
	const struct camera_device *device;
	enum v4l2_memory memory;
	uint32_t planes;
	uint32_t count;
	struct {
		struct {
			uint8_t *memory;
			size_t size_bytes;
			int dmabuf;
		} plane[CAMERA_MAX_PLANES];
	} buffer[VIDEO_MAX_FRAME];
	bool streaming;
};

/* A buffer that the driver has filled, and what it says of it. */
struct camera_buffer_info {
	uint32_t index;
	uint32_t bytes_used[CAMERA_MAX_PLANES];
	uint32_t sequence;
	bool spoiled;       /* V4L2_BUF_FLAG_ERROR */
	int64_t capture_ns; /* CLOCK_MONOTONIC; 0: the driver uses another clock */
};

/* Makes every slot a buffer, and tries slot 0. On failure (the driver has no USERPTR, or not for such memory or so many
 * slots) nothing is left and init_mmap may be tried. */
int camera_buffers_init_user(struct camera_buffers *buffers, const struct camera_device *device,
    const struct camera_layout *layout, const struct tripool_pool_memory *slots);

/* The same by DMABUF. The dma-bufs stay the caller's, and open until finish. */
int camera_buffers_init_dmabuf(struct camera_buffers *buffers, const struct camera_device *device,
    const struct camera_layout *layout, const struct camera_dmabufs *dmabufs);

/* Whether the driver has that kind of memory at all. */
int camera_buffers_probe(const struct camera_device *device, enum v4l2_memory memory);

/* Maps at least `least` buffers of the driver's own, of `planes` pieces each, and queues them all. */
int camera_buffers_init_mmap(
    struct camera_buffers *buffers, const struct camera_device *device, uint32_t planes, uint32_t least);

/* Stops the frames: no buffer is written afterwards. A zeroed struct is fine. */
void camera_buffers_finish(struct camera_buffers *buffers);

/* Hands a buffer to the driver. */
int camera_buffers_queue(struct camera_buffers *buffers, uint32_t index);

int camera_buffers_start(struct camera_buffers *buffers);

/* Takes a filled buffer back from the driver. -EAGAIN: none yet. */
int camera_buffers_dequeue(struct camera_buffers *buffers, struct camera_buffer_info *info);

#endif
