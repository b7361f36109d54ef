// SPDX-License-Identifier: MIT
/*
 * To be preloaded: clocks that jump, in the programs that it is loaded into alone. Once the file $JUMP is there the
 * monotonic clock is ten hours ahead, as after a machine was stopped, and the time of day a year back.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define AHEAD_S (10 * 3600)
#define BACK_S (365 * 86400)

static int has_jumped(void)
{
	static int jumped;
	const char *file = getenv("JUMP");
	if (!jumped && file)
		jumped = access(file, F_OK) == 0;
	return jumped;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = (int)syscall(SYS_clock_gettime, clock, t);
	if (r == 0 && clock == CLOCK_MONOTONIC && has_jumped())
		t->tv_sec += AHEAD_S;
	if (r == 0 && clock == CLOCK_REALTIME && has_jumped())
		t->tv_sec -= BACK_S;
	return r;
}

/* The kernel's timers go by the kernel's clock: what was to be after the jump is moved back, what is over is now. */
__attribute__((visibility("default"))) int timerfd_settime(
    int fd, int flags, const struct itimerspec *new, struct itimerspec *old)
{
	struct itimerspec moved = *new;
	if ((flags & TFD_TIMER_ABSTIME) && (new->it_value.tv_sec || new->it_value.tv_nsec) && has_jumped()) {
		moved.it_value.tv_sec -= AHEAD_S;
		if (moved.it_value.tv_sec < 0)
			moved.it_value = (struct timespec){.tv_nsec = 1};
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &moved, old);
}
