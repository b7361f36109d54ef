// SPDX-License-Identifier: MIT
#include "follow.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "refresh.h"

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
}

static int add_new(struct follow *f)
{
	struct tripool_error why = {""};
	char name[TRIPOOL_NAME_BYTES];
	int added = 0;
	for (int i = 0; i < f->grid->count; i++)
		f->grid->tile[i]->listed = false;
	while (tripool_directory_next(f->directory, name)) {
		struct tile *t = grid_find(f->grid, name);
		if (!t && grid_add(f->grid, name, &why) == 0) {
			t = grid_find(f->grid, name);
			added = 1;
		}
		if (t)
			t->listed = true;
		else
			complain(f, why.text);
	}
	return added;
}

/* Those that are not listed, once they have been away for long enough. */
static int remove_gone(struct follow *f, int64_t now)
{
	int removed = 0;
	for (int i = f->grid->count; i-- > 0;) {
		struct tile *t = f->grid->tile[i];
		if (t->listed)
			t->gone_since_ns = 0;
		else if (t->gone_since_ns == 0)
			t->gone_since_ns = now;
		if (t->listed)
			continue;
		if (now - t->gone_since_ns >= GONE_NS) {
			grid_remove(f->grid, t);
			removed = 1;
		} else {
			f->wake_ns = earlier_ns(f->wake_ns, t->gone_since_ns + GONE_NS);
		}
	}
	return removed;
}

int follow_look(struct follow *f)
{
	struct tripool_error why = {""};
	int64_t now = tripool_now_ns();
	f->wake_ns = 0;
	if (tripool_directory_refresh(f->directory, &why) < 0) {
		complain(f, why.text);
		f->wake_ns = now + RETRY_NS; /* no event tells when it will do */
		return 0;
	}
	int added = add_new(f);
	return remove_gone(f, now) || added;
}
