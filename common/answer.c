// SPDX-License-Identifier: MIT
/* What the producer tells of itself and its viewers to who asks. */
#include "clock.h"
#include "producer.h"
#include "wire.h"

#include <string.h>

/* Its own words: read once, and believed only as far as they can be true. */
static uint64_t frames_behind(const struct tripool_producer *p, const struct tripool_client *v)
{
	/* Relaxed: only people look at it. */
	uint64_t last = atomic_load_explicit(&v->page->last_sequence, memory_order_relaxed);
	return last == 0 || last > p->writer.sequence ? TRIPOOL_UNKNOWN : p->writer.sequence - last;
}

static void tell_of_viewer(struct tripool_producer *p, uint32_t index, struct tripool_report_viewer *r)
{
	const struct tripool_client *v = &p->viewer[index];
	struct tripool_holding holding = tripool_writer_holding(&p->writer, index);
	*r = (struct tripool_report_viewer){
	    /* Relaxed: only people look at them. */
	    .frames_acquired = atomic_load_explicit(&v->page->frames_acquired, memory_order_relaxed),
	    .frames_skipped = atomic_load_explicit(&v->page->frames_skipped, memory_order_relaxed),
	    .lag = v->every ? holding.waiting : frames_behind(p, v),
	    .pid = v->pid,
	    .leases = v->leases,
	    .held = holding.held,
	    .every = v->every,
	    .closed = p->writer.reader[index].closed,
	};
	memcpy(r->name, v->name, sizeof(r->name));
}

/* Our own words (relaxed: this thread wrote them). */
static int64_t published_ns(const struct tripool_header *h, uint64_t sequence)
{
	return atomic_load_explicit(&h->publish_ns[sequence % 2], memory_order_relaxed);
}

static void tell_of_stream(const struct tripool_producer *p, struct tripool_report *r)
{
	const struct tripool_writer *w = &p->writer;
	int64_t newest_ns = published_ns(w->header, w->sequence);
	int64_t before_ns = published_ns(w->header, w->sequence + 1);
	r->viewers = p->viewers;
	r->generation = p->generation;
	r->sequence = w->sequence;
	r->publish_ns = newest_ns;
	r->interval_ns = before_ns ? newest_ns - before_ns : 0;
	r->report_ns = tripool_now_ns();
	r->pool_bytes = p->pool.bytes;
	r->pool_resident_bytes = tripool_pool_resident_bytes(&p->pool);
	r->slots = w->slot_count;
	r->slots_touched = (uint32_t)__builtin_popcountll(w->touched);
	r->slots_writing = (uint32_t)__builtin_popcountll(w->writing);
	r->write_depth = p->write_depth;
	r->max_viewers = p->max_viewers;
	r->leases = p->leases;
	r->max_leases = p->max_leases;
	r->lossless = w->lossless;
	r->format = p->format;
	memcpy(r->source, p->source, sizeof(r->source));
}

void tripool_answer(struct tripool_producer *p, int socket)
{
	struct tripool_answer answer;
	memset(&answer, 0, sizeof(answer)); /* gaps as well: they are sent */
	tell_of_stream(p, &answer.report);
	for (uint32_t i = 0; i < p->viewers; i++)
		tell_of_viewer(p, i, &answer.report.viewer[i]);
	(void)tripool_wire_send_answer(socket, &answer); /* who does not listen is not told */
}
