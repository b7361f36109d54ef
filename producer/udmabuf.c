// SPDX-License-Identifier: MIT
#include "udmabuf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <unistd.h>

int udmabuf_create(int memory_fd, uint64_t offset_bytes, uint64_t size_bytes)
{
	struct udmabuf_create request = {(uint32_t)memory_fd, UDMABUF_FLAGS_CLOEXEC, offset_bytes, size_bytes};
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int fd;

	if (device < 0)
		return -errno;
	fd = ioctl(device, UDMABUF_CREATE, &request);
	if (fd < 0)
		fd = -errno;
	close(device);
	return fd;
}

void udmabuf_sync(int fd)
{
	struct dma_buf_sync begin = {DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ};
	struct dma_buf_sync end = {DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ};
	int r;

	do
		r = ioctl(fd, DMA_BUF_IOCTL_SYNC, &begin);
	while (r < 0 && (errno == EINTR || errno == EAGAIN));
	if (r == 0)
		ioctl(fd, DMA_BUF_IOCTL_SYNC, &end);
}
