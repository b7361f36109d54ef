// SPDX-License-Identifier: MIT
/*
 * Every mode on plain memory, one step at a time: steps of a producer and its viewers are taken at random, beside a
 * model that knows what must hold after each. And viewers and producers that write nonsense.
 */
#include "queue.h"
#include "writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VIEWERS 3
#define PLACES 4
#define SLOTS (2 + VIEWERS * PLACES)

static struct tripool_header header;
static struct tripool_lease_page page[VIEWERS];
static struct tripool_writer writer;
static struct tripool_queue queue[VIEWERS];
static uint64_t contents[SLOTS]; /* a frame's number stands for it */

struct held {
	uint64_t sequence;
	uint32_t slot, place;
};

static struct model {
	struct held held[PLACES];
	uint32_t count;
	uint64_t waiting[PLACES]; /* in order */
	uint32_t waits;
} model[VIEWERS];

static void fresh(bool lossless)
{
	memset(&header, 0, sizeof(header));
	memset(page, 0, sizeof(page));
	memset(model, 0, sizeof(model));
	header.shape.generation = 7;
	tripool_writer_init(&writer, &header, SLOTS, 1, 0);
	writer.lossless = lossless;
	for (int v = 0; v < VIEWERS; v++) {
		tripool_writer_add(&writer, &page[v], PLACES, true);
		tripool_queue_init(&queue[v], &page[v], PLACES);
	}
}

/* Places are let go in order: one behind an older one that is held is not free yet. */
static bool has_room(int v)
{
	return queue[v].next - queue[v].tail + model[v].waits < PLACES;
}

static void produce(void)
{
	bool room[VIEWERS], all = true;
	for (int v = 0; v < VIEWERS; v++)
		all &= room[v] = has_room(v);
	int slot = tripool_writer_begin(&writer);
	if (writer.lossless && !all) {
		assert_int_equal(slot, -EAGAIN);
		return;
	}
	assert_in_range(slot, 0, SLOTS - 1);
	contents[slot] = writer.sequence + 1;
	tripool_writer_publish(&writer, (uint32_t)slot, (int64_t)contents[slot] * 5,
	    &(struct tripool_frame_info){.source_sequence = contents[slot] * 3, .flags = UINT32_MAX});
	for (int v = 0; v < VIEWERS; v++)
		if (room[v])
			model[v].waiting[model[v].waits++] = writer.sequence;
}

static void take(int v)
{
	struct model *m = &model[v];
	struct tripool_claim claim;
	uint64_t generation;
	uint32_t slot;
	assert_int_equal(tripool_queue_has_news(&queue[v]), m->waits > 0);
	int r = tripool_queue_peek(&queue[v], &claim, &generation, &slot);
	if (m->waits == 0) {
		assert_int_equal(r, -EAGAIN);
		return;
	}
	assert_int_equal(r, 0);
	assert_int_equal(claim.sequence, m->waiting[0]);
	assert_int_equal(claim.publish_ns, claim.sequence * 5);
	assert_int_equal(claim.info.source_sequence, claim.sequence * 3);
	assert_int_equal(claim.info.flags, UINT32_MAX & ~TRIPOOL_FLAG_MORE);
	assert_int_equal(generation, 7);
	m->held[m->count++] = (struct held){claim.sequence, slot, tripool_queue_take(&queue[v], &claim)};
	memmove(m->waiting, m->waiting + 1, --m->waits * sizeof(m->waiting[0]));
}

static void let_go(int v)
{
	struct model *m = &model[v];
	if (m->count == 0)
		return;
	uint32_t i = (uint32_t)rand() % m->count;
	bool wanted = atomic_load(&page[v].wants_room) != 0;
	uint64_t tail = queue[v].tail;
	bool told = tripool_queue_let_go(&queue[v], m->held[i].place);
	assert_int_equal(told, wanted && queue[v].tail != tail);
	m->held[i] = m->held[--m->count];
}

static void ask_for_room(int v)
{
	bool asked, before = atomic_load(&page[v].wants_room) != 0;
	bool wanted = tripool_writer_want_room(&writer, (uint32_t)v, &asked);
	assert_int_equal(wanted, !has_room(v));
	assert_int_equal(asked, !before);
}

static void held_frames_are_as_they_were(void)
{
	for (int v = 0; v < VIEWERS; v++)
		for (uint32_t i = 0; i < model[v].count; i++)
			assert_int_equal(contents[model[v].held[i].slot], model[v].held[i].sequence);
}

