// SPDX-License-Identifier: MIT
/* xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016): the same
 * numbers everywhere. Its high bits are the better ones. */
#ifndef TRIPOOL_TESTS_RANDOM_H
#define TRIPOOL_TESTS_RANDOM_H

#include <stdint.h>

/* A seed that is 0 would stay so. */
static inline uint64_t random_first(uint64_t seed)
{
	return seed * 2 + 1;
}

static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
