// SPDX-License-Identifier: MIT
/*
 * The viewer's half of every mode, on plain memory: taking frames out of its queue in their order, and letting them go
 * in any. One queue for a connection, whatever pools there are. No system call, no allocation, no lock. One thread.
 */
#ifndef TRIPOOL_QUEUE_H
#define TRIPOOL_QUEUE_H

#include "reader.h"

struct tripool_queue {
	struct tripool_lease_page *page; /* NULL: this viewer has none, as it gets the newest frames */
	uint32_t places;
	uint64_t tail;     /* the oldest that is held */
	uint64_t next;     /* the next to be taken */
	uint64_t sequence; /* of the last one taken: they rise */
	uint32_t held;     /* mask of places */
};

void tripool_queue_init(struct tripool_queue *queue, void *page, uint32_t places);

/*
 * Looks at the next frame without taking it: its slot, what it says of itself, and its pool's generation. -EAGAIN:
 * there is none. -EPROTO: the producer wrote nonsense. The slot is not checked.
 */
int tripool_queue_peek(struct tripool_queue *queue, struct tripool_claim *claim, uint64_t *generation, uint32_t *slot);

/* Takes that frame: its place, to be let go. */
uint32_t tripool_queue_take(struct tripool_queue *queue, const struct tripool_claim *claim);

/* True: the producer waits for room, and is to be told. */
bool tripool_queue_let_go(struct tripool_queue *queue, uint32_t place);

/* All that was taken was of a pool that nobody writes any more. Returns as let_go. */
bool tripool_queue_let_all_go(struct tripool_queue *queue);

/* Whether nothing can come before something is let go: every place is held, or behind one that is. */
bool tripool_queue_is_held(const struct tripool_queue *queue);

/* Whether peek would find something else than -EAGAIN. */
bool tripool_queue_has_news(const struct tripool_queue *queue);

#endif
