// SPDX-License-Identifier: MIT
#include "writer.h"

#include <errno.h>
#include <string.h>

/*
 * Four operations carry the whole argument, and all are seq_cst, so they have one total order: this file's store of
 * `latest` (P) and load of a cell (S), reader.c's store of a cell (C) and its second load of `latest` (L).
 * If L still sees the frame that C names, then L comes before the P that replaces it, so C < L < P < every later S:
 * the scan sees the claim. If L sees another frame, the reader claims again. `armed` against `latest` is the same, and
 * against a queue's `head`, and `wants_room` against its `tail`.
 *
 * A queue needs no claims: the producer itself puts a frame in, in its own memory as well, and its slot is free again
 * when `tail` has passed it.
 */

static uint64_t bit(uint32_t slot)
{
	return UINT64_C(1) << slot;
}

void tripool_writer_init(
    struct tripool_writer *writer, void *pool, uint32_t slot_count, uint32_t write_depth, uint64_t sequence)
{
	*writer = (struct tripool_writer){
	    .header = pool,
	    .slot_count = slot_count,
	    .write_depth = write_depth,
	    .sequence = sequence,
	};
}

void tripool_writer_add(struct tripool_writer *writer, void *page, uint32_t cells, bool every)
{
	assert(writer->readers < TRIPOOL_MAX_SLOTS && cells <= TRIPOOL_MAX_LEASES);
	writer->reader[writer->readers++] = (struct tripool_attachment){.page = page, .cells = cells, .every = every};
}

void tripool_writer_adopt(struct tripool_writer *writer, const struct tripool_writer *older)
{
	writer->readers = older->readers;
	for (uint32_t r = 0; r < older->readers; r++) {
		writer->reader[r] = older->reader[r];
		memset(writer->reader[r].slot, TRIPOOL_NO_SLOT, sizeof(writer->reader[r].slot));
	}
}

void tripool_writer_remove(struct tripool_writer *writer, uint32_t index)
{
	assert(index < writer->readers);
	writer->reader[index] = writer->reader[--writer->readers];
}

/* Takes in how far the viewer has come; nonsense is no progress. Pairs with the store in queue.c's move_tail: what the
 * viewer read there was read before we write. */
static void look_at_tail(struct tripool_attachment *a)
{
	uint64_t tail = atomic_load_explicit(&a->page->tail, memory_order_seq_cst);
	if (tail - a->tail <= a->head - a->tail)
		a->tail = tail;
}

static uint64_t queued(struct tripool_attachment *a)
{
	uint64_t mask = 0;
	look_at_tail(a);
	for (uint64_t n = a->tail; n != a->head; n++)
		if (a->slot[n % a->cells] != TRIPOOL_NO_SLOT)
			mask |= bit(a->slot[n % a->cells]);
	return mask;
}

static uint64_t leased(struct tripool_writer *writer)
{
	uint64_t mask = 0;
	for (uint32_t r = 0; r < writer->readers; r++) {
		struct tripool_lease_page *page = writer->reader[r].page;
		if (writer->reader[r].every) {
			mask |= queued(&writer->reader[r]);
			continue;
		}
		for (uint32_t c = 0; c < writer->reader[r].cells; c++) {
			/* Pairs with the claim (C) in tripool_reader_acquire, and with its release in
			 * tripool_reader_release: what the viewer read there was read before we write. */
			uint32_t cell = atomic_load_explicit(&page->cell[c], memory_order_seq_cst);
			/* A viewer may write nonsense: it then claims nothing. */
			if (cell >= 1 && cell <= writer->slot_count)
				mask |= bit(cell - 1);
		}
	}
	return mask;
}

struct tripool_holding tripool_writer_holding(struct tripool_writer *writer, uint32_t index)
{
	struct tripool_attachment *a = &writer->reader[index];
	struct tripool_holding holding = {0, 0};
	if (!a->every) {
		for (uint32_t c = 0; c < a->cells; c++) {
			/* Relaxed: nothing is written for it. */
			uint32_t cell = atomic_load_explicit(&a->page->cell[c], memory_order_relaxed);
			holding.held += cell >= 1 && cell <= writer->slot_count;
		}
		return holding;
	}
	look_at_tail(a);
	/* Relaxed: what was let go by that tail had been acquired, and is seen to be. */
	uint64_t last = atomic_load_explicit(&a->page->last_sequence, memory_order_relaxed);
	for (uint64_t n = a->tail; n != a->head; n++) {
		/* Our own word, or nonsense, that is only counted. */
		struct tripool_queued *q = &a->page->queue[n % a->cells];
		if (atomic_load_explicit(&q->sequence, memory_order_relaxed) > last)
			holding.waiting++;
		else
			holding.held++;
	}
	return holding;
}

static bool has_room(const struct tripool_writer *writer, const struct tripool_attachment *a)
{
	return a->closed || a->head - a->tail + (uint64_t)__builtin_popcountll(writer->writing) < a->cells;
}

bool tripool_writer_has_room(struct tripool_writer *writer, uint32_t index)
{
	struct tripool_attachment *a = &writer->reader[index];
	if (!a->every)
		return true;
	look_at_tail(a);
	return has_room(writer, a);
}

void tripool_writer_close(struct tripool_writer *writer, uint32_t index)
{
	writer->reader[index].closed = true;
}

bool tripool_writer_want_room(struct tripool_writer *writer, uint32_t index, bool *asked)
{
	struct tripool_attachment *a = &writer->reader[index];
	/* Pairs with the look at it in queue.c's move_tail: either it sees this, or we see its tail. */
	*asked = atomic_exchange_explicit(&a->page->wants_room, 1, memory_order_seq_cst) == 0;
	return !tripool_writer_has_room(writer, index);
}

