// SPDX-License-Identifier: MIT
#include "grid.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "pixels.h"
#include "refresh.h"

#define GAP_PX 2
#define USUAL_ASPECT (16.0 / 9)

/* ---- Tiles ---------------------------------------------------------------------------------------------------- */

SDL_Rect grid_cell(int count, int index, int width_px, int height_px, double aspect)
{
	int best = 1;
	double best_width = 0;
	for (int columns = 1; columns <= count; columns++) {
		int rows = (count + columns - 1) / columns;
		double width = SDL_min((double)width_px / columns, (double)height_px / rows * aspect);
		if (width > best_width * 1.001) {
			best = columns;
			best_width = width;
		}
	}
	int rows = (count + best - 1) / best, column = index % best, row = index / best;
	int gap = count > 1 ? GAP_PX : 0;
	int left = (width_px + gap) * column / best, right = (width_px + gap) * (column + 1) / best - gap;
	int top = (height_px + gap) * row / rows, bottom = (height_px + gap) * (row + 1) / rows - gap;
	left = SDL_min(left, width_px - 1);
	top = SDL_min(top, height_px - 1);
	return (SDL_Rect){left, top, SDL_max(1, right - left), SDL_max(1, bottom - top)};
}

/* Of the first tile that has a picture. */
static double aspect(const struct grid *g)
{
	int width, height;
	for (int i = 0; i < g->count; i++) {
		if (!g->tile[i]->has_format)
			continue;
		pixels_display_size(&g->tile[i]->picture->format, &width, &height);
		return (double)width / height;
	}
	return USUAL_ASPECT;
}

void grid_layout(struct grid *g)
{
	int width, height;
	g->aspect = aspect(g);
	if (g->count < 2)
		g->enlarged = NULL;
	display_size(g->display, &width, &height);
	g->width_px = width;
	g->height_px = height;
	for (int i = 0; i < g->count; i++) {
		struct tile *t = g->tile[i];
		SDL_Rect area = grid_cell(g->count, i, width, height, g->aspect);
		t->is_only = g->is_lone;
		t->named = g->count > 1;
		if (g->enlarged)
			area = t == g->enlarged ? (SDL_Rect){0, 0, width, height} : (SDL_Rect){0};
		tile_place(t, area);
	}
	if (g->count == 0)
		text_message(g->text, &g->nothing, "waiting for a stream", (SDL_Rect){0, 0, width, height});
	g->redraw_all = true;
}

int grid_add(struct grid *g, const char *name, struct tripool_error *error)
{
	struct tile *t;
	int r;
	if (g->count == GRID_MOST_TILES)
		return tripool_fail(error, -E2BIG, "no more than %d streams can be shown at once", GRID_MOST_TILES);
	r = tile_create(&t, name, g->verifies, error);
	if (r == 0 && g->display && (r = tile_attach(t, g->display, g->text, error)) < 0)
		tile_destroy(t);
	if (r < 0)
		return r;
	g->tile[g->count++] = t;
	if (g->figures)
		tile_show_figures(t, true);
	return 0;
}

void grid_remove(struct grid *g, struct tile *tile)
{
	for (int i = 0; i < g->count; i++) {
		if (g->tile[i] != tile)
			continue;
		if (g->enlarged == tile)
			g->enlarged = NULL;
		g->gone_frames_shown += tile->stream.frames_shown;
		g->gone_frames_torn += tile->stream.verify.frames_torn;
		tile_destroy(tile);
		memmove(&g->tile[i], &g->tile[i + 1], (size_t)(--g->count - i) * sizeof(g->tile[0]));
		return;
	}
}

struct tile *grid_find(const struct grid *g, const char *name)
{
	for (int i = 0; i < g->count; i++)
		if (strcmp(g->tile[i]->stream.name, name) == 0)
			return g->tile[i];
	return NULL;
}

void grid_finish(struct grid *g)
{
	while (g->count > 0)
		grid_remove(g, g->tile[g->count - 1]);
}

int grid_open(struct grid *g, struct display *display, struct text *text, struct tripool_error *error)
{
	int r = 0;
	g->display = display;
	g->text = text;
	for (int i = 0; r == 0 && i < g->count; i++)
		r = tile_attach(g->tile[i], display, text, error);
	return r;
}

