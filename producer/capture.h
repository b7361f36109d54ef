// SPDX-License-Identifier: MIT
/* Connects a source with a stream, and keeps frames moving until something ends it: through failures of a camera that
 * may come back, and, on demand, only while somebody views. */
#ifndef TRIPOOL_CAPTURE_H
#define TRIPOOL_CAPTURE_H

#include "events.h"
#include "options.h"
#include "status.h"
#include "supply.h"

enum capture_state {
	CAPTURE_RUNNING,
	CAPTURE_IDLE,     /* on demand, and nobody views: the source is off */
	CAPTURE_LOST,     /* the source has failed: it is tried again now and then */
	CAPTURE_AWAITING, /* a source that hurries has not begun: nobody gets each of its frames yet */
};

struct capture {
	const struct options *options;
	struct supply supply;
	struct tripool_producer *producer;
	struct status status;
	struct events events;
	int watch_fd; /* of a source that may come back; else -1 */
	int64_t deadline_ns;

	enum capture_state state;
	int64_t begin_ns;    /* awaiting: when it begins all the same */
	int64_t unviewed_ns; /* running on demand: since when nobody views; 0: somebody does */
	int64_t started_ns;
	int64_t lost_ns;
	int64_t retry_ns; /* lost: when to try again */
	int64_t eager_ns; /* lost: until when a device that has just come may not be ready */
	int64_t backoff_ns;
	int lost_code;
	struct tripool_error lost;     /* why, as it was told last */
	char noted[SOURCE_NOTE_BYTES]; /* what is not as asked for, the same */
};

/* Opens everything. Returns 0 or -errno, and then nothing is open; -EINVAL is a value that the user must change. */
int capture_open(struct capture *capture, const struct options *options, struct tripool_error *error);

/* Moves frames until enough have come, time is up, the source ends or a signal asks for it. Returns 0 or -errno. */
int capture_run(struct capture *capture, struct tripool_error *error);

/* Prints what was done as one JSON object. Returns 0, or -errno after it said why. */
int capture_report(const struct capture *capture);

void capture_close(struct capture *capture);

/* ---- For capture.c ---- */

/* Tells what frames are like now, and what is not as asked for. */
void capture_describe(struct capture *capture);

/* Starts the source. Returns 0 or -errno. */
int capture_begin(struct capture *capture, struct tripool_error *error);

/* Its frames wake capture_run from now on; closing the source ends that. Returns 0 or -errno. */
int capture_wait_for_frames(struct capture *capture, struct tripool_error *error);

#endif
