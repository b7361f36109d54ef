// SPDX-License-Identifier: MIT
#include "tile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "clock.h"
#include "error.h"
#include "figures.h"
#include "inspector.h"
#include "refresh.h"

#define MARGIN_PX 12 /* of words, from the area's corners */

static struct placement placement_of(const struct tile *t)
{
	struct placement p = {.area = t->area};
	if (t->has_format) {
		p = view_place(&t->view, &t->picture->format, t->area);
		display_settle(t->display, t->picture, &p);
	}
	return p;
}

static int take_format(struct tile *t, const struct tripool_format *format, struct tripool_error *error)
{
	int r = display_set_format(t->display, t->picture, format, error);
	t->has_format = r == 0;
	t->unshowable = t->has_words = false;
	if (r == 0 && t->is_only) {
		display_fit(t->display, format);
		display_size(t->display, &t->area.w, &t->area.h);
	}
	return r;
}

static int show_frame(void *context, const struct tripool_frame *frame, bool new_format, struct tripool_error *error)
{
	struct tile *t = context;
	int r = new_format ? take_format(t, frame->format, error) : 0;
	if (t->unshowable)
		return 1;
	if (r == 0) {
		struct placement placement = placement_of(t);
		r = display_upload(t->display, t->picture, frame->plane, &placement, error);
	}
	if (r == -ENOTSUP && !t->is_only) {
		cli_error("stream '%s': %s", t->stream.name, error->text);
		t->has_format = t->has_words = false;
		t->unshowable = true;
		return 1;
	}
	return r;
}

int tile_create(struct tile **tile, const char *name, bool verifies, struct tripool_error *error)
{
	struct tile *t = calloc(1, sizeof(*t));
	if (!t)
		return tripool_fail(error, -ENOMEM, "no memory for stream '%s'", name);
	t->stream.verifies = verifies;
	int r = stream_open(&t->stream, name, show_frame, t, error);
	if (r < 0) {
		free(t);
		return r;
	}
	*tile = t;
	return 0;
}

void tile_destroy(struct tile *t)
{
	if (!t)
		return;
	tile_detach(t);
	stream_close(&t->stream);
	free(t);
}

int tile_attach(struct tile *t, struct display *display, struct text *text, struct tripool_error *error)
{
	t->picture = display_picture_create(display);
	if (!t->picture)
		return tripool_fail(error, -ENOMEM, "no memory for stream '%s'", t->stream.name);
	t->display = display;
	t->text = text;
	t->redraw = true;
	return 0;
}

static void forget(struct layer *layer)
{
	text_clear(layer);
	display_forget_layer(layer);
}

void tile_detach(struct tile *t)
{
	if (!t->picture)
		return;
	forget(&t->message);
	forget(&t->table);
	forget(&t->label);
	forget(&t->pixel);
	display_picture_destroy(t->display, t->picture);
	t->picture = NULL;
}

/* ---- Words ---------------------------------------------------------------------------------------------------- */

static bool has_no_signal(const struct tile *t)
{
	return (t->stream.state == STREAM_SILENT || t->stream.state == STREAM_LOST) && !t->frozen;
}

/* Returns in how long the words will be out of date. */
static int64_t write_age(char *text, size_t size, int64_t age_ns)
{
	int64_t minutes = age_ns / NS_PER_SECOND / 60;
	if (minutes == 0) {
		snprintf(text, size, "%.1f s", (double)age_ns / NS_PER_SECOND);
		return NS_PER_SECOND;
	}
	if (minutes < 60)
		snprintf(text, size, "%" PRId64 " min", minutes);
	else
		snprintf(text, size, "%" PRId64 " h %" PRId64 " min", minutes / 60, minutes % 60);
	return 60 * NS_PER_SECOND - age_ns % (60 * NS_PER_SECOND);
}

static void write_message(struct tile *t, int64_t now)
{
	char words[160], age[32];
	const struct stream *s = &t->stream;
	if (t->unshowable) {
		text_message(t->text, &t->message, "cannot be shown here", t->area);
		return;
	}
	if (s->state == STREAM_LIVE || t->frozen) {
		text_clear(&t->message);
		return;
	}
	if (s->state == STREAM_WAITING) {
		if (tripool_viewer_connected(s->viewer))
			snprintf(words, sizeof(words), "waiting for the first frame of '%s'", s->name);
		else
			snprintf(words, sizeof(words), "waiting for '%s'", s->name);
	} else {
		t->tick_ns = now + write_age(age, sizeof(age), now - s->last.publish_ns);
		snprintf(
		    words, sizeof(words), "%s · %s", s->state == STREAM_LOST ? "producer is gone" : "no signal", age);
	}
	text_message(t->text, &t->message, words, t->area);
}

static void write_pixel(struct tile *t)
{
	char words[128] = "no pixel here";
	SDL_Point pixel;
	struct placement placement = placement_of(t);
	if (!t->inspects || !t->stream.is_held) {
		text_clear(&t->pixel);
		return;
	}
	if (view_pixel_at(&placement, &t->picture->format, t->pointer, &pixel))
		inspector_describe(words, sizeof(words), &t->picture->format, t->stream.held.plane, pixel);
	text_label(t->text, &t->pixel, words, t->area);
}

static void write_label(struct tile *t)
{
	char words[TRIPOOL_NAME_BYTES + 48];
	if (t->frozen)
		snprintf(
		    words, sizeof(words), "%s · frozen at frame %" PRIu64, t->stream.name, t->stream.last.sequence);
	else
		snprintf(words, sizeof(words), "%s", t->stream.name);
	text_label(t->text, &t->label, words, t->area);
}

