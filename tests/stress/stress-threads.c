// SPDX-License-Identifier: MIT
/*
 * The data path alone, on one piece of plain memory, with a thread for each side, so that the thread sanitizer sees
 * both: one writer flat out, one reader that polls, one that sleeps (a pipe stands for the socket), one that holds
 * several frames for random times. The writer has one core, the readers another. Every word of every frame is checked
 * at the beginning and at the end of its lease.
 */
#include "clock.h"
#include "layout.h"
#include "reader.h"
#include "writer.h"
#include "zeroed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS 64
#define READERS 3
#define CELLS 3 /* of the last reader */
#define SLOTS (2 + READERS - 1 + CELLS)

static struct tripool_header *header;
static struct tripool_lease_page *page[READERS];
static uint64_t pixels[SLOTS][WORDS];
static int pipes[READERS][2];
static _Atomic int done;
static uint64_t leased[READERS];
static _Atomic uint64_t wrong;

/* Of four frames in a row two say much and two little. */
static struct tripool_frame_info what_is_said(uint64_t sequence)
{
	struct tripool_frame_info said = {.capture_ns = -(int64_t)sequence, .source_sequence = sequence * 3};
	if (sequence % 4 < 2) {
		said.flags = TRIPOOL_FRAME_CRC32C;
		said.crc32c = (uint32_t)sequence;
		said.bytes_used = sequence;
	}
	return said;
}

static void check(uint32_t slot, const struct tripool_claim *claim)
{
	uint64_t sequence = claim->sequence;
	for (int i = 0; i < WORDS; i++)
		if (pixels[slot][i] != sequence * 0x9e3779b97f4a7c15u + (uint64_t)i)
			atomic_fetch_add(&wrong, 1);
	struct tripool_frame_info said = what_is_said(sequence);
	if (claim->publish_ns != (int64_t)sequence || memcmp(&claim->info, &said, sizeof(said)) != 0)
		atomic_fetch_add(&wrong, 1);
}

/* Whether the writer has ended and nothing newer is there. */
static bool over(struct tripool_reader *r)
{
	return atomic_load(&done) && !tripool_reader_has_news(r);
}

static void *poll_frames(void *unused)
{
	(void)unused;
	pin_to_core(1);
	struct tripool_reader r;
	uint64_t last = 0;
	struct tripool_claim claim = {0};
	tripool_reader_init(&r, header, page[0], SLOTS);
	while (!over(&r)) {
		int slot = tripool_reader_acquire(&r, 0, &claim);
		if (slot == -EAGAIN)
			continue;
		if (slot < 0 || claim.sequence <= last)
			atomic_fetch_add(&wrong, 1);
		last = claim.sequence;
		check((uint32_t)slot, &claim);
		tripool_reader_release(&r, 0);
		leased[0]++;
	}
	if (last != ROUNDS) /* the newest at the end is the last */
		atomic_fetch_add(&wrong, 1);
	return NULL;
}

static void *sleep_for_frames(void *unused)
{
	(void)unused;
	pin_to_core(1);
	struct tripool_reader r;
	struct tripool_claim claim = {0};
	tripool_reader_init(&r, header, page[1], SLOTS);
	while (!over(&r)) {
		if (!tripool_reader_arm(&r)) {
			struct pollfd f = {.fd = pipes[1][0], .events = POLLIN};
			char woken[64];
			if (poll(&f, 1, 20000) == 0 && !over(&r)) {
				fprintf(stderr, "a wake-up was lost after frame %llu\n",
				    (unsigned long long)claim.sequence);
				atomic_fetch_add(&wrong, 1);
				break;
			}
			(void)!read(pipes[1][0], woken, sizeof(woken));
		}
		int slot = tripool_reader_acquire(&r, 0, &claim);
		if (slot < 0)
			continue;
		check((uint32_t)slot, &claim);
		tripool_reader_release(&r, 0);
		leased[1]++;
	}
	return NULL;
}

static void *hold_frames(void *unused)
{
	(void)unused;
	pin_to_core(1);
	struct tripool_reader r;
	struct {
		int slot;
		struct tripool_claim claim;
	} held[CELLS];
	unsigned seed = 1;
	tripool_reader_init(&r, header, page[2], SLOTS);
	for (int c = 0; c < CELLS; c++)
		held[c].slot = -1;
	while (!over(&r)) {
		uint32_t c = (uint32_t)rand_r(&seed) % CELLS;
		if (held[c].slot >= 0) {
			check((uint32_t)held[c].slot, &held[c].claim);
			tripool_reader_release(&r, c);
		}
		held[c].slot = tripool_reader_acquire(&r, c, &held[c].claim);
		if (held[c].slot < 0)
			continue;
		check((uint32_t)held[c].slot, &held[c].claim);
		leased[2]++;
	}
	for (uint32_t c = 0; c < CELLS; c++)
		if (held[c].slot >= 0)
			check((uint32_t)held[c].slot, &held[c].claim);
	return NULL;
}

static void write_frames(void)
{
	static struct tripool_writer w;
	tripool_writer_init(&w, header, SLOTS, 1, 0);
	for (int r = 0; r < READERS; r++)
		tripool_writer_add(&w, page[r], r == READERS - 1 ? CELLS : 1, false);
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		int slot = tripool_writer_begin(&w);
		for (int i = 0; i < WORDS; i++)
			pixels[slot][i] = n * 0x9e3779b97f4a7c15u + (uint64_t)i;
		struct tripool_frame_info info = what_is_said(n);
		uint64_t wake = tripool_writer_publish(&w, (uint32_t)slot, (int64_t)n, &info);
		for (; wake; wake &= wake - 1)
			(void)!write(pipes[__builtin_ctzll(wake)][1], "w", 1);
	}
	atomic_store(&done, 1);
	(void)!write(pipes[1][1], "w", 1);
}

int main(void)
{
	void *(*const body[READERS])(void *) = {poll_frames, sleep_for_frames, hold_frames};
	pthread_t thread[READERS];
	pin_to_core(0);
	header = zeroed(sizeof(*header));
	for (int r = 0; r < READERS; r++) {
		page[r] = zeroed(sizeof(*page[r]));
		if (pipe2(pipes[r], O_NONBLOCK) < 0 || pthread_create(&thread[r], NULL, body[r], NULL) != 0)
			abort();
	}
	write_frames();
	for (int r = 0; r < READERS; r++) {
		pthread_join(thread[r], NULL);
		free(page[r]);
	}
	free(header);
	printf("%llu frames published; leased: %llu polling, %llu sleeping, %llu holding several; wrong: %llu\n",
	    (unsigned long long)ROUNDS, (unsigned long long)leased[0], (unsigned long long)leased[1],
	    (unsigned long long)leased[2], (unsigned long long)wrong);
	return wrong != 0 || !leased[0] || !leased[1] || !leased[2];
}
