// SPDX-License-Identifier: MIT
/* Moves each frame of a stream, in order, into an output. */
#ifndef TRIPOOL_RECORD_RECORDER_H
#define TRIPOOL_RECORD_RECORDER_H

#include "options.h"
#include "output.h"

struct tripool_av;

struct recorder {
	const struct options *options;
	struct tripool_format format;
	struct tripool_viewer *viewer;
	struct tripool_av *av;
	AVFrame *picture;
	struct output output;
	int stop_fd;
	const char *ended_by; /* "signal", "frames", "duration", "producer", "format", "error" */
	const char *encoder, *container;
	char to_pix_fmt[32];
	uint64_t first_sequence, last_sequence, lost;
	int64_t started_ns, first_capture_ns, last_capture_ns;
	int64_t shown_ns; /* when the progress line was */
	uint64_t shown_frames;
	bool shows_progress, line_open;
};

/* Attaches and opens the output. Returns 0, or -errno with nothing left open; -EINVAL is for the user to change. */
int recorder_open(struct recorder *r, const struct options *options, struct tripool_error *error);

/* Until it ends, one way or another; `ended_by` says which. 0 or -errno. */
int recorder_run(struct recorder *r, struct tripool_error *error);

/* Finishes the file, unless writing failed. 0 or -errno. */
int recorder_close(struct recorder *r, bool failed, struct tripool_error *error);

/* What was done, as JSON. 0, or -errno having said why. */
int recorder_report(const struct recorder *r);

#endif
