// SPDX-License-Identifier: MIT
#include "capture.h"

#include "cli.h"
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MS INT64_C(1000000)
#define UNVIEWED_NS (500 * MS)     /* on demand: so long nobody must view before the source is turned off */
#define STALL_NS (5000 * MS)       /* a camera that delivers nothing for so long, */
#define STALL_FRAMES 20            /* or for so many frames where that is longer, has failed */
#define LONG_ENOUGH_NS (5000 * MS) /* what ran for so long is tried again without delay */
#define AWAIT_MORE_NS (20000 * MS) /* a source that hurries waits, after one came that does not take each frame */
#define BACKOFF_MIN_NS (250 * MS)
#define BACKOFF_MAX_NS (2000 * MS)
#define ABSENT_NS (10000 * MS) /* a device that is away announces its return; this is for when that is missed */
#define EAGER_NS (3000 * MS)   /* after a device has come: links and permissions come later */

/* ---- A source that fails, and comes back ---- */

static bool absent(int code)
{
	return code == -ENODEV || code == -ENOENT || code == -ENXIO;
}

static void schedule(struct capture *capture, int code, int64_t now)
{
	if (absent(code) && now >= capture->eager_ns) {
		capture->retry_ns = now + ABSENT_NS;
		return;
	}
	capture->retry_ns = now + capture->backoff_ns;
	capture->backoff_ns = capture->backoff_ns ? 2 * capture->backoff_ns : BACKOFF_MIN_NS;
	if (capture->backoff_ns > BACKOFF_MAX_NS)
		capture->backoff_ns = BACKOFF_MAX_NS;
}

/* Each reason is told once, and that it is away in one way only. */
static void tell_lost(struct capture *capture, int code, const struct tripool_error *why)
{
	bool same = strcmp(capture->lost.text, why->text) == 0 || (absent(code) && absent(capture->lost_code));
	capture->lost_code = code;
	if (same)
		return;
	capture->lost = *why;
	status_finish(&capture->status);
	cli_error("%s; the stream stays, %s", why->text,
	    absent(code) ? "waiting for it to come back" : "and it is tried again");
}

/* Not as soon as it is open: one that delivers nothing is not back. */
static void tell_back(struct capture *capture)
{
	if (!capture->lost.text[0] || capture->supply.frames_since_start == 0)
		return;
	status_finish(&capture->status);
	cli_error("%s is back", capture->supply.description.name);
	capture->lost.text[0] = '\0';
	capture->lost_code = 0;
}

/* Returns `code` where nothing is to be waited for, else 0. */
static int lose(struct capture *capture, int code, const struct tripool_error *why, int64_t now)
{
	if (capture->watch_fd < 0)
		return code;
	supply_stop(&capture->supply);
	if (now - capture->started_ns >= LONG_ENOUGH_NS && capture->supply.frames_since_start > 0)
		capture->backoff_ns = 0;
	capture->state = CAPTURE_LOST;
	if (!capture->lost.text[0])
		capture->lost_ns = now;
	capture->eager_ns = 0;
	schedule(capture, code, now);
	tell_lost(capture, code, why);
	return 0;
}

/* Returns why not where nothing is to be waited for, else 0. */
static int try_again(struct capture *capture, struct tripool_error *error)
{
	struct tripool_error why = {""};
	int r = supply_restart(&capture->supply, &why);
	int64_t now = tripool_now_ns();

	if (r == 0 && (r = capture_wait_for_frames(capture, &why)) < 0)
		supply_stop(&capture->supply);

	if (r < 0 && capture->watch_fd < 0)
		return tripool_fail(error, r, "%s", why.text);
	if (r < 0) {
		if (capture->state != CAPTURE_LOST)
			capture->lost_ns = now;
		capture->state = CAPTURE_LOST;
		schedule(capture, r, now);
		tell_lost(capture, r, &why);
		return 0;
	}
	status_finish(&capture->status);
	capture_describe(capture);
	capture->state = CAPTURE_RUNNING;
	capture->started_ns = now;
	capture->unviewed_ns = 0;
	return 0;
}

