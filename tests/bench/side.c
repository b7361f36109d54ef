// SPDX-License-Identifier: MIT
#include "side.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "pixels.h"

#define PATIENCE_S 10
#define WARM_UP_NS 2000000 /* between the frames that are published until each viewer has had one */
#define SETTLE_NS 5000000
#define BEHIND_NS 100000000 /* a producer that cannot keep its rate publishes fewer frames, not for longer */
#define TRAIL_STEP_NS 10000000
#define MOST_AHEAD (UINT64_C(1) << 32) /* no machine publishes so many: that is no sequence */

int64_t patience_ns(const struct job *job)
{
	return (int64_t)((job->patience_s > 0 ? job->patience_s : PATIENCE_S) * 1e9);
}

uint32_t viewers_that_count(const struct job *job)
{
	return (uint32_t)(job->signal ? job->viewers - 1 : job->viewers);
}

static _Noreturn void side_failed(struct complaint *complaint, const char *side, int error)
{
	char text[WHY_BYTES];
	snprintf(text, sizeof(text), "%s: %.200s", side, complaint->why[0] ? complaint->why : strerror(-error));
	memcpy(complaint->why, text, sizeof(text));
	complaint->when_ns = now_ns();
	_exit(1);
}

/* A report that has been touched by then does not look as if the transport had made the side grow. */
static void wait_for_begin(struct link *link, struct control *control, void *report, size_t bytes, char *why)
{
	signal(SIGPIPE, SIG_IGN); /* the other one's death is an error here, with words */
	memset(report, 0, bytes);
	link->why = why;
	sem_post(&control->ready);
	while (sem_wait(&control->begin) < 0)
		;
}

/* ---- Producer ---- */

struct producer {
	const struct job *job;
	struct link *link;
	struct control *control;
	uint64_t sequence;
};

static _Noreturn void producer_ends(struct producer *p)
{
	if (p->job->transport->close_producer)
		p->job->transport->close_producer(p->link);
	_exit(0);
}

/* Relaxed: what counts is that it is seen soon. */
static void end_if_told(struct producer *p)
{
	if (atomic_load_explicit(&p->control->stop, memory_order_relaxed) >= 2)
		producer_ends(p);
}

/* One frame. The time is read only where latencies are measured. */
static int publish_one(struct producer *p)
{
	const struct job *job = p->job;
	uint8_t *frame = job->transport->begin(p->link);
	struct stamp stamp = {.sequence = ++p->sequence};
	if (frame) {
		if (job->real)
			pixels_write(frame, p->link->bytes, stamp.sequence);
		memcpy(frame + p->link->bytes - sizeof(stamp), &stamp, sizeof(stamp));
	} else if (job->transport->kind != TRANSPORT_LIMIT) {
		return p->link->why[0] ? -EIO : link_fail(p->link, "no place for the next frame", EIO);
	}
	if (job->hz > 0)
		stamp.publish_ns = now_ns();
	if (frame)
		memcpy(frame, &stamp, sizeof(stamp));
	return job->transport->publish(p->link, &stamp);
}

/* Frames at leisure until each viewer has had one. */
static int warm_up(struct producer *p)
{
	int64_t late_ns = now_ns() + patience_ns(p->job);
	int more = p->job->warm_up_frames;
	while (atomic_load(&p->control->attached) < (uint32_t)p->job->viewers || more-- > 0) {
		end_if_told(p);
		int r = publish_one(p);
		if (r < 0)
			return r;
		if (now_ns() > late_ns) {
			snprintf(p->link->why, WHY_BYTES, "%u of %d viewers had a frame within %g s",
			    atomic_load(&p->control->attached), p->job->viewers, (double)patience_ns(p->job) / 1e9);
			return -ETIMEDOUT;
		}
		sleep_until_ns(now_ns() + WARM_UP_NS);
	}
	return 0;
}

static void send_signal(struct producer *p, int64_t when_ns)
{
	if (p->job->signal == 0 || atomic_load(&p->control->signalled) || now_ns() < when_ns)
		return;
	atomic_store(&p->control->signalled, 1); /* first: the parent shall not take it for an accident */
	kill(p->control->last_viewer, p->job->signal);
}

static int publish_last(struct producer *p)
{
	atomic_store(&p->control->last, p->sequence + 1);
	return publish_one(p);
}

