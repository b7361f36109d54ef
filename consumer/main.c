// SPDX-License-Identifier: MIT
/* tripool-view: shows the newest frame of a stream in a window. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#if defined(SDL_VIDEO_DRIVER_WAYLAND)
#include <wayland-client-core.h>
#endif

#include "cli.h"
#include "clock.h"
#include "error.h"
#include "events.h"
#include "icon.h"
#include "loop.h"
#include "options.h"
#include "report.h"
#include "screenshot.h"

#define SEVERAL_WIDTH 1280
#define SEVERAL_HEIGHT 720

/* Where there is no display, SDL takes a driver without one, which is of use to those alone who ask for it. */
static bool shows_nowhere(void)
{
	static const char *const blind[] = {"offscreen", "dummy", "evdev"};
	const char *asked = SDL_GetHint(SDL_HINT_VIDEODRIVER), *driver = SDL_GetCurrentVideoDriver();
	if (asked && asked[0] != '\0')
		return false;
	for (size_t i = 0; driver && i < sizeof(blind) / sizeof(*blind); i++)
		if (strcmp(driver, blind[i]) == 0)
			return true;
	return false;
}

#if defined(SDL_VIDEO_DRIVER_WAYLAND)
static void say_nothing(const char *format, va_list arguments)
{
	(void)format;
	(void)arguments;
}
#endif

static int open_display(struct display **display, const struct options *o, struct tripool_error *error)
{
	struct display_options window = {
	    .kind = o->renderer,
	    .title = o->title ? o->title : "tripool",
	    .place = o->place,
	    .fullscreen = o->fullscreen,
	    .vsync = !o->no_vsync,
	};
	if (window.place.w == 0 && o->name_count != 1) { /* no frame's size is the window's */
		window.place.w = SEVERAL_WIDTH;
		window.place.h = SEVERAL_HEIGHT;
	}
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	/* a viewer in a window is no game: the desktop's compositor may stay */
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	SDL_SetHint(SDL_HINT_APP_NAME, "tripool-view");
#if defined(SDL_VIDEO_DRIVER_WAYLAND)
	/* libwayland would complain of it to everyone who uses X11 alone */
	if (!getenv("XDG_RUNTIME_DIR"))
		wl_log_set_handler_client(say_nothing);
#endif
	if (SDL_Init(SDL_INIT_VIDEO) < 0)
		return tripool_fail(error, -ENODEV, "no display: %s: is DISPLAY or WAYLAND_DISPLAY set, and reachable?",
		    SDL_GetError());
	if (shows_nowhere())
		return tripool_fail(error, -ENODEV, "no display: is DISPLAY or WAYLAND_DISPLAY set, and reachable?");
	SDL_StopTextInput(); /* keys are commands: no input method */
	return display_create(display, &window, error);
}

static int add_streams(struct grid *grid, const struct options *o, struct tripool_error *error)
{
	int r = 0;
	for (int i = 0; r == 0 && i < o->name_count; i++)
		r = grid_add(grid, o->names[i], error);
	return r;
}

static int write_screenshot(struct grid *grid, const char *path, struct tripool_error *error)
{
	SDL_Surface *picture = grid_picture(grid);
	const struct tile *t = grid_alone(grid);
	int r = screenshot_write(path, picture, t ? stream_about(&t->stream) : NULL, error);
	SDL_FreeSurface(picture);
	return r;
}

static bool tell_torn(const struct grid *grid)
{
	bool torn = false;
	for (int i = 0; i < grid->count; i++) {
		const struct stream *s = &grid->tile[i]->stream;
		if (s->verify.frames_torn == 0)
			continue;
		torn = true;
		cli_error("stream '%s': %" PRIu64 " of %" PRIu64 " frames were torn", s->name, s->verify.frames_torn,
		    s->verify.frames_verified);
	}
	if (grid->gone_frames_torn > 0)
		cli_error("%" PRIu64 " frames of streams that have gone were torn", grid->gone_frames_torn);
	return torn || grid->gone_frames_torn > 0;
}

/* With the window and the streams open. Returns 0 or -errno with the reason. */
static int show(struct loop *loop, const struct options *o, struct tripool_error *error)
{
	struct follow follow;
	int r;
	if (o->all) {
		r = follow_open(&follow, loop->grid, error);
		if (r < 0)
			return r;
		loop->follow = &follow;
	}
	r = loop_run(loop, error);
	if (o->all)
		follow_close(&follow);
	if (r == 0 && o->screenshot)
		r = write_screenshot(loop->grid, o->screenshot, error);
	return r;
}

/* From the window to the end of the run. Returns 0 or -errno with the reason. */
static int run(struct loop *loop, const struct options *o, bool *printed, struct tripool_error *error)
{
	struct grid *grid = loop->grid;
	struct display *display;
	struct text *text;
	int r = open_display(&display, o, error);
	if (r < 0)
		goto quit_sdl;
	text = text_create();
	if (!text) {
		r = tripool_fail(error, -ENOMEM, "no memory for text");
		goto destroy_display;
	}
	events_watch_window(loop->events, display->window);
	icon_set(display->window);
	r = grid_open(grid, display, text, error);
	if (r == 0) {
		r = show(loop, o, error);
		*printed = !o->json || report_print(grid) == 0;
	}
	grid_close(grid);
	text_destroy(text);
destroy_display:
	display_destroy(display);
quit_sdl:
	SDL_Quit();
	return r;
}

int main(int argc, char **argv)
{
	int64_t start_ns = tripool_now_ns();
	static const char *const usual = "default";
	struct options options;
	struct events events;
	struct tripool_error error = {""};
	bool printed = true;

	cli_begin();
	options_parse(&options, argc, argv);
	if (options.name_count == 0 && !options.all) {
		options.names = (const char **)&usual;
		options.name_count = 1;
	}
	struct grid grid = {.is_lone = options.name_count == 1, .verifies = options.verify};
	struct loop loop = {
	    .grid = &grid,
	    .events = &events,
	    .input = {.grid = &grid, .title = options.title},
	    .vsync = !options.no_vsync,
	    .most_frames = options.frames,
	    .end_ns = options.duration_s > 0 ? start_ns + (int64_t)(options.duration_s * NS_PER_SECOND) : 0,
	};
	int status = 1, r = add_streams(&grid, &options, &error);
	if (r < 0) {
		status = r == -EINVAL ? 2 : 1;
		goto finish_grid;
	}
	if (options.screenshot && (r = screenshot_check(options.screenshot, &error)) < 0)
		goto finish_grid;
	r = events_init(&events);
	if (r < 0) {
		tripool_fail(&error, r, "cannot wait for signals: %s", strerror(-r));
		goto finish_grid;
	}
	r = run(&loop, &options, &printed, &error);
	bool torn = tell_torn(&grid);
	status = r == 0 && printed && !torn ? 0 : 1;
	events_finish(&events);
finish_grid:
	if (r < 0)
		cli_error("%s", error.text);
	grid_finish(&grid);
	return status;
}
