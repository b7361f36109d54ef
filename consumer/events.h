// SPDX-License-Identifier: MIT
/* Sleeps until a stream, the window system, a signal or a timer has something: nothing is polled where the window
 * system has a connection to wait on. */
#ifndef TRIPOOL_EVENTS_H
#define TRIPOOL_EVENTS_H

#include <SDL.h>
#include <poll.h>
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

#define EVENTS_OWN_FDS 2

/* Like poll; `fds` has room for EVENTS_OWN_FDS more. Returns whether the program is to end. timeout_ms -1: none. SDL's
 * queue must have been emptied just before: what Xlib has read already does not make its connection readable. */
bool events_wait(const struct events *events, struct pollfd *fds, int count, int timeout_ms);

#endif
