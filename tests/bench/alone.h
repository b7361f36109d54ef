// SPDX-License-Identifier: MIT
/* tripool by itself: what more viewers, more streams, and viewers in trouble do to it. */
#ifndef TRIPOOL_BENCH_ALONE_H
#define TRIPOOL_BENCH_ALONE_H

#include <json-c/json.h>

#include "progress.h"
#include "results.h"

#define ALONE_WIDTH 1920u
#define ALONE_HEIGHT 1080u
#define ALONE_CASES 24
#define ALONE_ROUNDS 3

enum alone_kind {
	ALONE_VIEWERS_FLAT_OUT, /* polling */
	ALONE_VIEWERS_AT_RATE,  /* sleeping, 60 a second */
	ALONE_STREAMS,          /* that many at once, each with a viewer of its own; sleeping, 60 a second */
	ALONE_TROUBLE,          /* two viewers, sleeping, 240 a second; one of them gets a signal in the middle */
	ALONE_KINDS
};

/* One line. What is of viewers is of those that got no signal. */
struct alone_case {
	enum alone_kind kind;
	int count;  /* of viewers or streams */
	int signal; /* 0: none */
	bool real;
	int rounds;
	double fps[ALONE_ROUNDS]; /* of the slowest */
	double published_fps[ALONE_ROUNDS];
	double producer_us[ALONE_ROUNDS], viewer_us[ALONE_ROUNDS]; /* a frame */
	double p50_us[ALONE_ROUNDS], max_us[ALONE_ROUNDS];         /* too few frames for a p99 */
	uint64_t published, lost, torn;                            /* in all rounds; lost: by viewers that were busy */
	char why[WHY_BYTES];
};

struct alone {
	int cases;
	struct alone_case of[ALONE_CASES];
};

int alone_steps(const struct results *results); /* of progress */

/* As often and about as long as `results` was measured. Ends early on measure_stop. 0, or -EIO: something failed, and
 * its case says why. */
int alone_run(struct alone *alone, const char *directory, const struct results *results, struct progress *progress);

/* The median; NAN: none. */
double alone_producer_us(const struct alone_case *one);

void alone_print(const struct alone *alone);
struct json_object *alone_json(const struct alone *alone);

#endif
