// SPDX-License-Identifier: MIT
#include "loop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli.h"
#include "clock.h"
#include "screenshot.h"

static int present(struct loop *l, struct tripool_error *error)
{
	l->redraw = false;
	return display_present(l->display, &l->scene, error);
}

static void set_title(struct loop *l)
{
	char title[256];
	/* ASCII alone: in the C locale Xlib refuses titles with anything else */
	if (l->frozen)
		snprintf(title, sizeof(title), "tripool: %s - frozen at frame %" PRIu64, l->stream->name,
		    l->stream->last_sequence);
	else
		snprintf(title, sizeof(title), "tripool: %s", l->stream->name);
	SDL_SetWindowTitle(l->display->window, title);
}

/* ---- Text ----------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void add_row(struct loop *l, const char *label, const char *format, ...)
{
	va_list arguments;
	struct overlay_row *row = &l->rows[l->row_count++];
	row->label = label;
	va_start(arguments, format);
	vsnprintf(row->value, sizeof(row->value), format, arguments);
	va_end(arguments);
}

#define FRAME_ROW 2

/* The figures are of the time since they were last written: not of a moment so short that they say nothing. */
static void write_rows(struct loop *l, int64_t now)
{
	struct stream *s = l->stream;
	const struct tripool_format *f = &l->display->format;
	struct tripool_viewer_stats stats;
	int64_t span_ns = now - l->table_since_ns;
	if (l->row_count > 0 && span_ns < NS_PER_SECOND / 2) {
		/* but the number is that of the frame under it, which may be frozen now */
		struct overlay_row *row = &l->rows[FRAME_ROW];
		snprintf(row->value, sizeof(row->value), "%" PRIu64, s->last_sequence);
		return;
	}
	tripool_viewer_get_stats(s->viewer, &stats);
	l->row_count = 0;
	add_row(l, "stream", "%s", s->name);
	add_row(l, "picture", "%s %" PRIu32 "x%" PRIu32, f->pix_fmt, f->width_px, f->height_px);
	add_row(l, "frame", "%" PRIu64, s->last_sequence);
	if (span_ns < NS_PER_SECOND / 2)
		add_row(l, "shown", "–");
	else
		add_row(l, "shown", "%.1f fps",
		    (double)(s->frames_shown - l->table_frames_shown) * NS_PER_SECOND / (double)span_ns);
	if (s->recent.count > 0)
		add_row(l, "latency", "p50 %.2f ms · p99 %.2f ms", distribution_percentile_us(&s->recent, 50) / 1e3,
		    distribution_percentile_us(&s->recent, 99) / 1e3);
	else
		add_row(l, "latency", "–");
	add_row(l, "skipped", "%" PRIu64, stats.frames_skipped);
	add_row(l, "renderer", "%s%s%s · %d %s a frame", l->display->class->name, l->display->detail[0] ? " " : "",
	    l->display->detail, l->display->copies_per_frame, l->display->copies_per_frame == 1 ? "copy" : "copies");
	l->table_since_ns = now;
	l->table_frames_shown = s->frames_shown;
	distribution_clear(&s->recent);
}

static bool has_no_signal(const struct loop *l)
{
	return (l->stream->state == STREAM_SILENT || l->stream->state == STREAM_LOST) && !l->frozen;
}

static void write_message(struct loop *l, int64_t now)
{
	char text[128];
	int width, height;
	l->scene.dim = has_no_signal(l);
	if (l->stream->state == STREAM_LIVE || l->frozen) {
		l->scene.centre = NULL;
		return;
	}
	if (l->stream->state == STREAM_WAITING)
		snprintf(text, sizeof(text), "waiting for '%s'", l->stream->name);
	else
		snprintf(text, sizeof(text), "no signal · %" PRId64 " s",
		    (now - l->stream->last_publish_ns) / NS_PER_SECOND);
	l->display->class->output_size(l->display, &width, &height);
	l->scene.centre = overlay_message(l->overlay, text, width, height);
}

/* Brings the words up to date, and says when they will next be out of date. */
static void write_text(struct loop *l)
{
	int64_t now = tripool_now_ns();
	write_message(l, now);
	l->tick_ns = 0;
	if (has_no_signal(l)) /* when the age has its next full second */
		l->tick_ns = now + NS_PER_SECOND - (now - l->stream->last_publish_ns) % NS_PER_SECOND;
	if (l->show_table) {
		int width, height;
		write_rows(l, now);
		l->display->class->output_size(l->display, &width, &height);
		l->scene.corner = overlay_table(l->overlay, l->rows, l->row_count, width, height);
		if (l->tick_ns == 0)
			l->tick_ns = now + NS_PER_SECOND;
	} else {
		l->scene.corner = NULL;
	}
	l->redraw = true;
}

/* ---- Keys and windows ----------------------------------------------------------------------------------------- */

static int toggle_freeze(struct loop *l, struct tripool_error *error)
{
	if (l->frozen) {
		l->frozen = false;
		stream_let_go(l->stream);
	} else if (l->stream->state == STREAM_LIVE) {
		/* the frame that stays is the newest, whose lease lasts as long as the window shows it */
		tripool_viewer_rewind(l->stream->viewer);
		int r = stream_take(l->stream, true, error);
		if (r < 0)
			return r;
		if (r != TAKEN_NOTHING) {
			int e = present(l, error);
			if (e < 0)
				return e;
			if (r == TAKEN_NEW)
				stream_presented(l->stream);
			l->frozen = true;
		}
	}
	set_title(l);
	write_text(l);
	return 0;
}

