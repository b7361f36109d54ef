// SPDX-License-Identifier: MIT
/*
 * The producer's half of the data path, on plain memory: which slot may be written, what is newest, whom to wake.
 * No system call, no allocation, no lock. One thread.
 *
 * Why a free slot always exists: busy are at most the newest, the write_depth being written, and one for each cell or
 * place in a queue; the pool has a slot for each of these and `begin` is refused beyond write_depth.
 */
#ifndef TRIPOOL_WRITER_H
#define TRIPOOL_WRITER_H

#include "layout.h"

struct tripool_attachment {
	struct tripool_lease_page *page;
	uint32_t cells; /* or places in the queue */
	bool every;
	bool closed; /* nothing is put into its queue any more; what is in it stays */
	/* Of the queue; the page has copies. */
	uint64_t head, tail;
	uint8_t slot[TRIPOOL_MAX_LEASES]; /* TRIPOOL_NO_SLOT: of an older pool */
};

#define TRIPOOL_NO_SLOT 0xff

struct tripool_writer {
	struct tripool_header *header;
	uint32_t slot_count;
	uint32_t write_depth;
	bool lossless;     /* no frame is begun that a queue has no place for */
	uint64_t sequence; /* of the last frame published, in any generation */
	uint64_t latest;   /* mask: the newest frame's slot, or none */
	uint64_t writing;  /* mask */
	uint64_t touched;  /* mask: ever handed out */
	uint32_t readers;
	struct tripool_attachment reader[TRIPOOL_MAX_SLOTS];
};

/* For a fresh pool (zeroed memory) whose first frame will be numbered sequence + 1. */
void tripool_writer_init(
    struct tripool_writer *writer, void *pool, uint32_t slot_count, uint32_t write_depth, uint64_t sequence);

/* From now on the page's cells are heeded, or its queue is filled. Its index is the number of readers before; there
 * must be room. */
void tripool_writer_add(struct tripool_writer *writer, void *page, uint32_t cells, bool every);

/* Likewise all readers of another writer, at the same indices; frames that are in their queues stay there. */
void tripool_writer_adopt(struct tripool_writer *writer, const struct tripool_writer *older);

/* The page is not looked at any more. The last reader takes the index that becomes free. */
void tripool_writer_remove(struct tripool_writer *writer, uint32_t index);

/* The lowest free slot, or -EBUSY when write_depth are being written, or -EAGAIN when it is lossless and a queue has no
 * place. O(cells). */
int tripool_writer_begin(struct tripool_writer *writer);

bool tripool_writer_is_writing(const struct tripool_writer *writer, uint32_t slot);

/* Publishes a slot that is being written, under the next sequence number; nothing of `info` is put in for it, and its
 * bytes_used is 0 where all are. Returns the readers to wake, as a mask of their indices: each was armed and is not any
 * more. Wait-free, O(readers). */
uint64_t tripool_writer_publish(
    struct tripool_writer *writer, uint32_t slot, int64_t publish_ns, const struct tripool_frame_info *info);

/* What a reader keeps: frames held, and frames that wait in its queue. Its page is believed no more than by begin. */
struct tripool_holding {
	uint32_t held, waiting;
};
struct tripool_holding tripool_writer_holding(struct tripool_writer *writer, uint32_t index);

/* Whether a frame more could be put into the reader's queue, beside those being written. True without a queue, and for
 * a closed one. */
bool tripool_writer_has_room(struct tripool_writer *writer, uint32_t index);

/* From now on nothing is put into the reader's queue. Its slots stay busy until it lets go of them, or is removed. */
void tripool_writer_close(struct tripool_writer *writer, uint32_t index);

/* Asks a reader whose queue is full to say when there is room. False: there is now. *asked: it was not asked before. */
bool tripool_writer_want_room(struct tripool_writer *writer, uint32_t index, bool *asked);

void tripool_writer_cancel(struct tripool_writer *writer, uint32_t slot);

/* The stream goes on in another pool: says so to readers that only look at the memory. */
void tripool_writer_retire(struct tripool_writer *writer);

#endif
