// SPDX-License-Identifier: MIT
/* What a producer asks the system for by itself fails. */
#include "faults.h"
#include "producer.h"
#include "puppet.h"
#include "scenarios.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* A lock's file that could not be locked, or looked at, may be another producer's by now, so it stays; it keeps nobody
 * out, and goes with the next producer. */
static void expect_nothing_but_a_lock(const struct faults_walk *walk, const struct faults_stock *before)
{
	struct faults_stock but_a_lock = *before;
	if (strcmp(walk->function, "flock") == 0 || strstr(walk->function, "stat"))
		but_a_lock.files = count_files();
	assert_in_range(but_a_lock.files, 0, 1);
	faults_expect_stock(walk, &but_a_lock);
}

static void walk_through_create(const char *name, const struct tripool_producer_options *o, uint32_t width_px)
{
	struct faults_walk walk = {.name = name};
	const struct tripool_format f = puppet_format(width_px);
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_producer untouched, *p = &untouched;
		struct tripool_error error = {""};
		faults_arm(&walk);
		int r = tripool_producer_create(&p, o, &f, &error);
		faults_disarm(&walk);
		faults_judge(&walk, r, &error);
		if (r < 0) {
			assert_ptr_equal(p, &untouched);
			expect_nothing_but_a_lock(&walk, &before);
			if (tripool_producer_create(&p, o, &f, &error) < 0)
				fail_msg("%s: %s does not fail any more: %s", name, walk.function, error.text);
		}
		puppet_publish(p, 1);
		tripool_producer_destroy(p);
		faults_expect_stock(&walk, &before);
	}
}

void a_stream_that_cannot_be_opened_leaves_nothing(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {.name = "t"};
	walk_through_create("create", &o, 64);
}

static int prepare(void *context, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error)
{
	(void)context;
	(void)memory_fd;
	(void)error;
	memory->memory[0] = 1;
	return 0;
}

/* And with so much memory that it is asked for first. */
void so_it_is_with_group_and_preparation(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {
	    .name = "t", .group = "root", .prepare = prepare, .source = "a test"};
	walk_through_create("create with group and preparation", &o, 32768);
}

/* Whose madvise does not know how to populate. */
void so_it_is_on_an_old_kernel(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {.name = "t"};
	faults_old_kernel(true);
	walk_through_create("create on an old kernel", &o, 64);
	faults_old_kernel(false);
}

void so_it_is_without_proc(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {.name = "t"};
	faults_no_proc(true);
	walk_through_create("create without /proc", &o, 64);
	faults_no_proc(false);
}

void who_has_the_name_is_told_if_it_can_be(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "create where there is one"};
	struct tripool_producer *first = puppet_produce(NULL, 64);
	const struct tripool_producer_options o = {.name = "t"};
	const struct tripool_format f = puppet_format(64);
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_producer *p = NULL;
		struct tripool_error error = {""};
		faults_arm(&walk);
		int r = tripool_producer_create(&p, &o, &f, &error);
		faults_disarm(&walk);
		assert_true(r < 0);
		if (walk.hit && strcmp(walk.function, "pread") != 0)
			faults_judge(&walk, r, &error);
		else if (r != -EADDRINUSE || !strstr(error.text, "stream 't' already has a producer"))
			fail_msg("%d: %s", r, error.text);
		assert_int_equal(strstr(error.text, "(pid ") != NULL, !walk.hit);
		faults_expect_stock(&walk, &before);
		puppet_publish(first, 1);
	}
	puppet_produce_end();
}

void a_format_that_cannot_be_had_changes_nothing(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "set_format"};
	struct tripool_producer *p = puppet_produce(NULL, 64);
	const struct tripool_format f[2] = {puppet_format(64), puppet_format(128)}; /* of as many pages */
	const struct faults_stock before = faults_take_stock();
	struct tripool_producer_stats old, new;
	unsigned next = 1;
	while (faults_next(&walk)) {
		struct tripool_error error = {""};
		struct tripool_slot slot;
		tripool_producer_get_stats(p, &old);
		assert_int_equal(tripool_producer_begin(p, &slot), 0);
		faults_arm(&walk);
		int r = tripool_producer_set_format(p, &f[next], &error);
		faults_disarm(&walk);
		faults_judge(&walk, r, &error);
		faults_expect_stock(&walk, &before);
		tripool_producer_get_stats(p, &new);
		assert_int_equal(new.generation, old.generation + (r == 0));
		if (r < 0) {
			/* As it was: even the slot that was being written. */
			assert_int_equal(tripool_producer_publish(p, &slot, NULL), 0);
			puppet_publish(p, 1);
			assert_int_equal(tripool_producer_set_format(p, &f[next], NULL), 0);
		}
		puppet_publish(p, 1);
		next = !next;
		faults_expect_stock(&walk, &before);
	}
	puppet_produce_end();
}
