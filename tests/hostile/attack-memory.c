// SPDX-License-Identifier: MIT
/*
 * What was given, taken for more than it is. A process that may trace the producer (the same user's, or root's) can
 * write to its memory and kill it: no protocol can help against that, so `process` is tried as another user only.
 */
#include "attack.h"

#include "memory.h"

#include <errno.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PAGE 4096

static void by_mapping(struct attacker *a, int fd, uint64_t bytes, const char *of)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must_fail(a, map == MAP_FAILED, of);
	map = mmap(NULL, bytes, PROT_WRITE, MAP_SHARED_VALIDATE, fd, 0);
	must_fail(a, map == MAP_FAILED, of);
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return;
	must_fail(a, mprotect(map, bytes, PROT_READ | PROT_WRITE) < 0, of);
	must_fail(a, mmap(map, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED, of);
	must_fail(a, madvise(map, bytes, MADV_REMOVE) < 0, of);
	must_fail(a, madvise(map, bytes, MADV_POPULATE_WRITE) < 0, of);
	/* Moved, and grown as far as addresses go: what lies beyond is nobody's. */
	void *moved = mremap(map, bytes, bytes * 2, MREMAP_MAYMOVE);
	if (moved != MAP_FAILED) {
		must_fail(a, mprotect(moved, bytes, PROT_WRITE) < 0, of);
		munmap(moved, bytes * 2);
	} else {
		munmap(map, bytes);
	}
	/* One's own copy may be written; nobody else sees it, which the honest viewer watches. */
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (map != MAP_FAILED) {
		memset(map, 0x5a, bytes);
		(void)madvise(map, bytes, MADV_DONTNEED);
		munmap(map, bytes);
	}
}

static void by_calls(struct attacker *a, int fd, uint64_t bytes, const char *of)
{
	static const int punches[] = {FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
	    FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE};
	char bytes_of_mine[16] = "all mine";
	struct iovec v = {.iov_base = bytes_of_mine, .iov_len = sizeof(bytes_of_mine)};
	int pair[2];
	off_t at = 0;
	must_fail(a, pwrite(fd, bytes_of_mine, sizeof(bytes_of_mine), 0) < 0, of);
	must_fail(a, pwritev2(fd, &v, 1, 64, 0) < 0, of);
	must_fail(a, write(fd, bytes_of_mine, sizeof(bytes_of_mine)) < 0, of);
	must_fail(a, ftruncate(fd, 0) < 0, of);
	must_fail(a, ftruncate(fd, (off_t)bytes - 1) < 0, of);
	must_fail(a, ftruncate(fd, (off_t)bytes * 2) < 0, of);
	for (size_t k = 0; k < sizeof(punches) / sizeof(*punches); k++)
		must_fail(a, fallocate(fd, punches[k], 0, PAGE) < 0, of);
	must_fail(a, fallocate(fd, 0, (off_t)bytes, PAGE) < 0, of);
	must_fail(a, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0, of);
	must_fail(a, copy_file_range(fd, &at, fd, &(off_t){PAGE}, 16, 0) < 0, of);
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) == 0) {
		(void)write(pair[1], bytes_of_mine, sizeof(bytes_of_mine));
		at = 0;
		must_fail(a, splice(pair[0], NULL, fd, &at, sizeof(bytes_of_mine), 0) < 0, of);
		/* Its pages may lie in a pipe; they cannot be given another content there. */
		at = 0;
		(void)splice(fd, &at, pair[1], NULL, PAGE, SPLICE_F_MOVE);
		(void)vmsplice(pair[1], &v, 1, SPLICE_F_GIFT);
		close(pair[0]);
		close(pair[1]);
	}
}

/* Whether it is of a user whom this one may not do everything with. */
static bool is_anothers(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && st.st_uid != geteuid() && geteuid() != 0;
}

/* What belongs to the open file that all of a stream's viewers share, and to its inode. */
static void by_side_effects(struct attacker *a, int fd)
{
	bool anothers = is_anothers(fd);
	(void)lseek(fd, 1 << 20, SEEK_SET);
	(void)fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_DIRECT | O_ASYNC);
	(void)fcntl(fd, F_SETLEASE, F_RDLCK);
	(void)fcntl(fd, F_SETLEASE, F_UNLCK);
	(void)fcntl(fd, F_SETOWN, getpid());
	(void)fcntl(fd, F_SETSIG, SIGURG);
	(void)fcntl(fd, F_SETFL, 0);
	must_fail(a, !anothers || fchmod(fd, 0777) < 0, "its mode can be changed");
	/* Kernel memory that nobody counts, and that stays until the producer goes. */
	must_fail(a, fsetxattr(fd, "user.mine", "x", 1, 0) < 0 || !anothers, "attributes can be hung on it");
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	a->tries += 10;
}

static void try_all(struct attacker *a, int fd, uint64_t bytes, const char *of)
{
	by_calls(a, fd, bytes, of);
	by_mapping(a, fd, bytes, of);
	by_side_effects(a, fd);
}

