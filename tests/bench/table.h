// SPDX-License-Identifier: MIT
/* Results for people: a table for each point. */
#ifndef TRIPOOL_BENCH_TABLE_H
#define TRIPOOL_BENCH_TABLE_H

#include "results.h"

/* About three digits, whatever the size; "-": there is none. With table_rate() also "12.3k" and "4.56M". */
#define CELL 32
const char *table_number(char text[CELL], double value);
const char *table_rate(char text[CELL], double value);

void table_print(struct results *results);

/* A line for each point: how tripool stands there. */
void table_print_short(struct results *results);

#endif
