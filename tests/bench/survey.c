// SPDX-License-Identifier: MIT
#include "survey.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define MOST_TRANSPORTS MOST_ROWS
#define ROUNDS 3
#define QUICK_ROUNDS 2

/* ---- The plan ---- */

/* The size that most cameras have gets most of the time: its rows are long enough for a p99. */
static const struct {
	uint32_t width_px, height_px;
	double seconds;  /* of a row's round */
	double budget_s; /* no round is begun that would take longer than this in all */
} usual_size[] = {{640, 480, 0.08, 70}, {1280, 720, 0.08, 70}, {1920, 1080, 0.45, 235}, {3840, 2160, 0.08, 70},
    {7680, 4320, 0.08, 70}};
#define USUAL_SIZES (sizeof(usual_size) / sizeof(*usual_size))
#define QUICK_SECONDS 0.12
#define MEMORY_SECONDS 0.02 /* for each of its figures */
#define QUICK_BUDGET_S 42

static const struct load {
	double hz;
	bool sleeping;
	bool quick[2]; /* transport only, real use */
} loads[] = {
    {0, false, {true, true}},
    {60, true, {true, true}},
    {60, false, {false, false}},
    {240, true, {true, false}},
    {240, false, {true, false}},
};
#define LOADS (int)(sizeof(loads) / sizeof(*loads))

/* A limit is measured where something can be held against it. */
static bool belongs(const struct transport *t, const struct point *p)
{
	if (t->kind != TRANSPORT_LIMIT)
		return true;
	if (p->hz == 0)
		return t->limits == LIMITS_FLAT_OUT && !p->real;
	return t->limits == (p->sleeping ? LIMITS_SLEEPING : LIMITS_POLLING);
}

static bool wanted(const struct options *o, const struct transport *t)
{
	for (int i = 0; i < o->only; i++)
		if (o->transport[i] == t)
			return true;
	return o->only == 0 || t->kind == TRANSPORT_LIMIT;
}

static void add_points(
    struct results *results, const struct options *o, uint32_t w, uint32_t h, double seconds, double budget_s)
{
	for (int real = 0; real < 2; real++)
		for (int i = 0; i < LOADS; i++) {
			if (o->quick && !loads[i].quick[real])
				continue;
			struct point *p = &results->point[results->points++];
			*p = (struct point){.width_px = w,
			    .height_px = h,
			    .real = real,
			    .hz = loads[i].hz,
			    .sleeping = loads[i].sleeping,
			    .seconds = seconds,
			    .budget_s = budget_s};
			if (p->real && p->hz == 0)
				p->row[p->rows++].transport = &transport_threads;
			for (const struct transport *const *t = transports; *t && p->rows < MOST_ROWS; t++)
				if (belongs(*t, p) && wanted(o, *t))
					p->row[p->rows++].transport = *t;
		}
}

struct results *survey_plan(const struct options *o)
{
	struct results *results = calloc(1, sizeof(*results));
	if (!results)
		return NULL;
	results->rounds = o->quick ? QUICK_ROUNDS : ROUNDS;
	double asked = o->seconds / results->rounds;
	for (int i = 0; i < o->sizes; i++)
		add_points(results, o, o->size[i][0], o->size[i][1], asked > 0 ? asked : QUICK_SECONDS, INFINITY);
	for (size_t i = 0; i < USUAL_SIZES && o->sizes == 0; i++) {
		double seconds = o->quick ? QUICK_SECONDS : usual_size[i].seconds;
		double budget_s = o->quick ? QUICK_BUDGET_S : usual_size[i].budget_s;
		if (!o->quick || usual_size[i].width_px == 1920)
			add_points(results, o, usual_size[i].width_px, usual_size[i].height_px,
			    asked > 0 ? asked : seconds, asked > 0 ? INFINITY : budget_s);
	}
	for (int i = 0; i < results->points; i++)
		results->seconds_most = fmax(results->seconds_most, results->point[i].seconds);
	return results;
}

/* ---- Daemons, of one size at a time ---- */

struct daemons {
	pid_t pid[MOST_TRANSPORTS]; /* as transports[]; 0: it needs none; below: there is none, */
	char why[MOST_TRANSPORTS][WHY_BYTES];
};

static int place_of(const struct transport *transport)
{
	int i = 0;
	while (transports[i] != transport)
		i++;
	return i;
}

static void start_daemons(struct daemons *d, struct point *of_size, const char *directory)
{
	size_t bytes = (size_t)of_size->width_px * of_size->height_px * 3 / 2;
	*d = (struct daemons){0};
	for (int i = 0; transports[i] && !measure_stop; i++)
		if (transports[i]->start && point_row(of_size, transports[i]))
			d->pid[i] = transports[i]->start(directory, bytes, d->why[i]);
}

static void stop_daemons(struct daemons *d)
{
	for (int i = 0; transports[i]; i++)
		if (d->pid[i] > 0)
			transports[i]->stop();
}

/* ---- Rounds ---- */

