// SPDX-License-Identifier: MIT
#include "reader.h"

#include <errno.h>

/* writer.c tells why these orders are enough. */

void tripool_reader_init(struct tripool_reader *reader, const void *pool, void *page, uint32_t slot_count)
{
	*reader = (struct tripool_reader){.header = pool, .page = page, .slot_count = slot_count};
	/* Claims in an older pool, which nobody writes any more (relaxed: nothing is read before the first claim). */
	for (int cell = 0; cell < TRIPOOL_MAX_LEASES; cell++)
		atomic_store_explicit(&reader->page->cell[cell], 0, memory_order_relaxed);
}

static uint64_t look(const struct tripool_reader *reader)
{
	/* Pairs with the store of `latest` in tripool_writer_publish and tripool_writer_retire. */
	return atomic_load_explicit(&reader->header->latest, memory_order_seq_cst);
}

/* Acquire: pairs with the stores in writer.c's describe. */
static void read_entry(const struct tripool_entry *entry, struct tripool_claim *claim)
{
	claim->publish_ns = atomic_load_explicit(&entry->publish_ns, memory_order_acquire);
	claim->info = (struct tripool_frame_info){
	    .capture_ns = atomic_load_explicit(&entry->capture_ns, memory_order_acquire),
	    .source_sequence = atomic_load_explicit(&entry->source_sequence, memory_order_acquire),
	    .bytes_used = atomic_load_explicit(&entry->bytes_used, memory_order_acquire),
	    .flags = atomic_load_explicit(&entry->flags, memory_order_acquire),
	    .crc32c = atomic_load_explicit(&entry->crc32c, memory_order_acquire),
	};
}

int tripool_reader_acquire(struct tripool_reader *reader, uint32_t cell, struct tripool_claim *claim)
{
	const struct tripool_header *header = reader->header;
	uint64_t latest = look(reader);
	if (latest == reader->seen || latest == 0) {
		/* For one that spins: both cache lines are asked for at once, and the producer's scan keeps taking the
		 * cell's away, which a store gets back (relaxed: it says nothing new). */
		__builtin_prefetch(&header->odd);
		atomic_store_explicit(&reader->page->cell[cell], 0, memory_order_relaxed);
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
		/* C: pairs with the scan in tripool_writer_begin. */
		atomic_store_explicit(&reader->page->cell[cell], slot + 1, memory_order_seq_cst);
		struct tripool_claim claimed = {.sequence = number};
		read_entry(number % 2 ? &header->odd : &header->even, &claimed);
		/* L: if it is still the newest, the claim came in time, and the entry is its own. */
		uint64_t again = look(reader);
		if (again == latest) {
			reader->seen = latest;
			reader->newest = number;
			*claim = claimed;
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
