// SPDX-License-Identifier: MIT
/* What tests of the list of streams share. Each function fails the test that calls it when something is not so. */
#ifndef TRIPOOL_LISTING_H
#define TRIPOOL_LISTING_H

#include "tripool.h"

struct tripool_directory *list_open(void);

/* The names that were not read yet, with blanks between; and all after a refresh. Valid until the next call. */
const char *list_rest(struct tripool_directory *d);
const char *list_anew(struct tripool_directory *d);

bool list_is_told(const struct tripool_directory *d, int timeout_ms); /* the fd is readable */

/* Refreshes when the fd says so, and only then, until the list is as it should be. */
void list_await(struct tripool_directory *d, const char *should);

/* Until the fd says nothing more: it may do so once too often where what is watched is another directory. */
void list_settle(struct tripool_directory *d);

struct tripool_producer *list_produce(const char *name, tripool_log_fn log, void *context);

/* In the test's directory of streams. Valid until the next call. */
const char *path_of(const char *file);

/* Of that type, which nobody has open. */
void make_stale_socket(const char *file, int type);

/* For what cannot be undone in this process; `body` returns 0 when all is well. */
void in_a_child(int (*body)(void));

#endif
