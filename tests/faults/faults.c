// SPDX-License-Identifier: MIT
#include "faults.h"

#include "puppet.h"
#include "wraps.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PASSING 3 /* signals, in a row: no call can go on if they never end */

static struct faults_kind *kinds;

static struct {
	bool on, old_kernel, no_proc;
	unsigned calls, nth, way, left; /* failures that are still to come */
	struct faults_kind *hit;
	int error;
} now;

/* ---- Putting in ---- */

static unsigned count_ways(const struct faults_kind *kind)
{
	unsigned n = 0;
	while (n < FAULTS_WAYS && kind->error[n])
		n++;
	return n;
}

int faults_put_in(struct faults_kind *kind)
{
	if (!kind->known) {
		kind->known = true;
		kind->next = kinds;
		kinds = kind;
	}
	if (!now.on)
		return 0;
	now.calls++;
	if (!now.hit && now.calls == now.nth) {
		/* Where another process has its part, this may be another function than a step ago. */
		now.hit = kind;
		now.error = kind->error[now.way % count_ways(kind)];
		bool passes = now.error == EINTR || now.error == kind->passing[0] || now.error == kind->passing[1];
		if (passes && now.left > PASSING)
			now.left = PASSING;
		kind->injected++;
	}
	if (now.hit != kind || now.left == 0)
		return 0;
	now.left--;
	return now.error;
}

bool faults_is_old_kernel(void)
{
	return now.old_kernel;
}

void faults_old_kernel(bool old)
{
	now.old_kernel = old;
}

bool faults_has_no_proc(void)
{
	return now.no_proc;
}

void faults_no_proc(bool none)
{
	now.no_proc = none;
}

bool faults_next(struct faults_walk *w)
{
	if (w->nth == 0) {
		w->nth = 1;
		return true;
	}
	if (!w->hit && w->round == 1) {
		print_message("%s: %u failures put in, %u of them told in words\n", w->name, w->injected, w->told);
		assert_true(w->injected > 0);
		return false;
	}
	if (!w->hit) {
		w->round = 1;
		w->nth = 1;
		w->way = 0;
	} else if (++w->way >= w->ways) {
		w->nth++;
		w->way = 0;
	}
	return true;
}

void faults_arm(struct faults_walk *w)
{
	now.calls = 0;
	now.hit = NULL;
	now.nth = w->nth;
	now.way = w->way;
	now.left = w->round == 0 ? 1 : w->lasting ? w->lasting : ~0u;
	now.on = true;
}

void faults_disarm(struct faults_walk *w)
{
	now.on = false;
	w->hit = now.hit;
	if (!now.hit)
		return;
	w->function = now.hit->name;
	w->error = now.error;
	w->ways = count_ways(now.hit);
	w->injected++;
}

void faults_pause(void)
{
	now.on = false;
}

void faults_resume(void)
{
	now.on = true;
}

bool faults_were_all(const char *functions)
{
	char name[64];
	int n;
	bool all = true;
	for (; sscanf(functions, " %63s%n", name, &n) == 1; functions += n) {
		const struct faults_kind *kind = kinds;
		while (kind && strcmp(kind->name, name) != 0)
			kind = kind->next;
		if (kind && kind->injected > 0)
			continue;
		print_error("%s was never made to fail\n", name);
		all = false;
	}
	return all;
}

/* ---- Judging ---- */

/* Failures that need not be told, as the call does its work all the same. 0: whichever it is. */
static const struct {
	const char *function;
	int error;
} borne[] = {
    {"setsockopt", 0},  /* a kernel that does not know the option, or a buffer that is larger than asked for */
    {"fopen", 0},       /* without /proc/meminfo the kernel is asked for the memory itself */
    {"fgets", 0},       /* likewise */
    {"madvise", EINTR}, /* signals: it goes on */
    {"fallocate", EINTR}, {"sendmsg", EINTR}, {"recvmsg", EINTR}, {"poll", EINTR},
    {"read", 0},              /* what is not heard now is heard the next time */
    {"recvmsg", ECONNRESET},  /* what the peer said before is read */
    {"recvmsg", FAULT_NO_FD}, /* there was none in this message */
    {"fstatat", ENOENT},      /* the lock's file was removed meanwhile: another is made */
    {"fstatat", FAULT_OTHER}, /* likewise */
    {"connect", EAGAIN},      /* a crowd is at the door: one knocks again */
    {"inotify_add_watch", 0}, /* a viewer whose producer is there; and where ENOENT, a directory further above */
    {"open", ENOENT},         /* a list of streams, whose directory comes just now */
};

