// SPDX-License-Identifier: MIT
/*
 * What the producer's thread and a movie's worker hand to each other: empty slots one way, filled ones the other, and
 * what the pictures are like. Its fd becomes readable when the next picture is due. The producer never waits for the
 * worker but when a movie is opened.
 *
 * The worker describes, waits until the producer has attached, fills slots; and describes again when pictures change.
 */
#ifndef TRIPOOL_MOVIE_QUEUE_H
#define TRIPOOL_MOVIE_QUEUE_H

#include <pthread.h>

#include "movie_clock.h"
#include "tripool.h"

enum movie_state {
	MOVIE_OPENING,
	MOVIE_DESCRIBED, /* what comes next is known: the producer is to attach */
	MOVIE_PLAYING,
	MOVIE_ENDED,
};

struct movie_frame {
	struct tripool_slot slot;
	int64_t pts_ns; /* of the movie's own time */
};

struct movie_queue {
	int fd;                /* a timer: when there is something to be taken */
	pthread_mutex_t mutex; /* of all that follows */
	pthread_cond_t changed;
	enum movie_state state;
	bool stopped;
	struct tripool_slot empty[TRIPOOL_MAX_SLOTS]; /* a stack: the slot given last is filled next */
	uint32_t empty_count;
	struct movie_frame filled[TRIPOOL_MAX_SLOTS]; /* a ring */
	uint32_t first, filled_count;
	int64_t due_ns; /* of the first, or of what follows the last */
	struct movie_clock clock;
	uint64_t dropped;
	struct tripool_error remark; /* to be told with the next frame; "": none */
	int end_code;
	struct tripool_error end;
};

/* Returns 0 or -errno. */
int movie_queue_init(struct movie_queue *queue, bool flat_out);
void movie_queue_finish(struct movie_queue *queue);

/* ---- The producer's side ---- */

/* Waits until the movie is open. 0, or why it is not. */
int movie_queue_wait_described(struct movie_queue *queue, struct tripool_error *error);

/* No slot of an earlier pool is the movie's any more. */
void movie_queue_forget_slots(struct movie_queue *queue);
void movie_queue_attach(struct movie_queue *queue);
void movie_queue_give(struct movie_queue *queue, const struct tripool_slot *slot); /* the worker as well: back */

/* A frame that is due, and when it was; `error` is then a remark of the worker's, or nothing. -EAGAIN: none yet.
 * -ESTALE: what comes next has been described. Else how the movie has ended, by the worker's words. */
int movie_queue_next(
    struct movie_queue *queue, struct movie_frame *frame, int64_t *due_ns, struct tripool_error *error);

/* The worker is not to wait any more. */
void movie_queue_stop(struct movie_queue *queue);

uint64_t movie_queue_dropped(struct movie_queue *queue);

/* ---- The worker's side ---- */

/* -ECANCELED: stopped. */
int movie_queue_describe(struct movie_queue *queue); /* waits until the producer has attached */
int movie_queue_take(struct movie_queue *queue, struct tripool_slot *slot);

void movie_queue_hand_over(struct movie_queue *queue, const struct tripool_slot *slot, int64_t pts_ns);
void movie_queue_drop(struct movie_queue *queue);
void movie_queue_remark(struct movie_queue *queue, const struct tripool_error *remark);
void movie_queue_end(struct movie_queue *queue, int code, const struct tripool_error *error);

#endif
