// SPDX-License-Identifier: MIT
/* The list of streams that have a producer. */
#include "error.h"
#include "place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

/*
 * What tells of producers. One that comes renames its socket to its name, one that goes removes it. When one is killed
 * its socket stays, and all that is seen is that its lock file, which it had open for writing, is closed. Not so where
 * it was removed before, as by one that went well.
 */
#define EVENTS (IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE | IN_EXCL_UNLINK)
/* What tells, above a directory that is missing, that it came. */
#define EVENTS_ABOVE (IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

/* A dying process may close its socket later than its lock (a camera between them takes its time), of which nothing
 * tells: one looks again after so long, and each time after twice as long. */
#define FIRST_LOOK_MS 10
#define LAST_LOOK_MS 2560

struct names {
	char (*name)[TRIPOOL_NAME_BYTES];
	size_t count, room;
};

struct tripool_directory {
	int epoll; /* of the next two */
	int inotify;
	int timer;
	int probe; /* for tripool_place_is_live */
	int watch; /* of the directory, or of one above while it is missing; -1: none */
	int look_ms;
	struct names names;
	size_t next;
};

/* ---- Watching ------------------------------------------------------------------------------------------------- */

static void replace_watch(struct tripool_directory *d, int watch)
{
	/* fails where the kernel has removed it already, with its directory */
	if (d->watch >= 0 && d->watch != watch)
		inotify_rm_watch(d->inotify, d->watch);
	d->watch = watch;
}

/* "/a/b" becomes "/a", then "/"; "b" becomes ".". */
static void cut_last(char *path)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n > 0 && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0)
		path[n++] = '.';
	path[n] = '\0';
}

/* Watches the nearest directory above a missing one. -EAGAIN: something has come there meanwhile. */
static int watch_above(struct tripool_directory *d, const char *path, struct tripool_error *error)
{
	char above[PATH_MAX], below[PATH_MAX];
	struct stat st;
	int watch;
	strcpy(above, path);
	do {
		strcpy(below, above);
		cut_last(above);
		watch = inotify_add_watch(d->inotify, above, EVENTS_ABOVE);
	} while (watch < 0 && errno == ENOENT && strcmp(above, below) != 0);
	if (watch < 0)
		return tripool_fail(error, -errno, "cannot watch '%.150s', where the directory of streams will be: %s",
		    above, strerror(errno));
	replace_watch(d, watch);
	if (stat(below, &st) == 0)
		return -EAGAIN;
	return errno == ENOENT ? 0 : tripool_fail(error, -errno, "cannot look at '%.150s': %s", below, strerror(errno));
}

/* Returns the directory, watched from here on; or -ENOENT: there is none, and its coming is watched for. */
static int find(struct tripool_directory *d, struct tripool_error *error)
{
	char path[PATH_MAX];
	struct tripool_error why = {""};
	int fd, r;
	do {
		fd = tripool_place_find(path, &why);
		r = fd == -ENOENT ? watch_above(d, path, error) : 0;
	} while (r == -EAGAIN);
	if (r < 0 || fd == -ENOENT)
		return r < 0 ? r : fd;
	if (fd < 0)
		return tripool_fail(error, fd, "%s", why.text);
	if ((r = tripool_place_watch(fd, d->inotify, EVENTS, error)) < 0) {
		close(fd);
		return r;
	}
	replace_watch(d, r);
	return fd;
}

