// SPDX-License-Identifier: MIT
/*
 * Who is on the stage: one producer at a time, viewers who are stopped and killed (the mortals), and a few *honest*
 * ones, who are stopped at times but live through the whole play. These have to find to the living producer by
 * themselves.
 */
#ifndef TRIPOOL_CHAOS_STAGE_H
#define TRIPOOL_CHAOS_STAGE_H

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

struct stage {
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

void stage_open(struct stage *stage, struct party *parties);

uint32_t stage_below(struct stage *stage, uint32_t limit); /* a random number */
void stage_nap(struct stage *stage, uint32_t limit_us);    /* for a random time */

/* The next producer, which must get the name by its first try. */
void stage_produce(struct stage *stage);
struct party *stage_prepare_producer(struct stage *stage); /* a place that is free */

void stage_view(struct stage *stage, uint32_t index);
void stage_begin_mortals(struct stage *stage);
struct party *stage_some_mortal(struct stage *stage);
void stage_kill(struct stage *stage, struct party *party);

/* So many changes of format, one after the other. */
void stage_change_formats(struct stage *stage, uint32_t changes);

/* Until each honest viewer has a frame that is published from now on. */
void stage_await_honest(struct stage *stage);

/* Lets all mortals go, and looks at what is left of them: nothing. settle.c */
void stage_settle(struct stage *stage);
/* Ends the play. */
void stage_close(struct stage *stage);

#endif
