// SPDX-License-Identifier: MIT
/*
 * The signals that ask the recorder to end. By handlers, not by tools/signals.h: a write to a pipe that nobody reads
 * must be interrupted by them. A second one ends the program at once.
 */
#ifndef TRIPOOL_RECORD_STOP_H
#define TRIPOOL_RECORD_STOP_H

#include <stdbool.h>

/* SIGINT, SIGTERM and SIGHUP (which stays ignored where it was). Returns an fd that is readable once one of them came,
 * or -errno. It stays open as long as the program runs. */
int stop_open(void);

bool stop_asked(void);

#endif
