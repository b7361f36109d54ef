// SPDX-License-Identifier: MIT
/*
 * ZeroMQ over ipc, which is a Unix stream socket. An XPUB socket that waits for its viewers, not one that drops what
 * they are too slow for: so nothing is lost, and the thread that writes to the socket has the core to itself while the
 * queue is full. Frames are written where ZeroMQ sends them from and are read where it has received them: the only
 * copies are the kernel's, into the socket and out of it.
 */
#include "transport.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define QUEUE 2            /* messages, on each side: one is on its way while the next one is made */
#define FRAMES (QUEUE + 2) /* of the producer: those queued, one being written to the socket, one being filled */
#define RECONNECT_MS 5
#define MOST_PATH 107 /* of a Unix socket */
#define PAGE 4096

struct buffer {
	uint8_t *bytes;
	_Atomic int busy; /* set by the producer, cleared by ZeroMQ's thread */
	sem_t *idle;
};

struct zeromq {
	char path[MOST_PATH + 1], address[MOST_PATH + 8];
	void *context, *socket;
	struct buffer buffer[FRAMES];
	sem_t idle; /* counts the buffers that are not busy */
	struct buffer *filled;
	zmq_msg_t message; /* the viewer's */
};

static int zeromq_prepare(struct link *link)
{
	struct zeromq *z = calloc(1, sizeof(*z));
	if (!z)
		return link_fail(link, "calloc", errno);
	link->own = z;
	if (snprintf(z->path, sizeof(z->path), "%s/zeromq", link->directory) > MOST_PATH)
		return link_fail(link, link->directory, ENAMETOOLONG);
	snprintf(z->address, sizeof(z->address), "ipc://%s", z->path);
	return 0;
}

static void zeromq_clean(struct link *link)
{
	struct zeromq *z = link->own;
	if (!z)
		return;
	if (z->path[0])
		unlink(z->path);
	free(z);
}

static int fail(struct link *link, const char *what)
{
	int error = zmq_errno();
	snprintf(link->why, WHY_BYTES, "%s: %s", what, zmq_strerror(error));
	return error > 0 ? -error : -EIO;
}

static int socket_create(struct link *link, int type)
{
	struct zeromq *z = link->own;
	z->context = zmq_ctx_new();
	z->socket = z->context ? zmq_socket(z->context, type) : NULL;
	return z->socket ? 0 : fail(link, "zmq_socket");
}

static int option(struct link *link, int name, int value)
{
	struct zeromq *z = link->own;
	return zmq_setsockopt(z->socket, name, &value, sizeof(value)) < 0 ? fail(link, "zmq_setsockopt") : 0;
}

static void zeromq_close(struct link *link)
{
	struct zeromq *z = link->own;
	if (z->socket)
		zmq_close(z->socket);
	if (z->context)
		zmq_ctx_term(z->context);
}

/* ---- Producer ---- */

static int zeromq_open_producer(struct link *link)
{
	struct zeromq *z = link->own;
	sem_init(&z->idle, 0, FRAMES);
	for (int i = 0; i < FRAMES; i++) {
		z->buffer[i] = (struct buffer){.idle = &z->idle};
		z->buffer[i].bytes = aligned_alloc(PAGE, (link->bytes + PAGE - 1) / PAGE * PAGE);
		if (!z->buffer[i].bytes)
			return link_fail(link, "memory of frames", ENOMEM);
		memset(z->buffer[i].bytes, 0, link->bytes); /* now, not while it is measured */
	}
	int r = socket_create(link, ZMQ_XPUB);
	if (r == 0)
		r = option(link, ZMQ_XPUB_NODROP, 1);
	if (r == 0)
		r = option(link, ZMQ_SNDHWM, QUEUE);
	if (r == 0)
		r = option(link, ZMQ_LINGER, 0);
	if (r == 0 && zmq_bind(z->socket, z->address) < 0)
		r = fail(link, "zmq_bind");
	return r;
}

