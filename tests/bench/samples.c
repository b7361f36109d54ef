// SPDX-License-Identifier: MIT
#include "samples.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void pin_to_core(int core)
{
	/* The first and the last that the program may use: on most machines they do not share a physical core. */
	static cpu_set_t allowed;
	if (CPU_COUNT(&allowed) == 0)
		sched_getaffinity(0, sizeof(allowed), &allowed);
	int chosen = -1;
	for (int c = 0; c < CPU_SETSIZE; c++)
		if (CPU_ISSET(c, &allowed) && (core > 0 || chosen < 0))
			chosen = c;
	cpu_set_t one;
	CPU_ZERO(&one);
	CPU_SET(chosen, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

void sleep_until_ns(int64_t when_ns)
{
	struct timespec t = {.tv_sec = when_ns / 1000000000, .tv_nsec = when_ns % 1000000000};
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double quantile(int64_t *samples, size_t count, double q)
{
	qsort(samples, count, sizeof(*samples), by_time);
	return (double)samples[(size_t)(q * (double)(count - 1) + 0.5)];
}

double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}
