// SPDX-License-Identifier: MIT
/* Times taken, and what is said of them. */
#ifndef TRIPOOL_SAMPLES_H
#define TRIPOOL_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

int64_t now_ns(void);
void pin_to_core(int core); /* 0 or 1: the two that are used. First called before any fork. */
void sleep_until_ns(int64_t when_ns);

/* The q-quantile (0 to 1); sorts the samples. */
double quantile(int64_t *samples, size_t count, double q);
double median(double *values, size_t count);

#endif
