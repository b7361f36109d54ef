// SPDX-License-Identifier: MIT
#include "place.h"

#include "error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

const char *tripool_place_file(char file[TRIPOOL_FILE_BYTES], const char *name, const char *suffix)
{
	snprintf(file, TRIPOOL_FILE_BYTES, "%s%s", name, suffix);
	return file;
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

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
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

bool tripool_place_is_ours(int directory, const char *name, int lock)
{
	char file[TRIPOOL_FILE_BYTES];
	struct stat ours, there;
	return fstat(lock, &ours) == 0 &&
	       fstatat(directory, tripool_place_file(file, name, ".lock"), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is_same(&ours, &there);
}

/* Who has it, as far as its file says. */
static int is_taken(int fd, const char *name, struct tripool_error *error)
{
	char text[16] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	long pid = strtol(text, NULL, 10);
	if (pid <= 0 || pid > INT_MAX)
		return tripool_fail(error, -EADDRINUSE, "stream '%s' already has a producer", name);
	/* A child that it left shares its lock. */
	bool gone = kill((pid_t)pid, 0) < 0 && errno == ESRCH;
	return tripool_fail(error, -EADDRINUSE, "stream '%s' already has a producer (pid %ld%s)", name, pid,
	    gone ? ", not visible here: it left a child that holds the name, or is in another pid namespace" : "");
}

/* What has a lock file's place, by the error of opening it or by its kind; NULL: a lock file, or nothing. */
static const char *other_than_lock(int open_error, const struct stat *st)
{
	if (open_error)
		return open_error == ELOOP    ? "a link"
		       : open_error == EISDIR ? "a directory"
		       : open_error == ENXIO  ? "a socket"
		                              : NULL;
	if (!S_ISREG(st->st_mode))
		return S_ISFIFO(st->st_mode) ? "a pipe" : "a device";
	return st->st_nlink > 1 ? "a link to some other file" : NULL;
}

static int open_lock(int directory, const char *file, struct tripool_error *error)
{
	int fd = openat(directory, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	/* It will be written: somebody's own file must not come to harm. */
	const char *other = other_than_lock(-r, &st);
	if (r == 0 && !other)
		return fd;
	if (fd >= 0)
		close(fd);
	if (other)
		return tripool_fail(error, -EEXIST,
		    "'%s' in the directory of streams is %s, no lock file: remove it, or set TRIPOOL_DIR to another",
		    file, other);
	return tripool_fail(error, r,
	    "cannot open the lock file '%s' in the directory of streams: %s (set TRIPOOL_DIR to another)", file,
	    strerror(-r));
}

static int lock_once(int directory, const char *name, struct tripool_error *error)
{
	char file[TRIPOOL_FILE_BYTES], pid[16];
	int r, fd = open_lock(directory, tripool_place_file(file, name, ".lock"), error);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? is_taken(fd, name, error)
		                         : tripool_fail(error, -errno, "cannot lock '%s': %s", file, strerror(errno));
		goto close_fd;
	}
	/* The one before us may have removed the file while we waited for nothing: then we locked a ghost. */
	errno = 0;
	if (!tripool_place_is_ours(directory, name, fd)) {
		r = errno == 0 || errno == ENOENT
		        ? -EAGAIN
		        : tripool_fail(error, -errno, "cannot look at the lock file '%s': %s", file, strerror(errno));
		goto close_fd;
	}
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	errno = ENOSPC; /* which a write that is cut short does not say */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) != n) {
		r = tripool_fail(error, -errno, "cannot write the lock file '%s': %s", file, strerror(errno));
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
	char file[TRIPOOL_FILE_BYTES];
	if (tripool_place_is_ours(directory, name, lock))
		unlinkat(directory, tripool_place_file(file, name, ".lock"), 0);
	close(lock);
}

bool tripool_place_path_of_fd(char path[PATH_MAX], int fd)
{
	snprintf(path, PATH_MAX, "/proc/self/fd/%d", fd);
	return access(path, F_OK) == 0;
}

int tripool_place_reach(char path[PATH_MAX], int directory, struct tripool_error *error)
{
	struct stat ours, there;
	bool chosen;
	if (tripool_place_path_of_fd(path, directory))
		return 0;
	int r = directory_path(path, &chosen, error);
	if (r < 0)
		return r;
	if (fstat(directory, &ours) < 0 || stat(path, &there) < 0 || !is_same(&ours, &there))
		return tripool_fail(
		    error, -EIO, "the directory of streams '%.150s' was moved (is /proc mounted?)", path);
	return 0;
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
	char path[PATH_MAX];
	int r = tripool_place_reach(path, directory, error);
	if (r < 0)
		return r;
	int watch = inotify_add_watch(inotify, path, events | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	if (watch < 0)
		return tripool_fail(error, errno == ENOENT ? -EIO : -errno,
		    "cannot watch the directory of streams: %s%s", strerror(errno),
		    errno == EACCES ? " (its owner can open it: chmod 755)" : "");
	return watch;
}

bool tripool_place_drain(int inotify, const char *name)
{
	char file[TRIPOOL_FILE_BYTES];
	tripool_place_file(file, name, ".sock");
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
