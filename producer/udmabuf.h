// SPDX-License-Identifier: MIT
/* Shared memory as a dma-buf, which a driver can import that takes no addresses; by /dev/udmabuf. */
#ifndef TRIPOOL_UDMABUF_H
#define TRIPOOL_UDMABUF_H

#include <stdint.h>

/* A dma-buf of `size_bytes` bytes of a memfd from `offset_bytes` on, both whole pages: an fd, closed by close(), or
 * -errno. The memfd must be sealed against shrinking and not yet against writing. Its pages become resident. */
int udmabuf_create(int memory_fd, uint64_t offset_bytes, uint64_t size_bytes);

/* Lets CPUs see what a device has written. Of no effect on machines whose caches follow their devices. */
void udmabuf_sync(int fd);

#endif
