// SPDX-License-Identifier: MIT
#include "messages.h"

#include <errno.h>
#include <string.h>

#define BEFORE 64 /* the frame, for the first number; so much that frames begin at a cache line */

/* A receiver must have room for the largest message wherever the last piece of a frame begins. */
static size_t memory_bytes(const struct link *link)
{
	const struct messages *m = link->own;
	return BEFORE + link->bytes + m->piece_bytes;
}

int messages_open_producer(struct link *link)
{
	struct messages *m = link->own;
	m->memory = private_create(link, memory_bytes(link));
	return m->memory ? 0 : -ENOMEM;
}

int messages_open_viewer(struct link *link)
{
	int r = messages_open_producer(link);
	return r == 0 && link->sleeping ? tick_start(link) : r;
}

void messages_close_producer(struct link *link)
{
	struct messages *m = link->own;
	private_destroy(m->memory, memory_bytes(link));
}

void messages_close_viewer(struct link *link)
{
	tick_stop();
	messages_close_producer(link);
}

uint8_t *messages_begin(struct link *link)
{
	struct messages *m = link->own;
	return m->memory + BEFORE;
}

static size_t piece_at(const struct link *link, size_t at)
{
	const struct messages *m = link->own;
	return link->bytes - at < m->piece_bytes ? link->bytes - at : m->piece_bytes;
}

/* A number takes the place of the end of the piece before, which has been sent. */
int messages_publish(struct link *link, const struct stamp *stamp)
{
	struct messages *m = link->own;
	(void)stamp;
	for (size_t at = 0, bytes; at < link->bytes; at += bytes) {
		uint8_t *message = m->memory + BEFORE + at - sizeof(m->number);
		bytes = piece_at(link, at);
		m->number++;
		memcpy(message, &m->number, sizeof(m->number));
		while (m->send(m, message, bytes) < 0)
			if (errno != EINTR)
				return link_fail(link, "a message", errno);
		link->copied_bytes += bytes;
	}
	return 0;
}

/* The end of the piece before, where the number is received to, is put back. */
static int receive_at(struct messages *m, uint8_t *message, long *number)
{
	long kept;
	memcpy(&kept, message, sizeof(kept));
	ssize_t n = m->receive(m, message);
	int error = errno;
	memcpy(number, message, sizeof(*number));
	memcpy(message, &kept, sizeof(kept));
	return n < 0 ? -error : (int)n;
}

int messages_take(struct link *link, struct taken *taken)
{
	struct messages *m = link->own;
	while (m->got < link->bytes) {
		long number;
		int n = receive_at(m, m->memory + BEFORE + m->got - sizeof(number), &number);
		if (n == -EAGAIN || n == -EINTR)
			return 0; /* the rest of the frame another time */
		if (n < 0)
			return link_fail(link, "a message", -n);
		if (number != ++m->number || (size_t)n != piece_at(link, m->got))
			return link_fail(link, "not the message that was to come", EPROTO);
		m->got += (size_t)n;
		link->copied_bytes += (uint64_t)n;
	}
	m->got = 0;
	taken->frame = m->memory + BEFORE;
	return 1;
}
