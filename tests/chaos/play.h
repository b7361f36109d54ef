// SPDX-License-Identifier: MIT
/*
 * Who is on the stage: one producer at a time, viewers who are stopped and killed (the mortals), and a few *honest*
 * ones, who are stopped at times but live through the whole play. These have to find to the living producer by
 * themselves.
 */
#ifndef TRIPOOL_CHAOS_PLAY_H
#define TRIPOOL_CHAOS_PLAY_H

#include "cast.h"

#define HONEST                                                                                                         \
	4 /* the first viewers: one sleeps, one gets every frame, one has a poll loop of its own, one is busy          \
	   */
#define CONTENDERS 3

/* What the honest ones and the producer had when there was nobody else. */
struct possessions {
	int fds[HONEST + 1]; /* the last one is the producer */
	int mappings[HONEST];
	long private_kib[HONEST];
	bool known;
};

struct play {
	struct party *viewer;   /* [viewers] */
	struct party *producer; /* one of the parties */
	uint32_t viewers;
	uint32_t mortal_leases; /* at most, of each */
	uint32_t pause_us;
	uint32_t lives;
	int64_t birth_ns; /* how long a producer takes to open its stream, about */
	unsigned seed;
	uint64_t kills, stops, births, changes;
	int64_t recovery_ns; /* the longest that an honest viewer took */
	long shmem_kib;      /* before it all */
	struct possessions first;
};

void play_open(struct play *play, struct party *parties);

uint32_t play_below(struct play *play, uint32_t limit); /* a random number */
void play_nap(struct play *play, uint32_t limit_us);    /* for a random time */

/* The next producer, which must get the name by its first try. */
void play_produce(struct play *play);
struct party *play_prepare_producer(struct play *play); /* a place that is free */

void play_view(struct play *play, uint32_t index);
void play_begin_mortals(struct play *play);
struct party *play_some_mortal(struct play *play);
void play_kill(struct play *play, struct party *party);

/* So many changes of format, one after the other. */
void play_change_formats(struct play *play, uint32_t changes);

/* Until each honest viewer has a frame that is published from now on. */
void play_await_honest(struct play *play);

/* Lets all mortals go, and looks at what is left of them: nothing. settle.c */
void play_settle(struct play *play);
/* Ends the play. */
void play_close(struct play *play);

#endif
