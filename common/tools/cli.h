// SPDX-License-Identifier: MIT
/* What the programs share: how they begin and print, strict numbers on their command lines, and errors that say what,
 * which value and what to do. */
#ifndef TRIPOOL_CLI_H
#define TRIPOOL_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

/* The first thing in main: standard fds that the caller closed lead to /dev/null (a write to standard output fails
 * nevertheless), so that nothing else comes to lie there; a closed pipe and a file that may not grow (ulimit -f) are
 * errors like others. Ends the program when that cannot be had. */
void cli_begin(void);

/* Prints to standard output what the program was asked for: the last it says there. 0, or -errno after cli_error. */
__attribute__((format(printf, 1, 2))) int cli_print(const char *format, ...);
/* The same for what was written to stdout before. */
int cli_finish_output(void);
/* For --help and --version. */
__attribute__((noreturn)) void cli_print_and_exit(const char *text);

/* Each prints "<program>: <text>" to stderr; cli_fail ends the program with status 2 (wrong usage). */
__attribute__((format(printf, 1, 2))) void cli_error(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn)) void cli_fail(const char *format, ...);

/* What getopt_long (with ':' first in its short options) found to be wrong: `found` is '?' or ':'. Ends the program. */
__attribute__((noreturn)) void cli_fail_option(int found, char **argv, const struct option *long_options);

/* The value of option `option` ("--frames"), all of it a number within the bounds; otherwise cli_fail. */
uint64_t cli_uint(const char *option, const char *text, uint64_t least, uint64_t most);
double cli_seconds(const char *option, const char *text);                                     /* "2.5", above 0 */
void cli_size(const char *option, const char *text, uint32_t *width_px, uint32_t *height_px); /* "1280x720" */
void cli_rate(const char *option, const char *text, uint32_t *num, uint32_t *den); /* "60", "29.97", "30000/1001" */

#endif
