// SPDX-License-Identifier: MIT
/* Results for people: a table for each point. */
#ifndef TRIPOOL_BENCH_TABLE_H
#define TRIPOOL_BENCH_TABLE_H

#include "results.h"

void table_print(struct results *results);

/* A line for each point: how tripool stands there. */
void table_print_short(struct results *results);

#endif
