// SPDX-License-Identifier: MIT
#include "traces.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_INODES 1024

struct inodes {
	uint64_t number[MOST_INODES];
	int count;
};

static void add(struct inodes *set, uint64_t number)
{
	for (int i = 0; i < set->count; i++)
		if (set->number[i] == number)
			return;
	if (set->count < MOST_INODES)
		set->number[set->count++] = number;
}

static void add_named(struct inodes *pools, struct inodes *pages, const char *name, uint64_t number)
{
	if (strncmp(name, "/memfd:tripool-lease", 20) == 0)
		add(pages, number);
	else if (strncmp(name, "/memfd:tripool", 14) == 0)
		add(pools, number);
}

static void look_at_mappings(pid_t pid, struct inodes *pools, struct inodes *pages)
{
	char line[512], name[256];
	unsigned long long number;
	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	FILE *file = fopen(line, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %*s %*s %llu %255s", &number, name) == 2)
			add_named(pools, pages, name, number);
	fclose(file);
}

static int look_at_fds(pid_t pid, struct inodes *pools, struct inodes *pages)
{
	char path[320], name[256];
	struct stat st;
	int count = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *dir = opendir(path);
	if (!dir)
		return -1;
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		count++;
		snprintf(path, sizeof(path), "/proc/%d/fd/%.20s", (int)pid, e->d_name);
		ssize_t n = readlink(path, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		if (pools && stat(path, &st) == 0)
			add_named(pools, pages, name, st.st_ino);
	}
	closedir(dir);
	return count;
}

struct traces traces_of(const pid_t *pid, int count)
{
	static struct inodes pools, pages;
	pools.count = pages.count = 0;
	for (int i = 0; i < count; i++) {
		look_at_mappings(pid[i], &pools, &pages);
		look_at_fds(pid[i], &pools, &pages);
	}
	return (struct traces){.pools = pools.count, .pages = pages.count};
}

int traces_fds(pid_t pid)
{
	return look_at_fds(pid, NULL, NULL);
}

/* Lines of its maps that have that text. */
static int count_mappings(pid_t pid, const char *text)
{
	char line[512];
	int count = 0;
	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	FILE *file = fopen(line, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		count += strchr(line, '\n') && strstr(line, text);
	fclose(file);
	return count;
}

int traces_mappings(pid_t pid)
{
	return count_mappings(pid, "");
}

int traces_memfds(pid_t pid)
{
	return count_mappings(pid, " /memfd:");
}

static long find_kib(const char *path, const char *key)
{
	char line[256];
	long kib = -1;
	size_t length = strlen(key);
	FILE *file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, length) == 0 && line[length] == ':')
			sscanf(line + length + 1, "%ld", &kib);
	fclose(file);
	return kib;
}

long traces_private_kib(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return find_kib(path, "RssAnon");
}

long traces_shmem_kib(void)
{
	return find_kib("/proc/meminfo", "Shmem");
}

int traces_files(const char *directory, char *names, size_t bytes)
{
	int count = 0;
	size_t used = 0;
	DIR *dir = opendir(directory);
	if (!dir)
		return -1;
	if (bytes > 0)
		names[0] = '\0';
	for (struct dirent *e; (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		count++;
		if (used < bytes)
			used += (size_t)snprintf(names + used, bytes - used, " %s", e->d_name);
	}
	closedir(dir);
	return count;
}
