// SPDX-License-Identifier: MIT
/* A clock of each side's own, that goes on only where the test says so: what comes out can be worked out by hand. The
 * parent, which is on no core, has the real one. */
#ifndef TRIPOOL_BENCH_CLOCK_STUB_H
#define TRIPOOL_BENCH_CLOCK_STUB_H

#include <stdint.h>

void bench_clock_reach(int64_t when_ns); /* it shows that, if it showed less */
void bench_clock_spend(int64_t wall_ns, int64_t cpu_ns, int64_t daemon_ns);

#endif
