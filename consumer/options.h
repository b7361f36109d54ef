// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_OPTIONS_H
#define TRIPOOL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "display.h"

struct options {
	const char *name;
	uint64_t frames;   /* 0: no limit */
	double duration_s; /* 0: no limit */
	enum display_kind renderer;
	bool fullscreen, verify, json;
	const char *screenshot; /* NULL: none */
};

/* Ends the program for --help and --version, and with status 2 and one line for anything wrong. */
void options_parse(struct options *options, int argc, char **argv);

#endif
