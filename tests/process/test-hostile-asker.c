// SPDX-License-Identifier: MIT
/* Who asks a producer cannot harm it or its viewers. */
#include "layout.h"
#include "memory.h"
#include "place.h"
#include "producer.h"
#include "puppet.h"
#include "wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Controls, bytes without a beginning, characters longer than need be, half a pair of UTF-16, beyond Unicode; and two
 * that are to stay. */
#define NASTY "x\x1b[2J\xc2\x9b\x9b\xe0\x80\x9b\xf0\x80\x80\x9b\xed\xa0\x80\xf4\x90\x80\x80\xc3\xa9\xf0\x9f\x93\xb7"
#define NICE                                                                                                           \
	"x?[2J?????????"                                                                                               \
	"????????\xc3\xa9\xf0\x9f\x93\xb7"

static int knock(void)
{
	int directory = tripool_place_open(false, NULL);
	assert_true(directory >= 0);
	int socket = tripool_place_connect(directory, "t", NULL);
	close(directory);
	assert_true(socket >= 0);
	return socket;
}

static struct tripool_message message(enum tripool_message_type type)
{
	struct tripool_message m = {.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, type}};
	if (type == TRIPOOL_HELLO)
		m.hello = (struct tripool_hello){.leases = 4, .client_name = NASTY};
	return m;
}

static void say(int socket, enum tripool_message_type type, size_t size)
{
	struct tripool_message m = message(type);
	assert_int_equal(send(socket, &m, size, MSG_NOSIGNAL), size);
}

struct house {
	struct tripool_producer *producer;
	struct puppet viewer;
	int fds;
};

static struct house open_house(void)
{
	struct house h = {.producer = puppet_produce(NULL, 64), .viewer = puppet_start()};
	assert_int_equal(puppet_view(&h.viewer, 1, false).result, 0);
	h.fds = count_fds();
	return h;
}

/* All is as before: one viewer, that gets the newest frame. */
static void close_house(struct house *h)
{
	for (int i = 0; i < 100; i++)
		tripool_producer_dispatch(h->producer);
	assert_int_equal(count_fds(), h->fds);
	assert_int_equal(tripool_producer_viewers(h->producer), 1);
	puppet_publish(h->producer, 3);
	assert_int_equal(puppet_acquire(&h->viewer, 0).sequence, tripool_producer_sequence(h->producer));
	assert_int_equal(puppet_check(&h->viewer, 0).result, 0);
	puppet_end(&h->viewer);
	puppet_produce_end();
}

static void half_a_question_is_refused(void **state)
{
	(void)state;
	struct house h = open_house();
	const size_t sizes[] = {1, sizeof(struct tripool_preamble), sizeof(struct tripool_message) - 1};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct tripool_message m;
		int socket = knock();
		say(socket, TRIPOOL_ASK, sizes[i]);
		tripool_producer_dispatch(h.producer);
		assert_int_equal(tripool_wire_receive(socket, &m, NULL), 0);
		assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
		assert_int_equal(tripool_wire_receive(socket, &m, NULL), -EPIPE);
		close(socket);
	}
	close_house(&h);
}

static void who_never_reads_keeps_nobody(void **state)
{
	(void)state;
	struct house h = open_house();
	int socket[200];
	for (int i = 0; i < 200; i++) {
		socket[i] = knock();
		say(socket[i], TRIPOOL_ASK, sizeof(struct tripool_message));
		tripool_producer_dispatch(h.producer);
		assert_int_equal(count_fds(), h.fds + i + 1); /* the producer's side is closed already */
	}
	for (int i = 0; i < 200; i++)
		close(socket[i]);
	close_house(&h);
}

static void a_flood_of_questions_keeps_nobody_out(void **state)
{
	(void)state;
	struct house h = open_house();
	struct puppet late = puppet_start();
	for (int round = 0; round < 20; round++) {
		int socket[40];
		for (int i = 0; i < 40; i++) {
			socket[i] = knock();
			say(socket[i], TRIPOOL_ASK, sizeof(struct tripool_message));
		}
		if (round == 10)
			assert_int_equal(puppet_view(&late, 1, false).result, 0);
		/* Even one begin after the other is kept only for a few of them. */
		puppet_publish(h.producer, 1);
		for (int i = 0; i < 40; i++)
			close(socket[i]);
		for (int i = 0; i < 12; i++)
			tripool_producer_dispatch(h.producer);
	}
	assert_int_equal(tripool_producer_viewers(h.producer), 2);
	puppet_end(&late);
	close_house(&h);
}

/* As many as there may be, about to come in. */
static void a_question_costs_no_guest_its_place(void **state)
{
	(void)state;
	struct house h = open_house();
	struct tripool_report report;
	struct tripool_message m;
	int socket[TRIPOOL_MAX_GUESTS], lease;
	for (int i = 0; i < TRIPOOL_MAX_GUESTS; i++) {
		socket[i] = knock();
		say(socket[i], TRIPOOL_HELLO, sizeof(m));
		tripool_producer_dispatch(h.producer);
		assert_int_equal(tripool_wire_receive(socket[i], &m, &lease), 0);
		close(lease);
	}
	int asked = tripool_report_ask("t", NULL);
	tripool_producer_dispatch(h.producer);
	assert_int_equal(tripool_report_take(asked, &report, NULL), 0);
	close(asked);
	for (int i = 0; i < TRIPOOL_MAX_GUESTS; i++) {
		assert_int_equal(tripool_wire_receive(socket[i], &m, NULL), -EAGAIN);
		close(socket[i]);
	}
	close_house(&h);
}

