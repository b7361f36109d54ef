// SPDX-License-Identifier: MIT
/*
 * A processor with nothing to do halts; a virtual one is then woken when its host likes, up to 10 ms late as seen by
 * ftrace, which is neither the library's doing nor an attacker's. So that a measurement shows theirs, each processor
 * is given something that it leaves at once for anything else (SCHED_IDLE, sched(7)).
 */
#ifndef TRIPOOL_AWAKE_H
#define TRIPOOL_AWAKE_H

/* One process on each processor that this one may use; they end with it. 0 or -errno. From one thread, once. */
int awake_begin(void);
void awake_end(void);

#endif
