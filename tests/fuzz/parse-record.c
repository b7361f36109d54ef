// SPDX-License-Identifier: MIT
#include "command-lines.h"
#include "harness.h"
#include "options.h"

#include <string.h>

void parse_record(int argc, char **argv)
{
	struct options o;
	options_parse(&o, argc, argv);
	CHECK(o.name && o.output && o.output[0]);
	CHECK(o.bit_rate == 0 || (o.bit_rate >= 1000 && o.bit_rate <= 10000000000));
	CHECK(o.duration_s >= 0 && o.duration_s <= 1e9);
	CHECK(!o.json || strcmp(o.output, "-") != 0);
}