static int64_t stall_ns(const struct capture *capture)
{
	const struct tripool_format *f = &capture->supply.description.format;
	int64_t frames = f->frame_rate_num ? STALL_FRAMES * 1000 * MS * f->frame_rate_den / f->frame_rate_num : 0;

	return frames > STALL_NS ? frames : STALL_NS;
}

/* When it will have; only a source that can be waited for may have to be. */
static int64_t stalled_ns(const struct capture *capture)
{
	bool may = capture->options->source->watch;

	return may ? capture->supply.last_frame_ns + stall_ns(capture) : INT64_MAX;
}

static int lose_stalled(struct capture *capture, int64_t now, struct tripool_error *error)
{
	int r = tripool_fail(error, -ETIMEDOUT, "%s has delivered nothing for %" PRId64 " s",
	    capture->supply.description.name, stall_ns(capture) / (1000 * MS));

	return lose(capture, r, error, now);
}

/* ---- What each state does ---- */

/* The last picture goes as well; where there is no memory for that, it stays, and the stream with it. */
static void become_idle(struct capture *capture)
{
	struct tripool_error why;

	capture->state = CAPTURE_IDLE;
	if (supply_withdraw(&capture->supply, &why) < 0)
		status_log(&capture->status, TRIPOOL_LOG_ERROR, why.text);
}

/* On demand: turns the source off when nobody has viewed for a while. */
static void mind_demand(struct capture *capture, int64_t now)
{
	if (!capture->options->on_demand || tripool_producer_viewers(capture->producer) > 0) {
		capture->unviewed_ns = 0;
		return;
	}
	if (capture->unviewed_ns == 0)
		capture->unviewed_ns = now;
	if (now - capture->unviewed_ns < UNVIEWED_NS)
		return;
	supply_stop(&capture->supply);
	status_say(&capture->status, "nobody views: %s is off", capture->supply.description.name);
	become_idle(capture);
}

/* What is to be said of a move: other frames than before, an end that came too early, or a source's remark. */
static void tell_move(struct capture *capture, uint32_t renewals_before, const struct tripool_error *how)
{
	if (capture->supply.renewals != renewals_before) {
		status_finish(&capture->status);
		capture_describe(capture);
	}
	if (how->text[0] && !capture->options->quiet) {
		status_finish(&capture->status);
		cli_error("%s", how->text);
	}
}

/* Who came to look at the newest frame alone may be about to come again, for each (as tripool-record does). */
static bool is_awaited(struct capture *capture, unsigned happened, int64_t now)
{
	struct tripool_producer_stats stats;

	tripool_producer_get_stats(capture->producer, &stats);
	if (happened & EVENT_PEERS && stats.viewers > 0)
		capture->begin_ns = now + AWAIT_MORE_NS;
	return stats.viewers_every == 0 && now < capture->begin_ns;
}

static int begin_awaited(struct capture *capture, int64_t now, struct tripool_error *error)
{
	struct tripool_producer_stats stats;

	tripool_producer_get_stats(capture->producer, &stats);
	if (stats.viewers_every == 0 && !capture->options->quiet) {
		status_finish(&capture->status);
		cli_error("no viewer that gets each frame came in %.0f s: playing without one",
		    (double)(now - capture->started_ns) / 1e9);
	}
	return capture_begin(capture, error);
}

