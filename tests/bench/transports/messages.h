// SPDX-License-Identifier: MIT
/*
 * Frames cut into messages as large as the system allows. A message is its number (from 1), a long, and a piece of the
 * frame, one behind the other in memory: each is sent from and received to where the piece stands in the frame, and
 * nothing is copied but by the kernel.
 */
#ifndef TRIPOOL_BENCH_MESSAGES_H
#define TRIPOOL_BENCH_MESSAGES_H

#include "baseline.h"

/* At the beginning of link->own. */
struct messages {
	size_t piece_bytes; /* of a frame in a message; the last one of a frame may have less */
	uint8_t *memory;    /* of this side */
	long number;        /* of the last message */
	size_t got;         /* of the frame that is being received */

	/* `bytes` of a frame, behind the number at `message`; nothing is sent in part. Where there is room for as much
	 * as a message may have `receive` returns how much of a frame has come. Both return -1 and errno; EINTR and
	 * EAGAIN stand for nothing yet. */
	int (*send)(struct messages *messages, const void *message, size_t bytes);
	ssize_t (*receive)(struct messages *messages, void *message);
};

int messages_open_producer(struct link *link);
int messages_open_viewer(struct link *link);
void messages_close_producer(struct link *link);
void messages_close_viewer(struct link *link);
uint8_t *messages_begin(struct link *link);
int messages_publish(struct link *link, const struct stamp *stamp);
int messages_take(struct link *link, struct taken *taken);

#define MESSAGES                                                                                                       \
	.kind = TRANSPORT_BASELINE, .open_producer = messages_open_producer, .begin = messages_begin,                  \
	.publish = messages_publish, .close_producer = messages_close_producer, .open_viewer = messages_open_viewer,   \
	.take = messages_take, .close_viewer = messages_close_viewer

#endif
