// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_REPORT_H
#define TRIPOOL_REPORT_H

#include "grid.h"

/* Prints the summary of a run to stdout: one JSON object, or an array of one for each stream where there are others
 * than one. Returns 0, or -errno after it said why. */
int report_print(const struct grid *grid);

#endif
