// SPDX-License-Identifier: MIT
/* Sleeps until the stream, the window system, a signal or a timer has something: nothing is polled where the window
 * system has a connection to wait on. */
#ifndef TRIPOOL_EVENTS_H
#define TRIPOOL_EVENTS_H

#include <SDL.h>
#include <stdbool.h>

struct events {
	int signals_fd;
	int window_fd; /* -1: this video driver has none */
};

/* SIGINT, SIGTERM and SIGHUP (but not under nohup) end the program by way of events_wait. Before SDL starts any thread.
 * Returns 0 or -errno. */
int events_init(struct events *events);
void events_finish(struct events *events);

void events_watch_window(struct events *events, SDL_Window *window);

struct events_happened {
	bool stream, quit;
};

/* stream_fd -1: not of interest; timeout_ms -1: none. SDL's queue must have been emptied just before: what Xlib has
 * read already does not make its connection readable. */
struct events_happened events_wait(const struct events *events, int stream_fd, int timeout_ms);

#endif
