// SPDX-License-Identifier: MIT
#include "stream.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "error.h"

#define RETRY_NS NS_PER_SECOND
#define PATIENCE_NS (2 * NS_PER_SECOND) /* with a producer that publishes nothing */
#define MOST_PATIENCE_NS (3600 * NS_PER_SECOND)

int stream_open(struct stream *s, const char *name, stream_show_fn show, void *context, struct tripool_error *error)
{
	const struct tripool_viewer_options options = {
	    .name = name,
	    .client_name = "tripool-view",
	    .leases = 1,
	    .wait_for_producer = true,
	};
	int r = tripool_viewer_create(&s->viewer, &options, error);
	if (r < 0)
		return r;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->show = show;
	s->context = context;
	s->is_fresh = true;
	stream_resume(s);
	return 0;
}

void stream_close(struct stream *s)
{
	stream_let_go(s);
	tripool_viewer_destroy(s->viewer);
	s->viewer = NULL;
}

void stream_let_go(struct stream *s)
{
	if (!s->is_held)
		return;
	tripool_viewer_release(s->viewer, &s->held);
	s->is_held = false;
	stream_resume(s);
}

void stream_resume(struct stream *s)
{
	s->look_for_producer = true;
	s->watching_since_ns = tripool_now_ns();
}

static void complain(struct stream *s, const char *text)
{
	if (strcmp(text, s->complaint) == 0)
		return;
	cli_error("%s", text);
	snprintf(s->complaint, sizeof(s->complaint), "%s", text);
}

/* The lease is as short as can be: it ends when the pixels are read, before they are presented. */
static int show(struct stream *s, const struct tripool_frame *frame, struct tripool_error *error)
{
	bool new_format = frame->generation != s->generation;
	int r = s->show(s->context, frame, new_format, error);
	if (r < 0)
		return r;
	s->generation = frame->generation;
	return r;
}

/* A slow stream, by what it says of itself, may miss one frame. */
static int64_t patience_ns(const struct tripool_format *f)
{
	double ns = PATIENCE_NS;
	if (f->frame_rate_num > 0)
		ns = fmax(ns, 2.0 * NS_PER_SECOND * f->frame_rate_den / f->frame_rate_num);
	return (int64_t)fmin(ns, MOST_PATIENCE_NS);
}

/* What the source counted and the producer did not publish. */
static void count_gaps(struct stream *s, const struct tripool_frame *frame)
{
	uint64_t published = frame->sequence - s->last.sequence;
	uint64_t made = frame->info.source_sequence - s->last.source_sequence;
	if (s->is_fresh || s->last.source_sequence == 0 || frame->info.source_sequence <= s->last.source_sequence)
		return;
	if (made > published)
		s->gaps += made - published;
}

/* The producer's word: not to be reckoned with where it cannot be. */
static int64_t past(int64_t time_ns, int64_t now_ns)
{
	return time_ns < 0 || time_ns > now_ns ? now_ns : time_ns;
}

static int show_new(struct stream *s, const struct tripool_frame *frame, struct tripool_error *error)
{
	enum verdict at_lease = s->verifies ? verify_look(frame) : VERDICT_NONE;
	int64_t now_ns = tripool_now_ns();
	int r = show(s, frame, error);
	if (r < 0)
		return r;
	if (s->verifies)
		verify_count(&s->verify, at_lease, verify_look(frame));
	count_gaps(s, frame);
	s->last = (struct stream_frame){
	    .sequence = frame->sequence,
	    .source_sequence = frame->info.source_sequence,
	    .publish_ns = past(frame->publish_ns, now_ns),
	    .capture_ns = past(frame->info.capture_ns, now_ns),
	};
	s->about = screenshot_about_frame(s->name, frame);
	s->patience_ns = patience_ns(frame->format);
	s->is_fresh = false;
	s->state = STREAM_LIVE;
	return r > 0 ? TAKEN_AGAIN : TAKEN_NEW;
}

