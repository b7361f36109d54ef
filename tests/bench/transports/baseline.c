// SPDX-License-Identifier: MIT
#include "baseline.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

int baseline_prepare(struct link *link, size_t own_bytes)
{
	if (link->viewers > 1) {
		snprintf(link->why, WHY_BYTES, "this transport has one viewer, not %d", link->viewers);
		return -ENOTSUP;
	}
	link->own = calloc(1, own_bytes);
	return link->own ? 0 : link_fail(link, "calloc", errno);
}

uint8_t *private_create(struct link *link, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED) {
		link_fail(link, "memory for a frame", errno);
		return NULL;
	}
	return p;
}

void private_destroy(uint8_t *memory, size_t bytes)
{
	if (memory)
		munmap(memory, bytes);
}

size_t system_limit(const char *path, size_t otherwise)
{
	size_t limit;
	FILE *f = fopen(path, "re");
	if (!f)
		return otherwise;
	if (fscanf(f, "%zu", &limit) != 1 || limit == 0)
		limit = otherwise;
	fclose(f);
	return limit;
}

static void nothing(int signal)
{
	(void)signal;
}

static int set_tick(suseconds_t us)
{
	struct itimerval t = {.it_interval.tv_usec = us, .it_value.tv_usec = us};
	return setitimer(ITIMER_REAL, &t, NULL);
}

int tick_start(struct link *link)
{
	struct sigaction action = {.sa_handler = nothing}; /* no SA_RESTART */
	if (sigaction(SIGALRM, &action, NULL) < 0 || set_tick(TAKE_MS * 1000) < 0)
		return link_fail(link, "a timer", errno);
	return 0;
}

void tick_stop(void)
{
	set_tick(0);
}
