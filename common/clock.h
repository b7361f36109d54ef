// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_CLOCK_H
#define TRIPOOL_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t tripool_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

#endif
