// SPDX-License-Identifier: MIT
#include "machine.h"

#include "random.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define THREADS 4
#define VARIABLES 256
#define VALUES 256 /* of one variable, in one run */
#define STACK_BYTES (256 * 1024)
#define MOST_STEPS 100000
#define MOST_CHANGES 3 /* of priority, in one run */
#define RUN_STEPS 500  /* about as long a run is, for those changes to fall into it */
#define STEPS_TO_STOP 64
#define SETUP THREADS /* who is running before machine_run */

/* What a thread knows: the oldest value of each variable that it may read, how far it knows the others to be, and which
 * part of the one order of seq_cst operations lies before it. */
struct view {
	uint16_t oldest[VARIABLES];
	uint32_t epoch[THREADS + 1];
	uint32_t order;
};

struct value {
	uint64_t value;
	uint32_t order;   /* its place among all seq_cst operations; 0: it is none */
	struct view view; /* what who reads it with acquire learns */
};

struct variable {
	const volatile void *at;
	uint32_t values;
	struct value value[VALUES];
	/* Of plain memory: when it was last written, by whom, and read by each. */
	uint32_t written_at, read_at[THREADS + 1];
	int writer;
};

enum state { READY, WAITING, WAITING_A_WHILE, STOPPED, ENDED };

struct thread {
	const char *name;
	void (*body)(void *);
	void *argument;
	ucontext_t context;
	struct view view;
	enum state state;
	unsigned channel; /* that it waits for */
	int priority;
	bool yielded, may_stop;
	char stack[STACK_BYTES];
};

static struct thread thread[THREADS + 1];
static struct variable variable[VARIABLES];
static uint32_t threads, variables, steps, orders;
static int running = SETUP;
static bool posted[MACHINE_CHANNELS];
static ucontext_t scheduler;
static bool violated, tracing;
static char violation[256];

/* ---- Chance ---- */

static uint64_t chance;
static enum { ANY, STICKY, PRIORITIES, STRATEGIES } strategy;
static unsigned stale_of_eight; /* how many of eight loads may return an outdated value */
static uint32_t change_at[MOST_CHANGES];

unsigned machine_choose(unsigned n)
{
	return (unsigned)((random_next(&chance) >> 33) % n);
}

void machine_reset(uint64_t seed, bool trace)
{
	for (int v = 0; v < VARIABLES; v++)
		variable[v].at = NULL;
	variables = threads = steps = orders = 0;
	running = SETUP;
	violated = false;
	tracing = trace;
	memset(posted, 0, sizeof(posted));
	memset(&thread[SETUP].view, 0, sizeof(thread[SETUP].view));
	thread[SETUP].name = "setup";
	chance = (seed + 1) * 0x9e3779b97f4a7c15u;
	for (int i = 0; i < 8; i++)
		machine_choose(2);
	strategy = machine_choose(STRATEGIES);
	stale_of_eight = machine_choose(4) * 2;
	for (int i = 0; i < MOST_CHANGES; i++)
		change_at[i] = machine_choose(RUN_STEPS);
}

/* ---- Who is next ---- */

static void enter(void)
{
	struct thread *t = &thread[running];
	t->body(t->argument);
	t->state = ENDED;
	swapcontext(&t->context, &scheduler);
}

unsigned machine_spawn(const char *name, void (*body)(void *), void *argument, bool may_stop)
{
	if (threads == THREADS)
		abort();
	struct thread *t = &thread[threads];
	t->name = name;
	t->body = body;
	t->argument = argument;
	t->state = READY;
	t->yielded = false;
	t->may_stop = may_stop;
	t->priority = (int)machine_choose(1000);
	getcontext(&t->context);
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = sizeof(t->stack);
	t->context.uc_link = NULL;
	makecontext(&t->context, enter, 0);
	return threads++;
}

bool machine_has_stopped(unsigned number)
{
	return thread[number].state == STOPPED;
}

static void learn(struct view *view, const struct view *more)
{
	for (int v = 0; v < VARIABLES; v++)
		if (view->oldest[v] < more->oldest[v])
			view->oldest[v] = more->oldest[v];
	for (int t = 0; t <= THREADS; t++)
		if (view->epoch[t] < more->epoch[t])
			view->epoch[t] = more->epoch[t];
	if (view->order < more->order)
		view->order = more->order;
}

void machine_bury(unsigned number)
{
	learn(&thread[running].view, &thread[number].view);
}

static bool can_run(const struct thread *t)
{
	return t->state == READY || t->state == WAITING_A_WHILE || (t->state == WAITING && posted[t->channel]);
}

