// SPDX-License-Identifier: MIT
/* tripool-view: shows the newest frame of a stream in a window. */
#include <errno.h>
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
#include "loop.h"
#include "options.h"
#include "report.h"
#include "screenshot.h"

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
	char title[256];
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
	snprintf(title, sizeof(title), "tripool: %s", o->name);
	return display_create(display, o->renderer, title, o->fullscreen, error);
}

/* From the window to the end of the run. Returns the exit status. */
static int run(const struct options *o, struct stream *stream, struct events *events, int64_t start_ns)
{
	struct tripool_error error = {""};
	int printed = 0;
	struct loop loop = {
	    .stream = stream,
	    .events = events,
	    .most_frames = o->frames,
	    .end_ns = o->duration_s > 0 ? start_ns + (int64_t)(o->duration_s * NS_PER_SECOND) : 0,
	};
	int r = open_display(&loop.display, o, &error);
	if (r < 0)
		goto quit_sdl;
	stream->display = loop.display;
	loop.overlay = overlay_create();
	if (!loop.overlay) {
		r = tripool_fail(&error, -ENOMEM, "no memory for text");
		goto destroy_display;
	}
	events_watch_window(events, loop.display->window);
	r = loop_run(&loop, &error);
	if (r == 0 && o->screenshot) {
		SDL_Surface *picture = display_read_back(loop.display, &loop.scene);
		r = screenshot_write(o->screenshot, picture, stream_about(stream), &error);
		SDL_FreeSurface(picture);
	}
	if (o->json)
		printed = report_print(stream, loop.display);
	overlay_destroy(loop.overlay);
destroy_display:
	display_destroy(loop.display);
quit_sdl:
	SDL_Quit();
	if (r < 0)
		cli_error("%s", error.text);
	return r < 0 || printed < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	int64_t start_ns = tripool_now_ns();
	struct options options;
	struct events events;
	struct tripool_error error = {""};
	struct verify verify = {0};
	static struct stream stream;

	cli_begin();
	options_parse(&options, argc, argv);
	if (options.verify)
		stream.verify = &verify;
	int r = stream_open(&stream, options.name, &error);
	if (r < 0) {
		cli_error("%s", error.text);
		return r == -EINVAL ? 2 : 1;
	}
	int status = 1;
	if (options.screenshot && screenshot_check(options.screenshot, &error) < 0) {
		cli_error("%s", error.text);
		goto close_stream;
	}
	r = events_init(&events);
	if (r < 0) {
		cli_error("cannot wait for signals: %s", strerror(-r));
		goto close_stream;
	}
	status = run(&options, &stream, &events, start_ns);
	if (verify.frames_torn > 0) {
		cli_error("%llu of %llu frames were torn", (unsigned long long)verify.frames_torn,
		    (unsigned long long)verify.frames_verified);
		status = 1;
	}
	events_finish(&events);
close_stream:
	stream_close(&stream);
	return status;
}
