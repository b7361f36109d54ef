// SPDX-License-Identifier: MIT
/* Frames one after the other through a stream of bytes. */
#ifndef TRIPOOL_BENCH_STREAM_H
#define TRIPOOL_BENCH_STREAM_H

#include "baseline.h"

/* link->own. A stream's functions may open and close the descriptors at any time. */
struct stream {
	int in, out; /* -1: not open */
	bool socket;
	uint8_t *frame; /* of this side */
	size_t got;     /* of the frame that is being read */
};

int stream_prepare(struct link *link);
void stream_clean(struct link *link);

/* The descriptor of this side has to be open. The other one, if it is, is closed. */
int stream_open_producer(struct link *link);
int stream_open_viewer(struct link *link);
void stream_close_producer(struct link *link);
void stream_close_viewer(struct link *link);

uint8_t *stream_begin(struct link *link);
int stream_publish(struct link *link, const struct stamp *stamp);
int stream_take(struct link *link, struct taken *taken);

/* As large as the system allows: pipes and fifos. */
void stream_enlarge_pipe(int fd);

#define STREAM                                                                                                         \
	.kind = TRANSPORT_BASELINE, .begin = stream_begin, .publish = stream_publish, .take = stream_take,             \
	.close_producer = stream_close_producer, .close_viewer = stream_close_viewer

#endif
