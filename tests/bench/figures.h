// SPDX-License-Identifier: MIT
/* Results for programs: each row as numbers with names, as JSON and as CSV. */
#ifndef TRIPOOL_BENCH_FIGURES_H
#define TRIPOOL_BENCH_FIGURES_H

#include <json-c/json.h>
#include <stdio.h>

#include "results.h"

/* An array of points: {"width", ..., "transports": [{"transport", "error", "fps", ...}, ...]}; what there is none of is
 * null. */
struct json_object *figures_json(struct results *results);

/* A line of names, then one for each row; numbers that there are none of are empty. */
void figures_csv(struct results *results, FILE *file);

#endif
