// SPDX-License-Identifier: MIT
/*
 * Every mode on one piece of plain memory, with a thread for each side, so that the thread sanitizer sees both: one
 * lossless writer that sleeps when a queue is full, one reader that takes and lets go at once, one that holds several
 * frames and lets go of them in any order; both sleep (pipes stand for the sockets). None may be lost, and every word
 * of every frame is checked at the beginning and at the end of its lease.
 */
#include "clock.h"
#include "queue.h"
#include "writer.h"
#include "zeroed.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS 64
#define READERS 2
#define PLACES 4
#define SLOTS (2 + READERS * PLACES)
#define SLEEP_MS 20000 /* longer than anything here takes: a wake-up was lost */

static struct tripool_header *header;
static struct tripool_lease_page *page[READERS];
static uint64_t pixels[SLOTS][WORDS];
static int wakes[READERS][2], room[2];
static _Atomic uint64_t wrong, slept;

static void check(uint32_t slot, uint64_t sequence)
{
	for (int i = 0; i < WORDS; i++)
		if (slot >= SLOTS || pixels[slot][i] != sequence * 0x9e3779b97f4a7c15u + (uint64_t)i)
			atomic_fetch_add(&wrong, 1);
}

static void sleep_on(int fd, const char *who)
{
	struct pollfd f = {.fd = fd, .events = POLLIN};
	char nudge[64];
	if (poll(&f, 1, SLEEP_MS) <= 0) {
		fprintf(stderr, "%s: a wake-up was lost\n", who);
		exit(1);
	}
	(void)!read(fd, nudge, sizeof(nudge));
	atomic_fetch_add_explicit(&slept, 1, memory_order_relaxed);
}

static void let_go(struct tripool_queue *q, uint32_t place)
{
	if (tripool_queue_let_go(q, place))
		(void)!write(room[1], "r", 1);
}

static uint32_t next(struct tripool_queue *q, struct tripool_reader *r, int fd, uint64_t expected, uint32_t *place)
{
	struct tripool_claim claim;
	uint64_t generation;
	uint32_t slot;
	while (tripool_queue_peek(q, &claim, &generation, &slot) == -EAGAIN)
		if (!tripool_reader_arm(r))
			sleep_on(fd, "reader");
	if (claim.sequence != expected)
		atomic_fetch_add(&wrong, 1);
	*place = tripool_queue_take(q, &claim);
	check(slot, expected);
	return slot;
}

static void *take_frames(void *unused)
{
	struct tripool_queue q;
	struct tripool_reader r;
	(void)unused;
	pin_to_core(1);
	tripool_queue_init(&q, page[0], PLACES);
	tripool_reader_init(&r, header, page[0], SLOTS);
	r.queue = &q;
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		uint32_t place, slot = next(&q, &r, wakes[0][0], n, &place);
		check(slot, n);
		let_go(&q, place);
	}
	return NULL;
}

static void *hold_frames(void *unused)
{
	struct tripool_queue q;
	struct tripool_reader r;
	struct {
		uint64_t sequence;
		uint32_t slot, place;
	} held[PLACES];
	uint32_t count = 0;
	unsigned seed = 1;
	(void)unused;
	pin_to_core(1);
	tripool_queue_init(&q, page[1], PLACES);
	tripool_reader_init(&r, header, page[1], SLOTS);
	r.queue = &q;
	for (uint64_t n = 1; n <= ROUNDS || count > 0;) {
		/* Its places are taken, too, by what is behind an older one that is held. */
		bool full = q.next - q.tail == PLACES;
		if (n <= ROUNDS && !full && (count == 0 || rand_r(&seed) % 2)) {
			held[count].sequence = n;
			held[count].slot = next(&q, &r, wakes[1][0], n, &held[count].place);
			count++;
			n++;
			continue;
		}
		uint32_t i = (uint32_t)rand_r(&seed) % count;
		check(held[i].slot, held[i].sequence);
		let_go(&q, held[i].place);
		held[i] = held[--count];
	}
	return NULL;
}

static int begin(struct tripool_writer *w)
{
	for (;;) {
		int slot = tripool_writer_begin(w);
		if (slot >= 0)
			return slot;
		bool wanted = false, asked;
		for (uint32_t r = 0; r < READERS; r++)
			if (!tripool_writer_has_room(w, r))
				wanted |= tripool_writer_want_room(w, r, &asked);
		if (wanted)
			sleep_on(room[0], "writer");
	}
}

static void write_frames(void)
{
	static struct tripool_writer w;
	tripool_writer_init(&w, header, SLOTS, 1, 0);
	w.lossless = true;
	for (int r = 0; r < READERS; r++)
		tripool_writer_add(&w, page[r], PLACES, true);
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		int slot = begin(&w);
		for (int i = 0; i < WORDS; i++)
			pixels[slot][i] = n * 0x9e3779b97f4a7c15u + (uint64_t)i;
		uint64_t wake =
		    tripool_writer_publish(&w, (uint32_t)slot, (int64_t)n, &(struct tripool_frame_info){.flags = 0});
		for (; wake; wake &= wake - 1)
			(void)!write(wakes[__builtin_ctzll(wake)][1], "w", 1);
	}
}

int main(void)
{
	pthread_t thread[READERS];
	pin_to_core(0);
	header = zeroed(sizeof(*header));
	for (int r = 0; r < READERS; r++)
		page[r] = zeroed(sizeof(*page[r]));
	if (pipe(wakes[0]) < 0 || pipe(wakes[1]) < 0 || pipe(room) < 0)
		return 1;
	pthread_create(&thread[0], NULL, take_frames, NULL);
	pthread_create(&thread[1], NULL, hold_frames, NULL);
	write_frames();
	for (int r = 0; r < READERS; r++)
		pthread_join(thread[r], NULL);
	printf("%llu frames to each of %d readers, %llu sleeps, %llu wrong\n", (unsigned long long)ROUNDS, READERS,
	    (unsigned long long)slept, (unsigned long long)wrong);
	free(header);
	for (int r = 0; r < READERS; r++)
		free(page[r]);
	return wrong != 0;
}
