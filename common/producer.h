// SPDX-License-Identifier: MIT
/* The producer object, shared by producer.c (the stream and its frames), door.c (who comes and goes), audience.c (the
 * viewers), unread.c (who was let go of) and answer.c (what is told of both). One thread. */
#ifndef TRIPOOL_PRODUCER_H
#define TRIPOOL_PRODUCER_H

#include "error.h"
#include "memory.h"
#include "writer.h"

#include <sys/types.h>

#define TRIPOOL_MAX_GUESTS 16

/* Peers that were let go of with something unread: so many may there be for another to be given anything. Guests and
 * viewers that have been given something by then may come to it: so a user can have 8 and all guests' places of them,
 * and fewer than 16 users together do not shut out the others. */
#define TRIPOOL_MAX_UNREAD_OF_USER 8
#define TRIPOOL_MAX_UNREAD 128
#define TRIPOOL_MOST_UNREAD (TRIPOOL_MAX_UNREAD + TRIPOOL_MAX_GUESTS + 1 + TRIPOOL_MAX_SLOTS)

/* A peer that connected. It is a *guest* until it is admitted as a *viewer*. */
struct tripool_client {
	int socket;
	int64_t deadline_ns; /* a guest's, to say the next thing */
	pid_t pid;
	uid_t uid;
	struct tripool_lease_page *page; /* NULL before its hello */
	int lease_fd;                    /* a guest's, from its hello on */
	bool ready;                      /* a guest that only waits for memory now, until its deadline at most */
	uint32_t leases;
	bool every;
	uint32_t room_due; /* times that it was asked for room and has not said that there is */
	int64_t wake_ns;   /* that a wake-up takes, on average, of late; 0: none yet */
	char name[TRIPOOL_NAME_BYTES];
};

struct tripool_unread {
	int socket;
	uid_t uid;
	pid_t pid;
};

struct tripool_producer {
	char name[TRIPOOL_NAME_BYTES];
	char source[TRIPOOL_SOURCE_BYTES];
	uint32_t max_viewers;
	uint32_t max_leases;
	uint32_t write_depth;      /* of the pool */
	uint32_t next_write_depth; /* of the next one */
	struct tripool_logger logger;

	struct tripool_format format;
	struct tripool_pool pool;
	struct tripool_writer writer;
	struct tripool_preparation preparation;
	uint64_t generation;
	bool manual_dispatch;
	int64_t stall_ns;      /* of a lossless stream */
	int64_t published_ns;  /* when the last frame was; 0: none, or one was given up since */
	int64_t interval_ns;   /* between it and the one before; 0: not known */
	int64_t dispatched_ns; /* which of these it was when begin last looked at the door */

	int directory;
	int lock;
	int listener;
	int spare_fd; /* given up for a moment to turn away a peer when there is no other fd left */
	int epoll;
	int timer; /* in it: a guest's time is over */
	uint32_t viewers;
	uint32_t viewers_peak;
	uint32_t leases; /* of all viewers */
	uint32_t guests;
	struct tripool_client viewer[TRIPOOL_MAX_SLOTS]; /* viewer[i] is the writer's reader i */
	/* In the order in which they came: those that are ready, who are no more than there may be viewers; others; and
	 * one more while it is heard for the first time. */
	struct tripool_client guest[TRIPOOL_MAX_GUESTS + 1 + TRIPOOL_MAX_SLOTS];
	uint32_t unreads;
	struct tripool_unread unread[TRIPOOL_MOST_UNREAD];
};

/* Slots whose memory must be there for `leases` frames held: never fewer than triple buffering needs. */
uint32_t tripool_slots_needed(uint32_t write_depth, uint32_t leases);

/* door.c */
int tripool_door_open(
    struct tripool_producer *producer, const struct tripool_producer_options *options, struct tripool_error *error);
void tripool_door_close(struct tripool_producer *producer);
void tripool_door_dispatch(struct tripool_producer *producer);
/* Lets go of a peer's socket, and watches it no more. */
void tripool_door_hang_up(struct tripool_producer *producer, const struct tripool_client *peer);

/* audience.c */
void tripool_audience_drop(struct tripool_producer *producer, uint32_t index, const char *why);
void tripool_audience_hear(struct tripool_producer *producer, uint32_t index); /* it may be none any more then */
void tripool_audience_wake(struct tripool_producer *producer, uint64_t viewers);
int tripool_audience_send_pool(struct tripool_producer *producer, int socket);
uint32_t tripool_audience_least_leases(const struct tripool_producer *producer);

/* Waits until the viewers whose queues are full have room, or goes on without them. */
void tripool_audience_wait_for_room(struct tripool_producer *producer);

/* Sends every viewer the new pool; who cannot be sent it has to leave. */
void tripool_audience_announce_pool(struct tripool_producer *producer);

/* unread.c */
void tripool_unread_add(
    struct tripool_producer *producer, const struct tripool_client *peer); /* or closes its socket */
void tripool_unread_sweep(struct tripool_producer *producer); /* closes the sockets of those that have read all */
void tripool_unread_close(struct tripool_producer *producer); /* all of them */
/* Whether a peer of that user may be sent an fd; writes why not. */
int tripool_unread_check(struct tripool_producer *producer, uid_t uid, struct tripool_error *why);

/* answer.c: tells who asked; never waits. */
void tripool_answer(struct tripool_producer *producer, int socket);

#endif
