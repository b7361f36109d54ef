// SPDX-License-Identifier: MIT
/* What tripool-capture tells the person in front of it, on stderr. */
#ifndef TRIPOOL_CAPTURE_STATUS_H
#define TRIPOOL_CAPTURE_STATUS_H

#include "tripool.h"

enum status_mode {
	STATUS_NONE,
	STATUS_LINE,  /* one line of a terminal, written over again and again */
	STATUS_LINES, /* a line a second */
};

struct status {
	enum status_mode mode;
	enum tripool_log_level level; /* of the messages that are shown */
	bool line_open;               /* the cursor stands behind an unfinished status line */
	int64_t next_ns;              /* CLOCK_MONOTONIC */
	int64_t last_ns;
	uint64_t last_frames;
};

/* `verbose`: how often -v was given. Looks whether stderr is a terminal. */
void status_init(struct status *status, bool quiet, int verbose);

/* The first second begins now: what came before was set-up. */
void status_start(struct status *status, int64_t now_ns);

/* Frames a second are counted from the first frame on, which ends no interval. */
void status_first_frame(struct status *status, int64_t now_ns);

/* When status_show wants to be called next; INT64_MAX: never. */
int64_t status_due_ns(const struct status *status);

/* Shows the state once a second; does nothing before it is due. `state`: a word for why there are no frames, or "". */
void status_show(struct status *status, const struct tripool_producer_stats *stats, uint64_t dropped, const char *state,
    int64_t now_ns);

/* Prints a line if -v was given. */
__attribute__((format(printf, 2, 3))) void status_say(struct status *status, const char *format, ...);

/* A tripool_log_fn; the context is the status. */
void status_log(void *context, enum tripool_log_level level, const char *text);

/* Ends an unfinished line, so that what is printed next stands alone. */
void status_finish(struct status *status);

#endif
