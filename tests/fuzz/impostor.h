// SPDX-License-Identifier: MIT
/* The dishonest side of a viewer's socket: a producer that sends and writes what the input says, a step at a time. */
#ifndef FUZZ_IMPOSTOR_H
#define FUZZ_IMPOSTOR_H

#include "input.h"
#include "layout.h"

#define IMPOSTOR_POOLS 3

/* Its own mapping of a pool: it can write there at any time, and keeps it when the viewer has another. */
struct impostor_pool {
	int fd; /* -1: none */
	uint64_t bytes, announced;
	struct tripool_header *header;
};

struct impostor {
	int listener;
	int socket; /* -1: nobody has come */
	uint32_t leases;
	struct tripool_lease_page *page; /* of the viewer; NULL: not sent yet */
	int lease_fd;
	struct impostor_pool pool[IMPOSTOR_POOLS];
	uint64_t sequence, head;
};

/* `listener` stays the caller's. */
void impostor_init(struct impostor *impostor, int listener, uint32_t leases);
void impostor_finish(struct impostor *impostor);

/* The letters of what it can do. Any of it begins with letting in who waits at the door. */
#define IMPOSTOR_STEPS "LOMPFQKWRmXES"
void impostor_step(struct impostor *impostor, char step, struct input *in);

#endif
