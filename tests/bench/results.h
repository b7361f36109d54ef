// SPDX-License-Identifier: MIT
/*
 * What was measured: for each point (a size, a use, a rate, a way of waiting) a row for each transport, with a value
 * for each round. All that is printed, written and drawn comes from here.
 */
#ifndef TRIPOOL_BENCH_RESULTS_H
#define TRIPOOL_BENCH_RESULTS_H

#include "bandwidth.h"
#include "measure.h"
#include "samples.h"

#define MOST_ROUNDS 9
#define MOST_ROWS 24
#define MOST_POINTS 96
#define POINT_TITLE_BYTES 96

struct row {
	const struct transport *transport;
	int rounds; /* that went well, each with a value in: */
	double fps[MOST_ROUNDS];
	double p50_ns[MOST_ROUNDS];                                                      /* NAN flat out */
	double producer_us[MOST_ROUNDS], viewer_us[MOST_ROUNDS], daemon_us[MOST_ROUNDS]; /* processor time a frame */
	double cpu_us[MOST_ROUNDS];                                                      /* these together */
	double limit[MOST_ROUNDS];                  /* fps or p50 of the limit in the same round; NAN: there is none */
	double copied_bytes;                        /* a frame, the last time */
	uint64_t resident_bytes;                    /* the most */
	uint64_t published, lost, torn, disordered; /* in all rounds */
	int64_t *sample_ns;                         /* in all rounds */
	size_t samples;
	char why[WHY_BYTES]; /* why a round did not go well, the last time */
};

struct point {
	uint32_t width_px, height_px;
	bool real;
	double hz; /* 0: flat out, by sleeping or polling, whichever was faster */
	bool sleeping;
	double seconds;  /* of each round and transport */
	double budget_s; /* of all points of its size, about */
	int rounds;      /* done; as many as there was time for */
	int rows;
	struct row row[MOST_ROWS];
	int memory_rounds;                       /* in real use and flat out: what the memory can do at this size */
	struct bandwidth memory[2][MOST_ROUNDS]; /* by enum bandwidth_memory */
};

struct results {
	int rounds;          /* at most */
	double seconds_most; /* at one point, for each transport and round */
	double seconds;      /* it all took */
	int points;
	struct point point[MOST_POINTS];
};

/* A limit beside real use flat out: two threads of one process that write and read the same frames in turn. It is no
 * transport that measure() could run. */
extern const struct transport transport_threads;

int row_add(struct row *row, const struct outcome *outcome, double limit); /* 0 or -ENOMEM */
void results_finish(struct results *results);                              /* frees it, too */

bool results_failed(const struct results *results); /* some row has not all its point's rounds */

/* Of a row's samples; NAN where there are too few for that quantile. */
double row_quantile(const struct row *row, double q);

/* NULL: not measured there. */
struct row *point_row(struct point *point, const struct transport *transport);

/* What rows of a point are ranked by: median frames a second flat out, else the median of the rounds' p50. NAN: none.
 */
double point_rank(const struct point *point, const struct row *row);
double point_times_better(const struct point *point, const struct row *row, const struct row *other);
const struct row *point_best_baseline(const struct point *point); /* NULL: none */

/* Rank by the limit of the same round: of a latency how many times it, of a frame rate which share. */
struct spread point_to_limit(const struct point *point, const struct row *row);

/* The median over the rounds of one of the figures of the memory; NAN: not measured. */
double point_memory(const struct point *point, enum bandwidth_memory memory, size_t offset_of_figure);

const char *point_title(const struct point *point, char text[POINT_TITLE_BYTES]);

#endif
