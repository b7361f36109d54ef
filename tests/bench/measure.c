// SPDX-License-Identifier: MIT
#include "measure.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

volatile sig_atomic_t measure_stop;

struct run {
	const struct job *job;
	struct link link;
	struct control *control;
	pid_t producer, viewer[MOST_VIEWERS], daemon;
	char *why;
};

int link_fail(struct link *link, const char *what, int error)
{
	snprintf(link->why, WHY_BYTES, "%s: %s", what, strerror(error));
	return error > 0 ? -error : -EIO;
}

/* ---- What is looked at from outside ---- */

/* Pages that several processes have count once in the sum over them. */
static uint64_t resident_of(pid_t pid)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f) && sscanf(line, "Pss: %llu", &kib) != 1)
		;
	fclose(f);
	return kib * 1024;
}

static uint64_t resident(const struct run *run)
{
	uint64_t sum = resident_of(run->producer);
	for (int i = 0; i < run->job->viewers; i++)
		sum += resident_of(run->viewer[i]);
	return sum;
}

/* ---- Processes ---- */

static int start_side(struct run *run, int viewer, pid_t *pid)
{
	fflush(NULL);
	pid_t parent = getpid();
	*pid = fork();
	if (*pid < 0)
		return link_fail(&run->link, "cannot start a process", errno);
	if (*pid > 0)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (viewer < 0)
		producer_side(run->job, &run->link, run->control);
	else
		viewer_side(run->job, &run->link, run->control, viewer);
}

/* Of the sides that have ended and should not have: who was first, and how. */
struct blame {
	const char *side; /* NULL: nobody */
	const struct complaint *complaint;
	int status;
	int64_t when_ns;
};

/* Reaps it, where it has ended. One that was killed could not say when; the others are likely to have noticed. */
static bool look_for_blame(pid_t *pid, const char *side, const struct complaint *complaint, struct blame *blame)
{
	int status;
	if (*pid <= 0 || waitpid(*pid, &status, WNOHANG) != *pid)
		return false;
	*pid = 0;
	int64_t when_ns = WIFSIGNALED(status) ? INT64_MIN : complaint->why[0] ? complaint->when_ns : INT64_MAX;
	if (!blame->side || when_ns < blame->when_ns)
		*blame = (struct blame){side, complaint, status, when_ns};
	return true;
}

/* The daemon is reaped by who has started it. */
static bool daemon_has_ended(const struct run *run)
{
	siginfo_t info = {0};
	if (run->daemon == 0)
		return false;
	if (waitid(P_PID, (id_t)run->daemon, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		return info.si_pid == run->daemon;
	return kill(run->daemon, 0) < 0 && errno == ESRCH;
}

/* Says it where one has ended that should be there. */
static bool one_has_ended(struct run *run)
{
	struct control *c = run->control;
	struct blame b = {0};
	look_for_blame(&run->producer, "producer", &c->producer.complaint, &b);
	int watched = run->job->viewers - (int)atomic_load(&c->signalled);
	for (int i = 0; i < watched; i++)
		look_for_blame(&run->viewer[i], "viewer", &c->viewer[i].complaint, &b);
	if (daemon_has_ended(run))
		snprintf(run->why, WHY_BYTES, "the daemon has ended");
	else if (!b.side)
		return false;
	else if (WIFSIGNALED(b.status))
		snprintf(run->why, WHY_BYTES, "the %s was killed by signal %d", b.side, WTERMSIG(b.status));
	else if (b.complaint->why[0])
		memcpy(run->why, b.complaint->why, WHY_BYTES);
	else
		snprintf(run->why, WHY_BYTES, "the %s has ended with status %d", b.side, WEXITSTATUS(b.status));
	return true;
}

static int say_late(struct run *run)
{
	struct control *c = run->control;
	uint32_t viewers = (uint32_t)run->job->viewers, attached = atomic_load(&c->attached);
	if (attached < viewers)
		snprintf(run->why, WHY_BYTES, "took too long: %u of %u viewers have had a frame", attached, viewers);
	else if (atomic_load(&c->last) == UINT64_MAX)
		snprintf(run->why, WHY_BYTES, "took too long: the producer is stuck amid its frames");
	else
		snprintf(run->why, WHY_BYTES, "took too long: the producer is stuck at its last frames");
	return -ETIMEDOUT;
}

/* For one that has come as long as none of the processes ends. */
static int wait_for(struct run *run, sem_t *semaphore, int64_t late_ns)
{
	for (;;) {
		struct timespec t;
		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_nsec += 100000000;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &t) == 0)
			return 0;
		if (measure_stop)
			return -EINTR;
		if (one_has_ended(run))
			return -ECHILD;
		if (now_ns() > late_ns)
			return say_late(run);
	}
}

