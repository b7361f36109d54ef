// SPDX-License-Identifier: MIT
#include "command-lines.h"
#include "harness.h"
#include "options.h"

void parse_stat(int argc, char **argv)
{
	struct options o;
	options_parse(&o, argc, argv);
	CHECK(o.names >= 0);
	for (int i = 0; i < o.names; i++)
		CHECK(o.name[i]);
	CHECK(o.timeout_s >= 0 && o.timeout_s <= 1e9 && (o.timeout_s == 0 || o.wait));
	CHECK(!o.wait || (o.names > 0 && !o.once && !o.json));
}
