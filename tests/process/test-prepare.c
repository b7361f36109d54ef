// SPDX-License-Identifier: MIT
/* The promises about a pool's memory that is prepared: shown once before it is sealed, and without that never used. */
#include "puppet.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What prepare was told, and what it is to do. */
struct preparing {
	int calls, result, seals, fd, add_seals;
	bool can_write;
	struct tripool_pool_memory memory;
	const char *reason;
};

static int prepare(void *context, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error)
{
	struct preparing *p = context;
	char byte = 'x';
	p->calls++;
	p->memory = *memory;
	p->fd = memory_fd;
	p->seals = fcntl(memory_fd, F_GET_SEALS);
	p->can_write = pwrite(memory_fd, &byte, 1, (off_t)(memory->offset_bytes + memory->slot_bytes)) == 1 &&
	               memory->memory[memory->slot_bytes] == 'x' && ftruncate(memory_fd, 4096) < 0;
	if (p->add_seals)
		assert_int_equal(fcntl(memory_fd, F_ADD_SEALS, p->add_seals), 0);
	if (p->reason)
		strcpy(error->text, p->reason);
	return p->result;
}

/* Before it is sealed the memory is shown once, of fixed size; viewers get what they always get. */
static void memory_is_prepared_before_it_is_sealed(void **state)
{
	(void)state;
	struct preparing p = {.calls = 0};
	struct tripool_producer_options o = {.max_viewers = 2, .prepare = prepare, .prepare_context = &p};
	struct tripool_producer *producer = puppet_produce(&o, 64);
	struct tripool_format f = puppet_format(128);
	struct tripool_pool_memory memory;
	for (int calls = 1; calls <= 2; calls++) {
		assert_int_equal(p.calls, calls);
		assert_int_equal(p.seals, F_SEAL_SHRINK | F_SEAL_GROW);
		assert_true(p.can_write);
		tripool_producer_memory(producer, &memory);
		assert_ptr_equal(memory.memory, p.memory.memory);
		assert_int_equal(memory.slot_bytes, p.memory.slot_bytes);
		assert_int_equal(memory.offset_bytes, p.memory.offset_bytes);
		assert_int_equal(memory.slots, p.memory.slots);
		assert_int_equal(memory.slots, 4);
		assert_int_equal(memory.offset_bytes % 4096, 0);
		assert_int_equal(
		    fcntl(p.fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
		struct puppet v = puppet_start();
		assert_int_equal(puppet_view(&v, 1, false).result, 0);
		puppet_publish(producer, 3);
		assert_int_equal(puppet_acquire(&v, 0).result, 0);
		assert_int_equal(puppet_check(&v, 0).result, 0);
		puppet_end(&v);
		if (calls == 1)
			assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
	}
	puppet_produce_end();
}

/* A pool that could not be prepared, or not be sealed afterwards, is never used. */
static void what_cannot_be_prepared_fails(void **state)
{
	(void)state;
	struct preparing p = {.result = -EREMOTEIO, .reason = "no such luck"};
	struct tripool_producer_options o = {.name = "t", .prepare = prepare, .prepare_context = &p};
	struct tripool_format f = puppet_format(64), wider = puppet_format(128);
	struct tripool_producer *producer = NULL;
	struct tripool_error e;
	assert_int_equal(tripool_producer_create(&producer, &o, &f, &e), -EREMOTEIO);
	assert_string_equal(e.text, "no such luck");
	p.reason = NULL;
	assert_int_equal(tripool_producer_create(&producer, &o, &f, &e), -EREMOTEIO);
	assert_string_equal(e.text, "the pool's memory could not be prepared");
	p.result = 0;
	p.add_seals = F_SEAL_SEAL;
	assert_int_equal(tripool_producer_create(&producer, &o, &f, &e), -EPERM);
	assert_null(producer);
	assert_int_equal(count_files(), 0);

	p.add_seals = 0;
	producer = puppet_produce(&o, 64);
	p.result = -ENOMEM;
	assert_int_equal(tripool_producer_set_format(producer, &wider, &e), -ENOMEM);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 3);
	assert_int_equal(puppet_acquire(&v, 0).generation, 1);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(memory_is_prepared_before_it_is_sealed),
	    TEST(what_cannot_be_prepared_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
