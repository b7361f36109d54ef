// SPDX-License-Identifier: MIT
#include "alone.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "table.h"

#define MOST_STREAMS 8
#define LEAST_SECONDS 0.3
#define LEAST_SECONDS_TROUBLE 0.6 /* there has to be a middle, also on a busy machine */

/* ---- What there is to measure ---- */

static const struct alone_case plan[] = {
    {.kind = ALONE_VIEWERS_FLAT_OUT, .count = 1},
    {.kind = ALONE_VIEWERS_FLAT_OUT, .count = 2},
    {.kind = ALONE_VIEWERS_FLAT_OUT, .count = 4},
    {.kind = ALONE_VIEWERS_FLAT_OUT, .count = 8},
    {.kind = ALONE_VIEWERS_FLAT_OUT, .count = 16},
    {.kind = ALONE_VIEWERS_AT_RATE, .count = 1, .real = true},
    {.kind = ALONE_VIEWERS_AT_RATE, .count = 2, .real = true},
    {.kind = ALONE_VIEWERS_AT_RATE, .count = 4, .real = true},
    {.kind = ALONE_VIEWERS_AT_RATE, .count = 8, .real = true},
    {.kind = ALONE_VIEWERS_AT_RATE, .count = 16, .real = true},
    {.kind = ALONE_STREAMS, .count = 1, .real = true},
    {.kind = ALONE_STREAMS, .count = 2, .real = true},
    {.kind = ALONE_STREAMS, .count = 4, .real = true},
    {.kind = ALONE_STREAMS, .count = 8, .real = true},
    {.kind = ALONE_TROUBLE, .count = 2},
    {.kind = ALONE_TROUBLE, .count = 2, .signal = SIGSTOP},
    {.kind = ALONE_TROUBLE, .count = 2, .signal = SIGKILL},
};
#define CASES (int)(sizeof(plan) / sizeof(*plan))
static_assert(CASES <= ALONE_CASES, "no room for the cases");

static const struct {
	const char *name, *what;
	double hz;
	bool sleeping;
} kinds[ALONE_KINDS] = {
    {"viewers_flat_out", "viewers, polling, transport only, flat out", 0, false},
    {"viewers_at_rate", "viewers, sleeping, real use, 60 frames a second", 60, true},
    {"streams", "streams at once, a sleeping viewer each, real use, 60 frames a second", 60, true},
    {"trouble", "two viewers, sleeping, transport only, 240 frames a second; one of them, in the middle:", 240, true},
};

/* ---- A case, once ---- */

static void add(struct alone_case *c, const struct outcome *o)
{
	int n = c->rounds++;
	c->fps[n] = o->fps;
	c->published_fps[n] = o->published_fps;
	c->producer_us[n] = o->producer_cpu_us;
	c->viewer_us[n] = o->viewer_cpu_us;
	c->p50_us[n] = o->samples ? quantile(o->sample_ns, o->samples, 0.5) / 1e3 : NAN;
	c->max_us[n] = o->samples ? quantile(o->sample_ns, o->samples, 1) / 1e3 : NAN;
	c->published += o->published;
	c->lost += o->lost;
	c->torn += o->torn + o->disordered;
}

static int once(struct alone_case *c, const char *directory, double seconds)
{
	struct job job = {.transport = &transport_tripool,
	    .width_px = ALONE_WIDTH,
	    .height_px = ALONE_HEIGHT,
	    .real = c->real,
	    .hz = kinds[c->kind].hz,
	    .sleeping = kinds[c->kind].sleeping,
	    .seconds = seconds,
	    .viewers = c->kind == ALONE_STREAMS ? 1 : c->count,
	    .signal = c->signal,
	    .warm_up_frames = WARM_UP_FRAMES};
	struct outcome o;
	int r = measure(&job, directory, 0, &o, c->why);
	if (r == 0) {
		add(c, &o);
		outcome_finish(&o);
	}
	return r;
}

