// SPDX-License-Identifier: MIT
/*
 * Included before anything else where the data path is compiled for exploration: its atomic operations go to the
 * machine instead of the processor's memory, each with its own words, for traces.
 */
#ifndef TRIPOOL_EXPLORE_ATOMICS_H
#define TRIPOOL_EXPLORE_ATOMICS_H

#include "machine.h"

#include <stdatomic.h>

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit

/* The type of what lies there, without its qualifiers. */
#define MACHINE_TYPE(p) __typeof__((void)0, *(p))

#define atomic_load_explicit(p, order) ((MACHINE_TYPE(p))machine_load((p), (order), #p))
#define atomic_store_explicit(p, value, order) machine_store((p), (uint64_t)(value), (order), #p)
#define atomic_exchange_explicit(p, value, order)                                                                      \
	((MACHINE_TYPE(p))machine_exchange((p), (uint64_t)(value), (order), #p))

#endif
