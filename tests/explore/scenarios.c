// SPDX-License-Identifier: MIT
#include "scenarios.h"

#include "machine.h"
#include "queue.h"
#include "writer.h"
#include "zeroed.h"

#include <errno.h>
#include <string.h>

#define READERS 2
#define PLACES 2
#define CELLS 2
#define WORDS 2 /* of pixels in a slot */
#define POOLS 3
#define MOST_SLOTS (1 + 2 + READERS * CELLS)
#define ROOM READERS /* the channel by which readers say that there is room; a reader's own is its number */
#define POOL_COMES (READERS + 1)
#define PATIENCE 20
#ifndef SLOTS_SHORT /* a bug that mutants.sh seeds */
#define SLOTS_SHORT 0
#endif

/* A stream as one run has it. */
static struct {
	enum role role[READERS];
	bool may_stop; /* the last reader, for ever; and hang up later */
	bool lossless;
	uint32_t write_depth;
	uint32_t frames;
	uint32_t pools; /* the format changes now and then until so many have been */
	uint32_t slots;
	uint32_t talkative;
	bool tells; /* the producer tells which frame it has published, in a way that makes it known */
} plan;

static struct tripool_header *header[POOLS];
static struct tripool_lease_page *page[READERS];
static uint32_t pixels[POOLS][MOST_SLOTS][WORDS];
static struct tripool_writer writer;
static uint64_t told; /* with plan.tells: pool << 32 | frame */

/* What nobody but the checks looks at: it is no part of the machine's memory. */
static struct {
	uint64_t in_queue[READERS]; /* the last that found a place */
	uint32_t pool;
	uint32_t sent[READERS]; /* the last pool that a viewer was told of */
	bool over;
	bool closed; /* a queue, as its viewer took nothing for too long */
	unsigned last_thread;
} known;

/* ---- Frames ---- */

static void draw(uint32_t pool, uint32_t slot, uint64_t sequence)
{
	for (int i = 0; i < WORDS; i++)
		machine_write(&pixels[pool][slot][i], (uint32_t)sequence * 10 + (uint32_t)i);
}

static void look_at(uint32_t pool, uint32_t slot, uint64_t sequence)
{
	if (slot >= plan.slots)
		machine_fail("frame %u is in slot %u", (unsigned)sequence, slot);
	for (int i = 0; i < WORDS; i++) {
		uint32_t pixel = machine_read(&pixels[pool][slot][i]);
		if (pixel != sequence * 10 + (uint32_t)i)
			machine_fail("frame %u shows %u", (unsigned)sequence, pixel);
	}
}

/* Of four frames in a row two or all say much of themselves, the others little. */
static struct tripool_frame_info what_is_said(uint64_t sequence)
{
	struct tripool_frame_info said = {.capture_ns = (int64_t)sequence * 7, .source_sequence = sequence * 3};
	if (sequence % 4 < plan.talkative) {
		said.flags = TRIPOOL_FRAME_CRC32C;
		said.crc32c = (uint32_t)sequence;
		said.bytes_used = sequence;
	}
	return said;
}

static void check_claim(const struct tripool_claim *claim)
{
	struct tripool_frame_info said = what_is_said(claim->sequence);
	if (claim->publish_ns != (int64_t)claim->sequence || memcmp(&claim->info, &said, sizeof(said)) != 0)
		machine_fail("frame %u says what another does", (unsigned)claim->sequence);
}

/* ---- The producer ---- */

/* As tripool_audience_wait_for_room, but for the clock: one that may stop is waited for so many times. */
static void wait_for_room(void)
{
	for (int times = 0; !plan.may_stop || times < PATIENCE; times++) {
		bool wanted = false, asked;
		for (uint32_t r = 0; r < writer.readers; r++)
			if (!tripool_writer_has_room(&writer, r))
				wanted |= tripool_writer_want_room(&writer, r, &asked);
		if (!wanted)
			return;
		if (plan.may_stop)
			(void)machine_await_or_give_up(ROOM);
		else
			machine_await(ROOM);
	}
	for (uint32_t r = 0; r < writer.readers; r++)
		if (!tripool_writer_has_room(&writer, r)) {
			tripool_writer_close(&writer, r);
			known.closed = true;
		}
}

