// SPDX-License-Identifier: MIT
/* Whether the machine was left alone while it was measured. */
#ifndef TRIPOOL_BENCH_NOISE_H
#define TRIPOOL_BENCH_NOISE_H

#include <stdbool.h>

struct noise {
	double others; /* share of the processors' time that other programs used */
	double stolen; /* share that the machine's host gave to others */
};

/* The share is that of the time since. */
void noise_begin(void);
struct noise noise_end(void);

bool noise_is_much(const struct noise *noise);

#endif
