// SPDX-License-Identifier: MIT
#include "place.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16 */
#endif

/* "." + name + ".sock.new" */
#define FILE_NAME_BYTES (TRIPOOL_NAME_BYTES + 16)

static const char *file_name(char out[FILE_NAME_BYTES], const char *name, const char *suffix)
{
	snprintf(out, FILE_NAME_BYTES, "%s%s", name, suffix);
	return out;
}

int tripool_name_check(const char *name, struct tripool_error *error)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	if (!name || !*name)
		return tripool_fail(error, -EINVAL, "a stream needs a name");
	if (strlen(name) >= TRIPOOL_NAME_BYTES)
		return tripool_fail(error, -EINVAL, "stream name '%.64s...' is longer than %d characters", name,
		    TRIPOOL_NAME_BYTES - 1);
	if (name[0] == '.' || name[strspn(name, allowed)])
		return tripool_fail(error, -EINVAL,
		    "stream name '%s' may have letters, digits, '.', '_' and '-' only, and no dot first", name);
	return 0;
}

static int directory_path(char path[PATH_MAX], bool *chosen, struct tripool_error *error)
{
	const char *own = getenv("TRIPOOL_DIR");
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;
	*chosen = own && *own;
	if (*chosen)
		n = snprintf(path, PATH_MAX, "%s", own);
	else if (runtime && *runtime)
		n = snprintf(path, PATH_MAX, "%s/tripool", runtime);
	else
		n = snprintf(path, PATH_MAX, "/tmp/tripool-%u", (unsigned)geteuid());
	if (n >= PATH_MAX)
		return tripool_fail(error, -ENAMETOOLONG, "the directory of streams has too long a path");
	return 0;
}

static int open_checked(const char *path, bool producer, bool chosen, struct tripool_error *error)
{
	/* Only what the user named may be a link: in /tmp somebody else could have put it there. */
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | (chosen ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return tripool_fail(error, -errno, "cannot open directory '%.150s': %s (set TRIPOOL_DIR to another)",
		    path, strerror(errno));
	int r;
	struct stat st;
	if (fstat(fd, &st) < 0) {
		r = tripool_fail(error, -errno, "cannot look at directory '%.150s': %s", path, strerror(errno));
		goto close_fd;
	}
	if ((producer || !chosen) && st.st_uid != geteuid()) {
		r = tripool_fail(error, -EPERM,
		    "directory '%.150s' belongs to user %u, not to us (%u): set TRIPOOL_DIR", path, (unsigned)st.st_uid,
		    (unsigned)geteuid());
		goto close_fd;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		r = tripool_fail(
		    error, -EPERM, "others may write in directory '%.150s': chmod go-w it, or set TRIPOOL_DIR", path);
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return r;
}

int tripool_place_open(bool producer, struct tripool_error *error)
{
	char path[PATH_MAX];
	bool chosen;
	int r = directory_path(path, &chosen, error);
	if (r < 0)
		return r;
	/* -ENOTDIR for a missing parent: -ENOENT is "no producer", which viewers may wait to change. */
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return tripool_fail(error, errno == ENOENT ? -ENOTDIR : -errno,
		    "cannot make directory '%.150s': %s (set TRIPOOL_DIR to another)", path, strerror(errno));
	r = open_checked(path, producer, chosen, error);
	return r == -ENOENT ? -ENOTDIR : r;
}

int tripool_place_find(char path[PATH_MAX], struct tripool_error *error)
{
	bool chosen;
	int r = directory_path(path, &chosen, error);
	return r < 0 ? r : open_checked(path, false, chosen, error);
}

static int lock_once(int directory, const char *name, struct tripool_error *error)
{
	char file[FILE_NAME_BYTES];
	file_name(file, name, ".lock");
	int fd = openat(directory, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return tripool_fail(error, -errno,
		    "cannot open the lock file '%s' in the directory of streams: %s (set TRIPOOL_DIR to another)", file,
		    strerror(errno));
	int r;
	char pid[16] = "";
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK) {
			r = tripool_fail(error, -errno, "cannot lock '%s': %s", file, strerror(errno));
			goto close_fd;
		}
		ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		r = tripool_fail(
		    error, -EADDRINUSE, "stream '%s' already has a producer (pid %ld)", name, strtol(pid, NULL, 10));
		goto close_fd;
	}
	/* The one before us may have removed the file while we waited for nothing: then we locked a ghost. */
	struct stat ours, there;
	if (fstat(fd, &ours) < 0 || fstatat(directory, file, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
	    ours.st_ino != there.st_ino || ours.st_dev != there.st_dev) {
		r = -EAGAIN;
		goto close_fd;
	}
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
		r = tripool_fail(
		    error, errno ? -errno : -ENOSPC, "cannot write the lock file '%s': %s", file, strerror(errno));
		unlinkat(directory, file, 0);
		goto close_fd;
	}
	return fd;
close_fd:
	close(fd);
	return r;
}

int tripool_place_lock(int directory, const char *name, struct tripool_error *error)
{
	int r;
	do
		r = lock_once(directory, name, error);
	while (r == -EAGAIN);
	return r;
}

void tripool_place_unlock(int directory, const char *name, int lock)
{
	char file[FILE_NAME_BYTES];
	unlinkat(directory, file_name(file, name, ".lock"), 0);
	close(lock);
}

/* By way of the directory's fd, as sun_path has only 108 bytes and directories may be deep. */
static struct sockaddr_un address(int directory, const char *file)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", directory, file);
	return a;
}

