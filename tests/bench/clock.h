// SPDX-License-Identifier: MIT
/* The clocks and cores that measurements go by. Apart, so that a test can put others in their place. */
#ifndef TRIPOOL_BENCH_CLOCK_H
#define TRIPOOL_BENCH_CLOCK_H

#include <stdint.h>
#include <sys/types.h>

int64_t now_ns(void);         /* CLOCK_MONOTONIC */
int64_t cpu_ns(void);         /* used by this process, all its threads together */
int64_t cpu_of_ns(pid_t pid); /* by another one; 0 where there is none */
void sleep_until_ns(int64_t when_ns);
void pin_to_core(int core); /* 0 or 1: the two that are used. First called before any fork. */

#endif
