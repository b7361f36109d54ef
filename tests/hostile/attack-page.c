// SPDX-License-Identifier: MIT
/* Everything that can be written into a lease page, which is all that a viewer can write. */
#include "attack.h"

#include "wire.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* So that it goes on after having been shown out. */
static bool stay_in(struct attacker *a, struct intruder *i)
{
	if (is_in(i))
		return time_is_left(a);
	bool every = i->every;
	uint32_t leases = i->leases;
	leave(i);
	return attach(a, i, every, leases);
}

static void scribble(struct attacker *a, bool every)
{
	struct intruder i;
	if (!attach(a, &i, every, 8))
		return;
	do {
		uint64_t *word = (uint64_t *)(void *)i.page;
		for (size_t at = 0; at < sizeof(*i.page) / sizeof(*word); at++)
			__atomic_store_n(&word[at], any_number(a), __ATOMIC_RELAXED);
		a->tries++;
	} while (stay_in(a, &i));
	leave(&i);
}

void attack_noise(struct attacker *a)
{
	scribble(a, any_number(a) % 2);
}

void attack_ghosts(struct attacker *a)
{
	static const uint32_t ghosts[] = {64, 65, 66, 100, 255, 256, 257, 0x7fffffff, 0x80000000, 0xffffffff};
	struct intruder i;
	if (!attach(a, &i, false, TRIPOOL_MAX_LEASES / 2))
		return;
	do {
		for (uint32_t c = 0; c < TRIPOOL_MAX_LEASES; c++)
			atomic_store(&i.page->cell[c], below(a, 2)
							   ? ghosts[below(a, 10)]
							   : i.header->shape.slot_count + 1 + (uint32_t)below(a, 9));
		a->tries++;
	} while (stay_in(a, &i));
	leave(&i);
}

/* As many viewers as are let in; all cells of each, and those that were not granted to it, each with another slot. */
void attack_stop(struct attacker *a)
{
	static struct intruder all[8];
	uint32_t slot = 0;
	for (int n = 0; n < 8; n++) {
		struct intruder *i = &all[n];
		if (!greet(a, i, false, 8) && !greet(a, i, false, 1))
			break;
		(void)fcntl(i->lease_fd, F_ADD_SEALS, TRIPOOL_SEALS);
		if (!enter(a, i))
			continue;
		for (uint32_t c = 0; c < TRIPOOL_MAX_LEASES; c++)
			atomic_store(&i->page->cell[c], 1 + slot++ % i->header->shape.slot_count);
		atomic_store(&i->page->armed, 1);
		a->tries++;
	}
	if (a->tries > 0)
		raise(SIGSTOP);
}

/* One number, nearly right. */
static uint64_t near(struct attacker *a, uint64_t right)
{
	switch (below(a, 8)) {
	case 0:
		return right + 1;
	case 1:
		return right - 1;
	case 2:
		return right - below(a, 20);
	case 3:
		return right + below(a, 20);
	case 4:
		return ~right;
	case 5:
		return right ^ UINT64_C(1) << below(a, 64);
	case 6:
		return below(a, 2) ? UINT64_MAX : 0;
	default:
		return right;
	}
}

void attack_near(struct attacker *a)
{
	struct intruder i;
	bool every = any_number(a) % 2;
	if (!attach(a, &i, every, 8))
		return;
	do {
		for (int n = 0; n < 64; n++) {
			uint64_t head = atomic_load(&i.page->head);
			struct tripool_queued *q = &i.page->queue[below(a, TRIPOOL_MAX_LEASES)];
			atomic_store(&i.page->cell[below(a, TRIPOOL_MAX_LEASES)], (uint32_t)near(a, below(a, 70)));
			atomic_store(&i.page->tail, near(a, head));
			atomic_store(&i.page->armed, (uint32_t)below(a, 3));
			atomic_store(&i.page->wants_room, (uint32_t)below(a, 3));
			atomic_store(&i.page->last_sequence, near(a, head));
			atomic_store(&q->slot, (uint32_t)near(a, below(a, 70)));
			atomic_store(&q->sequence, near(a, atomic_load(&q->sequence)));
			atomic_store(&q->generation, near(a, 1));
			a->tries++;
		}
	} while (stay_in(a, &i));
	leave(&i);
}

void attack_tail(struct attacker *a)
{
	struct intruder i;
	if (!attach(a, &i, true, 8))
		return;
	do {
		uint64_t head = atomic_load(&i.page->head);
		static const uint64_t jumps[] = {
		    0, 1, 7, 8, 9, 15, 16, 17, UINT64_MAX, UINT64_MAX / 2, UINT64_C(1) << 63};
		uint64_t jump = jumps[below(a, sizeof(jumps) / sizeof(*jumps))];
		atomic_store(&i.page->tail, below(a, 2) ? head + jump : head - jump);
		if (below(a, 4) == 0) {
			atomic_store(&i.page->head, head - jump);
			memset(i.page->queue, (int)below(a, 256), sizeof(i.page->queue));
		}
		a->tries++;
	} while (stay_in(a, &i));
	leave(&i);
}

/* The producer waits for room, is told that there is, looks, and there is none: again and again. */
void attack_room(struct attacker *a)
{
	struct intruder i;
	if (!attach(a, &i, true, 8))
		return;
	do {
		if (atomic_exchange(&i.page->wants_room, (uint32_t)below(a, 2)) == 1)
			(void)tripool_wire_nudge(i.socket, TRIPOOL_ROOM);
		if (below(a, 1000) == 0)
			atomic_store(&i.page->tail, atomic_load(&i.page->tail) + 1);
		a->tries++;
	} while (stay_in(a, &i));
	leave(&i);
}

/* Never so late that it would be left behind. */
void attack_late(struct attacker *a)
{
	struct intruder i;
	if (!attach(a, &i, true, 8))
		return;
	do {
		usleep(20000);
		if (atomic_load(&i.page->head) != atomic_load(&i.page->tail))
			atomic_fetch_add(&i.page->tail, 1);
		if (atomic_exchange(&i.page->wants_room, 0) == 1)
			(void)tripool_wire_nudge(i.socket, TRIPOOL_ROOM);
		a->tries++;
	} while (stay_in(a, &i));
	leave(&i);
}

/* Left behind, it is told by the end of the line. */
void attack_stall(struct attacker *a)
{
	struct intruder i;
	while (attach(a, &i, true, 8)) {
		char byte;
		while (time_is_left(a) && recv(i.socket, &byte, 1, MSG_DONTWAIT) != 0)
			usleep(1000);
		a->tries++;
		leave(&i);
	}
}

void attack_armed(struct attacker *a)
{
	struct intruder i;
	if (!attach(a, &i, any_number(a) % 2, 8))
		return;
	do {
		for (int n = 0; n < 1000; n++)
			atomic_store(&i.page->armed, 1);
		a->tries++;
	} while (stay_in(a, &i));
	leave(&i);
}