static void save_screenshot(struct loop *l)
{
	char path[SCREENSHOT_NAME_BYTES];
	struct tripool_error error = {""};
	SDL_Surface *picture = display_read_back(l->display, &l->scene);
	int r = screenshot_save(path, picture, stream_about(l->stream), &error);
	SDL_FreeSurface(picture);
	if (r < 0)
		cli_error("%s", error.text);
	else
		fprintf(stderr, "saved %s\n", path);
}

static int on_key(struct loop *l, SDL_Keycode key, struct tripool_error *error)
{
	switch (key) {
	case SDLK_q:
	case SDLK_ESCAPE:
		l->quit = true;
		break;
	case SDLK_f:
		l->display->keep_size = true;
		display_toggle_fullscreen(l->display);
		break;
	case SDLK_SPACE:
		return toggle_freeze(l, error);
	case SDLK_i:
		l->show_table = !l->show_table;
		l->row_count = 0;
		l->table_since_ns = tripool_now_ns();
		l->table_frames_shown = l->stream->frames_shown;
		write_text(l);
		break;
	case SDLK_s:
		save_screenshot(l);
		break;
	default:
		break;
	}
	return 0;
}

static void on_window(struct loop *l, const SDL_WindowEvent *e)
{
	switch (e->event) {
	case SDL_WINDOWEVENT_RESIZED:
		/* before the first frame only the user, or the window manager, changes the size */
		if (l->stream->state == STREAM_WAITING &&
		    (e->data1 != DISPLAY_FIRST_WIDTH || e->data2 != DISPLAY_FIRST_HEIGHT))
			l->display->keep_size = true;
		break;
	case SDL_WINDOWEVENT_SIZE_CHANGED:
		write_text(l); /* its size follows the window's */
		break;
	case SDL_WINDOWEVENT_EXPOSED:
		l->redraw = true;
		break;
	case SDL_WINDOWEVENT_CLOSE:
		l->quit = true;
		break;
	default:
		break;
	}
}

static int handle_events(struct loop *l, struct tripool_error *error)
{
	SDL_Event e;
	int r = 0;
	while (r == 0 && SDL_PollEvent(&e)) {
		if (e.type == SDL_QUIT)
			l->quit = true;
		else if (e.type == SDL_KEYDOWN && e.key.repeat == 0)
			r = on_key(l, e.key.keysym.sym, error);
		else if (e.type == SDL_WINDOWEVENT)
			on_window(l, &e.window);
	}
	return r;
}

/* ---- The loop ------------------------------------------------------------------------------------------------- */

/* Shows what is new, or what there is again when the window asks for it. Returns 1 when it showed something. */
static int show(struct loop *l, struct tripool_error *error)
{
	enum stream_state before = l->stream->state;
	int r = TAKEN_NOTHING;
	if (l->redraw && !l->display->class->keeps_picture)
		r = stream_take_again(l->stream, error);
	else if (!l->frozen)
		r = stream_take(l->stream, false, error);
	if (r < 0)
		return r;
	if (l->stream->state != before) {
		bool again = l->redraw;
		write_text(l);
		/* the surface's pixels are used up when the state changed under a frame that was not uploaded */
		if (r == TAKEN_NOTHING && !again)
			return 1;
	}
	if (r == TAKEN_NOTHING && !l->redraw)
		return 0;
	int e = present(l, error);
	if (e < 0)
		return e;
	if (r == TAKEN_NEW)
		stream_presented(l->stream);
	if (l->most_frames && l->stream->frames_shown >= l->most_frames)
		l->quit = true;
	return 1;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static void sleep_until_something(struct loop *l)
{
	int64_t wake_ns = earlier(l->end_ns, l->tick_ns);
	if (!l->frozen)
		wake_ns = earlier(earlier(wake_ns, l->stream->retry_ns), stream_silent_from_ns(l->stream));
	int timeout_ms = -1;
	if (wake_ns != 0) {
		int64_t left_ns = wake_ns - tripool_now_ns();
		timeout_ms = left_ns <= 0                     ? 0
		             : left_ns > NS_PER_SECOND * 3600 ? 3600 * 1000
		                                              : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
	}
	int stream_fd = -1;
	if (!l->frozen) {
		if (tripool_viewer_arm(l->stream->viewer)) {
			l->stream->look_for_producer = true;
			return;
		}
		stream_fd = tripool_viewer_fd(l->stream->viewer);
	}
	struct events_happened happened = events_wait(l->events, stream_fd, timeout_ms);
	if (happened.stream) {
		/* takes in what made the fd readable: a wake-up, a new format, a death, a change of the directory */
		tripool_viewer_wait(l->stream->viewer, 0);
		l->stream->look_for_producer = true;
	}
	l->quit = l->quit || happened.quit;
}

int loop_run(struct loop *l, struct tripool_error *error)
{
	set_title(l);
	l->stream->look_for_producer = true;
	write_text(l);
	while (!l->quit) {
		int r = handle_events(l, error);
		if (r == 0 && !l->quit)
			r = show(l, error);
		if (r < 0)
			return r;
		int64_t now = tripool_now_ns();
		if (l->end_ns != 0 && now >= l->end_ns)
			l->quit = true;
		if (l->tick_ns != 0 && now >= l->tick_ns)
			write_text(l);
		/* what was shown may have brought events with it: they are handled before anything sleeps */
		else if (r == 0 && !l->quit)
			sleep_until_something(l);
	}
	return 0;
}
