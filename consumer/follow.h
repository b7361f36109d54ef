// SPDX-License-Identifier: MIT
/* Shows every stream there is: adds those that come, removes those that have been gone for a while. */
#ifndef TRIPOOL_FOLLOW_H
#define TRIPOOL_FOLLOW_H

#include "grid.h"

struct follow {
	struct grid *grid;
	struct tripool_directory *directory;
	int64_t wake_ns; /* when to look unasked; 0: never */
	char complaint[sizeof(((struct tripool_error *)NULL)->text)];
};

/* Errors: those of tripool_directory_create. */
int follow_open(struct follow *follow, struct grid *grid, struct tripool_error *error);
void follow_close(struct follow *follow);

/* Readable when follow_look has something to do. */
int follow_fd(const struct follow *follow);

/* Adds and removes. Returns 1 when the grid has others than before, else 0. */
int follow_look(struct follow *follow);

#endif
