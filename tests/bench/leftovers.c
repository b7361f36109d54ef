// SPDX-License-Identifier: MIT
#include "leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static int queues = -1; /* POSIX message queues, as a directory */

static void write_line(const char *path, const char *line)
{
	FILE *f = fopen(path, "we");
	if (!f)
		return;
	fputs(line, f);
	fclose(f);
}

/* As any user may: root over these spaces alone, and still oneself. */
static int unshare_as_user(void)
{
	char map[64];
	unsigned uid = getuid(), gid = getgid();
	if (unshare(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWNS) < 0)
		return -1;
	write_line("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	write_line("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	write_line("/proc/self/gid_map", map);
	return 0;
}

/* The directory stays while it is open. */
static void mount_queues(void)
{
	char place[] = "/tmp/tripool-queues-XXXXXX";
	if (!mkdtemp(place))
		return;
	if (mount("mqueue", place, "mqueue", 0, NULL) == 0) {
		queues = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		umount2(place, MNT_DETACH);
	}
	rmdir(place);
}

void leftovers_isolate(void)
{
	if (unshare(CLONE_NEWIPC | CLONE_NEWNS) == 0 || unshare_as_user() == 0) {
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		if (mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, NULL) < 0)
			perror("no /dev/shm of our own");
		mount_queues();
	} else {
		perror("other programs' segments will be seen, too");
	}
	if (queues < 0)
		queues = open("/dev/mqueue", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (queues < 0)
		printf("message queues that are left behind cannot be seen here\n");
}

static void add(char *text, const char *where, const char *name)
{
	size_t n = strlen(text);
	snprintf(text + n, LEFTOVERS_BYTES - n, "%s: %s\n", where, name);
}

static void list_directory(char *text, const char *where, int fd)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return;
	rewinddir(d);
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			add(text, where, e->d_name);
	closedir(d);
}

/* The id is what does not change from one look to the next. */
static void list_system_v(char *text, const char *path)
{
	char line[512], key[32], id[32];
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(line, sizeof(line), f)) /* the columns' names */
		while (fgets(line, sizeof(line), f))
			if (sscanf(line, "%31s %31s", key, id) == 2)
				add(text, path, id);
	fclose(f);
}

void leftovers_list(char *text)
{
	text[0] = 0;
	list_system_v(text, "/proc/sysvipc/shm");
	list_system_v(text, "/proc/sysvipc/sem");
	list_system_v(text, "/proc/sysvipc/msg");
	list_directory(text, "/dev/shm", open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	list_directory(text, "/dev/mqueue", queues < 0 ? -1 : fcntl(queues, F_DUPFD_CLOEXEC, 0));
}
