// SPDX-License-Identifier: MIT
/* What can wake the program, in one epoll set: a frame costs less so than polling each of them. */
#ifndef TRIPOOL_CAPTURE_EVENTS_H
#define TRIPOOL_CAPTURE_EVENTS_H

#include "tripool.h"

enum event {               /* a mask */
	EVENT_SIGNAL = 1,  /* SIGINT, SIGTERM or (but under nohup) SIGHUP: to end */
	EVENT_PEERS = 2,   /* tripool_producer_dispatch has something to do */
	EVENT_FRAMES = 4,  /* the source may have a frame */
	EVENT_DEVICES = 8, /* a source may have come back */
};

struct events {
	int epoll;
	int signals;
};

/* Blocks the signals. */
int events_open(struct events *events, struct tripool_error *error);

/* An fd that is closed is out of the set by that. */
int events_add(struct events *events, int fd, enum event event, struct tripool_error *error);

/* Returns what happened, 0 when the time is up. timeout_ms -1: none. */
int events_wait(const struct events *events, int timeout_ms, struct tripool_error *error);

void events_close(struct events *events);

#endif