static void a_question_is_all_one_says(void **state)
{
	(void)state;
	struct house h = open_house();
	union tripool_reply reply;
	struct tripool_message m;
	int socket = knock(), lease = -1;
	/* A hello after it is not heard. */
	say(socket, TRIPOOL_ASK, sizeof(m));
	say(socket, TRIPOOL_HELLO, sizeof(m));
	tripool_producer_dispatch(h.producer);
	assert_int_equal(tripool_wire_receive_reply(socket, &reply), 0);
	assert_int_equal(reply.preamble.type, TRIPOOL_REPORT);
	assert_int_equal(tripool_wire_receive_reply(socket, &reply), -EPIPE);
	close(socket);
	/* After a hello it is not what should come. */
	socket = knock();
	say(socket, TRIPOOL_HELLO, sizeof(m));
	tripool_producer_dispatch(h.producer);
	assert_int_equal(tripool_wire_receive(socket, &m, &lease), 0);
	close(lease);
	say(socket, TRIPOOL_ASK, sizeof(m));
	tripool_producer_dispatch(h.producer);
	assert_int_equal(tripool_wire_receive(socket, &m, NULL), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	close(socket);
	close_house(&h);
}

/* A viewer by hand, that writes what it likes into its page. */
static void lies_in_a_lease_page_are_bounded(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	for (uint32_t mode = 0; mode < 2; mode++) {
		struct tripool_message m = message(TRIPOOL_HELLO);
		struct tripool_lease_page *page;
		struct tripool_report r;
		int socket = knock(), fd = -1;
		m.hello.mode = mode;
		assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
		tripool_producer_dispatch(producer);
		assert_int_equal(tripool_wire_receive(socket, &m, &fd), 0);
		assert_int_equal(tripool_lease_map(fd, m.lease.lease_bytes, &page, NULL), 0);
		close(fd);
		say(socket, TRIPOOL_READY, sizeof(m));
		assert_int_equal(tripool_producer_dispatch(producer), 1);
		puppet_publish(producer, 2);
		uint64_t waiting = mode == TRIPOOL_MODE_EVERY ? 0 : TRIPOOL_UNKNOWN;
		for (size_t at = 0; at < sizeof(*page); at += sizeof(uint64_t))
			memcpy((char *)page + at, &(uint64_t){UINT64_MAX}, sizeof(uint64_t));
		int asked = tripool_report_ask("t", NULL);
		tripool_producer_dispatch(producer);
		assert_int_equal(tripool_report_take(asked, &r, NULL), 0);
		close(asked);
		assert_int_equal(r.viewers, 1);
		assert_int_equal(r.viewer[0].every, mode);
		assert_int_equal(r.viewer[0].leases, 4);
		assert_int_equal(r.viewer[0].lag, waiting);
		assert_int_equal(r.viewer[0].held, mode == TRIPOOL_MODE_EVERY ? 2 : 0);
		assert_string_equal(r.viewer[0].name, NICE);
		tripool_lease_unmap(page);
		close(socket);
		fd = -1;
		for (int i = 0; i < 3; i++)
			tripool_producer_dispatch(producer);
		assert_int_equal(tripool_producer_viewers(producer), 0);
	}
	puppet_produce_end();
}

/* A viewer that asks breaks the protocol, and only itself. */
static void a_viewer_does_not_ask(void **state)
{
	(void)state;
	struct house h = open_house();
	struct tripool_lease_page *page;
	struct tripool_message m;
	int socket = knock(), fd = -1;
	say(socket, TRIPOOL_HELLO, sizeof(m));
	tripool_producer_dispatch(h.producer);
	assert_int_equal(tripool_wire_receive(socket, &m, &fd), 0);
	assert_int_equal(tripool_lease_map(fd, m.lease.lease_bytes, &page, NULL), 0);
	close(fd);
	say(socket, TRIPOOL_READY, sizeof(m));
	assert_int_equal(tripool_producer_dispatch(h.producer), 2);
	say(socket, TRIPOOL_ASK, sizeof(m));
	assert_int_equal(tripool_producer_dispatch(h.producer), 1);
	tripool_lease_unmap(page);
	close(socket);
	close_house(&h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(half_a_question_is_refused),
	    TEST(who_never_reads_keeps_nobody),
	    TEST(a_flood_of_questions_keeps_nobody_out),
	    TEST(a_question_costs_no_guest_its_place),
	    TEST(a_question_is_all_one_says),
	    TEST(lies_in_a_lease_page_are_bounded),
	    TEST(a_viewer_does_not_ask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
