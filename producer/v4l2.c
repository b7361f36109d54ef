// SPDX-License-Identifier: MIT
#include "v4l2.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

int v4l2_call(int fd, unsigned long request, void *argument)
{
	int result;

	do {
		result = ioctl(fd, request, argument);
	} while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : result;
}

int v4l2_device_open(const char *path)
{
	int fd;

	do {
		fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int v4l2_next_device(int after)
{
	const struct dirent *entry;
	int next = INT_MAX;
	DIR *dev = opendir("/dev");

	if (!dev)
		return -errno;
	while ((entry = readdir(dev))) {
		char *end;
		long number;

		if (strncmp(entry->d_name, "video", 5) != 0 || !isdigit((unsigned char)entry->d_name[5]))
			continue;
		number = strtol(entry->d_name + 5, &end, 10);
		if (*end == '\0' && number > after && number < next)
			next = (int)number;
	}
	closedir(dev);
	return next == INT_MAX ? -ENOENT : next;
}

int v4l2_watch_devices(void)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (inotify_add_watch(fd, "/dev", IN_CREATE | IN_MOVED_TO | IN_ATTRIB) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}
