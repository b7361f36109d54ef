// SPDX-License-Identifier: MIT
/* A viewer in a poll loop, beside a timer and the signals that end it: counts the frames of each second.
 * poll-viewer [NAME] */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <tripool.h>
#include <unistd.h>

enum { VIEWER, TIMER, SIGNALS };

int main(int argc, char **argv)
{
	const struct tripool_viewer_options options = {.name = argc > 1 ? argv[1] : "cam", .wait_for_producer = true};
	const struct itimerspec second = {.it_value.tv_sec = 1, .it_interval.tv_sec = 1};
	struct tripool_viewer *viewer;
	struct tripool_viewer_stats stats;
	struct tripool_frame frame = {0};
	struct tripool_error error;
	struct pollfd fds[3];
	uint64_t ticks, counted = 0;
	sigset_t signals;
	int status = 1;

	if (tripool_viewer_create(&viewer, &options, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[VIEWER] = (struct pollfd){.fd = tripool_viewer_fd(viewer), .events = POLLIN};
	fds[TIMER] = (struct pollfd){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), .events = POLLIN};
	fds[SIGNALS] = (struct pollfd){.fd = signalfd(-1, &signals, SFD_CLOEXEC), .events = POLLIN};
	if (fds[SIGNALS].fd < 0 || timerfd_settime(fds[TIMER].fd, 0, &second, NULL) < 0) {
		fprintf(stderr, "no timer or no signals: %s\n", strerror(errno));
		goto destroy_viewer;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);

	for (;;) {
		/* armed each time; when there is a frame already, the others are only looked at */
		if (poll(fds, 3, tripool_viewer_arm(viewer) ? 0 : -1) < 0)
			continue; /* the fds are good: it was interrupted */
		if (fds[SIGNALS].revents)
			break;
		if (fds[TIMER].revents && read(fds[TIMER].fd, &ticks, sizeof(ticks)) == sizeof(ticks)) {
			tripool_viewer_get_stats(viewer, &stats);
			printf("%" PRIu64 " frames/s, newest %" PRIu64 ", %" PRIu64 " skipped\n",
			    (stats.frames_acquired - counted) / ticks, frame.sequence, stats.frames_skipped);
			counted = stats.frames_acquired;
		}
		int r = tripool_viewer_acquire(viewer, &frame);
		if (r == 0) {
			tripool_viewer_release(viewer, &frame);
		} else if (r == -EPIPE) {
			tripool_viewer_reconnect(viewer, NULL); /* none? the fd tells of the next, the timer else */
		} else if (r != -EAGAIN && r != -ESTALE) {
			fprintf(stderr, "stream '%s': %s\n", options.name, strerror(-r));
			goto destroy_viewer;
		}
	}
	status = 0;
destroy_viewer: /* the two fds end with the process */
	tripool_viewer_destroy(viewer);
	return status;
}
