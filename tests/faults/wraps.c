// SPDX-License-Identifier: MIT
/*
 * The functions that stand before those of the C library: the linker's --wrap=NAME makes all calls of NAME call
 * __wrap_NAME, and __real_NAME is the one that was meant. Each lists the ways in which it may fail: what its manual
 * page names, as far as the library's calls can meet it.
 */
#include "wraps.h"

#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libavutil/buffer.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <unistd.h>

/* WRAP(result, where it fails, name, parameters, arguments, errors...) */
#define WRAP(result, failed, function, parameters, arguments, ...)                                                     \
	result __real_##function parameters;                                                                           \
	result __wrap_##function parameters;                                                                           \
	result __wrap_##function parameters                                                                            \
	{                                                                                                              \
		static struct faults_kind kind = {.name = #function, .error = {__VA_ARGS__}};                          \
		int error = faults_put_in(&kind);                                                                      \
		if (error == 0)                                                                                        \
			return __real_##function arguments;                                                            \
		errno = error;                                                                                         \
		return failed;                                                                                         \
	}

/* ---- Descriptors ---- */

WRAP(int, -1, accept4, (int fd, struct sockaddr *a, socklen_t *size, int flags), (fd, a, size, flags), EMFILE, ENFILE,
    ENOMEM, ECONNABORTED, EINTR)
WRAP(int, -1, epoll_create1, (int flags), (flags), EMFILE, ENFILE, ENOMEM)
WRAP(int, -1, inotify_init1, (int flags), (flags), EMFILE, ENFILE, ENOMEM)
WRAP(int, -1, memfd_create, (const char *name, unsigned flags), (name, flags), EMFILE, ENFILE, ENOMEM)
WRAP(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol), EMFILE, ENFILE, ENOBUFS, ENOMEM)
WRAP(int, -1, timerfd_create, (int clock, int flags), (clock, flags), EMFILE, ENFILE, ENOMEM)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	static struct faults_kind kind = {
	    .name = "open", .error = {EMFILE, ENFILE, ENOMEM, EACCES, EIO, ENOENT}, .passing = {ENOENT}};
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	int error = faults_put_in(&kind);
	if (error == 0)
		return __real_open(path, flags, mode);
	errno = error;
	return -1;
}

int __real_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...)
{
	static struct faults_kind kind = {
	    .name = "openat", .error = {EMFILE, ENFILE, ENOMEM, EACCES, ENOSPC, EDQUOT, EROFS, EIO}};
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	int error = faults_put_in(&kind);
	if (error == 0)
		return __real_openat(at, path, flags, mode);
	errno = error;
	return -1;
}

/* ---- Files ---- */

WRAP(int, -1, mkdir, (const char *path, mode_t mode), (path, mode), EACCES, ENOENT, ENOSPC, EDQUOT, EROFS, EIO)
WRAP(int, -1, flock, (int fd, int operation), (fd, operation), ENOLCK, EIO)
WRAP(int, -1, fstat, (int fd, struct stat *st), (fd, st), ENOMEM, EIO)
/* ENOENT, FAULT_OTHER: another producer, that goes, removes its lock, and a third one comes. */
int __real_fstatat(int at, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int at, const char *path, struct stat *st, int flags);
int __wrap_fstatat(int at, const char *path, struct stat *st, int flags)
{
	static struct faults_kind kind = {
	    .name = "fstatat", .error = {ENOENT, ENOMEM, EIO, FAULT_OTHER}, .passing = {ENOENT, FAULT_OTHER}};
	int error = faults_put_in(&kind);
	if (error == 0 || error == FAULT_OTHER) {
		int r = __real_fstatat(at, path, st, flags);
		st->st_ino += error == FAULT_OTHER;
		return r;
	}
	errno = error;
	return -1;
}

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	if (!faults_has_no_proc() || strncmp(path, "/proc/", 6) != 0)
		return __real_access(path, mode);
	errno = ENOENT;
	return -1;
}