int tripool_writer_begin(struct tripool_writer *writer)
{
	if ((uint32_t)__builtin_popcountll(writer->writing) >= writer->write_depth)
		return -EBUSY;
	uint64_t busy = leased(writer);
	for (uint32_t r = 0; writer->lossless && r < writer->readers; r++)
		if (writer->reader[r].every && !has_room(writer, &writer->reader[r]))
			return -EAGAIN;
	uint64_t free = ~(writer->latest | writer->writing | busy);
	/* The lowest, so that the memory in use stays small and warm. */
	uint32_t slot = (uint32_t)__builtin_ctzll(free);
	assert(free != 0 && slot < writer->slot_count);
	writer->writing |= bit(slot);
	writer->touched |= bit(slot);
	return (int)slot;
}

bool tripool_writer_is_writing(const struct tripool_writer *writer, uint32_t slot)
{
	return slot < writer->slot_count && (writer->writing & bit(slot)) != 0;
}

/* Release: pairs with the loads in reader.c. A reader that sees any of this sees the `latest` before it as well, and so
 * notices that what it was reading is not its frame's any more. */
static void describe(
    struct tripool_header *h, uint64_t sequence, int64_t publish_ns, const struct tripool_frame_info *info)
{
	int at = sequence % 2;
	uint32_t flags = info->flags & ~TRIPOOL_FLAG_MORE;
	if (info->bytes_used || info->flags & TRIPOOL_FRAME_CRC32C) {
		flags |= TRIPOOL_FLAG_MORE;
		atomic_store_explicit(&h->bytes_used[at], info->bytes_used, memory_order_release);
		atomic_store_explicit(&h->crc32c[at], info->crc32c, memory_order_release);
	}
	atomic_store_explicit(&h->publish_ns[at], publish_ns, memory_order_release);
	atomic_store_explicit(&h->capture_ns[at], info->capture_ns, memory_order_release);
	atomic_store_explicit(&h->source_sequence[at], info->source_sequence, memory_order_release);
	atomic_store_explicit(&h->flags[at], flags, memory_order_release);
}

/* A full queue loses the frame, which its sequence shows. Relaxed: what is said is there before `head` is. */
static void put_in_queue(struct tripool_attachment *a, const struct tripool_writer *writer, uint32_t slot,
    int64_t publish_ns, const struct tripool_frame_info *info)
{
	look_at_tail(a);
	if (a->closed || a->head - a->tail >= a->cells)
		return;
	struct tripool_queued *q = &a->page->queue[a->head % a->cells];
	atomic_store_explicit(&q->sequence, writer->sequence, memory_order_relaxed);
	atomic_store_explicit(&q->generation, writer->header->shape.generation, memory_order_relaxed);
	atomic_store_explicit(&q->publish_ns, publish_ns, memory_order_relaxed);
	atomic_store_explicit(&q->capture_ns, info->capture_ns, memory_order_relaxed);
	atomic_store_explicit(&q->source_sequence, info->source_sequence, memory_order_relaxed);
	atomic_store_explicit(&q->bytes_used, info->bytes_used, memory_order_relaxed);
	atomic_store_explicit(&q->crc32c, info->crc32c, memory_order_relaxed);
	atomic_store_explicit(&q->flags, info->flags, memory_order_relaxed);
	atomic_store_explicit(&q->slot, slot, memory_order_relaxed);
	a->slot[a->head % a->cells] = (uint8_t)slot;
	a->head++;
	/* Pairs with the looks at it in queue.c, also for the pixels and what was said. */
	atomic_store_explicit(&a->page->head, a->head, memory_order_seq_cst);
}

uint64_t tripool_writer_publish(
    struct tripool_writer *writer, uint32_t slot, int64_t publish_ns, const struct tripool_frame_info *info)
{
	assert(tripool_writer_is_writing(writer, slot));
	writer->sequence++;
	describe(writer->header, writer->sequence, publish_ns, info);
	writer->writing &= ~bit(slot);
	writer->latest = bit(slot);
	/* P: pairs with both loads of `latest` in reader.c; the pixels and what was described are visible with it. */
	atomic_store_explicit(
	    &writer->header->latest, writer->sequence << TRIPOOL_LATEST_SLOT_BITS | slot, memory_order_seq_cst);

	uint64_t wake = 0;
	for (uint32_t r = 0; r < writer->readers; r++) {
		struct tripool_lease_page *page = writer->reader[r].page;
		if (writer->reader[r].every)
			put_in_queue(&writer->reader[r], writer, slot, publish_ns, info);
		/* Pairs with the store in tripool_reader_arm: either we see it armed, or it sees our frame. */
		if (atomic_load_explicit(&page->armed, memory_order_seq_cst) == 0)
			continue;
		/* Relaxed: the wake that follows makes the reader look again, whatever it armed in between. */
		atomic_store_explicit(&page->armed, 0, memory_order_relaxed);
		wake |= bit(r);
	}
	return wake;
}

void tripool_writer_cancel(struct tripool_writer *writer, uint32_t slot)
{
	assert(tripool_writer_is_writing(writer, slot));
	writer->writing &= ~bit(slot);
}

void tripool_writer_retire(struct tripool_writer *writer)
{
	/* Pairs with the loads of `latest` in reader.c. */
	atomic_store_explicit(&writer->header->latest, TRIPOOL_LATEST_RETIRED, memory_order_seq_cst);
}
