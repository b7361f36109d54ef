// SPDX-License-Identifier: MIT
/* What both programs' summaries say in the same way. Each object is the caller's; NULL is JSON's null. */
#ifndef TRIPOOL_JSON_H
#define TRIPOOL_JSON_H

#include "distribution.h"

#include <json-c/json.h>

/* A number with so many decimals. NULL for what JSON has no number for (infinite, not a number), or without memory. */
struct json_object *json_number(double value, int decimals);

/* {"p50", "p90", "p99", "max"}, each in microseconds, or null when there is no sample. NULL without memory. */
struct json_object *json_percentiles(const struct distribution *distribution);

#endif
