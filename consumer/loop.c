// SPDX-License-Identifier: MIT
#include "loop.h"

#include <poll.h>

#include "clock.h"

static int until_ms(int64_t wake_ns)
{
	if (wake_ns == 0)
		return -1;
	int64_t left_ns = wake_ns - tripool_now_ns();
	if (left_ns <= 0)
		return 0;
	return left_ns > NS_PER_SECOND * 3600 ? 3600 * 1000 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
}

/* Whether its frames are of interest now. */
static bool watches(const struct tile *t)
{
	return t->area.w > 0 && !t->frozen;
}

/* Asks to be woken by frames; returns whether there is one already. */
static bool arm(struct loop *l)
{
	bool news = false;
	for (int i = 0; i < l->grid->count; i++) {
		struct tile *t = l->grid->tile[i];
		if (watches(t) && tripool_viewer_arm(t->stream.viewer)) {
			t->stream.look_for_producer = true;
			news = true;
		}
	}
	return news;
}

static bool wants_to_draw(const struct loop *l)
{
	bool wants = l->pending || l->grid->redraw_all;
	for (int i = 0; i < l->grid->count; i++)
		wants = wants || (l->grid->tile[i]->area.w > 0 && l->grid->tile[i]->redraw);
	return wants;
}

/* Takes in what made the fd readable: a wake-up, a new format, a death, a change of the directory. */
static void hear(struct loop *l, const struct pollfd *fds)
{
	for (int i = 0; i < l->grid->count; i++) {
		struct stream *s = &l->grid->tile[i]->stream;
		if (!fds[i].revents)
			continue;
		tripool_viewer_wait(s->viewer, 0);
		s->look_for_producer = true;
		l->pending = true;
	}
}

static bool due(int64_t time_ns)
{
	return time_ns != 0 && tripool_now_ns() >= time_ns;
}

/* Streams that came or went. */
static void look_around(struct loop *l)
{
	if (follow_look(l->follow) == 0)
		return;
	grid_layout(l->grid);
	l->input.pressed = false; /* on a tile that may be gone */
	input_set_title(&l->input);
}

/* Takes in what has come; where nothing has, sleeps, if it may. */
static void sleep_until_something(struct loop *l, bool may_sleep)
{
	struct pollfd fds[GRID_MOST_TILES + 1 + EVENTS_OWN_FDS];
	int count = l->grid->count;
	bool hidden = l->input.hidden;
	int64_t wake_ns = earlier_ns(l->end_ns, l->follow ? l->follow->wake_ns : 0);
	if (!hidden) {
		l->pending = l->pending || arm(l);
		int64_t due_ns = refresh_due_ns(&l->refresh), grid_ns = grid_wake_ns(l->grid);
		if (wants_to_draw(l))
			grid_ns = due_ns;
		/* what is due before anything can be shown waits for that */
		wake_ns = earlier_ns(wake_ns, grid_ns != 0 && grid_ns < due_ns ? due_ns : grid_ns);
	}
	for (int i = 0; i < count; i++) {
		struct tile *t = l->grid->tile[i];
		bool watched = !hidden && !l->pending && watches(t);
		fds[i] = (struct pollfd){.fd = watched ? tripool_viewer_fd(t->stream.viewer) : -1, .events = POLLIN};
	}
	fds[count] = (struct pollfd){.fd = l->follow ? follow_fd(l->follow) : -1, .events = POLLIN};
	l->input.quit = events_wait(l->events, fds, count + 1, may_sleep ? until_ms(wake_ns) : 0) || l->input.quit;
	hear(l, fds);
	if (l->follow && (fds[count].revents || due(l->follow->wake_ns)))
		look_around(l);
}

static void find_refresh(struct loop *l)
{
	l->input.screen_changed = false;
	l->refresh.interval_ns = l->vsync ? NS_PER_SECOND / display_refresh_hz(l->grid->display) : 0;
}

static int show(struct loop *l, struct tripool_error *error)
{
	int64_t now = tripool_now_ns();
	if (l->input.hidden || now < refresh_due_ns(&l->refresh))
		return 0;
	l->pending = false;
	int r = grid_show(l->grid, error);
	if (r > 0)
		refresh_shown(&l->refresh, now);
	return r;
}

int loop_run(struct loop *l, struct tripool_error *error)
{
	int r = 0;
	grid_layout(l->grid);
	input_set_title(&l->input);
	while (r >= 0) {
		if (l->input.screen_changed || l->refresh.next_ns == 0)
			find_refresh(l);
		int heard = r = input_handle(&l->input, error);
		if (r >= 0 && !l->input.quit)
			r = show(l, error);
		if (l->input.quit || due(l->end_ns) || (l->most_frames && grid_frames_shown(l->grid) >= l->most_frames))
			break;
		/* what was shown, and what a key did, may have brought events with it, which no fd tells of any more:
		 * they are handled before anything sleeps */
		if (r >= 0)
			sleep_until_something(l, r == 0 && heard == 0);
	}
	return r < 0 ? r : 0;
}
