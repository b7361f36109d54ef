// SPDX-License-Identifier: MIT
#include "reader.h"

#include "queue.h"

#include <errno.h>

/* Each of these found another newest frame than the one just claimed: no producer publishes so often. */
#define MOST_LOOKS (1u << 20)

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
static struct tripool_claim read_claim(const struct tripool_header *h, uint64_t sequence)
{
	int at = sequence % 2;
	struct tripool_claim claim = {
	    .sequence = sequence,
	    .publish_ns = atomic_load_explicit(&h->publish_ns[at], memory_order_acquire),
	    .info.capture_ns = atomic_load_explicit(&h->capture_ns[at], memory_order_acquire),
	    .info.source_sequence = atomic_load_explicit(&h->source_sequence[at], memory_order_acquire),
	    .info.flags = atomic_load_explicit(&h->flags[at], memory_order_acquire),
	};
	if (claim.info.flags & TRIPOOL_FLAG_MORE) {
		claim.info.flags &= ~TRIPOOL_FLAG_MORE;
		claim.info.bytes_used = atomic_load_explicit(&h->bytes_used[at], memory_order_acquire);
		claim.info.crc32c = atomic_load_explicit(&h->crc32c[at], memory_order_acquire);
	}
	return claim;
}

int tripool_reader_acquire(struct tripool_reader *reader, uint32_t cell, struct tripool_claim *claim)
{
	/* The producer's scan takes the cell's cache line away: a store gets it back before it is needed. It says what
	 * the last release said, also of all we have read, as the scan may see this one instead. */
	tripool_reader_release(reader, cell);
	uint64_t latest = look(reader);
	if (latest == reader->seen)
		return -EAGAIN;
	for (uint32_t looks = 0;; looks++) {
		uint32_t slot = latest & ((1u << TRIPOOL_LATEST_SLOT_BITS) - 1);
		uint64_t number = latest >> TRIPOOL_LATEST_SLOT_BITS;
		int result = (int)slot;
		if (latest == TRIPOOL_LATEST_RETIRED)
			result = -ESTALE;
		else if (slot >= reader->slot_count || number == 0 || number < reader->newest || looks == MOST_LOOKS)
			result = -EPROTO;
		if (result < 0) {
			tripool_reader_release(reader, cell);
			return result;
		}
		/* C: pairs with the scan in tripool_writer_begin. */
		atomic_store_explicit(&reader->page->cell[cell], slot + 1, memory_order_seq_cst);
		struct tripool_claim claimed = read_claim(reader->header, number);
		/* L: if it is still the newest, the claim came in time, and what was read is its own. */
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
	if (reader->queue)
		return tripool_queue_has_news(reader->queue) || tripool_reader_is_retired(reader);
	return look(reader) != reader->seen;
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