WRAP(int, -1, stat, (const char *path, struct stat *st), (path, st), ENOMEM, EIO)
WRAP(int, -1, fstatfs, (int fd, struct statfs *fs), (fd, fs), ENOMEM, EIO)
WRAP(int, -1, ftruncate, (int fd, off_t size), (fd, size), EIO, EFBIG, EROFS)
WRAP(ssize_t, -1, pread, (int fd, void *data, size_t size, off_t at), (fd, data, size, at), EIO)
WRAP(ssize_t, -1, read, (int fd, void *data, size_t size), (fd, data, size), EIO, EINTR)
WRAP(int, -1, fchmod, (int fd, mode_t mode), (fd, mode), EIO, EPERM)
WRAP(int, -1, fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags), EIO, EPERM, EROFS)
WRAP(int, -1, fchownat, (int at, const char *path, uid_t uid, gid_t gid, int flags), (at, path, uid, gid, flags), EIO,
    EPERM, EROFS, EDQUOT)
WRAP(int, -1, renameat, (int at, const char *from, int to_at, const char *to), (at, from, to_at, to), ENOSPC, EDQUOT,
    EROFS, EIO)
WRAP(FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode), ENOENT, EMFILE, ENOMEM)
WRAP(char *, NULL, fgets, (char *line, int size, FILE *file), (line, size, file), EIO)
WRAP(DIR *, NULL, fdopendir, (int fd), (fd), ENOMEM)
WRAP(struct dirent *, NULL, readdir, (DIR * dir), (dir), EIO)
WRAP(int, -1, inotify_add_watch, (int fd, const char *path, uint32_t events), (fd, path, events), ENOSPC, ENOMEM,
    EACCES, ENOENT)

ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t at)
{
	static struct faults_kind kind = {.name = "pwrite", .error = {ENOSPC, EDQUOT, EIO, FAULT_SHORT}};
	int error = faults_put_in(&kind);
	if (error == 0 || error == FAULT_SHORT)
		return __real_pwrite(fd, data, error ? 1 : size, at);
	errno = error;
	return -1;
}

int __real_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found);
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found);
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found)
{
	static struct faults_kind kind = {.name = "getgrnam_r", .error = {EMFILE, ENFILE, ENOMEM, EIO}};
	int error = faults_put_in(&kind);
	if (error == 0)
		return __real_getgrnam_r(name, entry, buffer, size, found);
	*found = NULL;
	return error;
}

/* ---- Sockets ---- */

WRAP(int, -1, bind, (int fd, const struct sockaddr *a, socklen_t size), (fd, a, size), ENOSPC, EROFS, EACCES,
    EADDRINUSE, ENOMEM)
WRAP(int, -1, listen, (int fd, int backlog), (fd, backlog), EADDRINUSE)
WRAP(int, -1, connect, (int fd, const struct sockaddr *a, socklen_t size), (fd, a, size), EAGAIN, EACCES, ECONNREFUSED,
    ENOENT, ENOMEM)
WRAP(int, -1, setsockopt, (int fd, int level, int option, const void *value, socklen_t size),
    (fd, level, option, value, size), ENOPROTOOPT, ENOMEM)
WRAP(ssize_t, -1, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags), EINTR, EAGAIN, ENOBUFS, ENOMEM,
    EPIPE, ECONNRESET, ETOOMANYREFS)
WRAP(ssize_t, -1, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags), EINTR, ENOBUFS,
    ENOMEM, EAGAIN, EPIPE)
WRAP(int, -1, poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms), EINTR, ENOMEM)
WRAP(int, -1, epoll_wait, (int epoll, struct epoll_event *events, int most, int timeout_ms),
    (epoll, events, most, timeout_ms), EINTR)

ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	static struct faults_kind kind = {.name = "recvmsg", .error = {EINTR, ENOMEM, ECONNRESET, FAULT_NO_FD}};
	int error = faults_put_in(&kind);
	if (error && error != FAULT_NO_FD) {
		errno = error;
		return -1;
	}
	ssize_t n = __real_recvmsg(fd, m, flags);
	struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(m) : NULL;
	if (error && c && c->cmsg_type == SCM_RIGHTS) {
		close(*(int *)CMSG_DATA(c));
		m->msg_controllen = 0;
		m->msg_flags |= MSG_CTRUNC;
	}
	return n;
}

