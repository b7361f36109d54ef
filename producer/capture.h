// SPDX-License-Identifier: MIT
/* Connects a source with a stream, and moves frames until something ends it. */
#ifndef TRIPOOL_CAPTURE_H
#define TRIPOOL_CAPTURE_H

#include "options.h"
#include "status.h"

struct capture {
	const struct options *options;
	struct source *source;
	struct source_description description;
	struct tripool_producer *producer;
	struct status status;
	int signal_fd; /* SIGINT, SIGTERM and (but under nohup) SIGHUP, which are blocked */
	int64_t deadline_ns;
};

/* Opens everything. Returns 0 or -errno, and then nothing is open; -EINVAL is a value that the user must change. */
int capture_open(struct capture *capture, const struct options *options, struct tripool_error *error);

/* Moves frames until enough have come, time is up, the source ends or a signal asks for it. Returns 0 or -errno. */
int capture_run(struct capture *capture, struct tripool_error *error);

/* Prints what was done as one JSON object. Returns 0, or -errno after it said why. */
int capture_report(const struct capture *capture);

void capture_close(struct capture *capture);

#endif