/* Flat out there are two ways to wait, and the faster one counts. */
static int measure_best(struct job *job, pid_t daemon, const char *directory, struct outcome *outcome, char *why)
{
	struct outcome other;
	int r = measure(job, directory, daemon, outcome, why);
	if (r < 0 || job->hz > 0 || job->transport->kind == TRANSPORT_LIMIT)
		return r;
	job->sleeping = !job->sleeping;
	r = measure(job, directory, daemon, &other, why);
	if (r < 0 || other.fps <= outcome->fps) {
		if (r == 0)
			outcome_finish(&other);
		return r < 0 ? (outcome_finish(outcome), r) : 0;
	}
	outcome_finish(outcome);
	*outcome = other;
	return 0;
}

/* What it takes to write and read pixels, whichever way they go. */
static int measure_memory(struct point *point, struct row *row)
{
	size_t bytes = (size_t)point->width_px * point->height_px * 3 / 2;
	int n = point->memory_rounds;
	int r =
	    bandwidth_measure(bytes, MEMORY_SECONDS, BANDWIDTH_PRIVATE, &point->memory[BANDWIDTH_PRIVATE][n], row->why);
	if (r == 0)
		r = bandwidth_measure(
		    bytes, MEMORY_SECONDS, BANDWIDTH_SHARED, &point->memory[BANDWIDTH_SHARED][n], row->why);
	if (r < 0)
		return 0;
	point->memory_rounds++;
	return row_add(row,
	    &(struct outcome){.fps = point->memory[BANDWIDTH_PRIVATE][n].turns_fps,
		.published = point->memory[BANDWIDTH_PRIVATE][n].turns,
		.torn = point->memory[BANDWIDTH_PRIVATE][n].wrong,
		.producer_cpu_us = NAN,
		.viewer_cpu_us = NAN,
		.daemon_cpu_us = NAN,
		.copied_bytes = NAN},
	    NAN);
}

static int measure_row(
    const struct point *point, struct row *row, const struct daemons *daemons, const char *directory, double limit)
{
	int place = place_of(row->transport);
	if (daemons->pid[place] < 0) {
		memcpy(row->why, daemons->why[place], WHY_BYTES);
		return 0;
	}
	struct job job = {.transport = row->transport,
	    .width_px = point->width_px,
	    .height_px = point->height_px,
	    .real = point->real,
	    .hz = point->hz,
	    .seconds = point->seconds,
	    .sleeping = point->sleeping,
	    .viewers = 1,
	    .warm_up_frames = WARM_UP_FRAMES};
	struct outcome outcome;
	if (measure_best(&job, daemons->pid[place], directory, &outcome, row->why) < 0)
		return 0; /* which the row tells */
	int r = row_add(row, &outcome, limit);
	outcome_finish(&outcome);
	return r;
}

static double value_of(const struct point *point, const struct row *row)
{
	return point->hz > 0 ? row->p50_ns[row->rounds - 1] : row->fps[row->rounds - 1];
}

static int measure_point(
    struct point *point, const struct daemons *daemons, const char *directory, struct progress *progress, int round)
{
	char title[POINT_TITLE_BYTES];
	double limit = NAN;
	point_title(point, title);
	for (int i = 0; i < point->rows && !measure_stop; i++) {
		struct row *row = &point->row[i];
		int before = row->rounds;
		progress_step(progress, round, title, row->transport->name, i == 0);
		int r = row->transport == &transport_threads ? measure_memory(point, row)
		                                             : measure_row(point, row, daemons, directory, limit);
		if (r < 0)
			return r;
		/* A limit stands first in each point. Where it failed in this round there is none. */
		if (i == 0 && row->rounds > before)
			limit = value_of(point, row);
	}
	return 0;
}

/* The points that share a size, from one on. */
static int count_of_size(const struct results *results, int from)
{
	const struct point *first = &results->point[from];
	int i = from;
	while (i < results->points && results->point[i].width_px == first->width_px &&
	       results->point[i].height_px == first->height_px)
		i++;
	return i - from;
}

static int measure_size(struct results *results, int from, int count, const char *directory, struct progress *progress)
{
	struct daemons daemons;
	int64_t begin_ns = now_ns();
	int r = 0, round = 0;
	start_daemons(&daemons, &results->point[from], directory);
	for (; round < results->rounds && r == 0 && !measure_stop; round++) {
		double passed_s = (double)(now_ns() - begin_ns) / 1e9;
		if (passed_s + (round ? passed_s / round : 0) > results->point[from].budget_s)
			break;
		for (int i = from; i < from + count && r == 0 && !measure_stop; i++) {
			r = measure_point(&results->point[i], &daemons, directory, progress, round);
			results->point[i].rounds++;
		}
	}
	for (int i = from; i < from + count; i++)
		progress->done += (results->rounds - round) * results->point[i].rows;
	stop_daemons(&daemons);
	return r;
}

int survey_steps(const struct results *results)
{
	int steps = 0;
	for (int i = 0; i < results->points; i++)
		steps += results->rounds * results->point[i].rows;
	return steps;
}

int survey_run(struct results *results, const char *directory, struct progress *progress)
{
	int r = 0;
	for (int from = 0, count; from < results->points && r == 0 && !measure_stop; from += count) {
		count = count_of_size(results, from);
		r = measure_size(results, from, count, directory, progress);
	}
	return r;
}
