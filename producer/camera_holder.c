// SPDX-License-Identifier: MIT
#include "camera_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_open(const char *pid, dev_t device)
{
	char path[320];
	const struct dirent *entry;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	DIR *fds = opendir(path);
	if (!fds)
		return false; /* another user's, or gone */
	while (!found && (entry = readdir(fds))) {
		struct stat status;

		found = fstatat(dirfd(fds), entry->d_name, &status, 0) == 0 && S_ISCHR(status.st_mode) &&
		        status.st_rdev == device;
	}
	closedir(fds);
	return found;
}

static void add(const char *pid, char *text, size_t size)
{
	char path[64], name[32] = "?";
	size_t length = strlen(text);

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	FILE *file = fopen(path, "re");
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	if (length + strlen(pid) + strlen(name) + sizeof(", pid  ()") <= size)
		snprintf(text + length, size - length, "%spid %s (%s)", length ? ", " : "", pid, name);
}

unsigned camera_holders(const char *path, char *text, size_t size)
{
	const struct dirent *entry;
	struct stat status;
	unsigned found = 0;

	text[0] = '\0';
	if (stat(path, &status) < 0 || !S_ISCHR(status.st_mode))
		return 0;
	DIR *processes = opendir("/proc");
	if (!processes)
		return 0;
	while ((entry = readdir(processes))) {
		if (!isdigit((unsigned char)entry->d_name[0]) || strtol(entry->d_name, NULL, 10) == getpid() ||
		    !has_open(entry->d_name, status.st_rdev))
			continue;
		found++;
		add(entry->d_name, text, size);
	}
	closedir(processes);
	return found;
}
