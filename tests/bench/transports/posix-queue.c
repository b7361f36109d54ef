// SPDX-License-Identifier: MIT
/* A POSIX message queue with the largest and the most messages that the system allows. */
#include "messages.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct posix_queue {
	struct messages messages;
	mqd_t in, out; /* opened apart: whether to wait is a matter of the open queue */
};

static int posix_send(struct messages *messages, const void *message, size_t bytes)
{
	const struct posix_queue *q = (const void *)messages;
	return mq_send(q->out, message, sizeof(long) + bytes, 0);
}

static ssize_t posix_receive(struct messages *messages, void *message)
{
	const struct posix_queue *q = (const void *)messages;
	ssize_t n = mq_receive(q->in, message, sizeof(long) + messages->piece_bytes, NULL);
	if (n >= 0 && n < (ssize_t)sizeof(long)) {
		errno = EPROTO;
		return -1;
	}
	return n < 0 ? n : n - (ssize_t)sizeof(long);
}

/* RLIMIT_MSGQUEUE may allow less than the limits of one queue. */
static mqd_t create_largest(const char *name, struct mq_attr *attr)
{
	attr->mq_maxmsg = (long)system_limit("/proc/sys/fs/mqueue/msg_max", 10);
	attr->mq_msgsize = (long)system_limit("/proc/sys/fs/mqueue/msgsize_max", 8192);
	for (;;) {
		mqd_t q = mq_open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600, attr);
		if (q != (mqd_t)-1 || errno != EMFILE || attr->mq_msgsize < 1024)
			return q;
		if (attr->mq_maxmsg > 4)
			attr->mq_maxmsg /= 2;
		else
			attr->mq_msgsize /= 2;
	}
}

/* The name is gone at once: both sides inherit what is open. */
static int posix_queue_prepare(struct link *link)
{
	char name[64];
	struct mq_attr attr = {0};
	int r = baseline_prepare(link, sizeof(struct posix_queue));
	if (r < 0)
		return r;
	struct posix_queue *q = link->own;
	snprintf(name, sizeof(name), "/tripool-bench-%d", (int)getpid());
	q->in = (mqd_t)-1;
	q->out = create_largest(name, &attr);
	if (q->out == (mqd_t)-1)
		return link_fail(link, "mq_open", errno);
	q->in = mq_open(name, O_RDONLY | O_CLOEXEC | (link->sleeping ? 0 : O_NONBLOCK));
	r = q->in == (mqd_t)-1 ? link_fail(link, "mq_open", errno) : 0;
	mq_unlink(name);
	q->messages.piece_bytes = (size_t)attr.mq_msgsize - sizeof(long);
	q->messages.send = posix_send;
	q->messages.receive = posix_receive;
	return r;
}

static void posix_queue_clean(struct link *link)
{
	struct posix_queue *q = link->own;
	if (!q)
		return;
	if (q->in != (mqd_t)-1)
		mq_close(q->in);
	if (q->out != (mqd_t)-1)
		mq_close(q->out);
	free(q);
}

const struct transport transport_posix_queue = {.name = "posix-queue",
    .what = "a POSIX message queue",
    MESSAGES,
    .prepare = posix_queue_prepare,
    .clean = posix_queue_clean};