static uint32_t begin(void)
{
	/* The socket tells that it died: some time. */
	if (machine_has_stopped(known.last_thread) && writer.readers == READERS && machine_choose(4) == 0) {
		machine_bury(known.last_thread);
		tripool_writer_remove(&writer, READERS - 1);
	}
	int slot = tripool_writer_begin(&writer);
	if (slot == -EAGAIN && plan.lossless) {
		wait_for_room();
		slot = tripool_writer_begin(&writer);
	}
	if (slot < 0)
		machine_fail("begin: %s", strerror(-slot));
	return (uint32_t)slot;
}

static void publish(uint32_t slot)
{
	uint64_t sequence = writer.sequence + 1;
	struct tripool_frame_info info = what_is_said(sequence);
	draw(known.pool, slot, sequence);
	uint64_t heads[READERS];
	for (uint32_t r = 0; r < writer.readers; r++)
		heads[r] = writer.reader[r].head;
	uint64_t wake = tripool_writer_publish(&writer, slot, (int64_t)sequence, &info);
	if (plan.tells)
		machine_store(&told, (uint64_t)known.pool << 32 | sequence, memory_order_release, "told");
	for (uint32_t r = 0; r < writer.readers; r++)
		if (writer.reader[r].head != heads[r])
			known.in_queue[r] = sequence;
	for (; wake; wake &= wake - 1)
		machine_post((unsigned)__builtin_ctzll(wake));
}

/* As tripool_producer_set_format. */
static void change_pool(void)
{
	struct tripool_writer old = writer;
	uint32_t next = known.pool + 1;
	header[next]->shape.generation = next + 1;
	tripool_writer_init(&writer, header[next], plan.slots, plan.write_depth, old.sequence);
	writer.lossless = plan.lossless;
	tripool_writer_adopt(&writer, &old);
	known.pool = next;
	for (unsigned r = 0; r < READERS; r++) {
		machine_post(POOL_COMES + r);
		known.sent[r] = next;
		machine_post(r); /* the message is what a sleeping one wakes up for */
	}
	tripool_writer_retire(&old);
}

static void produce(void *unused)
{
	(void)unused;
	while (writer.sequence < plan.frames) {
		uint32_t slot[2], n = 0;
		/* A camera has several in hand, and gives some of them up. */
		while (n < plan.write_depth && (n == 0 || machine_choose(2)))
			slot[n++] = begin();
		while (n > 0) {
			uint32_t i = machine_choose(n);
			if (n > 1 && machine_choose(4) == 0)
				tripool_writer_cancel(&writer, slot[i]);
			else if (writer.sequence < plan.frames)
				publish(slot[i]);
			else
				tripool_writer_cancel(&writer, slot[i]);
			slot[i] = slot[--n];
		}
		if (writer.sequence < plan.frames && known.pool + 1 < plan.pools && machine_choose(2))
			change_pool();
	}
	known.over = true;
	for (unsigned r = 0; r < READERS; r++)
		machine_post(r);
}

/* ---- Viewers ---- */

struct held {
	bool held;
	uint32_t pool, slot, cell;
	uint64_t sequence;
};

struct viewer {
	uint32_t number;
	enum role role;
	uint32_t pool;
	struct tripool_reader reader;
	struct tripool_queue queue;
	struct held held[CELLS];
	uint64_t last;
};

static struct viewer viewer[READERS];

static void let_go(struct viewer *v, struct held *h)
{
	if (!h->held)
		return;
	h->held = false;
	look_at(h->pool, h->slot, h->sequence);
	if (h->pool != v->pool)
		return;
	if (v->role != EVERY)
		tripool_reader_release(&v->reader, h->cell);
	else if (tripool_queue_let_go(&v->queue, h->cell))
		machine_post(ROOM);
}

