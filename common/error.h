// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_ERROR_H
#define TRIPOOL_ERROR_H

#include "tripool.h"

/* Writes the reason (`error` may be NULL) and returns `code`, so that a failure is one statement. */
__attribute__((format(printf, 3, 4))) int tripool_fail(struct tripool_error *error, int code, const char *format, ...);

/* Makes what a peer sent fit to be printed: no control characters, so no terminal escapes. */
void tripool_make_printable(char *text);

/* Where an object's messages go; log may be NULL. */
struct tripool_logger {
	tripool_log_fn log;
	void *context;
};

__attribute__((format(printf, 3, 4))) void tripool_log(
    const struct tripool_logger *logger, enum tripool_log_level level, const char *format, ...);

#endif
