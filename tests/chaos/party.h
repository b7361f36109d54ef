// SPDX-License-Identifier: MIT
/*
 * The parties of the play: real processes, each a producer or a viewer, that do what README's examples do until they
 * are killed, or asked to end by SIGTERM. What a party is told and what it tells lies in memory that all share, so
 * that it survives whoever wrote it.
 */
#ifndef TRIPOOL_CHAOS_PARTY_H
#define TRIPOOL_CHAOS_PARTY_H

#include "tripool.h"

#include <stdatomic.h>
#include <sys/types.h>

#define STREAM "chaos"
#define MAX_VIEWERS 32
#define MAX_LEASES 62
#define STALL_MS 100
#define NOT_YET 1

struct party {
	/* Set before it begins. */
	pid_t pid; /* 0: none */
	unsigned seed;
	uint32_t life;     /* a producer's: each has a higher one than all before it; an odd one is lossless */
	uint32_t pause_us; /* a producer's, between frames: at most so long; 0: flat out */
	bool contends;     /* a producer that tries until it gets the name, instead of once */
	bool every;
	bool polls; /* a viewer with a poll loop of its own, instead of tripool_viewer_wait */
	bool busy;  /* a viewer that looks for frames all the time, and for its producer's death now and then */
	uint32_t leases;

	_Atomic int opened; /* NOT_YET, or what create said */
	_Atomic uint32_t refused;
	_Atomic uint32_t changes_wanted, changes_made; /* of the format */
	_Atomic uint32_t highest_slot;                 /* since it was set to 0 */
	_Atomic uint64_t frames;
	_Atomic uint64_t newest; /* life << 32 | sequence, published or checked: it never goes back */
	char error[256];         /* why it ended by itself */
	char remark[256];        /* how it failed to reconnect last, but for want of a producer */
};

_Noreturn void party_produce(struct party *self);
_Noreturn void party_view(struct party *self);

/* Ends this process, in order to be found. */
__attribute__((format(printf, 2, 3))) _Noreturn void party_give_up(struct party *self, const char *format, ...);

/* Whether it was asked to end. */
bool party_is_over(void);

#endif
