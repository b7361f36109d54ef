// SPDX-License-Identifier: MIT
/*
 * POSIX shared memory, a mutex and condition variables in it, a copy in and a copy out. The mutex guards the count of
 * full slots alone: both sides copy at the same time. It outlives an owner that is killed. A condition variable does
 * not: where one is killed within the few instructions that change it, the other side may wait until it is killed, too.
 */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define HEAD 4096 /* bytes, before the slots */

struct head {
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	_Alignas(128) _Atomic uint32_t full; /* changed under the lock only */
};

_Static_assert(sizeof(struct head) <= HEAD, "the slots begin behind the head");

struct posix_shm {
	struct ring ring;
	struct head *head;
};

static void head_init(struct head *h)
{
	pthread_mutexattr_t mutex;
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&h->lock, &mutex);
	pthread_mutexattr_destroy(&mutex);

	pthread_condattr_t condition;
	pthread_condattr_init(&condition);
	pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
	pthread_condattr_setclock(&condition, CLOCK_MONOTONIC);
	pthread_cond_init(&h->filled, &condition);
	pthread_cond_init(&h->emptied, &condition);
	pthread_condattr_destroy(&condition);
	atomic_init(&h->full, 0);
}

/* Room is claimed now: where there is none that is an error here, not a SIGBUS later. */
static int map(struct link *link, int fd)
{
	struct posix_shm *s = link->own;
	size_t bytes = HEAD + ring_bytes(link);
	int r = posix_fallocate(fd, 0, (off_t)bytes);
	if (r != 0)
		return link_fail(link, "room in /dev/shm", r);
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return link_fail(link, "mmap", errno);
	s->head = p;
	s->ring.slots = (uint8_t *)p + HEAD;
	head_init(s->head);
	return 0;
}

/* The name is gone at once: both sides inherit the mapping. */
static int posix_shm_prepare(struct link *link)
{
	char name[64];
	int r = baseline_prepare(link, sizeof(struct posix_shm));
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "/tripool-bench-%d", (int)getpid());
	int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		return link_fail(link, "shm_open", errno);
	shm_unlink(name);
	r = map(link, fd);
	close(fd);
	return r;
}

static void posix_shm_clean(struct link *link)
{
	struct posix_shm *s = link->own;
	if (!s)
		return;
	if (s->head)
		munmap(s->head, HEAD + ring_bytes(link));
	free(s);
}

/* The count is right whenever its owner dies: it changes in one store. */
static int held(struct head *h, int r)
{
	return r == EOWNERDEAD ? pthread_mutex_consistent(&h->lock) : r;
}

static int hold(struct head *h)
{
	return held(h, pthread_mutex_lock(&h->lock));
}

static uint32_t full(const struct head *h)
{
	return atomic_load_explicit(&h->full, memory_order_relaxed); /* the lock orders */
}

/* One slot more or less is full. */
static int change(struct link *link, uint32_t by, pthread_cond_t *condition)
{
	struct posix_shm *s = link->own;
	int r = hold(s->head);
	if (r != 0)
		return link_fail(link, "the lock", r);
	atomic_store_explicit(&s->head->full, full(s->head) + by, memory_order_relaxed);
	pthread_mutex_unlock(&s->head->lock);
	pthread_cond_signal(condition);
	return 0;
}

static int posix_shm_publish(struct link *link, const struct stamp *stamp)
{
	struct posix_shm *s = link->own;
	struct head *h = s->head;
	(void)stamp;
	int r = hold(h);
	while (r == 0 && full(h) == RING_SLOTS)
		r = held(h, pthread_cond_wait(&h->emptied, &h->lock));
	if (r != 0)
		return link_fail(link, "the lock", r);
	pthread_mutex_unlock(&h->lock);
	ring_copy_in(link);
	return change(link, 1, &h->filled);
}

static struct timespec take_limit(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += TAKE_MS * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static int posix_shm_take(struct link *link, struct taken *taken)
{
	struct posix_shm *s = link->own;
	struct head *h = s->head;
	if (!link->sleeping && full(h) == 0)
		return 0; /* the lock is left to the producer */
	int r = hold(h);
	if (r == 0 && full(h) == 0) {
		struct timespec limit = take_limit();
		while (r == 0 && full(h) == 0)
			r = held(h, pthread_cond_timedwait(&h->filled, &h->lock, &limit));
	}
	if (r != 0 && r != ETIMEDOUT)
		return link_fail(link, "the lock", r);
	bool any = full(h) > 0;
	pthread_mutex_unlock(&h->lock);
	if (!any)
		return 0;
	ring_copy_out(link, taken);
	r = change(link, (uint32_t)-1, &h->emptied);
	return r < 0 ? r : 1;
}

const struct transport transport_posix_shm = {.name = "posix-shm",
    .what = "POSIX shared memory, a lock, two copies",
    RING,
    .prepare = posix_shm_prepare,
    .clean = posix_shm_clean,
    .publish = posix_shm_publish,
    .take = posix_shm_take};
