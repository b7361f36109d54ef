// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_REPORT_H
#define TRIPOOL_REPORT_H

#include "grid.h"

/* Prints the summary of a run to stdout: one JSON object where one stream was asked for, else an array of one for each
 * stream that is there. Returns 0, or -errno after it said why. */
int report_print(const struct grid *grid);

#endif
