// SPDX-License-Identifier: MIT
#include "input.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "help.h"
#include "screenshot.h"

#define ZOOM_STEP 1.25
#define PAN_STEP_PX 64
#define CLICK_PX 4 /* moved by no more than that, it was a click */

/* ---- The window ----------------------------------------------------------------------------------------------- */

void input_set_title(struct input *in)
{
	const struct grid *g = in->grid;
	const struct tile *t = grid_alone(g);
	char title[256];
	size_t length;
	/* ASCII alone: in the C locale Xlib refuses titles with anything else */
	length = (size_t)snprintf(title, sizeof(title), "%s", in->title ? in->title : "tripool: ");
	for (int i = 0; i < g->count && !in->title && length < sizeof(title); i++)
		if (!g->enlarged || g->tile[i] == g->enlarged)
			length += (size_t)snprintf(title + length, sizeof(title) - length, "%s%s",
			    i == 0 || g->enlarged ? "" : ", ", g->tile[i]->stream.name);
	if (t && t->frozen && length < sizeof(title))
		snprintf(
		    title + length, sizeof(title) - length, " - frozen at frame %" PRIu64, t->stream.last.sequence);
	SDL_SetWindowTitle(g->display->window, title);
}

static void show_help(struct input *in, bool show)
{
	SDL_Rect window = {0};
	in->help = show;
	display_size(in->grid->display, &window.w, &window.h);
	if (show)
		help_write(in->grid->text, &in->grid->help, window);
	else
		text_clear(&in->grid->help);
	in->grid->redraw_all = true;
}

static void lay_out(struct input *in)
{
	grid_layout(in->grid);
	if (in->help)
		show_help(in, true);
}

static void enlarge(struct input *in, struct tile *t)
{
	in->grid->enlarged = in->grid->enlarged == t || in->grid->count < 2 ? NULL : t;
	lay_out(in);
	input_set_title(in);
}

static void hide(struct input *in, bool hidden)
{
	if (in->hidden && !hidden) {
		for (int i = 0; i < in->grid->count; i++)
			tile_resume(in->grid->tile[i]);
		in->grid->redraw_all = true;
	}
	in->hidden = hidden;
}

static void on_window(struct input *in, const SDL_WindowEvent *e)
{
	switch (e->event) {
	case SDL_WINDOWEVENT_RESIZED:
		/* before the first frame only the user, or the window manager, changes the size */
		if (grid_frames_shown(in->grid) == 0 &&
		    (e->data1 != DISPLAY_FIRST_WIDTH || e->data2 != DISPLAY_FIRST_HEIGHT))
			in->grid->display->keep_size = true;
		break;
	case SDL_WINDOWEVENT_SIZE_CHANGED:
		lay_out(in);
		break;
	case SDL_WINDOWEVENT_EXPOSED:
		in->grid->redraw_all = true;
		break;
	case SDL_WINDOWEVENT_HIDDEN:
	case SDL_WINDOWEVENT_MINIMIZED:
		hide(in, true);
		break;
	case SDL_WINDOWEVENT_DISPLAY_CHANGED:
		in->screen_changed = true;
		break;
	case SDL_WINDOWEVENT_SHOWN:
	case SDL_WINDOWEVENT_RESTORED:
	case SDL_WINDOWEVENT_MAXIMIZED:
		hide(in, false);
		break;
	case SDL_WINDOWEVENT_CLOSE:
		in->quit = true;
		break;
	default:
		break;
	}
}

/* ---- Keys ----------------------------------------------------------------------------------------------------- */

static void save_screenshot(struct input *in)
{
	const struct tile *t = grid_alone(in->grid);
	char path[SCREENSHOT_NAME_BYTES];
	struct tripool_error error = {""};
	SDL_Surface *picture = grid_picture(in->grid);
	int r = screenshot_save(path, picture, t ? stream_about(&t->stream) : NULL, &error);
	SDL_FreeSurface(picture);
	if (r < 0)
		cli_error("%s", error.text);
	else
		fprintf(stderr, "saved %s\n", path);
}

