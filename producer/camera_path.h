// SPDX-License-Identifier: MIT
/*
 * The best way that a driver has for a picture that is published as it is: USERPTR, else DMABUF, else a copy from
 * memory of its own. Found by trying, as drivers promise more than they do.
 *
 * Life: choose -> { prepare -> attach } -> (the buffers are finished) -> finish. Codes are -errno.
 */
#ifndef TRIPOOL_CAMERA_PATH_H
#define TRIPOOL_CAMERA_PATH_H

#include "camera_buffers.h"

struct camera_path {
	enum v4l2_memory memory;       /* MMAP: a copy */
	struct camera_dmabufs dmabufs; /* the slots', with DMABUF */
	char refused[128];             /* "USERPTR: Invalid argument, DMABUF: ..."; "" when nothing was */
};

/* Tries each with memory for one slot. */
void camera_path_choose(
    struct camera_path *path, const struct camera_device *device, const struct camera_layout *layout);

/* Makes what the chosen path needs of a pool that is not yet sealed against writing; in place of what it had of an
 * earlier one. Where that cannot be had, a copy is chosen. */
void camera_path_prepare(struct camera_path *path, const struct camera_layout *layout, int memory_fd,
    const struct tripool_pool_memory *slots);

/* Gives the driver the slots. Where it does not take them after all, a copy is chosen, and `buffers` left as they
 * were: init_mmap is then the caller's. -ENODEV, -EBUSY: neither would work. */
int camera_path_attach(struct camera_path *path, struct camera_buffers *buffers, const struct camera_device *device,
    const struct camera_layout *layout, const struct tripool_pool_memory *slots);

/* A zeroed struct is fine. */
void camera_path_finish(struct camera_path *path);

#endif
