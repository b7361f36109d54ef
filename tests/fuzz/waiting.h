// SPDX-License-Identifier: MIT
/*
 * Time that passes at once. The linker leads calls of clock_gettime and poll here (--wrap): CLOCK_MONOTONIC stands but
 * for a microsecond at each look, and who would sleep finds that the time is over, after whatever else was to happen
 * meanwhile in this same thread. So no test waits, and the same bytes do the same each time. Directories are not
 * watched either: to close an inotify fd takes the kernel milliseconds.
 */
#ifndef FUZZ_WAITING_H
#define FUZZ_WAITING_H

#include <stdbool.h>
#include <stdint.h>

/* The clock begins anew. `meanwhile` is called when somebody would sleep, and may make that needless; false: nothing
 * more will happen. NULL: nothing does. */
void waiting_begin(bool (*meanwhile)(void));

void waiting_pass(int64_t ns);

#endif
