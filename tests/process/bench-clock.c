// SPDX-License-Identifier: MIT
/* In place of the harness's clock: see bench-clock.h. */
#include "bench-clock.h"

#include "bench/clock.h"

#include <time.h>

static int core = -1; /* the parent: real time */
static int64_t wall_ns, used_ns, daemon_ns;

static int64_t real_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int64_t now_ns(void)
{
	return core < 0 ? real_ns() : wall_ns;
}

int64_t cpu_ns(void)
{
	return used_ns;
}

int64_t cpu_of_ns(pid_t pid)
{
	return pid > 0 ? daemon_ns : 0;
}

void pin_to_core(int number)
{
	core = number;
	wall_ns = 1000000000;
}

void sleep_until_ns(int64_t when_ns)
{
	/* The others have a little real time, too: the parent when it waits for a side, a side for another. */
	nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
	bench_clock_reach(when_ns);
}

void bench_clock_reach(int64_t when_ns)
{
	if (wall_ns < when_ns)
		wall_ns = when_ns;
}

void bench_clock_spend(int64_t wall, int64_t cpu, int64_t daemon)
{
	wall_ns += wall;
	used_ns += cpu;
	daemon_ns += daemon;
}
