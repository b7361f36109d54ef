// SPDX-License-Identifier: MIT
/* tripool-view: shows the newest frame of a stream in a window. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <SDL.h>

#include "cli.h"
#include "clock.h"
#include "events.h"
#include "loop.h"
#include "options.h"
#include "report.h"
#include "screenshot.h"

static int open_display(struct display **display, const struct options *o, struct tripool_error *error)
{
	char title[256];
	SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
	/* a viewer in a window is no game: the desktop's compositor may stay */
	SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
	SDL_SetHint(SDL_HINT_APP_NAME, "tripool-view");
	if (SDL_Init(SDL_INIT_VIDEO) < 0) {
		snprintf(error->text, sizeof(error->text),
		    "cannot open a window: %s (is DISPLAY or WAYLAND_DISPLAY set?)", SDL_GetError());
		return -ENODEV;
	}
	SDL_StopTextInput(); /* keys are commands: no input method */
	snprintf(title, sizeof(title), "tripool: %s", o->name);
	return display_create(display, o->renderer, title, o->fullscreen, error);
}

/* From the window to the end of the run. Returns the exit status. */
static int run(const struct options *o, struct stream *stream, struct events *events, struct screenshot *screenshot,
    int64_t start_ns)
{
	struct tripool_error error = {""};
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
		r = -ENOMEM;
		snprintf(error.text, sizeof(error.text), "no memory for text");
		goto destroy_display;
	}
	events_watch_window(events, loop.display->window);
	r = loop_run(&loop, &error);
	if (r == 0 && screenshot->file) {
		SDL_Surface *picture = display_read_back(loop.display, &loop.scene);
		r = screenshot_write(screenshot, picture, &error);
		SDL_FreeSurface(picture);
	}
	if (o->json && report_print(stream, loop.display) < 0 && r == 0) {
		r = -EIO;
		snprintf(error.text, sizeof(error.text), "cannot write the summary to standard output");
	}
	overlay_destroy(loop.overlay);
destroy_display:
	display_destroy(loop.display);
quit_sdl:
	SDL_Quit();
	if (r < 0)
		cli_error("%s", error.text);
	return r < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	int64_t start_ns = tripool_now_ns();
	struct options options;
	struct events events;
	struct screenshot screenshot = {0};
	struct tripool_error error = {""};
	struct verify verify = {0};
	static struct stream stream;

	options_parse(&options, argc, argv);
	if (options.verify)
		stream.verify = &verify;
	int r = stream_open(&stream, options.name, &error);
	if (r < 0) {
		cli_error("%s", error.text);
		return r == -EINVAL ? 2 : 1;
	}
	int status = 1;
	if (options.screenshot && screenshot_open(&screenshot, options.screenshot, &error) < 0) {
		cli_error("%s", error.text);
		goto close_stream;
	}
	r = events_init(&events);
	if (r < 0) {
		cli_error("cannot wait for signals: %s", strerror(-r));
		goto discard_screenshot;
	}
	status = run(&options, &stream, &events, &screenshot, start_ns);
	if (verify.frames_torn > 0) {
		cli_error("%llu of %llu frames were torn", (unsigned long long)verify.frames_torn,
		    (unsigned long long)verify.frames_verified);
		status = 1;
	}
	events_finish(&events);
discard_screenshot:
	screenshot_discard(&screenshot);
close_stream:
	stream_close(&stream);
	return status;
}
