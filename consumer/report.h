// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_REPORT_H
#define TRIPOOL_REPORT_H

#include "display.h"
#include "stream.h"

/* Prints the summary of a run as one JSON object to stdout. Returns 0, or -errno after it said why. */
int report_print(const struct stream *stream, const struct display *display);

#endif
