// SPDX-License-Identifier: MIT
/*
 * A machine that runs a few threads one step at a time, in an order that a seed decides, on memory that is nearly as
 * weak as C11 lets it be: a load may return any value that its thread cannot know to be outdated.
 *
 * Each variable keeps all values it ever had, in the order in which they were stored. A thread has a *view*: for each
 * variable the oldest value that it may still read. A release store takes the view along, an acquire load that reads it
 * takes the view over. The seq_cst operations have one order, in which a load may come earlier than in time, but not
 * before what its thread knows of (as C++20 has it: a load that is not seq_cst tells nothing of that order). Plain
 * memory (pixels) is watched for data races: an access must know, by its view, of every conflicting one before it.
 *
 * Left out is that a load may see a store that comes later, which no processor has been seen to do (but reads of plain
 * memory that a write does not know of are races, and found), and that stores of two threads to one variable may be
 * ordered otherwise than in time.
 *
 * One process, one real thread, so this is all global state. A violation ends the run, whichever thread finds it.
 */
#ifndef TRIPOOL_EXPLORE_MACHINE_H
#define TRIPOOL_EXPLORE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define MACHINE_CHANNELS 8

/* Begins a run. What is stored before machine_run is known to all threads. */
void machine_reset(uint64_t seed, bool trace);

/* Returns its number. One that may stop does so for ever, between any two steps, or not at all. */
unsigned machine_spawn(const char *name, void (*body)(void *), void *argument, bool may_stop);
bool machine_has_stopped(unsigned thread);

/* The kernel says that a stopped thread is dead: all it did is known. */
void machine_bury(unsigned thread);

/* Runs the threads until all have ended or stopped: true. False: a violation, whose words are machine_violation's. */
bool machine_run(void);
const char *machine_violation(void);

/* ---- For the threads ---- */

/* Shared variables. `order` is a memory_order; `words` what the source calls it. */
uint64_t machine_load(const volatile void *at, int order, const char *words);
void machine_store(volatile void *at, uint64_t value, int order, const char *words);
uint64_t machine_exchange(volatile void *at, uint64_t value, int order, const char *words);

/* Plain memory. */
uint32_t machine_read(uint32_t *at);
void machine_write(uint32_t *at, uint32_t value);

/* A wake-up that goes through the kernel: kept until it is heard, and one is as good as many. It makes nothing known.
 * A thread that awaits what nobody posts stops the machine, which is a violation. */
void machine_post(unsigned channel);
void machine_await(unsigned channel);

/* The same with a time-out, which may come at any moment: false. */
bool machine_await_or_give_up(unsigned channel);

/* Nothing can be done before another thread has done something. */
void machine_yield(void);

/* 0 to n - 1, as the seed decides. */
unsigned machine_choose(unsigned n);

__attribute__((format(printf, 1, 2))) _Noreturn void machine_fail(const char *format, ...);

#endif