/* Brings the words up to date, and says when they will next be out of date. */
static void write_words(struct tile *t, int64_t now)
{
	const struct text_graph graph = {
	    .value = t->stream.history_ms,
	    .count = STREAM_HISTORY,
	    .first = (int)(t->stream.frames_shown % STREAM_HISTORY),
	    .label = "publish to present, last 120 frames",
	};
	t->tick_ns = 0;
	t->has_words = true;
	t->written = t->stream.state;
	write_message(t, now);
	write_pixel(t);
	if (t->figures) {
		figures_write(t, now);
		text_table(t->text, &t->table, t->rows, t->row_count, &graph, t->area);
		if (t->tick_ns == 0)
			t->tick_ns = now + NS_PER_SECOND;
	}
	if (t->named)
		write_label(t);
	t->redraw = true;
}

/* ---- Showing -------------------------------------------------------------------------------------------------- */

void tile_resume(struct tile *t)
{
	stream_resume(&t->stream);
	if (t->figures)
		figures_begin(t, tripool_now_ns());
	t->redraw = true;
}

void tile_place(struct tile *t, SDL_Rect area)
{
	bool was_seen = t->area.w > 0;
	t->area = area;
	if (area.w == 0)
		return;
	if (!was_seen)
		tile_resume(t);
	write_words(t, tripool_now_ns());
}

void tile_look_again(struct tile *t)
{
	if (t->inspects)
		write_pixel(t);
	t->redraw = true;
}

static void correct_words(struct tile *t, int64_t now)
{
	if (!t->has_words || t->written != t->stream.state)
		write_words(t, now);
}

int tile_update(struct tile *t, int64_t now, struct tripool_error *error)
{
	bool only_by_upload = !t->display->class->redraws_all;
	int r = TAKEN_NOTHING;
	t->changed = false;
	t->is_new = t->fresh;
	t->fresh = false;
	if (t->area.w == 0)
		return 0;
	if (t->tick_ns != 0 && now >= t->tick_ns)
		write_words(t, now);
	if (!t->frozen && !(t->redraw && only_by_upload))
		r = stream_take(&t->stream, false, error);
	if (r >= 0)
		correct_words(t, now);
	/* where a picture is drawn by its upload alone, words that changed need it once more */
	if (r == TAKEN_NOTHING && t->redraw && only_by_upload) {
		r = stream_take_again(&t->stream, error);
		if (r >= 0)
			correct_words(t, now);
	}
	t->is_new = t->is_new || r == TAKEN_NEW;
	t->changed = r > 0 || t->redraw || t->is_new;
	t->redraw = false;
	return r < 0 ? r : 0;
}

static void draw_layer(struct tile *t, struct layer *layer, int across, int down)
{
	SDL_Point at = t->area.w ? (SDL_Point){t->area.x, t->area.y} : (SDL_Point){0, 0};
	if (!layer->surface)
		return;
	at.x += across < 0   ? MARGIN_PX
	        : across > 0 ? t->area.w - layer->surface->w - MARGIN_PX
	                     : (t->area.w - layer->surface->w) / 2;
	at.y += down < 0   ? MARGIN_PX
	        : down > 0 ? t->area.h - layer->surface->h - MARGIN_PX
	                   : (t->area.h - layer->surface->h) / 2;
	display_draw_layer(t->display, layer, at, &t->area);
}

void tile_draw(struct tile *t)
{
	struct placement placement = placement_of(t);
	display_draw(t->display, t->picture, &placement, has_no_signal(t));
	if (t->figures)
		draw_layer(t, &t->table, -1, -1);
	else if (t->named)
		draw_layer(t, &t->label, -1, -1);
	draw_layer(t, &t->pixel, -1, 1);
	draw_layer(t, &t->message, 0, 0); /* in a small tile over the figures: it says that they are old */
}

int64_t tile_wake_ns(const struct tile *t)
{
	if (t->area.w == 0)
		return 0;
	if (t->frozen)
		return t->tick_ns;
	return earlier_ns(t->tick_ns, earlier_ns(t->stream.retry_ns, stream_silent_from_ns(&t->stream)));
}

/* ---- What the user asks for ----------------------------------------------------------------------------------- */

int tile_freeze(struct tile *t, bool freeze, struct tripool_error *error)
{
	if (freeze == t->frozen)
		return 0;
	if (!freeze) {
		t->frozen = t->inspects = t->froze_to_inspect = false;
		stream_let_go(&t->stream);
	} else if (t->stream.state == STREAM_LIVE || t->stream.state == STREAM_SILENT) {
		/* the frame that stays is the newest, whose lease lasts as long as the window shows it */
		tripool_viewer_rewind(t->stream.viewer);
		int r = stream_take(&t->stream, true, error);
		if (r < 0)
			return r;
		t->frozen = t->stream.is_held;
		t->fresh = r == TAKEN_NEW;
	}
	write_words(t, tripool_now_ns());
	return 0;
}

int tile_inspect(struct tile *t, bool inspect, struct tripool_error *error)
{
	bool was_frozen = t->frozen;
	int r = inspect || t->froze_to_inspect ? tile_freeze(t, inspect, error) : 0;
	t->inspects = inspect && t->frozen;
	t->froze_to_inspect = t->inspects && !was_frozen;
	write_words(t, tripool_now_ns());
	return r;
}

void tile_show_figures(struct tile *t, bool show)
{
	int64_t now = tripool_now_ns();
	t->figures = show;
	if (show)
		figures_begin(t, now);
	write_words(t, now);
}
