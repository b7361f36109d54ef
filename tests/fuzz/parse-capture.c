// SPDX-License-Identifier: MIT
#include "command-lines.h"
#include "harness.h"
#include "options.h"

#include <string.h>

/* The sources themselves are not wanted here. */
const struct source_class pattern_source = {.scheme = "pattern"};
const struct source_class camera_source = {.scheme = "camera"};
const struct source_class movie_source = {.scheme = "movie"};

void parse_capture(int argc, char **argv)
{
	struct options o;
	options_parse(&o, argc, argv);
	const struct source_request *r = &o.request;
	CHECK(o.name && o.source);
	CHECK(r->width_px <= 32768 && r->height_px <= 32768 && !r->width_px == !r->height_px);
	CHECK(!r->rate_num == !r->rate_den && r->rate_num <= 1000000 && r->rate_den <= 1000000);
	CHECK(r->rate_num <= 10000ull * r->rate_den || r->rate_den == 0);
	CHECK(o.duration_s >= 0 && o.duration_s <= 1e9);
	CHECK(o.max_viewers <= TRIPOOL_MAX_SLOTS - 2 && o.socket_mode <= 0777);
	CHECK(r->assignment_count <= OPTIONS_MOST_ASSIGNMENTS);
	for (uint32_t i = 0; i < r->assignment_count; i++)
		CHECK(strchr(r->assignments[i], '=') > r->assignments[i]);
	CHECK(o.source != &movie_source || (r->argument && r->argument[0]));
}