/* As tripool_viewer_acquire where the format changed. */
static void follow(struct viewer *v)
{
	uint32_t old = v->pool;
	while (v->pool == old) {
		machine_await(POOL_COMES + v->number);
		v->pool = known.sent[v->number];
	}
	tripool_reader_init(&v->reader, header[v->pool], page[v->number], plan.slots);
	if (v->role != EVERY)
		return;
	v->reader.queue = &v->queue;
	if (tripool_queue_let_all_go(&v->queue))
		machine_post(ROOM);
}

static void hold(struct viewer *v, struct held *h, uint32_t slot, uint32_t cell, const struct tripool_claim *claim)
{
	if (claim->sequence <= v->last)
		machine_fail("frame %u after %u", (unsigned)claim->sequence, (unsigned)v->last);
	if (v->role == EVERY && plan.lossless && !known.closed && claim->sequence != v->last + 1)
		machine_fail("frame %u is lost", (unsigned)v->last + 1);
	v->last = claim->sequence;
	check_claim(claim);
	look_at(v->pool, slot, claim->sequence);
	*h = (struct held){true, v->pool, slot, cell, claim->sequence};
}

/* The frame of this pool that is known to have been published. */
static uint64_t published(const struct viewer *v)
{
	uint64_t word = plan.tells ? machine_load(&told, memory_order_acquire, "told") : 0;
	return word >> 32 == v->pool ? (uint32_t)word : 0;
}

static int take_newest(struct viewer *v, struct held *h, uint32_t cell)
{
	struct tripool_claim claim;
	uint64_t before = published(v);
	int slot = tripool_reader_acquire(&v->reader, cell, &claim);
	if (slot == -EAGAIN && v->last < before)
		machine_fail("nothing new after %u, but %u was published", (unsigned)v->last, (unsigned)before);
	if (slot < 0)
		return slot;
	if (claim.sequence < before)
		machine_fail("frame %u where %u was newest", (unsigned)claim.sequence, (unsigned)before);
	hold(v, h, (uint32_t)slot, cell, &claim);
	return 0;
}

/* As acquire_next in viewer.c. */
static int take_next(struct viewer *v, struct held *h)
{
	struct tripool_claim claim;
	uint64_t generation;
	uint32_t slot;
	for (;;) {
		int r = tripool_queue_peek(&v->queue, &claim, &generation, &slot);
		if (r == -EAGAIN && tripool_reader_is_retired(&v->reader)) {
			r = tripool_queue_peek(&v->queue, &claim, &generation, &slot);
			if (r == -EAGAIN)
				return -ESTALE;
		}
		if (r < 0)
			return r;
		if (generation > v->pool + 1)
			return -ESTALE;
		uint32_t place = tripool_queue_take(&v->queue, &claim);
		if (generation == v->pool + 1) {
			hold(v, h, slot, place, &claim);
			return 0;
		}
		v->last = claim.sequence;
		if (tripool_queue_let_go(&v->queue, place))
			machine_post(ROOM);
	}
}

static bool at_the_end(const struct viewer *v)
{
	if (v->role != EVERY)
		return v->last == plan.frames;
	return known.over && v->last >= known.in_queue[v->number];
}

/* What is held while one sleeps are places that a lossless producer cannot have. */
static bool has_to_let_go(const struct viewer *v)
{
	uint32_t held = 0;
	for (int i = 0; i < CELLS; i++)
		held += v->held[i].held;
	return plan.lossless && v->role == EVERY && held > 0 && held + plan.write_depth > PLACES;
}

static void sleep_unless_news(struct viewer *v)
{
	if (v->role == POLLS) {
		machine_yield();
		return;
	}
	if (!tripool_reader_arm(&v->reader))
		machine_await(v->number);
	else
		(void)tripool_reader_disarm(&v->reader); /* false: a wake-up is on its way, and ends a later sleep */
}

