// SPDX-License-Identifier: MIT
#include "writer.h"

#include <errno.h>

/*
 * Four operations carry the whole argument, and all are seq_cst, so they have one total order: this file's store of
 * `latest` (P) and load of a cell (S), reader.c's store of a cell (C) and its second load of `latest` (L).
 * If L still sees the frame that C names, then L comes before the P that replaces it, so C < L < P < every later S:
 * the scan sees the claim. If L sees another frame, the reader claims again. `armed` against `latest` is the same.
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

void tripool_writer_add(struct tripool_writer *writer, void *page, uint32_t cells)
{
	assert(writer->readers < TRIPOOL_MAX_SLOTS && cells <= TRIPOOL_MAX_LEASES);
	writer->reader[writer->readers++] = (struct tripool_attachment){.page = page, .cells = cells};
}

void tripool_writer_remove(struct tripool_writer *writer, uint32_t index)
{
	assert(index < writer->readers);
	writer->reader[index] = writer->reader[--writer->readers];
}

static uint64_t leased(const struct tripool_writer *writer)
{
	uint64_t mask = 0;
	for (uint32_t r = 0; r < writer->readers; r++) {
		struct tripool_lease_page *page = writer->reader[r].page;
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

int tripool_writer_begin(struct tripool_writer *writer)
{
	if ((uint32_t)__builtin_popcountll(writer->writing) >= writer->write_depth)
		return -EBUSY;
	uint64_t free = ~(writer->latest | writer->writing | leased(writer));
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
