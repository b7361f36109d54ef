// SPDX-License-Identifier: MIT
/* What the fuzzers share: what must be true, how far they came, and that nothing is left behind. */
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each fuzzer's own. */
void fuzz_begin(void);                                        /* once, before all: it sets its goals */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* libFuzzer's, again and again */

/* Ends the process, which libFuzzer takes as a find. */
#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			fuzz_fail(#condition, __FILE__, __LINE__);                                                     \
	} while (0)
__attribute__((noreturn)) void fuzz_fail(const char *condition, const char *file, int line);

/*
 * Places deep inside that a fuzzer is to reach: each counts how often it was there. They are told at the end, and where
 * $TRIPOOL_FUZZ_GOALS is set one that was never reached is a failure. `goal` ends with {NULL, 0}.
 */
struct fuzz_goal {
	const char *name;
	uint64_t times;
};
void fuzz_set_goals(const struct fuzz_goal *goal);

/* A directory of streams for this process. */
void fuzz_make_directory(void);

/* How many fds are open: as many before as after, or some were left. */
int fuzz_count_fds(void);

/* Reads every byte, so that one that is not there is found. */
void fuzz_read_all(const void *memory, size_t size);

/* Whether a text is UTF-8 without control characters. Written apart from what it tests. */
bool fuzz_is_printable(const char *text);

#endif