/* A stream of its own, in a directory of its own. */
static _Noreturn void one_stream(struct alone_case *c, const char *parent, int number, double seconds)
{
	char directory[PATH_MAX];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(directory, sizeof(directory), "%.*s/%d", PATH_MAX - 16, parent, number);
	if (mkdir(directory, 0700) < 0 || setenv("TRIPOOL_DIR", directory, 1) < 0) {
		snprintf(c->why, sizeof(c->why), "%.200s: %s", directory, strerror(errno));
		_exit(1);
	}
	int r = once(c, directory, seconds);
	rmdir(directory);
	_exit(r == 0 ? 0 : 1);
}

/* The slowest of all streams, the latest frame, and the sums. */
static void gather(struct alone_case *c, const struct alone_case *of, int streams)
{
	int n = c->rounds++;
	c->fps[n] = c->published_fps[n] = INFINITY;
	for (int i = 0; i < streams; i++) {
		c->fps[n] = fmin(c->fps[n], of[i].fps[0]);
		c->published_fps[n] = fmin(c->published_fps[n], of[i].published_fps[0]);
		c->producer_us[n] += of[i].producer_us[0] / streams;
		c->viewer_us[n] += of[i].viewer_us[0] / streams;
		c->p50_us[n] += of[i].p50_us[0] / streams;
		c->max_us[n] = fmax(c->max_us[n], of[i].max_us[0]);
		c->published += of[i].published;
		c->lost += of[i].lost;
		c->torn += of[i].torn;
	}
}

/* Whether it has ended well. A signal that ends this process ends that one, too. */
static bool stream_ended_well(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (measure_stop)
			kill(pid, SIGTERM);
		sleep_until_ns(now_ns() + 10000000);
	}
	return status == 0;
}

static int streams_once(struct alone_case *c, const char *directory, double seconds)
{
	size_t bytes = sizeof(struct alone_case) * MOST_STREAMS;
	struct alone_case *of = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[MOST_STREAMS];
	int failed = 0;
	if (of == MAP_FAILED) {
		snprintf(c->why, sizeof(c->why), "mmap: %s", strerror(errno));
		return -ENOMEM;
	}
	fflush(NULL);
	for (int i = 0; i < c->count; i++) {
		of[i] = (struct alone_case){.kind = c->kind, .count = 1, .real = c->real};
		pid[i] = fork();
		if (pid[i] == 0)
			one_stream(&of[i], directory, i, seconds);
	}
	for (int i = 0; i < c->count; i++)
		if (pid[i] < 0 || !stream_ended_well(pid[i])) {
			snprintf(c->why, sizeof(c->why), "%s", of[i].why[0] ? of[i].why : "a stream's process failed");
			failed++;
		}
	if (failed == 0)
		gather(c, of, c->count);
	munmap(of, bytes);
	return failed ? -ECHILD : 0;
}

static int rounds_of(const struct results *results)
{
	return results->rounds < ALONE_ROUNDS ? results->rounds : ALONE_ROUNDS;
}

int alone_steps(const struct results *results)
{
	return rounds_of(results) * CASES;
}

int alone_run(struct alone *alone, const char *directory, const struct results *results, struct progress *progress)
{
	char part[160];
	int failed = 0;
	*alone = (struct alone){.cases = CASES};
	memcpy(alone->of, plan, sizeof(plan));
	for (int round = 0; round < rounds_of(results); round++)
		for (int i = 0; i < CASES && !measure_stop; i++) {
			struct alone_case *c = &alone->of[i];
			double seconds = fmax(
			    results->seconds_most, c->kind == ALONE_TROUBLE ? LEAST_SECONDS_TROUBLE : LEAST_SECONDS);
			snprintf(part, sizeof(part), "tripool alone, %s", kinds[c->kind].what);
			progress_step(progress, round, part, NULL, i == 0 || c->kind != plan[i - 1].kind);
			int r = c->kind == ALONE_STREAMS ? streams_once(c, directory, seconds)
			                                 : once(c, directory, seconds);
			failed += r < 0;
		}
	return failed ? -EIO : 0;
}

