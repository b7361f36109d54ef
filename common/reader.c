// SPDX-License-Identifier: MIT
#include "reader.h"

#include <errno.h>

/* writer.c tells why these orders are enough. */

void tripool_reader_init(struct tripool_reader *reader, const void *pool, void *page, uint32_t slot_count)
{
	*reader = (struct tripool_reader){.header = pool, .page = page, .slot_count = slot_count};
}

static uint64_t look(const struct tripool_reader *reader)
{
	/* Pairs with the store of `latest` in tripool_writer_publish and tripool_writer_retire. */
	return atomic_load_explicit(&reader->header->latest, memory_order_seq_cst);
}

int tripool_reader_acquire(struct tripool_reader *reader, uint32_t cell, uint64_t *sequence)
{
	uint64_t latest = look(reader);
	if (latest == reader->seen || latest == 0) {
		/* For one that spins: the scan keeps taking the cell's cache line away, and the claim will want it. */
		__builtin_prefetch(&reader->page->cell[cell], 1);
		return -EAGAIN;
	}
	for (;;) {
		uint32_t slot = latest & ((1u << TRIPOOL_LATEST_SLOT_BITS) - 1);
		uint64_t number = latest >> TRIPOOL_LATEST_SLOT_BITS;
		int result = (int)slot;
		if (latest == TRIPOOL_LATEST_RETIRED)
			result = -ESTALE;
		else if (slot >= reader->slot_count || number == 0 || number < reader->newest)
			result = -EPROTO;
		if (result < 0) {
			tripool_reader_release(reader, cell);
			return result;
		}
		/* The caller wants it next; it may come over while the claim does. */
		__builtin_prefetch(&reader->header->table[slot]);
		/* C: pairs with the scan in tripool_writer_begin. */
		atomic_store_explicit(&reader->page->cell[cell], slot + 1, memory_order_seq_cst);
		/* L: if it is still the newest, the claim came in time. */
		uint64_t again = look(reader);
		if (again == latest) {
			reader->seen = latest;
			reader->newest = number;
			*sequence = number;
			return result;
		}
		latest = again;
	}
}

void tripool_reader_release(struct tripool_reader *reader, uint32_t cell)
{
	/* Pairs with the scan in tripool_writer_begin: all our reads of the slot come before its next write. */
	atomic_store_explicit(&reader->page->cell[cell], 0, memory_order_release);
}

bool tripool_reader_has_news(const struct tripool_reader *reader)
{
	uint64_t latest = look(reader);
	return latest != reader->seen && latest != 0;
}

bool tripool_reader_is_retired(const struct tripool_reader *reader)
{
	return look(reader) == TRIPOOL_LATEST_RETIRED;
}

bool tripool_reader_arm(struct tripool_reader *reader)
{
	/* Pairs with the look at `armed` in tripool_writer_publish: either it sees this, or we see its frame. */
	atomic_store_explicit(&reader->page->armed, 1, memory_order_seq_cst);
	return tripool_reader_has_news(reader);
}

bool tripool_reader_disarm(struct tripool_reader *reader)
{
	/* Relaxed: whoever clears it first settles only whether a wake-up comes, and that comes by the socket. */
	return atomic_exchange_explicit(&reader->page->armed, 0, memory_order_relaxed) != 0;
}
