// SPDX-License-Identifier: MIT
#include "follow.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "clock.h"

#define GONE_NS (5 * NS_PER_SECOND) /* a producer that is only restarted is back by then */
#define RETRY_NS NS_PER_SECOND

int follow_open(struct follow *f, struct grid *grid, struct tripool_error *error)
{
	*f = (struct follow){.grid = grid};
	int r = tripool_directory_create(&f->directory, error);
	if (r == 0)
		follow_look(f);
	return r;
}

void follow_close(struct follow *f)
{
	tripool_directory_destroy(f->directory);
}

int follow_fd(const struct follow *f)
{
	return tripool_directory_fd(f->directory);
}

static void complain(struct follow *f, const char *text)
{
	if (strcmp(text, f->complaint) != 0)
		cli_error("%s", text);
	snprintf(f->complaint, sizeof(f->complaint), "%s", text);
	f->wake_ns = tripool_now_ns() + RETRY_NS;
}

/* Those that are not listed, once they have been away for long enough. */
static int remove_gone(struct follow *f)
{
	int64_t now = tripool_now_ns();
	int removed = 0;
	for (int i = f->grid->count; i-- > 0;) {
		struct tile *t = f->grid->tile[i];
		if (tripool_viewer_connected(t->stream.viewer)) {
			t->gone_since_ns = 0;
			continue;
		}
		if (t->gone_since_ns == 0)
			t->gone_since_ns = now;
		int64_t due = t->gone_since_ns + GONE_NS;
		if (due <= now) {
			grid_remove(f->grid, t);
			removed = 1;
		} else if (f->wake_ns == 0 || due < f->wake_ns) {
			f->wake_ns = due;
		}
	}
	return removed;
}

static int add_new(struct follow *f)
{
	struct tripool_error why = {""};
	char name[TRIPOOL_NAME_BYTES];
	int added = 0;
	while (tripool_directory_next(f->directory, name)) {
		if (grid_find(f->grid, name))
			continue;
		if (grid_add(f->grid, name, &why) == 0)
			added = 1;
		else
			complain(f, why.text);
	}
	return added;
}

int follow_look(struct follow *f)
{
	struct tripool_error why = {""};
	f->wake_ns = 0;
	int r = tripool_directory_refresh(f->directory, &why);
	if (r < 0)
		complain(f, why.text);
	int added = r < 0 ? 0 : add_new(f);
	return remove_gone(f) || added;
}