static int publish_at_rate(struct producer *p)
{
	int64_t step_ns = (int64_t)(1e9 / p->job->hz), next_ns = now_ns() + step_ns;
	int64_t late_ns = next_ns + (int64_t)(p->job->seconds * 1e9) + BEHIND_NS;
	int64_t middle_ns = next_ns + (int64_t)(p->job->seconds * 5e8);
	for (long n = (long)(p->job->hz * p->job->seconds + 0.5); n > 1 && now_ns() < late_ns; n--) {
		end_if_told(p);
		sleep_until_ns(next_ns);
		int r = publish_one(p);
		if (r < 0)
			return r;
		send_signal(p, middle_ns);
		next_ns += step_ns;
	}
	sleep_until_ns(next_ns);
	return publish_last(p);
}

/* The clock is looked at once a millisecond or so: reading it would be a good part of what is measured. */
static int publish_flat_out(struct producer *p)
{
	int64_t begin_ns = now_ns(), last_ns = begin_ns, end_ns = begin_ns + (int64_t)(p->job->seconds * 1e9);
	for (long frames = 1; last_ns < end_ns;) {
		end_if_told(p);
		for (long n = 0; n < frames; n++) {
			int r = publish_one(p);
			if (r < 0)
				return r;
		}
		int64_t now = now_ns();
		if (now - last_ns < 500000)
			frames *= 2;
		last_ns = now;
	}
	return publish_last(p);
}

static int measured(struct producer *p)
{
	struct control *c = p->control;
	struct producer_report *report = &c->producer;
	sleep_until_ns(now_ns() + SETTLE_NS);
	uint64_t copied = p->link->copied_bytes, before = p->sequence;
	atomic_store(&c->first, before + 1);
	int64_t daemon = cpu_of_ns(c->daemon), cpu = cpu_ns();
	report->begin_ns = now_ns();
	int r = p->job->hz > 0 ? publish_at_rate(p) : publish_flat_out(p);
	report->end_ns = now_ns();
	report->cpu_ns = cpu_ns() - cpu;
	report->daemon_ns = cpu_of_ns(c->daemon) - daemon;
	report->published = p->sequence - before;
	report->copied_bytes = p->link->copied_bytes - copied;
	return r;
}

/* Where a viewer has not had the last frame in time it may have been lost on the way: one after it tells it so. */
static int drain(struct producer *p)
{
	int64_t now = now_ns(), patience = patience_ns(p->job), late_ns = now + patience / 5;
	int64_t trail_ns = now + patience / 20;
	for (; atomic_load(&p->control->finished) < viewers_that_count(p->job) && now < late_ns; now = now_ns()) {
		end_if_told(p);
		if (now >= trail_ns) {
			int r = publish_one(p);
			if (r < 0)
				return r;
			trail_ns = now + TRAIL_STEP_NS;
		}
		sleep_until_ns(now + 1000000);
	}
	return 0;
}

void producer_side(const struct job *job, struct link *link, struct control *control)
{
	struct producer p = {job, link, control, 0};
	struct producer_report *report = &control->producer;
	pin_to_core(0);
	wait_for_begin(link, control, report, sizeof(*report), report->complaint.why);
	int r = job->transport->open_producer(link);
	if (r >= 0)
		r = warm_up(&p);
	if (r >= 0)
		r = measured(&p);
	if (r >= 0)
		r = drain(&p);
	if (r < 0)
		side_failed(&report->complaint, "producer", r);
	sem_post(&control->done);
	for (;;) {
		end_if_told(&p);
		sleep_until_ns(now_ns() + 1000000);
	}
}

/* ---- Viewer ---- */

struct viewer {
	const struct job *job;
	struct link *link;
	struct control *control;
	struct viewer_report *report;
	uint64_t seen;    /* the highest sequence so far */
	uint64_t missing; /* bit n: seen - 1 - n is one of those that were published, and has not come */
	uint64_t copied;  /* when the first measured frame had been released */
	int64_t cpu_ns;   /* likewise */
	bool measuring, finished;
};

static bool is_whole(const struct viewer *v, const struct taken *taken, uint64_t sequence)
{
	struct stamp tail;
	if (!taken->frame)
		return true;
	memcpy(&tail, taken->frame + v->link->bytes - sizeof(tail), sizeof(tail));
	/* all that is read counts, so the pixels of a torn frame, too */
	bool pixels = !v->job->real || pixels_are(taken->frame, v->link->bytes, sequence);
	return pixels && tail.sequence == sequence;
}