/* Letting go (DEL) and changing what is waited for (MOD) take nothing, and cannot fail. */
int __real_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	static struct faults_kind kind = {.name = "epoll_ctl", .error = {ENOMEM, ENOSPC}};
	int error = operation == EPOLL_CTL_ADD ? faults_put_in(&kind) : 0;
	if (error == 0)
		return __real_epoll_ctl(epoll, operation, fd, event);
	errno = error;
	return -1;
}

/* ---- Memory ---- */

static long heap, mapped_bytes;

long faults_heap(void)
{
	return heap;
}

long faults_mapped_bytes(void)
{
	return mapped_bytes;
}

#define ALLOCATE(function, parameters, arguments, more)                                                                \
	void *__real_##function parameters;                                                                            \
	void *__wrap_##function parameters;                                                                            \
	void *__wrap_##function parameters                                                                             \
	{                                                                                                              \
		static struct faults_kind kind = {.name = #function, .error = {ENOMEM}};                               \
		errno = faults_put_in(&kind);                                                                          \
		void *made = errno ? NULL : __real_##function arguments;                                               \
		if (made)                                                                                              \
			heap += more;                                                                                  \
		return made;                                                                                           \
	}

ALLOCATE(malloc, (size_t size), (size), 1)
ALLOCATE(calloc, (size_t count, size_t size), (count, size), 1)
ALLOCATE(reallocarray, (void *block, size_t count, size_t size), (block, count, size), !block)

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
	heap -= block != NULL;
	__real_free(block);
}

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	static struct faults_kind kind = {.name = "mmap", .error = {ENOMEM, EAGAIN, ENFILE}};
	int error = faults_put_in(&kind);
	void *map = error ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);
	if (error)
		errno = error;
	if (map != MAP_FAILED && !(flags & MAP_FIXED))
		mapped_bytes += (long)size;
	return map;
}

int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size)
{
	mapped_bytes -= (long)size;
	return __real_munmap(at, size);
}

WRAP(int, -1, fallocate, (int fd, int mode, off_t from, off_t size), (fd, mode, from, size), EINTR, ENOSPC, ENOMEM)

int __real_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice)
{
	static struct faults_kind kind = {.name = "madvise", .error = {EINTR, ENOMEM, EFAULT, EHWPOISON}};
	int error = faults_is_old_kernel() ? EINVAL : faults_put_in(&kind);
	if (error == 0)
		return __real_madvise(at, size, advice);
	errno = error;
	return -1;
}

/* Made to fail for seals only. */
int __real_fcntl(int fd, int operation, ...);
int __wrap_fcntl(int fd, int operation, ...);
int __wrap_fcntl(int fd, int operation, ...)
{
	static struct faults_kind kind = {.name = "fcntl", .error = {EPERM, EBUSY, EINVAL}};
	va_list args;
	va_start(args, operation);
	int seals = operation == F_ADD_SEALS ? va_arg(args, int) : 0;
	void *other = operation != F_ADD_SEALS && operation != F_GET_SEALS ? va_arg(args, void *) : NULL;
	va_end(args);
	if (other)
		return __real_fcntl(fd, operation, other);
	int error = faults_put_in(&kind);
	if (error == 0)
		return __real_fcntl(fd, operation, seals);
	errno = error;
	return -1;
}

/* ---- FFmpeg's ---- */

WRAP(AVBufferRef *, NULL, av_buffer_create,
    (uint8_t * data, size_t size, void (*let_go)(void *, uint8_t *), void *opaque, int flags),
    (data, size, let_go, opaque, flags), ENOMEM)
