// SPDX-License-Identifier: MIT
/* What outlives a process that does not clean up: System V segments, semaphores and queues, POSIX segments and queues.
 */
#ifndef TRIPOOL_BENCH_LEFTOVERS_H
#define TRIPOOL_BENCH_LEFTOVERS_H

#define LEFTOVERS_BYTES 16384

/* Before anything else in a program, while it has one thread: where the system allows, it has them all for itself from
 * then on, so that other programs' do not come into it. */
void leftovers_isolate(void);

/* The names of all that there are, a line each, in `text` of LEFTOVERS_BYTES. Two such lists can be compared. */
void leftovers_list(char *text);

#endif
