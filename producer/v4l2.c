// SPDX-License-Identifier: MIT
#include "v4l2.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

static int find_link(const char *directory, dev_t device, char *link, size_t size)
{
	const struct dirent *entry;
	DIR *links = opendir(directory);
	int r = -ENOENT;

	if (!links)
		return r;
	while ((entry = readdir(links))) {
		char path[PATH_MAX];
		struct stat status;
		int length = snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);

		if ((size_t)length >= size || stat(path, &status) < 0 || !S_ISCHR(status.st_mode) ||
		    status.st_rdev != device || (r == 0 && strcmp(path, link) > 0))
			continue;
		strcpy(link, path);
		r = 0;
	}
	closedir(links);
	return r;
}

int v4l2_stable_path(const char *path, char *stable, size_t size)
{
	struct stat status;
	int r;

	if (stat(path, &status) < 0 || !S_ISCHR(status.st_mode))
		return -ENOENT;
	r = find_link("/dev/v4l/by-id", status.st_rdev, stable, size);
	return r == 0 ? r : find_link("/dev/v4l/by-path", status.st_rdev, stable, size);
}