static void steps_in_any_order(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		srand(seed);
		fresh(seed % 2);
		for (int step = 0; step < 2000; step++) {
			int v = rand() % VIEWERS;
			switch (rand() % 7) {
			case 0:
			case 1:
				produce();
				break;
			case 2:
			case 3:
				take(v);
				break;
			case 4:
			case 5:
				let_go(v);
				break;
			case 6:
				ask_for_room(v);
				break;
			}
			held_frames_are_as_they_were();
		}
	}
}

/* Frames of the pool before stay in the queue, and take no slot of the new one. */
static void another_pool_keeps_what_waits(void **state)
{
	static struct tripool_header next;
	struct tripool_claim claim;
	uint64_t generation;
	uint32_t slot;
	(void)state;
	fresh(false);
	produce();
	produce();
	struct tripool_writer older = writer;
	memset(&next, 0, sizeof(next));
	next.shape.generation = 8;
	tripool_writer_init(&writer, &next, 2 + 2, 1, older.sequence);
	tripool_writer_adopt(&writer, &older);
	for (int n = 0; n < 2; n++) {
		int begun = tripool_writer_begin(&writer);
		assert_int_equal(begun, n); /* the lowest: none is taken by what waits */
		tripool_writer_publish(&writer, (uint32_t)begun, 1, &(struct tripool_frame_info){0});
	}
	for (uint64_t n = 1; n <= 4; n++) {
		assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), 0);
		assert_int_equal(claim.sequence, n);
		assert_int_equal(generation, n <= 2 ? 7 : 8);
		tripool_queue_take(&queue[0], &claim);
		if (n == 2)
			assert_false(tripool_queue_let_all_go(&queue[0]));
	}
	assert_int_equal(atomic_load(&page[0].tail), 2);
}

static void a_tail_of_nonsense_frees_nothing(void **state)
{
	static const uint64_t nonsense[] = {3, 1000, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63};
	(void)state;
	fresh(false);
	produce();
	produce();
	take(0);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		atomic_store(&page[0].tail, nonsense[i]);
		atomic_store(&page[0].head, nonsense[i]);
		for (int n = 0; n < 20; n++) {
			int slot = tripool_writer_begin(&writer);
			assert_in_range(slot, 0, SLOTS - 1);
			assert_int_not_equal(slot, model[0].held[0].slot);
			tripool_writer_cancel(&writer, (uint32_t)slot);
		}
	}
	/* Backwards, neither. */
	atomic_store(&page[0].tail, 1);
	assert_true(tripool_writer_has_room(&writer, 0));
	assert_int_equal(writer.reader[0].tail, 1);
	atomic_store(&page[0].tail, 0);
	assert_true(tripool_writer_has_room(&writer, 0));
	assert_int_equal(writer.reader[0].tail, 1);
}

static void a_producers_nonsense_is_told(void **state)
{
	struct tripool_claim claim;
	uint64_t generation;
	uint32_t slot;
	(void)state;
	fresh(false);
	produce();
	atomic_store(&page[0].head, 6);
	assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), -EPROTO);
	atomic_store(&page[0].head, UINT64_MAX);
	assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), -EPROTO);
	atomic_store(&page[0].head, 2);
	assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), 0);
	tripool_queue_take(&queue[0], &claim);
	/* the same number once more, and none */
	atomic_store(&page[0].queue[1].sequence, 1);
	assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), -EPROTO);
	atomic_store(&page[0].queue[1].sequence, 0);
	assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), -EPROTO);
}

/* Else the viewer would hold two frames by one lease, and unmap the pool under the second. */
static void no_place_is_taken_twice(void **state)
{
	struct tripool_claim claim;
	uint64_t generation;
	uint32_t slot;
	(void)state;
	fresh(false);
	for (int i = 0; i < PLACES; i++) {
		produce();
		take(0);
	}
	atomic_store(&page[0].queue[0].sequence, 1000);
	for (uint64_t head = 0; head < PLACES; head++) {
		atomic_store(&page[0].head, head);
		assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), -EPROTO);
	}
	atomic_store(&page[0].head, PLACES + 1);
	assert_int_equal(tripool_queue_peek(&queue[0], &claim, &generation, &slot), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(steps_in_any_order),
	    cmocka_unit_test(another_pool_keeps_what_waits),
	    cmocka_unit_test(a_tail_of_nonsense_frees_nothing),
	    cmocka_unit_test(a_producers_nonsense_is_told),
	    cmocka_unit_test(no_place_is_taken_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