static int find_group(const char *group, gid_t *gid, struct tripool_error *error)
{
	struct group entry, *found;
	char buffer[65536];
	int r = getgrnam_r(group, &entry, buffer, sizeof(buffer), &found);
	if (!found)
		return tripool_fail(error, r ? -r : -EINVAL, "there is no group '%.64s'%s%s", group, r ? ": " : "",
		    r ? strerror(r) : "");
	*gid = entry.gr_gid;
	return 0;
}

int tripool_place_listen(int directory, const char *name, uint32_t mode, const char *group, struct tripool_error *error)
{
	gid_t gid = (gid_t)-1;
	int r = group ? find_group(group, &gid, error) : 0;
	if (r < 0)
		return r;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tripool_fail(error, -errno, "cannot make a socket: %s", strerror(errno));

	/* No fds are wanted. One that a peer sent would be closed by us, and a socket that lingers keeps who closes it:
	 * where the kernel can, it is not taken at all. Accepted sockets inherit this. */
	int no = 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof(no));

	char file[FILE_NAME_BYTES], new_file[FILE_NAME_BYTES];
	file_name(file, name, ".sock");
	file_name(new_file, name, ".sock.new");
	unlinkat(directory, new_file, 0); /* of one that died right here; the lock says it is nobody's */
	/* The socket's own mode limits the file's: nobody else gets in before it is what it should be. */
	fchmod(fd, 0600);
	struct sockaddr_un a = address(directory, new_file);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		r = tripool_fail(error, -errno, "cannot make the socket '%s': %s", file, strerror(errno));
		goto close_fd;
	}
	if ((group && fchownat(directory, new_file, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) < 0) ||
	    fchmodat(directory, new_file, mode, 0) < 0) {
		r = tripool_fail(error, -errno, "cannot give the socket '%s' mode %03o%s%.64s: %s", file, mode,
		    group ? " and group " : "", group ? group : "", strerror(errno));
		goto unlink;
	}
	/* Listening before it has its name, so that a viewer who sees the name come can connect; and a stale socket of
	 * a producer that was killed is replaced in one step. */
	if (listen(fd, BACKLOG) < 0 || renameat(directory, new_file, directory, file) < 0) {
		r = tripool_fail(error, -errno, "cannot listen at '%s': %s", file, strerror(errno));
		goto unlink;
	}
	return fd;
unlink:
	unlinkat(directory, new_file, 0);
close_fd:
	close(fd);
	return r;
}

void tripool_place_unlisten(int directory, const char *name)
{
	char file[FILE_NAME_BYTES];
	unlinkat(directory, file_name(file, name, ".sock"), 0);
}

int tripool_place_connect(int directory, const char *name, struct tripool_error *error)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return tripool_fail(error, -errno, "cannot make a socket: %s", strerror(errno));
	char file[FILE_NAME_BYTES];
	struct sockaddr_un a = address(directory, file_name(file, name, ".sock"));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	int r = -errno;
	close(fd);
	if (r == -ENOENT || r == -ECONNREFUSED) /* refused: the socket of a producer that was killed */
		return tripool_fail(error, -ENOENT, "stream '%s' has no producer", name);
	if (r == -EACCES)
		return tripool_fail(
		    error, r, "stream '%s' is not open to this user (see the producer's --mode and --group)", name);
	return tripool_fail(error, r, "cannot connect to stream '%s': %s", name, strerror(-r));
}

bool tripool_place_is_live(int directory, const char *name, int probe)
{
	char file[FILE_NAME_BYTES];
	struct sockaddr_un a = address(directory, file_name(file, name, ".sock"));
	return connect(probe, (struct sockaddr *)&a, sizeof(a)) < 0 && errno == EPROTOTYPE;
}

int tripool_place_inotify(struct tripool_error *error)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return tripool_fail(
		    error, -errno, "cannot watch directories: %s (see fs.inotify.max_user_instances)", strerror(errno));
	return fd;
}

int tripool_place_watch(int directory, int inotify, uint32_t events, struct tripool_error *error)
{
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", directory);
	int watch = inotify_add_watch(inotify, path, events | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	if (watch < 0)
		return tripool_fail(error, errno == ENOENT ? -EIO : -errno,
		    "cannot watch the directory of streams: %s%s", strerror(errno),
		    errno == EACCES   ? " (is it open to this user?)"
		    : errno == ENOENT ? " (is /proc mounted?)"
				      : "");
	return watch;
}

bool tripool_place_drain(int inotify, const char *name)
{
	char file[FILE_NAME_BYTES];
	file_name(file, name, ".sock");
	bool ours = false;
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t n;
	while ((n = read(inotify, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + n;) {
			struct inotify_event *event = (struct inotify_event *)at;
			if (!(event->mask & IN_MOVED_TO) || strcmp(event->name, file) == 0)
				ours = true;
			at += sizeof(*event) + event->len;
		}
	}
	return ours;
}