/* 1: enough; 0: go on. */
static int step(struct capture *capture, unsigned happened, int64_t now, struct tripool_error *error)
{
	bool viewed = tripool_producer_viewers(capture->producer) > 0;
	int r = 0;

	switch (capture->state) {
	case CAPTURE_AWAITING:
		return is_awaited(capture, happened, now) ? 0 : begin_awaited(capture, now, error);
	case CAPTURE_RUNNING:
		if (happened & EVENT_FRAMES) {
			bool first = tripool_producer_sequence(capture->producer) == 0;
			uint32_t renewals = capture->supply.renewals;
			r = supply_move(&capture->supply, capture->options->frames, now, error);
			if (r >= 0)
				tell_move(capture, renewals, error);
			if (first && tripool_producer_sequence(capture->producer) > 0)
				status_first_frame(&capture->status, now);
		}
		if (r < 0)
			return lose(capture, r, error, now);
		tell_back(capture);
		if (r == 0 && now >= stalled_ns(capture))
			return lose_stalled(capture, now, error);
		if (r == 0)
			mind_demand(capture, now);
		return r;
	case CAPTURE_IDLE:
		return viewed ? try_again(capture, error) : 0;
	case CAPTURE_LOST:
		if (happened & EVENT_DEVICES) {
			capture->eager_ns = now + EAGER_NS;
			capture->backoff_ns = BACKOFF_MIN_NS;
			capture->retry_ns = now;
		}
		if (capture->options->on_demand && !viewed)
			become_idle(capture);
		else if (now >= capture->retry_ns)
			return try_again(capture, error);
		return 0;
	}
	return 0;
}

static void show_status(struct capture *capture, int64_t now)
{
	struct tripool_producer_stats stats;
	char state[64] = "";

	/* Counting the pool's pages is a system call: not for nothing. */
	if (now < status_due_ns(&capture->status))
		return;
	if (capture->state == CAPTURE_AWAITING)
		snprintf(state, sizeof(state), "waiting for a viewer that gets each frame");
	else if (capture->state == CAPTURE_IDLE)
		snprintf(state, sizeof(state), "off until somebody views");
	else if (capture->lost.text[0])
		snprintf(state, sizeof(state), "no signal for %" PRId64 " s", (now - capture->lost_ns) / (1000 * MS));
	tripool_producer_get_stats(capture->producer, &stats);
	status_show(&capture->status, &stats, supply_counts(&capture->supply).dropped, state, now);
}

static int time_out_ms(const struct capture *capture, int64_t now)
{
	int64_t due = status_due_ns(&capture->status);

	if (due > capture->deadline_ns)
		due = capture->deadline_ns;
	if (capture->state == CAPTURE_AWAITING && due > capture->begin_ns)
		due = capture->begin_ns;
	if (capture->state == CAPTURE_LOST && due > capture->retry_ns)
		due = capture->retry_ns;
	if (capture->state == CAPTURE_RUNNING && due > stalled_ns(capture))
		due = stalled_ns(capture);
	if (capture->state == CAPTURE_RUNNING && capture->unviewed_ns && due > capture->unviewed_ns + UNVIEWED_NS)
		due = capture->unviewed_ns + UNVIEWED_NS;
	if (due == INT64_MAX)
		return -1;
	int64_t ms = due > now ? (due - now + 999999) / 1000000 : 0;
	return ms > 60000 ? 60000 : (int)ms;
}

static void drain(int fd)
{
	char ignored[4096];

	while (read(fd, ignored, sizeof(ignored)) > 0)
		;
}

int capture_run(struct capture *capture, struct tripool_error *error)
{
	int64_t now = tripool_now_ns();
	int r = 0;

	while (r == 0 && now < capture->deadline_ns) {
		show_status(capture, now);
		int happened = events_wait(&capture->events, time_out_ms(capture, now), error);
		if (happened < 0)
			return happened;
		if (happened & EVENT_SIGNAL)
			return 0;
		if (happened & EVENT_PEERS)
			tripool_producer_dispatch(capture->producer);
		if (happened & EVENT_DEVICES)
			drain(capture->watch_fd);
		now = tripool_now_ns();
		r = step(capture, (unsigned)happened, now, error);
	}
	return r < 0 ? r : 0;
}
