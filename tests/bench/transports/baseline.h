// SPDX-License-Identifier: MIT
/* What the baselines share. They take all that the machine lets any user have; limits that only root may pass stay. */
#ifndef TRIPOOL_BENCH_BASELINE_H
#define TRIPOOL_BENCH_BASELINE_H

#include "transport.h"

/* link->own, zeroed. Refuses what no baseline here does: more than one viewer. */
int baseline_prepare(struct link *link, size_t own_bytes);

/* Memory of this side alone, present already so that no page fault is measured. NULL, and link->why: there is none. */
uint8_t *private_create(struct link *link, size_t bytes);
void private_destroy(uint8_t *memory, size_t bytes);

/* The number in a file of /proc/sys, or `otherwise` where it cannot be read. */
size_t system_limit(const char *path, size_t otherwise);

/*
 * For a viewer that sleeps in calls that know no time limit: each returns after at most TAKE_MS, with EINTR or with
 * less than was asked for. A poll() before each of them would cost a system call more.
 */
int tick_start(struct link *link);
void tick_stop(void);

#endif
