// SPDX-License-Identifier: MIT
#include "events.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "error.h"
#include "signals.h"

#define EVENTS 4

int events_open(struct events *events, struct tripool_error *error)
{
	int signals = signals_open(), epoll, r;

	if (signals < 0)
		return tripool_fail(error, signals, "cannot wait for signals: %s", strerror(-signals));
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll < 0) {
		r = tripool_fail(error, -errno, "cannot wait for what happens: %s", strerror(errno));
		close(signals);
		return r;
	}
	*events = (struct events){epoll, signals};
	r = events_add(events, signals, EVENT_SIGNAL, error);
	if (r < 0)
		events_close(events);
	return r;
}

int events_add(struct events *events, int fd, enum event event, struct tripool_error *error)
{
	struct epoll_event what = {.events = EPOLLIN, .data.u32 = event};

	if (epoll_ctl(events->epoll, EPOLL_CTL_ADD, fd, &what) < 0)
		return tripool_fail(error, -errno, "cannot wait for what happens: %s", strerror(errno));
	return 0;
}

int events_wait(const struct events *events, int timeout_ms, struct tripool_error *error)
{
	struct epoll_event met[EVENTS];
	int n = epoll_wait(events->epoll, met, EVENTS, timeout_ms), happened = 0;

	if (n < 0 && errno != EINTR)
		return tripool_fail(error, -errno, "cannot wait for frames: %s", strerror(errno));
	while (n-- > 0)
		happened |= (int)met[n].data.u32;
	return happened;
}

void events_close(struct events *events)
{
	if (events->epoll >= 0)
		close(events->epoll);
	if (events->signals >= 0)
		close(events->signals);
	*events = (struct events){-1, -1};
}