static void view(void *argument)
{
	struct viewer *v = argument;
	while (!at_the_end(v)) {
		uint32_t i = machine_choose(CELLS);
		let_go(v, &v->held[i]);
		int r = -EBUSY;
		if (v->role != EVERY)
			r = take_newest(v, &v->held[i], i);
		else if (!tripool_queue_is_held(&v->queue))
			r = take_next(v, &v->held[i]);
		if (r == -ESTALE)
			follow(v);
		else if (r == -EAGAIN && !at_the_end(v) && !has_to_let_go(v))
			sleep_unless_news(v);
		else if (r < 0 && r != -EAGAIN && r != -EBUSY)
			machine_fail("acquire: %s", strerror(-r));
	}
	for (int i = 0; i < CELLS; i++)
		let_go(v, &v->held[i]);
}

/* ---- What is explored ---- */

static void make_memory(void)
{
	if (header[0])
		return;
	for (int i = 0; i < POOLS; i++)
		header[i] = zeroed(sizeof(*header[i]));
	for (int i = 0; i < READERS; i++)
		page[i] = zeroed(sizeof(*page[i]));
}

void scenario_set_up(const struct scenario *s)
{
	make_memory();
	plan.role[0] = s->first;
	plan.role[1] = s->second;
	plan.lossless = s->lossless;
	plan.may_stop = s->may_stop;
	plan.pools = s->pools;
	plan.frames = 4 + machine_choose(4);
	plan.write_depth = 1 + machine_choose(2);
	plan.talkative = 2 + 2 * machine_choose(2);
	plan.tells = machine_choose(4) == 0;
	plan.slots = 1 + plan.write_depth + READERS * CELLS - SLOTS_SHORT;
	memset(&known, 0, sizeof(known));
	memset(pixels, 0, sizeof(pixels));
	header[0]->shape.generation = 1;
	tripool_writer_init(&writer, header[0], plan.slots, plan.write_depth, 0);
	writer.lossless = plan.lossless;
	machine_spawn("producer", produce, NULL, false);
	for (uint32_t i = 0; i < READERS; i++) {
		struct viewer *v = &viewer[i];
		*v = (struct viewer){.number = i, .role = plan.role[i]};
		tripool_writer_add(&writer, page[i], v->role == EVERY ? PLACES : CELLS, v->role == EVERY);
		tripool_reader_init(&v->reader, header[0], page[i], plan.slots);
		tripool_queue_init(&v->queue, page[i], PLACES);
		v->reader.queue = v->role == EVERY ? &v->queue : NULL;
		known.last_thread =
		    machine_spawn(i == 0 ? "viewer 0" : "viewer 1", view, v, plan.may_stop && i == READERS - 1);
	}
}

const char *scenario_check(void)
{
	/* One that stopped keeps what it holds until it is removed. */
	const struct viewer *v = &viewer[READERS - 1];
	for (int i = 0; i < CELLS && writer.readers == READERS; i++)
		for (int w = 0; w < WORDS && v->held[i].held; w++)
			if (pixels[v->held[i].pool][v->held[i].slot][w] != v->held[i].sequence * 10 + (uint32_t)w)
				return "a frame that a stopped viewer holds was written";
	return NULL;
}

const struct scenario scenarios[] = {
    {"newest", .first = POLLS, .second = SLEEPS, .pools = 1},
    {"sleepers", .first = SLEEPS, .second = SLEEPS, .pools = 1},
    {"every", .first = SLEEPS, .second = EVERY, .pools = 1},
    {"lossless", .first = EVERY, .second = EVERY, .lossless = true, .pools = 1},
    {"formats", .first = SLEEPS, .second = EVERY, .pools = POOLS},
    {"lossless-formats", .first = POLLS, .second = EVERY, .lossless = true, .pools = POOLS},
    {"stops", .first = SLEEPS, .second = POLLS, .may_stop = true, .pools = POOLS},
    {"stalls", .first = EVERY, .second = EVERY, .lossless = true, .may_stop = true, .pools = POOLS},
};
const unsigned scenario_count = sizeof(scenarios) / sizeof(*scenarios);