static bool may_be_borne(const struct faults_walk *w)
{
	/* Who cannot reach the directory does not watch it: a viewer whose producer is there does without. */
	if (now.no_proc && (strcmp(w->function, "stat") == 0 || strcmp(w->function, "fstat") == 0))
		return true;
	for (size_t i = 0; i < sizeof(borne) / sizeof(borne[0]); i++)
		if (strcmp(w->function, borne[i].function) == 0 && (!borne[i].error || borne[i].error == w->error))
			return true;
	return false;
}

/* Where the caller is told in other words. error 0: whichever it is. */
static const struct {
	const char *function;
	int error, result;
	const char *words;
} told[] = {
    /* Memory has its own words. */
    {"calloc", 0, -ENOMEM, "no memory "},
    {"malloc", 0, -ENOMEM, "no memory "},
    {"reallocarray", 0, -ENOMEM, "no memory "},
    /* -ENOENT is "no producer", which viewers may wait for; who asks for a report makes no directory. */
    {"mkdir", ENOENT, -ENOTDIR, "cannot make directory"},
    {"open", ENOENT, -ENOTDIR, "cannot open directory"},
    {"open", ENOENT, -ENOENT, "has no producer"},
    {"inotify_add_watch", ENOENT, -EIO, "cannot watch the directory of streams"},
    {"openat", EACCES, -EACCES, "is not open to this user"},
    {"connect", EACCES, -EACCES, "is not open to this user"},
    {"connect", ECONNREFUSED, -ENOENT, "has no producer"},
    {"connect", ENOENT, -ENOENT, "has no producer"},
    {"stat", 0, -EIO, "was moved (is /proc mounted?)"},
    {"fstat", 0, -EIO, "was moved (is /proc mounted?)"},
    {"connect", EAGAIN, -EAGAIN, "too many stand at the door"},
    /* Of these only another process can be the cause, as they are about what it sent. */
    {"fcntl", 0, -EPROTO, "seal"},
    {"fstatfs", 0, -EPROTO, "memory of an unsuitable kind"},
    {"fstat", 0, -EPROTO, "bytes of memory"},
    /* The line was cut: -EAGAIN is a viewer's, -EPIPE is who asks for a report. */
    {"recvmsg", ECONNRESET, -EAGAIN, "hung up"},
    {"recvmsg", ECONNRESET, -EPIPE, "hung up"},
    {"sendmsg", EPIPE, -EAGAIN, "hung up"},
    {"sendmsg", EPIPE, -EPIPE, "hung up"},
    {"sendmsg", ECONNRESET, -EAGAIN, "hung up"},
    {"sendmsg", ECONNRESET, -EPIPE, "hung up"},
    /* Nor was it really, and the producer waits for words longer than a viewer for an answer. */
    {"sendmsg", EPIPE, -ETIMEDOUT, "does not answer"},
    {"sendmsg", ECONNRESET, -ETIMEDOUT, "does not answer"},
    {"recvmsg", FAULT_NO_FD, -EMFILE, "no file descriptor is left"},
};

static bool is_told(const struct faults_walk *w, int result, const char *text)
{
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (strcmp(w->function, told[i].function) == 0 && (!told[i].error || told[i].error == w->error) &&
		    told[i].result == result && strstr(text, told[i].words))
			return true;
	return false;
}

void faults_judge(struct faults_walk *w, int result, const struct tripool_error *error)
{
	if (!w->hit) {
		if (result < 0)
			fail_msg("%s: %s, and nothing was put in", w->name, error->text);
		return;
	}
	w->told += result < 0;
	int number = w->error == FAULT_SHORT ? ENOSPC : w->error;
	const char *words = strerror(number);
	if (result >= 0 && !may_be_borne(w))
		fail_msg("%s: nobody was told that %s failed (%s)", w->name, w->function, words);
	if (result < 0 && (!error->text[0] || strchr(error->text, '\n')))
		fail_msg("%s: %s failed (%s), and the text is '%s'", w->name, w->function, words, error->text);
	if (result < 0 && !is_told(w, result, error->text) && (result != -number || !strstr(error->text, words)))
		fail_msg("%s: %s failed (%s), and what is said is %d, '%s'", w->name, w->function, words, result,
		    error->text);
}

/* ---- Taking stock ---- */

struct faults_stock faults_take_stock(void)
{
	return (struct faults_stock){
	    .fds = count_fds(), .files = count_files(), .heap = faults_heap(), .mapped_bytes = faults_mapped_bytes()};
}

void faults_expect_stock(const struct faults_walk *w, const struct faults_stock *before)
{
	struct faults_stock is = faults_take_stock();
	if (memcmp(&is, before, sizeof(is)) == 0)
		return;
	fail_msg("%s: after %s failed (%d) there are %+d fds, %+d files, %+ld blocks, %+ld bytes mapped", w->name,
	    w->hit ? w->function : "nothing", w->hit ? w->error : 0, is.fds - before->fds, is.files - before->files,
	    is.heap - before->heap, is.mapped_bytes - before->mapped_bytes);
}
