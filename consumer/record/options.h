// SPDX-License-Identifier: MIT
/* The command line of tripool-record. */
#ifndef TRIPOOL_RECORD_OPTIONS_H
#define TRIPOOL_RECORD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
	const char *name, *output;
	const char *container, *codec, *preset; /* NULL: not said */
	int64_t bit_rate;                       /* bits a second; 0: not said */
	uint64_t frames;                        /* 0: no limit */
	double duration_s;                      /* 0: no limit */
	bool overwrite, json, quiet;
};

/* Wrong usage ends the program with status 2, --help and --version with 0. The strings are argv's own. */
void options_parse(struct options *options, int argc, char **argv);

#endif