/* ---- What is said ---- */

static double middle(const double *values, const struct alone_case *c)
{
	return spread_of(values, (size_t)c->rounds).median;
}

double alone_producer_us(const struct alone_case *c)
{
	return middle(c->producer_us, c);
}

static void print_case(const struct alone_case *c, const struct alone_case *first)
{
	char t[5][CELL], name[32];
	snprintf(name, sizeof(name), "%d", c->count);
	if (c->kind == ALONE_TROUBLE)
		snprintf(name, sizeof(name), "%s", c->signal == SIGSTOP ? "stopped" : c->signal ? "killed" : "nothing");
	if (c->rounds == 0) {
		printf("%-14s %s\n", name, c->why[0] ? c->why : "not measured");
		return;
	}
	printf("%-14s %12.0f %12.0f %10s %10s %8s %8s %10llu %6llu %9s\n", name, middle(c->published_fps, c),
	    middle(c->fps, c), table_number(t[0], middle(c->producer_us, c)),
	    table_number(t[1], middle(c->viewer_us, c)), table_number(t[2], middle(c->p50_us, c)),
	    table_number(t[3], middle(c->max_us, c)), (unsigned long long)c->lost, (unsigned long long)c->torn,
	    table_number(t[4], alone_producer_us(c) / alone_producer_us(first)));
	if (c->why[0])
		printf("%-14s in one round at least: %s\n", "", c->why);
}

void alone_print(const struct alone *alone)
{
	const struct alone_case *first = NULL;
	for (int i = 0; i < alone->cases; i++) {
		const struct alone_case *c = &alone->of[i];
		if (!first || first->kind != c->kind) {
			first = c;
			printf("\ntripool alone, %ux%u: %s\n%-14s %12s %12s %10s %10s %8s %8s %10s %6s %9s\n",
			    ALONE_WIDTH, ALONE_HEIGHT, kinds[c->kind].what, "", "published/s", "slowest/s", "us writer",
			    "us reader", "p50 us", "max us", "skipped", "torn", "x first");
		}
		print_case(c, first);
	}
}

struct json_object *alone_json(const struct alone *alone)
{
	struct json_object *all = json_object_new_array();
	for (int i = 0; i < alone->cases; i++) {
		const struct alone_case *c = &alone->of[i];
		struct json_object *o = json_object_new_object();
		const struct {
			const char *name;
			const double *values;
		} of[] = {{"published_fps", c->published_fps}, {"fps", c->fps}, {"producer_cpu_us", c->producer_us},
		    {"viewer_cpu_us", c->viewer_us}, {"p50_us", c->p50_us}, {"max_us", c->max_us}};
		json_object_object_add(o, "case", json_object_new_string(kinds[c->kind].name));
		json_object_object_add(o, "count", json_object_new_int(c->count));
		json_object_object_add(o, "signal", json_object_new_int(c->signal));
		json_object_object_add(o, "real_use", json_object_new_boolean(c->real));
		json_object_object_add(o, "error", c->why[0] ? json_object_new_string(c->why) : NULL);
		for (size_t k = 0; k < sizeof(of) / sizeof(*of); k++)
			json_object_object_add(o, of[k].name, json_number(middle(of[k].values, c), 3));
		json_object_object_add(o, "frames_published", json_object_new_int64((int64_t)c->published));
		json_object_object_add(o, "frames_skipped", json_object_new_int64((int64_t)c->lost));
		json_object_object_add(o, "frames_torn", json_object_new_int64((int64_t)c->torn));
		json_object_object_add(o, "rounds", json_object_new_int(c->rounds));
		json_object_array_add(all, o);
	}
	return all;
}
