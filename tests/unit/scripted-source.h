// SPDX-License-Identifier: MIT
/* A source that fails and comes back by a script, and tripool-capture's loop run over it in a scratch directory. */
#ifndef TRIPOOL_SCRIPTED_SOURCE_H
#define TRIPOOL_SCRIPTED_SOURCE_H

#include "capture.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

/* One life of the source, from open to close. */
struct life {
	int open_error, start_error;
	unsigned frames; /* then it fails with... */
	int error;       /* 0: it falls silent; -ESTALE: the next life begins without open and close */
	uint32_t width_px, write_depth;
	bool fresh_pool;
	bool hurries;
	bool takes_fds; /* from its close on there is no fd to be had */
	const char *note;
};

/* Of the run; set_up begins them anew. */
extern unsigned opens, closes;
extern int device_comes_ms; /* after the watch was made; 0: never */
extern struct capture capture;
extern struct tripool_producer_stats stats; /* when it had ended */

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int set_up(void **state);
int tear_down(void **state); /* all that was opened is closed, and the name is free */

/* Runs the script, the last life again and again; returns what capture_run returns. After run_open the stream "script"
 * is still there where that is 0: the caller's to close. */
int run(const struct life *script, unsigned count, struct options options);
int run_open(const struct life *script, unsigned count, struct options *options);

/* The same, and what was written to stderr meanwhile is kept. */
int run_heard(const struct life *script, unsigned count, struct options options);
int run_open_heard(const struct life *script, unsigned count, struct options *options);
unsigned times_said(const char *words);

/* After a life with takes_fds. */
void give_fds_back(void);

#endif
