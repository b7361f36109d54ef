// SPDX-License-Identifier: MIT
/* Many at the door at once: who waits for memory, who has to go for another, and who has left something unread. */
#include "memory.h"
#include "place.h"
#include "producer.h"
#include "puppet.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Guests ---- */

/* Memory for a viewer with 8 leases takes some dispatches. */
static struct tripool_producer *produce_large(void)
{
	struct tripool_producer *p = puppet_produce(&(struct tripool_producer_options){.max_leases = 40}, 1 << 15);
	struct tripool_format f = puppet_format(1 << 15);
	f.height_px = 64;
	f.size_bytes = 0;
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(tripool_producer_set_format(p, &f, NULL), 0);
	return p;
}

static int knock(void)
{
	int directory = tripool_place_open(false, NULL), socket = tripool_place_connect(directory, "t", NULL);
	close(directory);
	assert_true(socket >= 0);
	return socket;
}

/* Has its page, and has sealed it. */
static int greet(struct tripool_producer *p)
{
	int socket = knock(), page;
	struct tripool_message m = {.preamble.type = TRIPOOL_HELLO, .hello.leases = 8};
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
	tripool_producer_dispatch(p);
	assert_int_equal(tripool_wire_receive(socket, &m, &page), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
	assert_int_equal(fcntl(page, F_ADD_SEALS, TRIPOOL_SEALS), 0);
	close(page);
	return socket;
}

static void say_ready(int socket)
{
	struct tripool_message m = {.preamble.type = TRIPOOL_READY};
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
}

static void who_waits_for_memory_has_nothing_to_say(void **state)
{
	(void)state;
	struct tripool_producer *p = produce_large();
	struct tripool_message m;
	int socket = greet(p);
	say_ready(socket);
	tripool_producer_dispatch(p);
	assert_int_equal(tripool_wire_receive(socket, &m, NULL), -EAGAIN);
	say_ready(socket);
	tripool_producer_dispatch(p);
	assert_int_equal(tripool_wire_receive(socket, &m, NULL), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	assert_string_equal(m.refused.reason, "it said more than that it is ready");
	assert_int_equal(p->guests, 0);
	close(socket);
	puppet_produce_end();
}

/* It waits two seconds for its answer, and memory may take longer. */
static void who_has_waited_a_second_for_memory_gets_all_at_once(void **state)
{
	(void)state;
	struct tripool_producer *p = produce_large();
	int socket = greet(p), next = greet(p);
	say_ready(socket);
	say_ready(next);
	for (int i = 0; i < 2; i++) {
		tripool_producer_dispatch(p);
		assert_int_equal(p->guests, 2);
	}
	p->guest[0].deadline_ns = 0;
	assert_int_equal(tripool_producer_dispatch(p), 1);
	assert_int_equal(p->guests, 1); /* that was enough for once */
	close(socket);
	close(next);
	assert_int_equal(tripool_producer_dispatch(p), 0);
	puppet_produce_end();
}

/* A full house of those that have their pages: the first `ready` of them say so, and `more` come, with a hello. The one
 * at `index` is shown out; -1: nobody. */
static void expect_to_go(int ready, int more, int index)
{
	struct tripool_producer *p = produce_large();
	struct tripool_message m;
	int socket[TRIPOOL_MAX_GUESTS + 4];
	for (int i = 0; i < TRIPOOL_MAX_GUESTS; i++)
		socket[i] = greet(p);
	for (int i = 0; i < ready; i++)
		say_ready(socket[i]);
	for (int i = TRIPOOL_MAX_GUESTS; i < TRIPOOL_MAX_GUESTS + more; i++) {
		socket[i] = knock();
		m = (struct tripool_message){.preamble.type = TRIPOOL_HELLO, .hello.leases = 1};
		assert_int_equal(tripool_wire_send(socket[i], &m, -1), 0);
	}
	tripool_producer_dispatch(p);
	assert_int_equal(p->guests, TRIPOOL_MAX_GUESTS + more - (index >= 0));
	for (int i = 0; i < TRIPOOL_MAX_GUESTS + more; i++) {
		int expected = i == index ? -EPIPE : i < TRIPOOL_MAX_GUESTS ? -EAGAIN : 0;
		int page = -1;
		assert_int_equal(tripool_wire_receive(socket[i], &m, &page), expected);
		if (page >= 0)
			close(page);
		close(socket[i]);
	}
	while (p->guests > 0)
		tripool_producer_dispatch(p);
	puppet_produce_end();
}

static void who_is_ready_does_not_go(void **state)
{
	(void)state;
	expect_to_go(0, 1, 0);
	expect_to_go(1, 1, -1);
	expect_to_go(2, 3, 2);
	expect_to_go(3, 4, 3);
}

/* ---- What is left unread ---- */

static struct tripool_client leaver(int socket, uid_t uid)
{
	return (struct tripool_client){.socket = dup(socket), .uid = uid, .pid = 1234};
}

static void expect_refusal(struct tripool_producer *p, uid_t uid, const char *words)
{
	struct tripool_error e = {""};
	assert_int_equal(tripool_unread_check(p, uid, &e), -EAGAIN);
	assert_string_equal(e.text, words);
}

/* Sixteen users with eight each: whoever comes then is told that it is not his doing. */
static void many_users_together_shut_out_the_others(void **state)
{
	(void)state;
	struct tripool_producer *p = puppet_produce(NULL, 64);
	const uid_t first = 5000, other = 7000;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(send(pair[0], "x", 1, 0), 1);
	int fds = count_fds();
	for (uint32_t i = 0; i < TRIPOOL_MAX_UNREAD; i++) {
		assert_int_equal(tripool_unread_check(p, other, NULL), 0);
		struct tripool_client c = leaver(pair[0], first + i / TRIPOOL_MAX_UNREAD_OF_USER);
		tripool_unread_add(p, &c);
	}
	expect_refusal(p, other, "too many processes of other users have not read what they were sent");
	expect_refusal(p, first,
	    "8 processes of user 5000, pid 1234 for one, have not read what they were sent (are they stopped?): end "
	    "them");
	/* Those that were given something before may come to it, and then there is no more room to remember any. */
	for (uint32_t i = TRIPOOL_MAX_UNREAD; i < TRIPOOL_MOST_UNREAD + 2; i++) {
		struct tripool_client c = leaver(pair[0], other);
		tripool_unread_add(p, &c);
	}
	assert_int_equal(p->unreads, TRIPOOL_MOST_UNREAD);
	assert_int_equal(count_fds(), fds + TRIPOOL_MOST_UNREAD);
	close(pair[1]); /* and nothing is under way any more */
	assert_int_equal(tripool_unread_check(p, other, NULL), 0);
	assert_int_equal(p->unreads, 0);
	assert_int_equal(count_fds(), fds - 1);
	close(pair[0]);
	puppet_produce_end();
}

/* It is looked at again in a second; a guest cannot wait for that. */
static void what_is_unread_delays_nobody(void **state)
{
	(void)state;
	struct tripool_producer *p = produce_large();
	struct pollfd door = {.fd = tripool_producer_fd(p), .events = POLLIN};
	int pair[2], socket = greet(p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(send(pair[0], "x", 1, 0), 1);
	struct tripool_client c = leaver(pair[0], getuid());
	tripool_unread_add(p, &c);
	say_ready(socket);
	tripool_producer_dispatch(p);
	assert_int_equal(p->guests, 1);
	assert_int_equal(p->unreads, 1);
	assert_int_equal(poll(&door, 1, 0), 1);
	close(socket);
	close(pair[0]);
	close(pair[1]);
	puppet_produce_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(who_waits_for_memory_has_nothing_to_say),
	    TEST(who_has_waited_a_second_for_memory_gets_all_at_once),
	    TEST(who_is_ready_does_not_go),
	    TEST(what_is_unread_delays_nobody),
	    TEST(many_users_together_shut_out_the_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