static void reopened(struct attacker *a, int fd, uint64_t bytes, const char *of)
{
	static const int modes[] = {O_RDWR, O_WRONLY, O_RDWR | O_TRUNC, O_RDWR | O_APPEND, O_RDONLY};
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must_fail(a, truncate(path, 0) < 0, of);
	for (size_t m = 0; m < sizeof(modes) / sizeof(*modes); m++) {
		int again = open(path, modes[m] | O_CLOEXEC | O_NONBLOCK);
		must_fail(a, again < 0 || !is_anothers(fd), "it can be opened again");
		if (again < 0)
			continue;
		try_all(a, again, bytes, of);
		close(again);
	}
}

void attack_fds(struct attacker *a)
{
	struct intruder i;
	while (time_is_left(a)) {
		if (!attach(a, &i, false, 1))
			return;
		try_all(a, i.pool_fd, i.pool_bytes, "the pool");
		reopened(a, i.pool_fd, i.pool_bytes, "the pool, opened again");
		try_all(a, i.lease_fd, tripool_lease_bytes(), "the lease page");
		reopened(a, i.lease_fd, tripool_lease_bytes(), "the lease page, opened again");
		leave(&i);
	}
}

/* All ways to have a page that is not fixed when the producer begins to heed it. */
void attack_seals(struct attacker *a)
{
	static const int seals[] = {0, F_SEAL_SEAL, F_SEAL_FUTURE_WRITE, F_SEAL_WRITE, F_SEAL_SEAL | F_SEAL_WRITE};
	int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct intruder i;
	for (unsigned round = 0; time_is_left(a); round++) {
		if (!greet(a, &i, false, 1))
			continue;
		must_fail(a, ftruncate(i.lease_fd, 0) < 0, "a lease page is cut");
		must_fail(a, ftruncate(i.lease_fd, 1 << 20) < 0, "a lease page grows");
		if (round % 6 == 5) {
			(void)fallocate(i.lease_fd, punch, 0, PAGE);
			(void)fcntl(i.lease_fd, F_ADD_SEALS, TRIPOOL_SEALS);
		} else {
			(void)fcntl(i.lease_fd, F_ADD_SEALS, seals[round % 6]);
		}
		must_fail(a, !enter(a, &i), "a lease page that can be taken away is heeded");
		leave(&i);
	}
}

static void open_of(struct attacker *a, pid_t pid, const char *what, int flags)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	int fd = open(path, flags | O_CLOEXEC);
	must_fail(a, fd < 0, path);
}

void attack_process(struct attacker *a)
{
	struct intruder i;
	if (!attach(a, &i, false, 1))
		return;
	if (i.producer <= 0 || kill(i.producer, 0) == 0)
		not_here("the producer is this user's own, who may do anything with it");
	while (time_is_left(a)) {
		char byte = 0;
		struct iovec mine = {&byte, 1}, its = {(void *)(uintptr_t)PAGE, 1};
		int pidfd = (int)syscall(SYS_pidfd_open, i.producer, 0);
		open_of(a, i.producer, "mem", O_RDWR);
		open_of(a, i.producer, "mem", O_RDONLY);
		open_of(a, i.producer, "fd/3", O_RDWR);
		open_of(a, i.producer, "fd", O_RDONLY | O_DIRECTORY);
		open_of(a, i.producer, "map_files", O_RDONLY | O_DIRECTORY);
		open_of(a, i.producer, "oom_score_adj", O_WRONLY);
		must_fail(a, process_vm_writev(i.producer, &mine, 1, &its, 1, 0) < 0, "process_vm_writev");
		must_fail(a, ptrace(PTRACE_SEIZE, i.producer, NULL, NULL) < 0, "ptrace");
		for (int fd = 0; pidfd >= 0 && fd < 20; fd++)
			must_fail(a, syscall(SYS_pidfd_getfd, pidfd, fd, 0) < 0, "pidfd_getfd");
		if (pidfd >= 0)
			close(pidfd);
	}
	leave(&i);
}

/* ---- A write whose bytes never come: the kernel takes the file's lock first, and waits for them ---- */

struct writer {
	int fd;
	void *bytes;
};

static void *write_for_ever(void *context)
{
	struct writer *w = context;
	(void)pwrite(w->fd, w->bytes, PAGE, 0);
	return NULL;
}

/* A page whose first reader waits until somebody fills it, which nobody does. */
static void *bottomless_page(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = {.api = UFFD_API};
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = {
	    .range = {.start = (uintptr_t)page, .len = PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
	if (fd < 0 || page == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &range) < 0)
		not_here("no userfaultfd for this user");
	return page;
}

void attack_lock(struct attacker *a)
{
	struct intruder i;
	struct writer w[2] = {{.bytes = bottomless_page()}, {.bytes = bottomless_page()}};
	pthread_t thread;
	char path[32];
	if (!attach(a, &i, false, 1))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", i.pool_fd);
	w[0].fd = open(path, O_RDWR | O_CLOEXEC);
	w[1].fd = i.lease_fd;
	for (int k = 0; k < 2; k++)
		if (w[k].fd >= 0 && pthread_create(&thread, NULL, write_for_ever, &w[k]) == 0)
			a->tries++;
	while (time_is_left(a))
		usleep(10000);
	/* The end of the process ends the writes. */
}
