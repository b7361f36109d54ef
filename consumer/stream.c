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

int stream_open(struct stream *s, const char *name, struct tripool_error *error)
{
	const struct tripool_viewer_options options = {
	    .name = name,
	    .client_name = "tripool-view",
	    .leases = 1,
	    .wait_for_producer = true,
	};
	s->name = name;
	s->is_fresh = true;
	s->watching_since_ns = tripool_now_ns();
	return tripool_viewer_create(&s->viewer, &options, error);
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
	s->watching_since_ns = tripool_now_ns();
}

static void complain(struct stream *s, const char *text)
{
	if (strcmp(text, s->complaint) == 0)
		return;
	cli_error("%s", text);
	snprintf(s->complaint, sizeof(s->complaint), "%s", text);
}

/* The lease is as short as can be: it ends when the pixels are uploaded, before they are presented. */
static int upload(struct stream *s, const struct tripool_frame *frame, struct tripool_error *error)
{
	int r = 0;
	if (frame->generation != s->generation)
		r = display_set_format(s->display, frame->format, error);
	if (r < 0)
		return r;
	s->generation = frame->generation;
	return display_upload(s->display, frame->plane, error);
}

static int show(struct stream *s, const struct tripool_frame *frame, struct tripool_error *error)
{
	enum verdict at_lease = s->verify ? verify_look(frame) : VERDICT_NONE;
	int64_t now_ns = tripool_now_ns();
	int r = upload(s, frame, error);
	if (r < 0)
		return r;
	if (s->verify)
		verify_count(s->verify, at_lease, verify_look(frame));
	s->last_sequence = frame->sequence;
	/* the producer's word: not to be reckoned with where it cannot be */
	s->last_publish_ns = frame->publish_ns < 0 || frame->publish_ns > now_ns ? now_ns : frame->publish_ns;
	s->about = screenshot_about_frame(s->name, frame);
	s->is_fresh = false;
	s->state = STREAM_LIVE;
	return TAKEN_NEW;
}

const struct screenshot_about *stream_about(const struct stream *s)
{
	return s->about.sequence ? &s->about : NULL;
}

int64_t stream_silent_from_ns(const struct stream *s)
{
	const struct tripool_format *f = &s->display->format;
	double patience_ns = PATIENCE_NS;
	if (s->state != STREAM_LIVE)
		return 0;
	/* a slow stream, by what it says of itself, may miss one frame */
	if (f->frame_rate_num > 0)
		patience_ns = fmax(patience_ns, 2.0 * NS_PER_SECOND * f->frame_rate_den / f->frame_rate_num);
	return s->last_publish_ns + (int64_t)fmin(patience_ns, MOST_PATIENCE_NS);
}

void stream_presented(struct stream *s)
{
	int64_t now_ns = tripool_now_ns();
	if (s->frames_shown++ == 0)
		s->first_shown_ns = now_ns;
	s->last_shown_ns = now_ns;
	if (s->last_publish_ns < s->watching_since_ns)
		return;
	int64_t latency_ns = now_ns - s->last_publish_ns;
	distribution_add(&s->latency, latency_ns);
	distribution_add(&s->recent, latency_ns);
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
	if (s->is_fresh || frame.sequence != s->last_sequence) {
		if (frame.publish_ns >= s->watching_since_ns)
			distribution_add(&s->lease, tripool_now_ns() - frame.publish_ns);
		r = show(s, &frame, error);
	} else {
		r = upload(s, &frame, error);
		if (r == 0)
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
		int r = upload(s, &s->held, error);
		return r < 0 ? r : TAKEN_AGAIN;
	}
	tripool_viewer_rewind(s->viewer);
	return stream_take(s, false, error);
}
