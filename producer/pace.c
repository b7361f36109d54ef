// SPDX-License-Identifier: MIT
#include "pace.h"

#include "clock.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

int pace_init(struct pace *pace, uint32_t rate_num, uint32_t rate_den)
{
	*pace = (struct pace){
	    .rate_num = rate_num,
	    .interval_ns = (uint64_t)rate_den * SECOND_NS / rate_num,
	    .interval_rest = (uint64_t)rate_den * SECOND_NS % rate_num,
	};
	pace->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return pace->fd < 0 ? -errno : 0;
}

int64_t pace_due_ns(const struct pace *pace, uint64_t tick)
{
	return pace->start_ns + (int64_t)(tick * pace->interval_ns + tick * pace->interval_rest / pace->rate_num);
}

/* One absolute time-out a tick: the timer's own interval is whole nanoseconds and would drift. */
static int arm(const struct pace *pace)
{
	int64_t due = pace_due_ns(pace, pace->next);
	struct itimerspec spec = {.it_value = {.tv_sec = due / SECOND_NS, .tv_nsec = due % SECOND_NS}};

	return timerfd_settime(pace->fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0 ? -errno : 0;
}

int pace_start(struct pace *pace)
{
	pace->start_ns = tripool_now_ns();
	pace->next = 0;
	pace->missed = 0;
	return arm(pace);
}

int pace_take(struct pace *pace)
{
	uint64_t expirations;

	if (read(pace->fd, &expirations, sizeof(expirations)) < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;

	/* The estimate may be one off where the interval is not whole nanoseconds; the loop settles it. */
	int64_t now = tripool_now_ns();
	uint64_t next = (uint64_t)(now - pace->start_ns) / (pace->interval_ns + 1);
	if (next <= pace->next)
		next = pace->next + 1;
	while (pace_due_ns(pace, next) <= now)
		next++;
	pace->missed += next - pace->next - 1;
	pace->next = next;
	int r = arm(pace);
	return r < 0 ? r : 1;
}

void pace_finish(struct pace *pace)
{
	if (pace->fd >= 0)
		close(pace->fd);
	pace->fd = -1;
}
