// SPDX-License-Identifier: MIT
/*
 * What a viewer could do to a stream, one attack a name. Each goes on until its time is over, and ends the program with
 * status 1 (breach) when something could be done that must not be possible. What counts as a try takes a peer that was
 * there, and mostly one that let it in.
 */
#ifndef TRIPOOL_ATTACK_H
#define TRIPOOL_ATTACK_H

#include "layout.h"

#include <sys/types.h>

struct attacker {
	const char *stream;
	int64_t end_ns;
	uint64_t random; /* the state of its generator */
	uint64_t tries;
	uint64_t share_ppm; /* of a processor, to be burned */
};

/* What an attacker is to the producer, where the test can choose. */
enum attacked_by { ANYBODY, STRANGERS, ROOT };

struct attack {
	const char *name;
	const char *what; /* in words */
	void (*run)(struct attacker *a);
	bool lossless; /* made for such a stream, and for places in a queue */
	enum attacked_by by;
};

/* attacks.c; the last one has no name. */
extern const struct attack attacks[];

/* The one of that name, or NULL. */
const struct attack *attack_find(const char *name);

/* This process is that user's from now on, and dies with its parent. -1: it may not. */
int become(uid_t user);

/* ---- For the attacks ---- */

bool time_is_left(const struct attacker *a);
uint64_t any_number(struct attacker *a);
uint64_t below(struct attacker *a, uint64_t limit);

/* Nothing more to be tried, as this machine cannot do it: says why, status 77. */
_Noreturn void not_here(const char *why);

/* Something forbidden could be done. */
_Noreturn void breach(const char *what);

/* Counts a try, and is a breach if it succeeded. */
void must_fail(struct attacker *a, bool failed, const char *what);

/* A viewer by hand. -1, NULL: not there. */
struct intruder {
	int socket, lease_fd, pool_fd;
	pid_t producer;
	uint64_t pool_bytes;
	uint32_t leases;
	bool every;
	struct tripool_lease_page *page;
	const struct tripool_header *header;
};

/* A connected socket that does not block, or -1: time is over. */
int knock(struct attacker *a);

/* Knocks, says hello and maps the page. False: time is over, or it was refused; nothing is to be left then. */
bool greet(struct attacker *a, struct intruder *i, bool every, uint32_t leases);

/* The rest of the way in; the page is to be sealed before. */
bool enter(struct attacker *a, struct intruder *i);

/* All of that, again and again until it is in, or time is over. */
bool attach(struct attacker *a, struct intruder *i, bool every, uint32_t leases);

void leave(struct intruder *i);

/* Whether the producer has not hung up. */
bool is_in(const struct intruder *i);

/* A message of that type, in the right form. */
struct tripool_message message(enum tripool_message_type type);

/* attack-memory.c */
void attack_fds(struct attacker *a);
void attack_seals(struct attacker *a);
void attack_process(struct attacker *a);
void attack_lock(struct attacker *a);

/* attack-page.c */
void attack_noise(struct attacker *a);
void attack_near(struct attacker *a);
void attack_ghosts(struct attacker *a);
void attack_stop(struct attacker *a);
void attack_tail(struct attacker *a);
void attack_room(struct attacker *a);
void attack_late(struct attacker *a);
void attack_stall(struct attacker *a);
void attack_armed(struct attacker *a);

/* attack-words.c */
void attack_garbage(struct attacker *a);
void attack_sizes(struct attacker *a);
void attack_order(struct attacker *a);
void attack_passing(struct attacker *a);
void attack_said_room(struct attacker *a);

/* attack-crowd.c */
void attack_knocks(struct attacker *a);
void attack_mutes(struct attacker *a);
void attack_hellos(struct attacker *a);
void attack_unread(struct attacker *a);
void attack_turnover(struct attacker *a);
void attack_deaths(struct attacker *a);
void attack_questions(struct attacker *a);
void attack_watches(struct attacker *a);
void attack_burn(struct attacker *a);

#endif