/* A thread that can run; of those that yielded only when there is no other. -1: none. */
static int choose_thread(void)
{
	int candidate[THREADS], n = 0;
	for (int pass = 0; pass < 2 && n == 0; pass++)
		for (uint32_t i = 0; i < threads; i++)
			if (can_run(&thread[i]) && (pass == 1 || !thread[i].yielded))
				candidate[n++] = (int)i;
	if (n == 0)
		return -1;
	int chosen = candidate[machine_choose((unsigned)n)];
	if (strategy == STICKY && machine_choose(8) != 0)
		for (int i = 0; i < n; i++)
			if (candidate[i] == running)
				chosen = running;
	if (strategy == PRIORITIES)
		for (int i = 0; i < n; i++)
			if (thread[candidate[i]].priority > thread[chosen].priority)
				chosen = candidate[i];
	return chosen;
}

bool machine_run(void)
{
	for (uint32_t i = 0; i < threads; i++) {
		thread[i].view = thread[SETUP].view;
		thread[i].view.epoch[i] = 1;
	}
	while (!violated) {
		int next = choose_thread();
		bool all_ended = true;
		for (uint32_t i = 0; i < threads; i++)
			all_ended &= thread[i].state == ENDED || thread[i].state == STOPPED;
		if (all_ended)
			return true;
		if (next < 0) {
			snprintf(violation, sizeof(violation), "all threads sleep: a wake-up was lost");
			return false;
		}
		if (++steps > MOST_STEPS) {
			snprintf(violation, sizeof(violation), "no end after %u steps", steps);
			return false;
		}
		for (int i = 0; i < MOST_CHANGES; i++)
			if (strategy == PRIORITIES && change_at[i] == steps)
				thread[next].priority = -(int)steps;
		for (uint32_t i = 0; i < threads; i++)
			thread[i].yielded = false; /* something is done now */
		if (thread[next].may_stop && machine_choose(STEPS_TO_STOP) == 0) {
			thread[next].state = STOPPED;
			continue;
		}
		running = next;
		swapcontext(&scheduler, &thread[next].context);
	}
	return false;
}

const char *machine_violation(void)
{
	return violation;
}

void machine_fail(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int n = snprintf(violation, sizeof(violation), "%s: ", thread[running].name);
	vsnprintf(violation + n, sizeof(violation) - (size_t)n, format, arguments);
	va_end(arguments);
	violated = true;
	if (running == SETUP) {
		fprintf(stderr, "%s\n", violation);
		abort();
	}
	swapcontext(&thread[running].context, &scheduler);
	abort(); /* nobody goes on after a violation */
}

/* Before each step of a thread others may take theirs. */
static void step(void)
{
	if (running != SETUP)
		swapcontext(&thread[running].context, &scheduler);
	thread[running].view.epoch[running]++;
}

void machine_yield(void)
{
	thread[running].yielded = true;
	thread[running].priority = (int)machine_choose(1000);
	step();
}

/* What assert calls. */
_Noreturn void __assert_fail(const char *expression, const char *file, unsigned line, const char *function)
{
	(void)file;
	(void)line;
	machine_fail("%s: assertion failed: %s", function, expression);
}

/* ---- Wake-ups ---- */

void machine_post(unsigned channel)
{
	step();
	posted[channel] = true;
}

void machine_await(unsigned channel)
{
	thread[running].channel = channel;
	thread[running].state = WAITING;
	step();
	thread[running].state = READY;
	posted[channel] = false;
}

bool machine_await_or_give_up(unsigned channel)
{
	thread[running].state = WAITING_A_WHILE;
	machine_yield();
	thread[running].state = READY;
	bool told = posted[channel];
	posted[channel] = false;
	return told;
}

/* ---- Memory ---- */

static struct variable *find(const volatile void *at)
{
	uint32_t v = (uint32_t)((uintptr_t)at / sizeof(uint32_t) * 2654435761u) % VARIABLES;
	while (variable[v].at && variable[v].at != at)
		v = (v + 1) % VARIABLES;
	if (!variable[v].at) {
		if (++variables > VARIABLES * 3 / 4)
			machine_fail("the machine has too few variables");
		memset(&variable[v], 0, offsetof(struct variable, value) + sizeof(struct value));
		variable[v].at = at;
		variable[v].values = 1; /* a zero, which all know */
		memset(variable[v].read_at, 0, sizeof(variable[v].read_at));
		variable[v].written_at = 0;
		variable[v].writer = SETUP;
	}
	return &variable[v];
}