void grid_close(struct grid *g)
{
	for (int i = 0; i < g->count; i++)
		tile_detach(g->tile[i]);
	text_clear(&g->help);
	text_clear(&g->nothing);
	display_forget_layer(&g->help);
	display_forget_layer(&g->nothing);
	g->display = NULL;
}

struct tile *grid_alone(const struct grid *g)
{
	return g->enlarged ? g->enlarged : g->count == 1 ? g->tile[0] : NULL;
}

struct tile *grid_tile_at(const struct grid *g, SDL_Point at)
{
	struct tile *alone = grid_alone(g);
	if (alone)
		return alone;
	for (int i = 0; i < g->count; i++)
		if (SDL_PointInRect(&at, &g->tile[i]->area))
			return g->tile[i];
	return NULL;
}

/* ---- Rounds --------------------------------------------------------------------------------------------------- */

/* In the middle of the window, as far as it lies in the area. */
static void draw_centred(struct grid *g, struct layer *layer, const SDL_Rect *area)
{
	int width, height;
	if (!layer->surface)
		return;
	display_size(g->display, &width, &height);
	display_draw_layer(
	    g->display, layer, (SDL_Point){(width - layer->surface->w) / 2, (height - layer->surface->h) / 2}, area);
}

static void draw(struct grid *g)
{
	bool all = g->redraw_all || g->display->class->redraws_all;
	if (g->display->class->redraws_all)
		display_clear(g->display);
	for (int i = 0; i < g->count; i++) {
		struct tile *t = g->tile[i];
		if (t->area.w == 0 || !(all || t->changed))
			continue;
		tile_draw(t);
		if (!all)
			draw_centred(g, &g->help, &t->area);
	}
	if (g->count == 0)
		draw_centred(g, &g->nothing, NULL);
	if (all)
		draw_centred(g, &g->help, NULL);
	g->redraw_all = false;
}

static void count_presented(struct grid *g)
{
	int64_t now = tripool_now_ns();
	for (int i = 0; i < g->count; i++)
		if (g->tile[i]->is_new)
			stream_presented(&g->tile[i]->stream, now);
}

/* The first picture came, or another one is the first: the tiles lie otherwise, and are drawn there in the next round.
 */
static void start_over(struct grid *g)
{
	for (int i = 0; i < g->count; i++)
		g->tile[i]->fresh = g->tile[i]->is_new;
	grid_layout(g);
}

/* SDL knows of the window's new size before its event is heard. */
static void follow_window(struct grid *g)
{
	int width, height;
	display_size(g->display, &width, &height);
	if (width != g->width_px || height != g->height_px)
		grid_layout(g);
}

int grid_show(struct grid *g, struct tripool_error *error)
{
	follow_window(g);
	bool changed = g->redraw_all;
	int64_t now = tripool_now_ns();
	if (g->redraw_all && !g->display->class->redraws_all)
		display_clear(g->display); /* before the pictures are there */
	for (int i = 0; i < g->count; i++) {
		struct tile *t = g->tile[i];
		t->redraw = t->redraw || g->redraw_all;
		int r = tile_update(t, now, error);
		if (r < 0)
			return r;
		changed = changed || t->changed;
	}
	if (!changed)
		return 0;
	if (g->count > 1 && aspect(g) != g->aspect) {
		start_over(g);
		return 0;
	}
	draw(g);
	int r = display_present(g->display, error);
	if (r < 0)
		return r;
	count_presented(g);
	return 1;
}

SDL_Surface *grid_picture(struct grid *g)
{
	if (!g->display->class->redraws_all)
		return display_read_back(g->display);
	/* what is behind the screen after a present is not defined: draw it again, and read that */
	struct tripool_error ignored;
	draw(g);
	SDL_Surface *picture = display_read_back(g->display);
	display_present(g->display, &ignored);
	return picture;
}

int64_t grid_wake_ns(const struct grid *g)
{
	int64_t wake = 0;
	for (int i = 0; i < g->count; i++)
		wake = earlier_ns(wake, tile_wake_ns(g->tile[i]));
	return wake;
}

uint64_t grid_frames_shown(const struct grid *g)
{
	uint64_t sum = g->gone_frames_shown;
	for (int i = 0; i < g->count; i++)
		sum += g->tile[i]->stream.frames_shown;
	return sum;
}
