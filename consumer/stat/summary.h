// SPDX-License-Identifier: MIT
/* What the producers said, for programs. */
#ifndef TRIPOOL_STAT_SUMMARY_H
#define TRIPOOL_STAT_SUMMARY_H

#include "survey.h"

/* Prints an array of the streams as JSON to standard output. 0, or -errno after cli_error. */
int summary_print(const struct survey *survey);

#endif
