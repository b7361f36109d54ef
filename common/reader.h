// SPDX-License-Identifier: MIT
/*
 * The viewer's half of the data path, on plain memory: claiming the newest frame, letting go, and falling asleep
 * without missing a frame. No system call, no allocation, no lock. One thread.
 */
#ifndef TRIPOOL_READER_H
#define TRIPOOL_READER_H

#include "layout.h"

struct tripool_queue;

struct tripool_reader {
	const struct tripool_header *header;
	struct tripool_lease_page *page;
	uint32_t slot_count; /* checked; the header's own is not looked at again */
	uint64_t seen;       /* `latest` when it was last leased */
	uint64_t newest;     /* the highest sequence ever seen: they never go back */
	/* Of a viewer that gets every frame: its news are what comes there; the viewer's, and as long as it. Else NULL.
	 */
	const struct tripool_queue *queue;
};

/* A claimed frame, in the producer's words: not checked, but read once. info.bytes_used 0: all. */
struct tripool_claim {
	uint64_t sequence;
	int64_t publish_ns;
	struct tripool_frame_info info;
};

/* All cells of the page become free. Pool and page stay the caller's, and must stay mapped as long as the reader is
 * used; it has nothing to finish. */
void tripool_reader_init(struct tripool_reader *reader, const void *pool, void *page, uint32_t slot_count);

/*
 * Claims the newest frame in `cell`, which must be free. Returns its slot and writes what it says of itself, or
 * -EAGAIN (nothing newer than what was seen), -ESTALE (the pool is retired), -EPROTO (the producer wrote nonsense);
 * the cell is free then. Lock-free: it tries again only when the producer has published meanwhile; if it has a million
 * times in a row, it is -EPROTO.
 */
int tripool_reader_acquire(struct tripool_reader *reader, uint32_t cell, struct tripool_claim *claim);

void tripool_reader_release(struct tripool_reader *reader, uint32_t cell);

/* Whether acquire would find something else than -EAGAIN. */
bool tripool_reader_has_news(const struct tripool_reader *reader);
bool tripool_reader_is_retired(const struct tripool_reader *reader);

/* Announces that the reader will sleep. True: there is news, do not. False: the next frame brings a wake-up. */
bool tripool_reader_arm(struct tripool_reader *reader);

/* Takes the announcement back. False: it was taken already, and a wake-up is on its way. */
bool tripool_reader_disarm(struct tripool_reader *reader);

#endif
