// SPDX-License-Identifier: MIT
/* Viewers that come while memory for others, or for themselves, is still being reserved. */
#include "layout.h"
#include "memory.h"
#include "place.h"
#include "producer.h"
#include "puppet.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CROWD 24
#define LEASES 2

/* Frames of 4 MiB: a viewer's leases take more than may be reserved at once. */
static struct tripool_format large(void)
{
	struct tripool_format f = {.pix_fmt = "gray", .width_px = 2048, .height_px = 2048};
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	return f;
}

static struct tripool_producer *produce_large(void)
{
	struct tripool_producer_options o = {.max_viewers = CROWD, .max_leases = CROWD * LEASES};
	struct tripool_producer *producer = puppet_produce(&o, 64);
	struct tripool_format f = large();
	assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
	return producer;
}

static int say_hello(uint32_t leases)
{
	int directory = tripool_place_open(false, NULL), socket = tripool_place_connect(directory, "t", NULL);
	assert_true(socket >= 0);
	close(directory);
	struct tripool_message m = {.preamble.type = TRIPOOL_HELLO, .hello.leases = leases};
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
	return socket;
}

/* The lease page has come: it is sealed. */
static void say_ready(int socket)
{
	struct tripool_message m;
	int fd;
	assert_int_equal(tripool_wire_receive(socket, &m, &fd), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, TRIPOOL_SEALS), 0);
	close(fd);
	m = (struct tripool_message){.preamble.type = TRIPOOL_READY};
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
}

/* Whether the pool has come. */
static bool is_in(int socket)
{
	struct tripool_message m;
	int fd;
	int r = tripool_wire_receive(socket, &m, &fd);
	if (r == -EAGAIN)
		return false;
	assert_int_equal(r, 0);
	assert_int_equal(m.preamble.type, TRIPOOL_POOL);
	close(fd);
	return true;
}

/* As when a producer begins anew and all come back: more than the guests that are borne with. */
static void viewers_that_come_together_all_come_in(void **state)
{
	(void)state;
	struct tripool_producer *producer = produce_large();
	int socket[CROWD], in = 0;
	bool has_come[CROWD] = {false};
	for (int i = 0; i < CROWD; i += 4) {
		for (int n = i; n < i + 4; n++)
			socket[n] = say_hello(LEASES);
		tripool_producer_dispatch(producer);
		for (int n = i; n < i + 4; n++)
			say_ready(socket[n]);
	}
	assert_in_range(tripool_producer_viewers(producer), 0, CROWD - TRIPOOL_MAX_GUESTS);
	/* Who is ready has its place: nobody else gets it. */
	tripool_producer_dispatch(producer);
	int late = say_hello(1);
	struct tripool_message m;
	tripool_producer_dispatch(producer);
	assert_int_equal(tripool_wire_receive(late, &m, NULL), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	assert_non_null(strstr(m.refused.reason, "has its 24 viewers"));
	close(late);
	for (int dispatches = 0; in < CROWD && dispatches < 1000; dispatches++) {
		tripool_producer_dispatch(producer);
		for (int i = 0; i < CROWD; i++) {
			if (has_come[i] || !is_in(socket[i]))
				continue;
			has_come[i] = true;
			in++;
		}
	}
	assert_int_equal(in, CROWD);
	assert_int_equal(tripool_producer_viewers(producer), CROWD);
	for (int i = 0; i < CROWD; i++)
		close(socket[i]);
	puppet_produce_end();
}

/* One with many leases, by the two looks at the door that its two words need. */
static void comes_in_at_once(struct tripool_producer *producer)
{
	int socket = say_hello(16);
	tripool_producer_dispatch(producer);
	say_ready(socket);
	tripool_producer_dispatch(producer);
	assert_true(is_in(socket));
	close(socket);
}

/* Its loop looks at the door so seldom that bit by bit would take longer than a viewer waits. */
static void on_a_slow_stream_memory_comes_at_once(void **state)
{
	(void)state;
	struct tripool_producer *producer = produce_large();
	struct tripool_slot slot;
	assert_int_equal(tripool_producer_begin(producer, &slot), 0);
	assert_int_equal(tripool_producer_publish(producer, &slot, NULL), 0);
	usleep(200000);
	comes_in_at_once(producer);
	puppet_produce_end();
}

/* So it does where the door is looked at just after a frame, but frames are far apart. */
static void it_does_also_where_begin_comes_first(void **state)
{
	(void)state;
	struct tripool_producer *producer = produce_large();
	struct tripool_slot slot;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tripool_producer_begin(producer, &slot), 0);
		usleep(200000);
		assert_int_equal(tripool_producer_publish(producer, &slot, NULL), 0);
	}
	comes_in_at_once(producer);
	puppet_produce_end();
}

/* And not only for the part of it that would be taken first. */
static void memory_is_asked_for_as_a_whole(void **state)
{
	(void)state;
	struct tripool_format f = {.pix_fmt = "gray", .width_px = 64, .height_px = 64, .size_bytes = UINT64_C(1) << 34};
	struct tripool_pool pool;
	struct tripool_error e;
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(tripool_pool_create(&pool, &f, 60, 0, 1, NULL, NULL), 0);
	uint64_t before = pool.reserved_bytes;
	assert_int_equal(tripool_pool_reserve(&pool, 60, 2 << 20, &e), -ENOMEM);
	assert_non_null(strstr(e.text, "983040 MiB are needed"));
	assert_int_equal(pool.reserved_bytes, before);
	tripool_pool_destroy(&pool);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(viewers_that_come_together_all_come_in),
	    TEST(on_a_slow_stream_memory_comes_at_once),
	    TEST(it_does_also_where_begin_comes_first),
	    TEST(memory_is_asked_for_as_a_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
