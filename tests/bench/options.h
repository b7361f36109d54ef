// SPDX-License-Identifier: MIT
/* The command line of tripool-bench. */
#ifndef TRIPOOL_BENCH_OPTIONS_H
#define TRIPOOL_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "transport.h"

#define MOST_SIZES 8
#define MOST_ONLY 16

struct options {
	bool quick, json, csv;
	double seconds; /* at each point and transport, all rounds together; 0: what the run's length lets one */
	int sizes;      /* 0: the usual ones */
	uint32_t size[MOST_SIZES][2];
	int only; /* 0: all */
	const struct transport *transport[MOST_ONLY];
	const char *charts; /* directory */
};

/* Ends the program on --help and for what is wrong. */
void options_parse(struct options *options, int argc, char **argv);

#endif