static SDL_Point middle(const struct tile *t)
{
	return (SDL_Point){t->area.x + t->area.w / 2, t->area.y + t->area.h / 2};
}

/* What changes how a tile is looked at. */
static void on_view_key(struct tile *t, SDL_Keycode key, SDL_Point pointer)
{
	const struct tripool_format *f = &t->picture->format;
	SDL_Point at = SDL_PointInRect(&pointer, &t->area) ? pointer : middle(t);
	struct view *v = &t->view;
	switch (key) {
	case SDLK_m:
		v->mirrored = !v->mirrored;
		break;
	case SDLK_r:
		*v = (struct view){.fill = v->fill, .mirrored = v->mirrored, .turns = (v->turns + 1) % 4};
		break;
	case SDLK_c:
		v->fill = !v->fill;
		v->zoom = 0;
		break;
	case SDLK_0:
	case SDLK_KP_0:
		v->fill = false;
		v->zoom = 0;
		break;
	case SDLK_z:
		view_zoom_to_pixels(v, f, t->area, at);
		break;
	case SDLK_PLUS:
	case SDLK_EQUALS:
	case SDLK_KP_PLUS:
		view_zoom(v, f, t->area, ZOOM_STEP, at);
		break;
	case SDLK_MINUS:
	case SDLK_KP_MINUS:
		view_zoom(v, f, t->area, 1 / ZOOM_STEP, at);
		break;
	case SDLK_LEFT:
		view_pan(v, f, t->area, PAN_STEP_PX, 0);
		break;
	case SDLK_RIGHT:
		view_pan(v, f, t->area, -PAN_STEP_PX, 0);
		break;
	case SDLK_UP:
		view_pan(v, f, t->area, 0, PAN_STEP_PX);
		break;
	case SDLK_DOWN:
		view_pan(v, f, t->area, 0, -PAN_STEP_PX);
		break;
	default:
		return;
	}
	tile_look_again(t);
}

static int on_tile_key(struct input *in, struct tile *t, SDL_Keycode key, struct tripool_error *error)
{
	int r = 0;
	switch (key) {
	case SDLK_SPACE:
		r = tile_freeze(t, !t->frozen, error);
		input_set_title(in);
		break;
	case SDLK_p:
		t->pointer = in->pointer;
		r = tile_inspect(t, !t->inspects, error);
		input_set_title(in);
		break;
	default:
		if (t->has_format)
			on_view_key(t, key, in->pointer);
		break;
	}
	return r;
}

static void toggle_fullscreen(struct input *in)
{
	in->grid->display->keep_size = true;
	display_toggle_fullscreen(in->grid->display);
}

/* One step back; where there is none, quits. */
static void on_escape(struct input *in)
{
	if (in->help)
		show_help(in, false);
	else if (in->grid->enlarged)
		enlarge(in, in->grid->enlarged);
	else if (display_is_fullscreen(in->grid->display))
		toggle_fullscreen(in);
	else
		in->quit = true;
}

static int on_key(struct input *in, SDL_Keycode key, struct tripool_error *error)
{
	struct grid *g = in->grid;
	struct tile *t = grid_tile_at(g, in->pointer);
	switch (key) {
	case SDLK_q:
		in->quit = true;
		return 0;
	case SDLK_ESCAPE:
		on_escape(in);
		return 0;
	case SDLK_h:
		show_help(in, !in->help);
		return 0;
	case SDLK_s:
		save_screenshot(in);
		return 0;
	case SDLK_f:
		toggle_fullscreen(in);
		return 0;
	case SDLK_t:
		in->on_top = !in->on_top;
		SDL_SetWindowAlwaysOnTop(g->display->window, in->on_top);
		return 0;
	case SDLK_i:
		g->figures = !g->figures;
		for (int i = 0; i < g->count; i++)
			tile_show_figures(g->tile[i], g->figures);
		return 0;
	default:
		if (key >= SDLK_KP_1 && key <= SDLK_KP_9)
			key = SDLK_1 + key - SDLK_KP_1;
		if (key >= SDLK_1 && key <= SDLK_9 && key - SDLK_1 < g->count)
			enlarge(in, g->tile[key - SDLK_1]);
		/* with the mouse elsewhere, the first one is meant */
		if (!t && g->count > 0)
			t = g->tile[0];
		return t ? on_tile_key(in, t, key, error) : 0;
	}
}