/* Waits for a side that has been told to end. One that does not is killed. Returns whether it has ended well. */
static bool end_side(struct run *run, pid_t *pid, const char *side, int64_t late_ns)
{
	int status;
	bool killed = false;
	if (*pid <= 0)
		return true;
	while (waitpid(*pid, &status, killed ? 0 : WNOHANG) == 0) {
		killed = now_ns() > late_ns;
		if (killed)
			kill(*pid, SIGKILL);
		else
			sleep_until_ns(now_ns() + 1000000);
	}
	*pid = 0;
	if (status != 0 && !run->why[0] && killed)
		snprintf(run->why, WHY_BYTES, "the %s did not end when it was told to", side);
	else if (status != 0 && !run->why[0])
		snprintf(run->why, WHY_BYTES, "the %s ended badly: %s %d", side,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return status == 0;
}

/* The viewers before the producer. Where something has gone wrong there is no order: either may wait for the other. */
static int end_all(struct run *run, bool well)
{
	int64_t leave_ns = patience_ns(run->job) / 5, late_ns = now_ns() + leave_ns;
	bool good = true;
	pid_t *signalled = &run->viewer[run->job->viewers - 1];
	if (atomic_load(&run->control->signalled) && *signalled > 0) {
		kill(*signalled, SIGKILL);
		waitpid(*signalled, NULL, 0);
		*signalled = 0;
	}
	atomic_store(&run->control->stop, well ? 1 : 2);
	for (int i = 0; i < run->job->viewers; i++)
		good = end_side(run, &run->viewer[i], "viewer", late_ns) && good;
	atomic_store(&run->control->stop, 2);
	good = end_side(run, &run->producer, "producer", well ? now_ns() + leave_ns : late_ns) && good;
	return good ? 0 : -ECHILD;
}

/* ---- What came of it ---- */

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int gather_samples(const struct run *run, struct outcome *o)
{
	const struct control *c = run->control;
	uint32_t viewers = viewers_that_count(run->job);
	for (uint32_t i = 0; i < viewers; i++)
		o->samples += c->viewer[i].samples;
	o->sample_ns = malloc((o->samples + 1) * sizeof(*o->sample_ns));
	if (!o->sample_ns)
		return -ENOMEM;
	int64_t *to = o->sample_ns;
	for (uint32_t i = 0; i < viewers; i++) {
		memcpy(to, c->viewer[i].sample_ns, c->viewer[i].samples * sizeof(*to));
		to += c->viewer[i].samples;
	}
	qsort(o->sample_ns, o->samples, sizeof(*o->sample_ns), by_time);
	return 0;
}

static int gather(const struct run *run, struct outcome *o)
{
	const struct producer_report *p = &run->control->producer;
	double published = (double)p->published, viewers = 0;
	o->published = p->published;
	o->published_fps = published * 1e9 / (double)(p->end_ns - p->begin_ns);
	o->producer_cpu_us = (double)p->cpu_ns / 1e3 / published;
	o->daemon_cpu_us = (double)p->daemon_ns / 1e3 / published;
	for (uint32_t i = 0; i < viewers_that_count(run->job); i++) {
		const struct viewer_report *v = &run->control->viewer[i];
		o->received += v->received;
		o->lost += v->lost;
		o->torn += v->torn;
		o->disordered += v->disordered;
		double fps = (double)v->received * 1e9 / (double)(v->end_ns - p->begin_ns);
		o->fps = i == 0 || fps < o->fps ? fps : o->fps;
		if (v->received < 2)
			continue; /* the first one's cost is not measured */
		viewers++;
		o->viewer_cpu_us += (double)v->cpu_ns / 1e3 / (double)(v->received - 1);
		o->copied_bytes += (double)v->copied_bytes / (double)(v->received - 1);
	}
	if (viewers > 0) {
		o->viewer_cpu_us /= viewers;
		o->copied_bytes /= viewers;
	}
	o->copied_bytes += (double)p->copied_bytes / published;
	return gather_samples(run, o);
}

static int start_all(struct run *run)
{
	int r = start_side(run, -1, &run->producer);
	for (int i = 0; i < run->job->viewers && r == 0; i++)
		r = start_side(run, i, &run->viewer[i]);
	run->control->last_viewer = run->viewer[run->job->viewers - 1];
	int64_t late_ns = now_ns() + patience_ns(run->job);
	for (int i = 0; i <= run->job->viewers && r == 0; i++)
		r = wait_for(run, &run->control->ready, late_ns);
	return r;
}

static int let_run(struct run *run, struct outcome *o)
{
	struct control *c = run->control;
	const struct job *job = run->job;
	int r = start_all(run);
	if (r < 0)
		return r;
	uint64_t before = resident(run);
	int64_t late_ns = now_ns() + (int64_t)(job->seconds * 1e9) + patience_ns(job) * 3 / 2;
	for (int i = 0; i <= job->viewers; i++)
		sem_post(&c->begin);
	r = wait_for(run, &c->done, late_ns);
	if (r < 0)
		return r;
	uint64_t after = resident(run) + (run->daemon ? resident_of(run->daemon) : 0);
	uint32_t finished = atomic_load(&c->finished);
	if (finished < viewers_that_count(job)) {
		snprintf(run->why, WHY_BYTES, "%u of %u viewers had the last frame, or one after it", finished,
		    viewers_that_count(job));
		return -EPIPE;
	}
	r = end_all(run, true);
	if (r < 0)
		return r;
	o->resident_bytes = after > before ? after - before : 0;
	return gather(run, o);
}

static int control_create(struct control **control)
{
	void *p = mmap(NULL, sizeof(**control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	*control = p;
	atomic_init(&(*control)->first, UINT64_MAX);
	atomic_init(&(*control)->last, UINT64_MAX);
	sem_init(&(*control)->ready, 1, 0);
	sem_init(&(*control)->begin, 1, 0);
	sem_init(&(*control)->done, 1, 0);
	return 0;
}

int measure(const struct job *job, const char *directory, pid_t daemon, struct outcome *outcome, char *why)
{
	char reason[WHY_BYTES] = "";
	struct run run = {.job = job, .daemon = daemon, .why = reason};
	struct outcome o = {0};
	int r = control_create(&run.control);
	if (r < 0)
		goto say_why;
	run.control->daemon = daemon;
	run.link = (struct link){.bytes = (size_t)job->width_px * job->height_px * 3 / 2,
	    .width_px = job->width_px,
	    .height_px = job->height_px,
	    .viewers = job->viewers,
	    .sleeping = job->sleeping,
	    .real = job->real,
	    .directory = directory,
	    .why = reason};
	r = job->transport->prepare ? job->transport->prepare(&run.link) : 0;
	if (r == 0)
		r = let_run(&run, &o);
	end_all(&run, false);
	if (job->transport->clean)
		job->transport->clean(&run.link);
	munmap(run.control, sizeof(*run.control));
	if (r == 0) {
		*outcome = o;
		return 0;
	}
	outcome_finish(&o);
say_why:
	snprintf(why, WHY_BYTES, "%s", reason[0] ? reason : strerror(-r));
	return r;
}

void outcome_finish(struct outcome *outcome)
{
	free(outcome->sample_ns);
	outcome->sample_ns = NULL;
}
