// SPDX-License-Identifier: MIT
/* A System V message queue with the largest messages that the system allows; as many as that are is the system's, too.
 */
#include "messages.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

struct sysv_queue {
	struct messages messages;
	int id, wait;
};

/* The number is the message's type. */
static int sysv_send(struct messages *messages, const void *message, size_t bytes)
{
	const struct sysv_queue *q = (const void *)messages;
	return msgsnd(q->id, message, bytes, 0);
}

static ssize_t sysv_receive(struct messages *messages, void *message)
{
	const struct sysv_queue *q = (const void *)messages;
	ssize_t n = msgrcv(q->id, message, messages->piece_bytes, 0, q->wait);
	if (n < 0 && errno == ENOMSG)
		errno = EAGAIN;
	return n;
}

static int sysv_queue_prepare(struct link *link)
{
	int r = baseline_prepare(link, sizeof(struct sysv_queue));
	if (r < 0)
		return r;
	struct sysv_queue *q = link->own;
	q->id = msgget(IPC_PRIVATE, 0600);
	if (q->id < 0)
		return link_fail(link, "msgget", errno);
	size_t most = system_limit("/proc/sys/kernel/msgmnb", 16384);
	q->messages.piece_bytes = system_limit("/proc/sys/kernel/msgmax", 8192);
	if (q->messages.piece_bytes > most / 2) /* one is read while the next is written */
		q->messages.piece_bytes = most / 2;
	q->messages.send = sysv_send;
	q->messages.receive = sysv_receive;
	q->wait = link->sleeping ? 0 : IPC_NOWAIT;
	return 0;
}

static void sysv_queue_clean(struct link *link)
{
	struct sysv_queue *q = link->own;
	if (!q)
		return;
	if (q->id >= 0)
		msgctl(q->id, IPC_RMID, NULL);
	free(q);
}

const struct transport transport_sysv_queue = {.name = "sysv-queue",
    .what = "a System V message queue",
    MESSAGES,
    .prepare = sysv_queue_prepare,
    .clean = sysv_queue_clean};