static uint64_t low_bits(uint64_t count)
{
	return count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

/* Up to `sequence`, not with it: what has not come by now is lost, unless it comes late. */
static void advance(struct viewer *v, uint64_t sequence, uint64_t first)
{
	uint64_t expected = v->seen < first ? first : v->seen + 1, step = sequence - v->seen;
	v->report->lost += sequence - expected;
	v->missing = (step < 64 ? v->missing << step : 0) | low_bits(sequence - expected);
}

static void count(struct viewer *v, uint64_t sequence, uint64_t first)
{
	struct viewer_report *r = v->report;
	if (sequence > v->seen) {
		advance(v, sequence, first);
		r->received++;
		return;
	}
	r->disordered++;
	uint64_t back = v->seen - sequence; /* 0: the one that was here last */
	if (back > 0 && back <= 64 && v->missing >> (back - 1) & 1) {
		v->missing &= ~(UINT64_C(1) << (back - 1));
		r->received++;
		r->lost--;
	}
}

/* Relaxed: see struct control. */
static void look_at(struct viewer *v, const struct taken *taken, int64_t taken_ns)
{
	struct viewer_report *r = v->report;
	struct stamp head = {taken->sequence, taken->publish_ns};
	if (taken->frame)
		memcpy(&head, taken->frame, sizeof(head));
	uint64_t first = atomic_load_explicit(&v->control->first, memory_order_relaxed);
	uint64_t last = atomic_load_explicit(&v->control->last, memory_order_relaxed);
	if (head.sequence > v->seen && head.sequence - v->seen > MOST_AHEAD) {
		r->torn += v->measuring;
		return;
	}
	if (head.sequence > last) {
		if (v->seen < last)
			advance(v, last + 1, first);
	} else if (head.sequence >= first || v->measuring) {
		v->measuring = true;
		r->torn += !is_whole(v, taken, head.sequence);
		count(v, head.sequence, first);
		r->end_ns = taken_ns;
		if (v->job->hz > 0 && r->samples < MOST_SAMPLES)
			r->sample_ns[r->samples++] = taken_ns - head.publish_ns;
	}
	if (v->seen == 0 && head.sequence > 0)
		atomic_fetch_add(&v->control->attached, 1);
	if (head.sequence > v->seen)
		v->seen = head.sequence;
}

static void finish(struct viewer *v, uint64_t last)
{
	struct viewer_report *r = v->report;
	v->finished = true;
	if (v->measuring) {
		r->cpu_ns = cpu_ns() - v->cpu_ns;
		r->copied_bytes = v->link->copied_bytes - v->copied;
	}
	if (r->end_ns == 0) /* one that comes after the last is late on purpose */
		r->end_ns = v->seen == last ? now_ns() : v->control->producer.end_ns;
	atomic_fetch_add(&v->control->finished, 1);
}

/* Where it is flat out the clock is not read for each frame: that would be a good part of what is measured. */
static int view(struct viewer *v)
{
	const struct transport *t = v->job->transport;
	while (!atomic_load_explicit(&v->control->stop, memory_order_relaxed)) {
		struct taken taken = {0};
		int r = t->take(v->link, &taken);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		bool measuring = v->measuring;
		if (!v->finished)
			look_at(v, &taken, v->job->hz > 0 ? now_ns() : 0);
		if (t->release)
			t->release(v->link, &taken);
		if (v->measuring && !measuring) {
			v->copied = v->link->copied_bytes;
			v->cpu_ns = cpu_ns();
		}
		uint64_t last = atomic_load_explicit(&v->control->last, memory_order_relaxed);
		if (!v->finished && v->seen >= last)
			finish(v, last);
	}
	return 0;
}

void viewer_side(const struct job *job, struct link *link, struct control *control, int number)
{
	struct viewer_report *report = &control->viewer[number];
	struct viewer v = {.job = job, .link = link, .control = control, .report = report};
	pin_to_core(1);
	wait_for_begin(link, control, report, sizeof(*report), report->complaint.why);
	int r = job->transport->open_viewer(link);
	if (r >= 0)
		r = view(&v);
	if (r < 0)
		side_failed(&report->complaint, "viewer", r);
	if (job->transport->close_viewer)
		job->transport->close_viewer(link);
	_exit(0);
}
