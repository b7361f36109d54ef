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

/* What the machine does not know would go past it unseen: these are errors. */
#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#undef atomic_thread_fence
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_or
#undef atomic_fetch_xor
#undef atomic_fetch_and
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_xor_explicit
#undef atomic_fetch_and_explicit
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak
#undef atomic_compare_exchange_weak_explicit
#pragma GCC poison atomic_load atomic_store atomic_exchange atomic_thread_fence atomic_fetch_add
#pragma GCC poison atomic_fetch_sub atomic_fetch_or atomic_fetch_xor atomic_fetch_and
#pragma GCC poison atomic_fetch_add_explicit atomic_fetch_sub_explicit atomic_fetch_or_explicit
#pragma GCC poison atomic_fetch_xor_explicit atomic_fetch_and_explicit atomic_compare_exchange_strong
#pragma GCC poison atomic_compare_exchange_strong_explicit atomic_compare_exchange_weak
#pragma GCC poison atomic_compare_exchange_weak_explicit

#endif
