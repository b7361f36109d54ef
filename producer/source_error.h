// SPDX-License-Identifier: MIT
/* How the sources say why something failed. */
#ifndef TRIPOOL_SOURCE_ERROR_H
#define TRIPOOL_SOURCE_ERROR_H

#include "tripool.h"

/* Writes the line for a person (NULL: nobody wants it) and returns `code`, to be returned in turn. */
__attribute__((format(printf, 3, 4))) int source_fail(struct tripool_error *error, int code, const char *format, ...);

#endif
