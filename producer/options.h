// SPDX-License-Identifier: MIT
/* The command line of tripool-capture. */
#ifndef TRIPOOL_CAPTURE_OPTIONS_H
#define TRIPOOL_CAPTURE_OPTIONS_H

#include "source.h"

#define OPTIONS_MOST_ASSIGNMENTS 64

struct options {
	const struct source_class *source;
	struct source_request request;
	const char *name;
	uint64_t frames;      /* 0: no limit */
	double duration_s;    /* 0: no limit */
	uint32_t max_viewers; /* 0: not said */
	uint32_t socket_mode; /* 0: not said */
	const char *group;
	bool checksum, json, quiet, list, controls, once, on_demand, lossless;
	int verbose;
	const char *assignments[OPTIONS_MOST_ASSIGNMENTS]; /* to which the request points */
};

/* Wrong usage ends the program with status 2, --help and --version with 0. The strings are argv's own. */
void options_parse(struct options *options, int argc, char **argv);

#endif
