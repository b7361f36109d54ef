// SPDX-License-Identifier: MIT
/* The dishonest side of a producer's door: peers that say and do what the input says, a step at a time. */
#ifndef FUZZ_PEERS_H
#define FUZZ_PEERS_H

#include "input.h"
#include "layout.h"

#define PEERS 24 /* more than there may be guests */

struct peer {
	int socket; /* -1: not connected */
	int lease_fd;
	struct tripool_lease_page *page; /* NULL: it has none */
	bool spoken;
	bool unwelcome; /* the first thing it said was no hello that can be granted */
};

struct peers {
	int directory; /* where the stream "t" is */
	struct peer peer[PEERS];
	uint64_t leases; /* pages that they were sent */
};

void peers_init(struct peers *peers, int directory);
void peers_finish(struct peers *peers);

/* The letters of what a peer can do. None of it calls the producer. */
#define PEER_STEPS "chHxtsorqnmwlgP"
void peers_step(struct peers *peers, char step, struct input *in);

/* A number of leases: 1 to 16 can be had, 17 and (for 'A') 0 not. */
uint32_t peers_choose_leases(struct input *in);

/* All that an honest viewer does up to where the producer has to hear it; in two halves, with a dispatch after each. */
void peers_say_hello(struct peers *peers, uint32_t index, uint32_t mode, uint32_t leases);
void peers_say_ready(struct peers *peers, uint32_t index);

#endif
