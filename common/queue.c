// SPDX-License-Identifier: MIT
#include "queue.h"

#include <errno.h>

void tripool_queue_init(struct tripool_queue *queue, void *page, uint32_t places)
{
	*queue = (struct tripool_queue){.page = page, .places = places};
}

bool tripool_queue_has_news(const struct tripool_queue *q)
{
	/* Pairs with the store in writer.c's put_in_queue. */
	return atomic_load_explicit(&q->page->head, memory_order_seq_cst) != q->next;
}

bool tripool_queue_is_held(const struct tripool_queue *q)
{
	return q->next - q->tail == q->places;
}

int tripool_queue_peek(struct tripool_queue *q, struct tripool_claim *claim, uint64_t *generation, uint32_t *slot)
{
	/* Pairs with the store in writer.c's put_in_queue, for what it says of the frame, and for its pixels. */
	uint64_t head = atomic_load_explicit(&q->page->head, memory_order_acquire);
	if (head == q->next)
		return -EAGAIN;
	/* Beyond the places, or behind what was taken: a place that is held would be taken twice. */
	if (head - q->next > q->places - (q->next - q->tail))
		return -EPROTO;
	/* Relaxed: it was all there before that head. */
	const struct tripool_queued *e = &q->page->queue[q->next % q->places];
	*claim = (struct tripool_claim){
	    .sequence = atomic_load_explicit(&e->sequence, memory_order_relaxed),
	    .publish_ns = atomic_load_explicit(&e->publish_ns, memory_order_relaxed),
	    .info.capture_ns = atomic_load_explicit(&e->capture_ns, memory_order_relaxed),
	    .info.source_sequence = atomic_load_explicit(&e->source_sequence, memory_order_relaxed),
	    .info.bytes_used = atomic_load_explicit(&e->bytes_used, memory_order_relaxed),
	    .info.crc32c = atomic_load_explicit(&e->crc32c, memory_order_relaxed),
	    .info.flags = atomic_load_explicit(&e->flags, memory_order_relaxed) & ~TRIPOOL_FLAG_MORE,
	};
	*generation = atomic_load_explicit(&e->generation, memory_order_relaxed);
	*slot = atomic_load_explicit(&e->slot, memory_order_relaxed);
	return claim->sequence > q->sequence ? 0 : -EPROTO;
}

uint32_t tripool_queue_take(struct tripool_queue *q, const struct tripool_claim *claim)
{
	uint32_t place = (uint32_t)(q->next++ % q->places);
	q->sequence = claim->sequence;
	q->held |= 1u << place;
	return place;
}

static bool move_tail(struct tripool_queue *q)
{
	uint64_t before = q->tail;
	while (q->tail != q->next && !(q->held & 1u << q->tail % q->places))
		q->tail++;
	if (q->tail == before)
		return false;
	/* Pairs with the look at it in writer.c's look_at_tail: all our reads of the slots come before its next write.
	 */
	atomic_store_explicit(&q->page->tail, q->tail, memory_order_seq_cst);
	/* Pairs with the store in tripool_writer_want_room: either we see it, or it sees our tail. (Relaxed: who clears
	 * it settles only that it is told once.) */
	return atomic_load_explicit(&q->page->wants_room, memory_order_seq_cst) != 0 &&
	       atomic_exchange_explicit(&q->page->wants_room, 0, memory_order_relaxed) != 0;
}

bool tripool_queue_let_go(struct tripool_queue *q, uint32_t place)
{
	q->held &= ~(1u << place);
	return move_tail(q);
}

bool tripool_queue_let_all_go(struct tripool_queue *q)
{
	q->held = 0;
	return move_tail(q);
}
