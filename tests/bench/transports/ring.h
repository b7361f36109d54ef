// SPDX-License-Identifier: MIT
/* A few frames in shared memory, filled and emptied in turn by copying. Who may when is the transport's. */
#ifndef TRIPOOL_BENCH_RING_H
#define TRIPOOL_BENCH_RING_H

#include "baseline.h"

#define RING_SLOTS 3 /* one is written, one is read, one lies between */

/* At the beginning of link->own. */
struct ring {
	uint8_t *slots; /* shared */
	uint8_t *frame; /* of this side */
	uint64_t turn;  /* of this side: the slot is the turn modulo RING_SLOTS */
};

size_t ring_bytes(const struct link *link); /* that `slots` must have */

int ring_open(struct link *link); /* either side */
void ring_close(struct link *link);
uint8_t *ring_begin(struct link *link);
void ring_copy_in(struct link *link);
void ring_copy_out(struct link *link, struct taken *taken);

#define RING                                                                                                           \
	.kind = TRANSPORT_BASELINE, .open_producer = ring_open, .begin = ring_begin, .close_producer = ring_close,     \
	.open_viewer = ring_open, .close_viewer = ring_close

#endif
