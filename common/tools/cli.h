// SPDX-License-Identifier: MIT
/* What the programs' command lines share: strict numbers, and errors that say what, which value and what to do. */
#ifndef TRIPOOL_CLI_H
#define TRIPOOL_CLI_H

#include <stdbool.h>
#include <stdint.h>

/* Each prints "<program>: <text>" to stderr; cli_fail ends the program with status 2 (wrong usage). */
__attribute__((format(printf, 1, 2))) void cli_error(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn)) void cli_fail(const char *format, ...);

/* The value of option `option` ("--frames"), all of it a number within the bounds; otherwise cli_fail. */
uint64_t cli_uint(const char *option, const char *text, uint64_t least, uint64_t most);
double cli_seconds(const char *option, const char *text);                                     /* "2.5", above 0 */
void cli_size(const char *option, const char *text, uint32_t *width_px, uint32_t *height_px); /* "1280x720" */
void cli_rate(const char *option, const char *text, uint32_t *num, uint32_t *den); /* "60", "29.97", "30000/1001" */

#endif