static void tell(const char *what, const char *words, uint64_t value, int order, bool outdated)
{
	static const char *const name[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
	if (tracing)
		printf("%5u %-9s %-8s %s %#llx %s%s\n", steps, thread[running].name, what, words,
		    (unsigned long long)value, name[order], outdated ? " (outdated)" : "");
}

static bool acquires(int order)
{
	return order == memory_order_acquire || order == memory_order_acq_rel || order == memory_order_seq_cst;
}

static bool releases(int order)
{
	return order == memory_order_release || order == memory_order_acq_rel || order == memory_order_seq_cst;
}

/* Reads the value of that number. */
static uint64_t take(struct variable *v, uint32_t number, int order)
{
	struct view *view = &thread[running].view;
	view->oldest[v - variable] = (uint16_t)number;
	if (acquires(order))
		learn(view, &v->value[number].view);
	return v->value[number].value;
}

static void put(struct variable *v, uint64_t value, int order, const struct view *inherited)
{
	struct view *view = &thread[running].view;
	if (v->values == VALUES)
		machine_fail("the machine keeps too few values");
	uint32_t number = v->values++;
	struct value *new = &v->value[number];
	view->oldest[v - variable] = (uint16_t)number;
	uint32_t before = view->order;
	if (order == memory_order_seq_cst)
		view->order = ++orders;
	new->value = value;
	new->order = order == memory_order_seq_cst ? orders : 0;
	if (releases(order)) {
		new->view = *view;
		new->view.order = before; /* C++20: only another seq_cst operation gets to know of this one's place */
	} else {
		memset(&new->view, 0, sizeof(new->view));
	}
	if (inherited)
		learn(&new->view, inherited);
}

/*
 * Gives a seq_cst load its place among the seq_cst operations, which is not before those that it knows of, but need not
 * be the last. It reads nothing older than what was stored before that place, and nothing from after it.
 */
static void find_place(const struct variable *v, bool may_be_outdated, uint32_t *oldest, uint32_t *newest)
{
	struct view *view = &thread[running].view;
	uint32_t place = orders, low = *oldest, high = *newest;
	if (may_be_outdated)
		place = view->order + machine_choose(orders - view->order + 1);
	for (uint32_t n = *oldest; n <= *newest; n++)
		if (v->value[n].order > place) {
			high = n - 1;
			break;
		} else if (v->value[n].order > 0) {
			low = n;
		}
	if (high + 1 == *oldest) { /* what it has seen already is later: so it is last */
		find_place(v, false, oldest, newest);
		return;
	}
	view->order = place;
	*oldest = low;
	*newest = high;
}

uint64_t machine_load(const volatile void *at, int order, const char *words)
{
	step();
	struct variable *v = find(at);
	uint32_t oldest = thread[running].view.oldest[v - variable], last = v->values - 1, newest = last;
	bool may_be_outdated = machine_choose(8) < stale_of_eight;
	if (order == memory_order_seq_cst)
		find_place(v, may_be_outdated, &oldest, &newest);
	uint32_t number = may_be_outdated ? oldest + machine_choose(newest - oldest + 1) : newest;
	uint64_t value = take(v, number, order);
	tell("load", words, value, order, number < last);
	return value;
}

void machine_store(volatile void *at, uint64_t value, int order, const char *words)
{
	step();
	put(find(at), value, order, NULL);
	tell("store", words, value, order, false);
}

uint64_t machine_exchange(volatile void *at, uint64_t value, int order, const char *words)
{
	step();
	struct variable *v = find(at);
	uint32_t number = v->values - 1; /* always the newest */
	uint64_t old = take(v, number, order);
	put(v, value, order, &v->value[number].view);
	tell("exchange", words, old, order, false);
	return old;
}

/* ---- Plain memory ---- */

static void expect_known(int by, uint32_t when, const char *what)
{
	if (by != running && when > thread[running].view.epoch[by])
		machine_fail("data race: %s by %s", what, thread[by].name);
}

uint32_t machine_read(uint32_t *at)
{
	step();
	struct variable *v = find(at);
	tell("read", "pixel", *at, memory_order_relaxed, false);
	expect_known(v->writer, v->written_at, "reads what is being written");
	v->read_at[running] = thread[running].view.epoch[running];
	return *at;
}

void machine_write(uint32_t *at, uint32_t value)
{
	step();
	struct variable *v = find(at);
	tell("write", "pixel", value, memory_order_relaxed, false);
	expect_known(v->writer, v->written_at, "writes what is being written");
	for (int t = 0; t < THREADS; t++)
		expect_known(t, v->read_at[t], "writes what is being read");
	v->writer = running;
	v->written_at = thread[running].view.epoch[running];
	*at = value;
}
