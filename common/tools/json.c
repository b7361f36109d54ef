// SPDX-License-Identifier: MIT
#include "json.h"

#include <math.h>
#include <stdio.h>

struct json_object *json_number(double value, int decimals)
{
	char text[400]; /* the largest double has 309 digits */

	if (!isfinite(value))
		return NULL;
	snprintf(text, sizeof(text), "%.*f", decimals, value);
	return json_object_new_double_s(value, text);
}

struct json_object *json_percentiles(const struct distribution *distribution)
{
	static const struct {
		const char *name;
		double percent;
	} asked[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}};
	struct json_object *o = json_object_new_object();

	for (size_t i = 0; o && i < sizeof(asked) / sizeof(*asked); i++) {
		double us = distribution_percentile_us(distribution, asked[i].percent);
		json_object_object_add(o, asked[i].name, distribution->count ? json_number(us, 1) : NULL);
	}
	return o;
}
