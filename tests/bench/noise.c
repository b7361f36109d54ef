// SPDX-License-Identifier: MIT
#include "noise.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MUCH_OTHERS 0.03
#define MUCH_STOLEN 0.01

struct ticks {
	double busy, idle, stolen, ours; /* seconds, all processors together */
};

static struct ticks before;

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double used_by(int who)
{
	struct rusage u;
	getrusage(who, &u);
	return seconds(u.ru_utime) + seconds(u.ru_stime);
}

static struct ticks now(void)
{
	struct ticks t = {.ours = used_by(RUSAGE_SELF) + used_by(RUSAGE_CHILDREN)};
	unsigned long long v[8] = {0};
	double hz = (double)sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "re");
	if (!f)
		return t;
	/* user, nice, system, idle, iowait, irq, softirq, steal: proc(5) */
	if (fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6],
		&v[7]) == 8) {
		t.busy = (double)(v[0] + v[1] + v[2] + v[5] + v[6]) / hz;
		t.idle = (double)(v[3] + v[4]) / hz;
		t.stolen = (double)v[7] / hz;
	}
	fclose(f);
	return t;
}

void noise_begin(void)
{
	before = now();
}

struct noise noise_end(void)
{
	struct ticks t = now();
	double busy = t.busy - before.busy, stolen = t.stolen - before.stolen;
	double all = busy + stolen + t.idle - before.idle;
	double others = busy - (t.ours - before.ours);
	if (all <= 0)
		return (struct noise){0};
	return (struct noise){others > 0 ? others / all : 0, stolen / all};
}

bool noise_is_much(const struct noise *n)
{
	return n->others > MUCH_OTHERS || n->stolen > MUCH_STOLEN;
}