/* Takes in all events. Returns whether a file was closed that had been open for writing, or there may have been. */
static bool drain(int inotify)
{
	bool closed = false;
	_Alignas(struct inotify_event) char buffer[4096];
	ssize_t n;
	while ((n = read(inotify, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + n;) {
			struct inotify_event *event = (struct inotify_event *)at;
			closed |= (event->mask & (IN_CLOSE_WRITE | IN_Q_OVERFLOW)) != 0;
			at += sizeof(*event) + event->len;
		}
	}
	return closed;
}

/* Sets the timer. `doubtful`: somebody who died just now may be in the list. */
static void plan_look(struct tripool_directory *d, bool doubtful)
{
	uint64_t expirations;
	bool expired = read(d->timer, &expirations, sizeof(expirations)) > 0;
	if (doubtful)
		d->look_ms = FIRST_LOOK_MS;
	else if (expired)
		d->look_ms = d->look_ms < LAST_LOOK_MS ? d->look_ms * 2 : 0;
	else
		return;
	const struct itimerspec t = {
	    .it_value = {.tv_sec = d->look_ms / 1000, .tv_nsec = d->look_ms % 1000 * 1000000L}};
	timerfd_settime(d->timer, 0, &t, NULL);
}

/* ---- The list ------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add(struct names *names, const char *name, struct tripool_error *error)
{
	if (names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 16;
		void *larger = reallocarray(names->name, room, sizeof(names->name[0]));
		if (!larger)
			return tripool_fail(error, -ENOMEM, "no memory for the names of streams");
		names->name = larger;
		names->room = room;
	}
	strcpy(names->name[names->count++], name);
	return 0;
}

/* Whether the file may be a stream's socket; which stream's. */
static bool is_socket(const struct dirent *file, char name[TRIPOOL_NAME_BYTES])
{
	static const char suffix[] = ".sock";
	size_t length = strlen(file->d_name);
	if (file->d_type != DT_SOCK && file->d_type != DT_UNKNOWN)
		return false;
	if (length < strlen(suffix) || length - strlen(suffix) >= TRIPOOL_NAME_BYTES)
		return false;
	length -= strlen(suffix);
	if (strcmp(file->d_name + length, suffix) != 0)
		return false;
	memcpy(name, file->d_name, length);
	name[length] = '\0';
	return tripool_name_check(name, NULL) == 0;
}

static int read_names(
    const struct tripool_directory *d, int directory, struct names *names, struct tripool_error *error)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	int r = 0;
	char name[TRIPOOL_NAME_BYTES];
	if (!dir) {
		r = tripool_fail(error, -errno, "cannot read the directory of streams: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return r;
	}
	for (;;) {
		errno = 0;
		const struct dirent *file = readdir(dir);
		if (!file)
			break;
		if (is_socket(file, name) && tripool_place_is_live(directory, name, d->probe))
			r = add(names, name, error);
		if (r < 0)
			break;
	}
	if (r == 0 && errno != 0)
		r = tripool_fail(error, -errno, "cannot read the directory of streams: %s", strerror(errno));
	closedir(dir);
	if (names->count > 0)
		qsort(names->name, names->count, sizeof(names->name[0]), compare);
	return r;
}

int tripool_directory_refresh(struct tripool_directory *d, struct tripool_error *error)
{
	struct names names = {0};
	int r = 0;
	/* Before anything is looked at: what happens from now on is told later. */
	bool closed = drain(d->inotify);
	int directory = find(d, error);
	if (directory >= 0) {
		r = read_names(d, directory, &names, error);
		close(directory);
	} else if (directory != -ENOENT) {
		r = directory;
	}
	plan_look(d, closed && (names.count > 0 || r < 0));
	if (r < 0) {
		free(names.name);
		return r;
	}
	free(d->names.name);
	d->names = names;
	d->next = 0;
	return (int)names.count;
}

bool tripool_directory_next(struct tripool_directory *d, char name[TRIPOOL_NAME_BYTES])
{
	if (d->next == d->names.count)
		return false;
	memcpy(name, d->names.name[d->next++], TRIPOOL_NAME_BYTES);
	return true;
}

/* ---- The object ----------------------------------------------------------------------------------------------- */

int tripool_directory_fd(const struct tripool_directory *d)
{
	return d->epoll;
}

static int open_fds(struct tripool_directory *d, struct tripool_error *error)
{
	struct epoll_event event = {.events = EPOLLIN};
	if ((d->inotify = tripool_place_inotify(error)) < 0)
		return d->inotify;
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->timer < 0)
		return tripool_fail(error, -errno, "cannot make a timer: %s", strerror(errno));
	d->probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->probe < 0)
		return tripool_fail(error, -errno, "cannot make a socket: %s", strerror(errno));
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (d->epoll < 0)
		return tripool_fail(error, -errno, "cannot make an epoll fd: %s", strerror(errno));
	if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, d->inotify, &event) < 0 ||
	    epoll_ctl(d->epoll, EPOLL_CTL_ADD, d->timer, &event) < 0)
		return tripool_fail(error, -errno, "cannot watch an fd: %s", strerror(errno));
	return 0;
}

int tripool_directory_create(struct tripool_directory **directory, struct tripool_error *error)
{
	struct tripool_directory *d = malloc(sizeof(*d));
	if (!d)
		return tripool_fail(error, -ENOMEM, "no memory for a list of streams");
	*d = (struct tripool_directory){.epoll = -1, .inotify = -1, .timer = -1, .probe = -1, .watch = -1};
	int r = open_fds(d, error);
	if (r == 0)
		r = tripool_directory_refresh(d, error);
	if (r < 0) {
		tripool_directory_destroy(d);
		return r;
	}
	*directory = d;
	return 0;
}

void tripool_directory_destroy(struct tripool_directory *d)
{
	if (!d)
		return;
	const int fds[] = {d->epoll, d->inotify, d->timer, d->probe};
	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(d->names.name);
	free(d);
}
