// SPDX-License-Identifier: MIT
#include "command-lines.h"
#include "grid.h"
#include "harness.h"
#include "options.h"

#include <string.h>

void parse_view(int argc, char **argv)
{
	struct options o;
	options_parse(&o, argc, argv);
	CHECK(o.name_count >= 0 && o.name_count <= GRID_MOST_TILES && !(o.all && o.name_count));
	for (int i = 0; i < o.name_count; i++)
		CHECK(o.names[i]);
	CHECK(o.duration_s >= 0 && o.duration_s <= 1e9);
	CHECK(o.place.w >= 0 && o.place.w <= 16384 && o.place.h >= 0 && o.place.h <= 16384);
	CHECK((o.place.w == 0) == (o.place.h == 0));
	CHECK((unsigned)o.place.x <= 99999 || (unsigned)o.place.x == SDL_WINDOWPOS_CENTERED);
	CHECK(!o.title || strlen(o.title) <= 200);
	CHECK(!o.screenshot || o.screenshot[0]);
}
