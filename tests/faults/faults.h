// SPDX-License-Identifier: MIT
/*
 * Failures of the kernel and of the C library, put in between when a test is linked (see CMakeLists.txt: --wrap), so
 * that each call in the library can be made to fail in each way that it may. A walk goes through them all:
 *
 *     struct faults_walk walk = {.name = "create"};
 *     while (faults_next(&walk)) {
 *         faults_arm(&walk);
 *         int r = tripool_producer_create(&p, &options, &format, &error);
 *         faults_disarm(&walk);
 *         faults_judge(&walk, r, &error);
 *         ...
 *     }
 *
 * makes the first call fail in its first way, in its second way ... then the second call, until one passes without a
 * failure. Then once more, and what has begun to fail goes on failing.
 */
#ifndef TRIPOOL_FAULTS_H
#define TRIPOOL_FAULTS_H

#include "tripool.h"

struct faults_walk {
	const char *name;
	unsigned lasting; /* how often in a row the same function fails in the second round; 0: for ever */

	/* Of the last step. */
	bool hit;             /* a failure was put in */
	const char *function; /* in this one */
	int error;            /* errno, or one of enum faults_special */

	/* Its own. */
	unsigned round, nth, way, ways;
	unsigned injected, told;
};

enum faults_special {
	FAULT_SHORT = 1000, /* pwrite: only the first byte was written */
	FAULT_NO_FD,        /* recvmsg: the fd that came could not be installed */
	FAULT_OTHER,        /* fstatat: there is another file by now */
};

/* Goes on to the next failure. False, having printed how many there were: that was the last. */
bool faults_next(struct faults_walk *walk);

/* From arm to disarm calls are counted, and one or more fail. Between pause and resume they are not. */
void faults_arm(struct faults_walk *walk);
void faults_disarm(struct faults_walk *walk);
void faults_pause(void);
void faults_resume(void);

/*
 * Fails the test where result and text of a step do not fit to what was put in: a failure may be borne only where
 * faults.c says that it may; else the caller is told which, by number and in words.
 */
void faults_judge(struct faults_walk *walk, int result, const struct tripool_error *error);

/* As a kernel before 5.14: without MADV_POPULATE_WRITE. */
void faults_old_kernel(bool old);
/* As where /proc is not mounted: no path leads to an fd. */
void faults_no_proc(bool none);

/* What this process has, now. */
struct faults_stock {
	int fds, files; /* those in the directory of streams */
	long heap;      /* blocks, of ours */
	long mapped_bytes;
};
struct faults_stock faults_take_stock(void);
void faults_expect_stock(const struct faults_walk *walk, const struct faults_stock *before);

/* Whether each function of the list (with blanks between) was made to fail; names those on stderr that were not. */
bool faults_were_all(const char *functions);

#endif
