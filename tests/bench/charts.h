// SPDX-License-Identifier: MIT
/* Results as pictures, by gnuplot. */
#ifndef TRIPOOL_BENCH_CHARTS_H
#define TRIPOOL_BENCH_CHARTS_H

#include "alone.h"

/* Whether there is gnuplot. */
bool charts_possible(void);

/* Writes latency, fps, cpu and viewers, each .svg and .png, into a directory that exists; those that there are figures
 * for. Others of before are removed: they are not of this run. 0, or -errno having said why. */
int charts_write(struct results *results, const struct alone *alone, const char *directory);

#endif
