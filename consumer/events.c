// SPDX-License-Identifier: MIT
#include "events.h"

#include <SDL_syswm.h>
#include <unistd.h>

#include "signals.h"

#if defined(SDL_VIDEO_DRIVER_WAYLAND)
#include <wayland-client-core.h>
#endif

#define NO_WINDOW_FD_MS 10

int events_init(struct events *events)
{
	int r = signals_open();
	if (r < 0)
		return r;
	*events = (struct events){.signals_fd = r, .window_fd = -1};
	return 0;
}

void events_finish(struct events *events)
{
	close(events->signals_fd);
}

void events_watch_window(struct events *events, SDL_Window *window)
{
	SDL_SysWMinfo info;
	SDL_VERSION(&info.version);
	events->window_fd = -1;
	if (!SDL_GetWindowWMInfo(window, &info))
		return;
#if defined(SDL_VIDEO_DRIVER_X11)
	if (info.subsystem == SDL_SYSWM_X11)
		events->window_fd = ConnectionNumber(info.info.x11.display);
#endif
#if defined(SDL_VIDEO_DRIVER_WAYLAND)
	if (info.subsystem == SDL_SYSWM_WAYLAND)
		events->window_fd = wl_display_get_fd(info.info.wl.display);
#endif
}

bool events_wait(const struct events *events, struct pollfd *fds, int count, int timeout_ms)
{
	struct pollfd *own = fds + count;
	own[0] = (struct pollfd){.fd = events->signals_fd, .events = POLLIN};
	own[1] = (struct pollfd){.fd = events->window_fd, .events = POLLIN};
	if (events->window_fd < 0 && (timeout_ms < 0 || timeout_ms > NO_WINDOW_FD_MS))
		timeout_ms = NO_WINDOW_FD_MS;
	if (poll(fds, (nfds_t)(count + EVENTS_OWN_FDS), timeout_ms) <= 0) {
		for (int i = 0; i < count; i++)
			fds[i].revents = 0;
		return false;
	}
	/* a window system that hung up can show nothing more */
	return own[0].revents != 0 || (own[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}
