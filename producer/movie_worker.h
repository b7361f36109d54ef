// SPDX-License-Identifier: MIT
/*
 * The thread that reads and decodes a movie: a URL that stalls, or a slow decoder, keeps nobody else waiting. All of
 * FFmpeg's is this thread's.
 */
#ifndef TRIPOOL_MOVIE_WORKER_H
#define TRIPOOL_MOVIE_WORKER_H

#include "movie_decoder.h"
#include "movie_input.h"
#include "movie_picture.h"
#include "movie_queue.h"
#include "remarks.h"

#define SPOILED 32 /* more than any decoder keeps back */

struct movie_worker {
	const struct source_request *request;
	struct movie_queue queue;
	struct movie_interrupt interrupt;
	struct source_description description; /* the worker's until it describes, and again after attach */

	/* The worker's own. */
	struct movie_input input;
	struct movie_decoder decoder;
	struct movie_picture picture;
	AVPacket *packet;
	AVFrame *frame;
	AVRational rate;
	bool resend;   /* the packet is to be decoded again */
	bool pending;  /* the frame is to be shown yet */
	bool draining; /* there are no more packets, */
	int end_code;  /* as was told with this */
	struct tripool_error end;

	uint64_t frames;
	uint64_t round_frames;    /* since it began, or began again */
	int64_t round_start;      /* the first time stamp of those, in the stream's units */
	int64_t round_pts_ns;     /* and when it is due */
	int64_t pts_ns, step_ns;  /* of the last frame, and from the one before */
	int64_t spoiled[SPOILED]; /* time stamps of the last packets that came damaged, a ring; */
	uint64_t spoiled_count;   /* their pictures are for the decoder alone */
	bool told_early;
	uint64_t damaged;
	char damage[REMARK_BYTES]; /* what FFmpeg said of the first of those */
};

/* A thread's function: until the movie ends, or it is interrupted and its queue is stopped. */
void *movie_work(void *worker);

#endif
