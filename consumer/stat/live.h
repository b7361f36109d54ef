// SPDX-License-Identifier: MIT
/* The table, once a second, until it is ended. */
#ifndef TRIPOOL_STAT_LIVE_H
#define TRIPOOL_STAT_LIVE_H

#include "survey.h"

/* Until a signal or the key q asks to end. Standard output must be a terminal. 0, or -errno, when the terminal is as it
 * was again. */
int live_run(struct survey *survey, struct tripool_error *error);

#endif