const struct screenshot_about *stream_about(const struct stream *s)
{
	return s->about.sequence ? &s->about : NULL;
}

int64_t stream_silent_from_ns(const struct stream *s)
{
	return s->state == STREAM_LIVE ? s->last.publish_ns + s->patience_ns : 0;
}

void stream_presented(struct stream *s, int64_t now_ns)
{
	int64_t latency_ns = now_ns - s->last.publish_ns;
	bool waited_for = s->last.publish_ns >= s->watching_since_ns;
	s->history_ms[s->frames_shown % STREAM_HISTORY] = waited_for ? (float)latency_ns / NS_PER_MS : 0;
	if (s->frames_shown++ == 0)
		s->first_shown_ns = now_ns;
	s->last_shown_ns = now_ns;
	if (!waited_for)
		return;
	distribution_add(&s->all.publish, latency_ns);
	distribution_add(&s->recent.publish, latency_ns);
	distribution_add(&s->all.capture, now_ns - s->last.capture_ns);
	distribution_add(&s->recent.capture, now_ns - s->last.capture_ns);
}

/* The producer is gone: looks for the next one, when there is a reason to. */
static void look_for_producer(struct stream *s)
{
	struct tripool_error error = {""};
	int64_t now = tripool_now_ns();
	if (!s->look_for_producer && (s->retry_ns == 0 || now < s->retry_ns))
		return;
	s->look_for_producer = false;
	s->retry_ns = 0;
	int r = tripool_viewer_reconnect(s->viewer, &error);
	if (r == 0 || r == -EALREADY) {
		if (r == 0 && s->state == STREAM_LOST)
			s->reconnects++;
		s->is_fresh = true;
		s->generation = 0;
		s->watching_since_ns = tripool_now_ns();
		s->complaint[0] = '\0';
	} else if (r != -ENOENT) {
		/* nothing will wake us when a place becomes free or the fault goes away */
		complain(s, error.text[0] ? error.text : strerror(-r));
		s->retry_ns = now + RETRY_NS;
	}
}

static int lost(struct stream *s, int reason)
{
	if (s->state != STREAM_WAITING)
		s->state = STREAM_LOST;
	if (reason == -EPROTO) {
		complain(s, "the producer broke the protocol: waiting for another one");
		if (s->retry_ns == 0)
			s->retry_ns = tripool_now_ns() + RETRY_NS;
	}
	look_for_producer(s);
	return TAKEN_NOTHING;
}

int stream_take(struct stream *s, bool hold, struct tripool_error *error)
{
	struct tripool_frame frame;
	int r = tripool_viewer_acquire(s->viewer, &frame);
	if (r == -ESTALE)
		r = tripool_viewer_acquire(s->viewer, &frame);
	if (r == -EPIPE || r == -EPROTO)
		return lost(s, r);
	if (r == -EAGAIN || r == -ESTALE) {
		if (s->state == STREAM_LIVE && tripool_now_ns() >= stream_silent_from_ns(s))
			s->state = STREAM_SILENT;
		return TAKEN_NOTHING;
	}
	if (r < 0)
		return tripool_fail(error, r, "cannot lease a frame of '%s': %s", s->name, strerror(-r));
	if (s->is_fresh || frame.sequence != s->last.sequence) {
		if (frame.publish_ns >= s->watching_since_ns)
			distribution_add(&s->lease, tripool_now_ns() - frame.publish_ns);
		r = show_new(s, &frame, error);
	} else {
		r = show(s, &frame, error);
		if (r >= 0)
			r = TAKEN_AGAIN;
	}
	if (r >= 0 && hold) {
		s->held = frame;
		s->is_held = true;
	} else {
		tripool_viewer_release(s->viewer, &frame);
	}
	return r;
}

int stream_take_again(struct stream *s, struct tripool_error *error)
{
	if (s->is_held) {
		int r = show(s, &s->held, error);
		return r < 0 ? r : TAKEN_AGAIN;
	}
	tripool_viewer_rewind(s->viewer);
	return stream_take(s, false, error);
}
