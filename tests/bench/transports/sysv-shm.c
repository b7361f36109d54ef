// SPDX-License-Identifier: MIT
/* A System V segment and two System V semaphores: the bounded buffer of the textbooks, a copy in and a copy out. */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

enum { EMPTY, FULL }; /* slots */

struct sysv_shm {
	struct ring ring;
	int semaphores;
};

static int create_semaphores(struct link *link)
{
	struct sysv_shm *s = link->own;
	unsigned short values[] = {[EMPTY] = RING_SLOTS, [FULL] = 0};
	union semun {
		int value;
		unsigned short *array;
	} all = {.array = values};
	s->semaphores = semget(IPC_PRIVATE, 2, 0600);
	if (s->semaphores < 0)
		return link_fail(link, "semget", errno);
	return semctl(s->semaphores, 0, SETALL, all) < 0 ? link_fail(link, "semctl", errno) : 0;
}

/* The segment is marked for removal at once: both sides inherit it attached, and the last one to end removes it. */
static int create_segment(struct link *link)
{
	struct sysv_shm *s = link->own;
	int id = shmget(IPC_PRIVATE, ring_bytes(link), 0600);
	if (id < 0)
		return link_fail(link, "shmget", errno);
	void *p = shmat(id, NULL, 0);
	int r = p == (void *)-1 ? link_fail(link, "shmat", errno) : 0;
	shmctl(id, IPC_RMID, NULL);
	if (r == 0)
		s->ring.slots = p;
	return r;
}

static int sysv_shm_prepare(struct link *link)
{
	int r = baseline_prepare(link, sizeof(struct sysv_shm));
	if (r < 0)
		return r;
	struct sysv_shm *s = link->own;
	s->semaphores = -1;
	r = create_segment(link);
	return r < 0 ? r : create_semaphores(link);
}

static void sysv_shm_clean(struct link *link)
{
	struct sysv_shm *s = link->own;
	if (!s)
		return;
	if (s->semaphores >= 0)
		semctl(s->semaphores, 0, IPC_RMID);
	if (s->ring.slots)
		shmdt(s->ring.slots);
	free(s);
}

static int add(struct link *link, unsigned short which, short value, short flags, const struct timespec *limit)
{
	const struct sysv_shm *s = link->own;
	struct sembuf operation = {.sem_num = which, .sem_op = value, .sem_flg = flags};
	int r;
	do
		r = semtimedop(s->semaphores, &operation, 1, limit);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return errno == EAGAIN ? -EAGAIN : link_fail(link, "semop", errno);
	return 0;
}

static int sysv_shm_publish(struct link *link, const struct stamp *stamp)
{
	(void)stamp;
	int r = add(link, EMPTY, -1, 0, NULL);
	if (r < 0)
		return r;
	ring_copy_in(link);
	return add(link, FULL, 1, 0, NULL);
}

static int sysv_shm_take(struct link *link, struct taken *taken)
{
	struct timespec limit = {.tv_nsec = TAKE_MS * 1000000};
	int r = add(link, FULL, -1, link->sleeping ? 0 : IPC_NOWAIT, &limit);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	ring_copy_out(link, taken);
	r = add(link, EMPTY, 1, 0, NULL);
	return r < 0 ? r : 1;
}

const struct transport transport_sysv_shm = {.name = "sysv-shm",
    .what = "a System V segment, semaphores, two copies",
    RING,
    .prepare = sysv_shm_prepare,
    .clean = sysv_shm_clean,
    .publish = sysv_shm_publish,
    .take = sysv_shm_take};