/* ---- Mouse ---------------------------------------------------------------------------------------------------- */

static void on_motion(struct input *in, const SDL_MouseMotionEvent *e)
{
	SDL_Point was = in->pointer;
	in->pointer = display_point(in->grid->display, e->x, e->y);
	struct tile *t = grid_tile_at(in->grid, in->pressed ? in->pressed_at : in->pointer);
	if (!t || !t->has_format)
		return;
	t->pointer = in->pointer;
	if (t->inspects)
		tile_look_again(t);
	if (!in->pressed)
		return;
	if (abs(in->pointer.x - in->pressed_at.x) > CLICK_PX || abs(in->pointer.y - in->pressed_at.y) > CLICK_PX)
		in->dragged = true;
	if (in->dragged) {
		view_pan(&t->view, &t->picture->format, t->area, in->pointer.x - was.x, in->pointer.y - was.y);
		tile_look_again(t);
	}
}

static void on_button(struct input *in, const SDL_MouseButtonEvent *e)
{
	if (e->button != SDL_BUTTON_LEFT)
		return;
	in->pointer = display_point(in->grid->display, e->x, e->y);
	if (e->state == SDL_PRESSED) {
		in->pressed = true;
		in->dragged = false;
		in->pressed_at = in->pointer;
		return;
	}
	if (in->pressed && !in->dragged && in->grid->count > 1) {
		struct tile *t = grid_tile_at(in->grid, in->pointer);
		if (t)
			enlarge(in, t);
	}
	in->pressed = false;
}

static void on_wheel(struct input *in, const SDL_MouseWheelEvent *e)
{
	struct tile *t = grid_tile_at(in->grid, in->pointer);
	int steps = e->direction == SDL_MOUSEWHEEL_FLIPPED ? -e->y : e->y;
	if (!t || !t->has_format)
		return;
	for (; steps > 0; steps--)
		view_zoom(&t->view, &t->picture->format, t->area, ZOOM_STEP, in->pointer);
	for (; steps < 0; steps++)
		view_zoom(&t->view, &t->picture->format, t->area, 1 / ZOOM_STEP, in->pointer);
	tile_look_again(t);
}

int input_handle(struct input *in, struct tripool_error *error)
{
	SDL_Event e;
	int r = 0, handled = 0;
	for (; r == 0 && SDL_PollEvent(&e); handled = 1) {
		switch (e.type) {
		case SDL_QUIT:
			in->quit = true;
			break;
		case SDL_KEYDOWN:
			if (e.key.repeat == 0 || (e.key.keysym.sym >= SDLK_RIGHT && e.key.keysym.sym <= SDLK_UP))
				r = on_key(in, e.key.keysym.sym, error);
			break;
		case SDL_WINDOWEVENT:
			on_window(in, &e.window);
			break;
		case SDL_MOUSEMOTION:
			on_motion(in, &e.motion);
			break;
		case SDL_MOUSEBUTTONDOWN:
		case SDL_MOUSEBUTTONUP:
			on_button(in, &e.button);
			break;
		case SDL_MOUSEWHEEL:
			on_wheel(in, &e.wheel);
			break;
		default:
			break;
		}
	}
	return r < 0 ? r : handled;
}
