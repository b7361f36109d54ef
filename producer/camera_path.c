// SPDX-License-Identifier: MIT
#include "camera_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "udmabuf.h"

/* From now on a copy, and why. */
static void refuse(struct camera_path *path, const char *what, int code)
{
	size_t length = strlen(path->refused);

	path->memory = V4L2_MEMORY_MMAP;
	snprintf(path->refused + length, sizeof(path->refused) - length, "%s%s: %s", length ? ", " : "", what,
	    strerror(-code));
}

static void drop_dmabufs(struct camera_dmabufs *dmabufs)
{
	for (uint32_t i = 0; i < dmabufs->slots; i++)
		for (uint32_t p = 0; p < dmabufs->planes; p++)
			if (dmabufs->fd[i][p] >= 0)
				close(dmabufs->fd[i][p]);
	*dmabufs = (struct camera_dmabufs){.slots = 0};
}

/* Writes zeros. Memory that is reserved but was never written is zeroed by the kernel when a CPU first looks at it:
 * after the driver has written its picture there, of which the kernel knows nothing. */
static int settle_pages(int memory_fd, uint64_t offset_bytes, uint64_t size_bytes)
{
	static const uint8_t zeros[65536];

	while (size_bytes > 0) {
		size_t step = size_bytes < sizeof(zeros) ? size_bytes : sizeof(zeros);
		ssize_t written = pwrite(memory_fd, zeros, step, (off_t)offset_bytes);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			offset_bytes += (uint64_t)written;
			size_bytes -= (uint64_t)written;
		}
	}
	return 0;
}

/* One for each of the driver's pieces of memory in each slot. */
static int make_dmabufs(struct camera_dmabufs *dmabufs, const struct camera_layout *layout, int memory_fd,
    const struct tripool_pool_memory *slots)
{
	int r;

	if (slots->slots > VIDEO_MAX_FRAME)
		return -E2BIG;
	r = settle_pages(memory_fd, slots->offset_bytes, slots->slots * slots->slot_bytes);
	if (r < 0)
		return r;
	*dmabufs = (struct camera_dmabufs){.slots = slots->slots, .planes = layout->planes};
	memset(dmabufs->fd, -1, sizeof(dmabufs->fd));
	for (uint32_t i = 0; i < slots->slots * layout->planes; i++) {
		uint32_t slot = i / layout->planes, p = i % layout->planes;
		int fd = udmabuf_create(memory_fd,
		    slots->offset_bytes + slot * slots->slot_bytes + layout->plane[p].offset_bytes,
		    layout->plane[p].room_bytes);

		if (fd < 0) {
			drop_dmabufs(dmabufs);
			return fd;
		}
		dmabufs->fd[slot][p] = fd;
	}
	return 0;
}

static uint64_t slot_bytes(const struct camera_layout *layout)
{
	const uint32_t last = layout->planes - 1;

	return layout->plane[last].offset_bytes + layout->plane[last].room_bytes;
}

static int try_user(const struct camera_device *device, const struct camera_layout *layout)
{
	struct tripool_pool_memory slot = {.slot_bytes = slot_bytes(layout), .slots = 1};
	struct camera_buffers buffers;
	int r;

	slot.memory = mmap(NULL, slot.slot_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (slot.memory == MAP_FAILED)
		return -errno;
	r = camera_buffers_init_user(&buffers, device, layout, &slot);
	if (r == 0)
		camera_buffers_finish(&buffers);
	munmap(slot.memory, slot.slot_bytes);
	return r;
}

/* Says also what it was that failed. */
static int try_dmabuf(const struct camera_device *device, const struct camera_layout *layout, const char **what)
{
	struct tripool_pool_memory slot = {.slot_bytes = slot_bytes(layout), .slots = 1};
	struct camera_dmabufs dmabufs = {.slots = 0};
	struct camera_buffers buffers;
	int r, fd;

	*what = "DMABUF";
	r = camera_buffers_probe(device, V4L2_MEMORY_DMABUF);
	if (r < 0)
		return r;
	*what = "/dev/udmabuf";
	fd = memfd_create("tripool-trial", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)slot.slot_bytes) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		r = -errno;
	else
		r = make_dmabufs(&dmabufs, layout, fd, &slot);
	if (r == 0) {
		*what = "DMABUF";
		r = camera_buffers_init_dmabuf(&buffers, device, layout, &dmabufs);
		if (r == 0)
			camera_buffers_finish(&buffers);
		drop_dmabufs(&dmabufs);
	}
	close(fd);
	return r;
}

void camera_path_choose(
    struct camera_path *path, const struct camera_device *device, const struct camera_layout *layout)
{
	const char *what;
	int r = try_user(device, layout);

	*path = (struct camera_path){.memory = V4L2_MEMORY_USERPTR};
	if (r == 0 || r == -ENODEV || r == -EBUSY) /* which attach will say */
		return;
	refuse(path, "USERPTR", r);
	r = try_dmabuf(device, layout, &what);
	if (r < 0)
		refuse(path, what, r);
	else
		path->memory = V4L2_MEMORY_DMABUF;
}

void camera_path_prepare(struct camera_path *path, const struct camera_layout *layout, int memory_fd,
    const struct tripool_pool_memory *slots)
{
	int r;

	if (path->memory != V4L2_MEMORY_DMABUF)
		return;
	drop_dmabufs(&path->dmabufs);
	r = make_dmabufs(&path->dmabufs, layout, memory_fd, slots);
	if (r < 0)
		refuse(path, "/dev/udmabuf", r);
}

int camera_path_attach(struct camera_path *path, struct camera_buffers *buffers, const struct camera_device *device,
    const struct camera_layout *layout, const struct tripool_pool_memory *slots)
{
	bool user = path->memory == V4L2_MEMORY_USERPTR;
	int r;

	if (path->memory == V4L2_MEMORY_MMAP)
		return 0;
	r = user ? camera_buffers_init_user(buffers, device, layout, slots)
	         : camera_buffers_init_dmabuf(buffers, device, layout, &path->dmabufs);
	if (r == 0 || r == -ENODEV || r == -EBUSY)
		return r;
	refuse(path, user ? "USERPTR" : "DMABUF", r);
	return 0;
}

void camera_path_finish(struct camera_path *path)
{
	drop_dmabufs(&path->dmabufs);
}