/* By ZeroMQ's thread, when the frame has gone to all viewers. */
static void give_back(void *bytes, void *hint)
{
	struct buffer *b = hint;
	(void)bytes;
	atomic_store_explicit(&b->busy, 0, memory_order_release); /* partner: zeromq_begin */
	sem_post(b->idle);
}

static uint8_t *zeromq_begin(struct link *link)
{
	struct zeromq *z = link->own;
	while (sem_wait(&z->idle) < 0)
		;
	/* The semaphore has said that there is one. */
	z->filled = z->buffer;
	while (atomic_load_explicit(&z->filled->busy, memory_order_acquire)) /* partner: give_back */
		z->filled++;
	return z->filled->bytes;
}

static int zeromq_publish(struct link *link, const struct stamp *stamp)
{
	struct zeromq *z = link->own;
	zmq_msg_t message;
	(void)stamp;
	atomic_store_explicit(&z->filled->busy, 1, memory_order_relaxed); /* only this thread looks for it */
	if (zmq_msg_init_data(&message, z->filled->bytes, link->bytes, give_back, z->filled) < 0)
		return fail(link, "zmq_msg_init_data");
	if (zmq_msg_send(&message, z->socket, 0) < 0) {
		int r = fail(link, "zmq_msg_send");
		zmq_msg_close(&message);
		return r;
	}
	link->copied_bytes += link->bytes * (uint64_t)link->viewers; /* into each viewer's socket */
	return 0;
}

static void zeromq_close_producer(struct link *link)
{
	struct zeromq *z = link->own;
	zeromq_close(link);
	for (int i = 0; i < FRAMES; i++)
		free(z->buffer[i].bytes);
}

/* ---- Viewer ---- */

static int zeromq_open_viewer(struct link *link)
{
	struct zeromq *z = link->own;
	/* ZeroMQ allocates each message that it receives. Memory that goes back to the system after each one would have
	 * to be had page by page for the next. */
	mallopt(M_MMAP_MAX, 0);
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	int r = socket_create(link, ZMQ_SUB);
	if (r == 0)
		r = option(link, ZMQ_RCVHWM, QUEUE);
	if (r == 0)
		r = option(link, ZMQ_RCVTIMEO, TAKE_MS);
	if (r == 0)
		r = option(link, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	if (r == 0)
		r = option(link, ZMQ_LINGER, 0);
	if (r == 0 && zmq_setsockopt(z->socket, ZMQ_SUBSCRIBE, "", 0) < 0)
		r = fail(link, "zmq_setsockopt");
	if (r == 0 && zmq_connect(z->socket, z->address) < 0)
		r = fail(link, "zmq_connect");
	return r;
}

static int zeromq_take(struct link *link, struct taken *taken)
{
	struct zeromq *z = link->own;
	zmq_msg_init(&z->message);
	if (zmq_msg_recv(&z->message, z->socket, link->sleeping ? 0 : ZMQ_DONTWAIT) < 0) {
		if (zmq_errno() != EAGAIN && zmq_errno() != EINTR)
			return fail(link, "zmq_msg_recv");
		/* The thread that reads from the socket is on this core. */
		if (!link->sleeping)
			sched_yield();
		return 0;
	}
	if (zmq_msg_size(&z->message) != link->bytes)
		return link_fail(link, "a message that is no frame", EPROTO);
	link->copied_bytes += link->bytes; /* out of the socket */
	taken->frame = zmq_msg_data(&z->message);
	return 1;
}

static void zeromq_release(struct link *link, struct taken *taken)
{
	struct zeromq *z = link->own;
	(void)taken;
	zmq_msg_close(&z->message);
}

const struct transport transport_zeromq = {
    .name = "zeromq",
    .what = "ZeroMQ ipc, XPUB to SUB",
    .kind = TRANSPORT_BASELINE,
    .prepare = zeromq_prepare,
    .clean = zeromq_clean,
    .open_producer = zeromq_open_producer,
    .begin = zeromq_begin,
    .publish = zeromq_publish,
    .close_producer = zeromq_close_producer,
    .open_viewer = zeromq_open_viewer,
    .take = zeromq_take,
    .release = zeromq_release,
    .close_viewer = zeromq_close,
};
