// SPDX-License-Identifier: MIT
/* The only ways in which the camera source touches the kernel's video devices, so that a test can stand a
 * driver of its own in their place. */
#ifndef TRIPOOL_V4L2_H
#define TRIPOOL_V4L2_H

#include <stddef.h>

/* ioctl, begun again when a signal interrupts it. 0 or positive, or -errno. */
int v4l2_call(int fd, unsigned long request, void *argument);

/* A non-blocking fd for reading and writing, closed by close(), or -errno. */
int v4l2_device_open(const char *path);

/* The smallest N above `after` for which there is a /dev/videoN, or -ENOENT. Begin with -1. */
int v4l2_next_device(int after);

/* An inotify fd that tells of devices that come, and of changes of their permissions; or -errno. */
int v4l2_watch_devices(void);

/* The name that udev keeps for the device at `path` while numbers change: the first link in /dev/v4l/by-id (else in
 * by-path) that leads to the same device. -ENOENT: it has none. */
int v4l2_stable_path(const char *path, char *stable, size_t size);

#endif
