// SPDX-License-Identifier: MIT
/*
 * Supplies a stream with a source's frames, and can be turned off and on again: the stream stays, the source is closed
 * and opened anew. What it makes then may be of another format; the stream's viewers go on in a new generation.
 *
 * Life: init -> open -> (the caller makes the producer) connect -> start -> { move ... stop ... restart ... }* -> stop.
 */
#ifndef TRIPOOL_CAPTURE_SUPPLY_H
#define TRIPOOL_CAPTURE_SUPPLY_H

#include "distribution.h"
#include "source.h"

struct supply {
	const struct source_class *class;
	struct source_request request;
	char identity[SOURCE_IDENTITY_BYTES]; /* of the first source: unless it was asked for by its path, no other
	                                         takes its place */
	bool checksum;
	struct tripool_producer *producer;
	struct source *source; /* NULL: off */
	struct source_description description;
	struct tripool_format format; /* the stream's */
	uint32_t write_depth;         /* the stream's */
	uint64_t given;               /* mask: slots that the source has */
	struct source_counts counts;  /* of sources that were closed */
	int64_t last_frame_ns;        /* or when it was turned on */
	uint64_t frames_since_start;
	uint32_t restarts, renewals;
	struct distribution delay; /* from the source's own time to publish; of sources that tell it */
};

void supply_init(
    struct supply *supply, const struct source_class *class, const struct source_request *request, bool checksum);

/* Opens the source, whose description is known then. */
int supply_open(struct supply *supply, struct tripool_error *error);

/* The stream is there (and stays the caller's), made for the source's description. */
void supply_connect(struct supply *supply, struct tripool_producer *producer);

/* A tripool_producer_options.prepare; the context is the supply. */
int supply_prepare(void *supply, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error);

/* The first frames are asked for. */
int supply_start(struct supply *supply, struct tripool_error *error);

/* Publishes a frame, if the source has one; should it have more, its fd stays readable. Where what it makes changes,
 * the stream's format does. 1: the source has come to its end, and the error says how if there is something to be said,
 * or `last` (0: none) is published. 0: go on. */
int supply_move(struct supply *supply, uint64_t last, int64_t now_ns, struct tripool_error *error);

/* Closes the source, if it is on. Slots it has not filled are given back. */
void supply_stop(struct supply *supply);

/* After stop: opens the source again, changes the stream's format if that is another now, and starts. On failure it is
 * stopped as before. */
int supply_restart(struct supply *supply, struct tripool_error *error);

/* After stop: takes the last picture out of the stream, so that nobody takes it for a new one. */
int supply_withdraw(struct supply *supply, struct tripool_error *error);

struct source_counts supply_counts(const struct supply *supply);

#endif
