// SPDX-License-Identifier: MIT
/* The options_parse of each program, under a name of its own, with a look at what it took. */
#ifndef FUZZ_COMMAND_LINES_H
#define FUZZ_COMMAND_LINES_H

void parse_capture(int argc, char **argv);
void parse_view(int argc, char **argv);
void parse_record(int argc, char **argv);
void parse_stat(int argc, char **argv);

#endif
