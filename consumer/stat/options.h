// SPDX-License-Identifier: MIT
/* The command line of tripool-stat. */
#ifndef TRIPOOL_STAT_OPTIONS_H
#define TRIPOOL_STAT_OPTIONS_H

#include <stdbool.h>

struct options {
	char **name; /* the streams asked for */
	int names;   /* 0: all there are */
	bool once, json, wait;
	double timeout_s; /* of wait; 0: no limit */
};

/* Wrong usage ends the program with status 2, --help and --version with 0. The strings are argv's own. */
void options_parse(struct options *options, int argc, char **argv);

#endif
