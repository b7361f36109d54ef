// SPDX-License-Identifier: MIT
/* Who is let in and who is not, with which words; and what a peer that does not keep the protocol can achieve. */
#include "layout.h"
#include "memory.h"
#include "place.h"
#include "puppet.h"
#include "scratch.h"
#include "wire.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int knock(void)
{
	int directory = tripool_place_open(false, NULL);
	assert_true(directory >= 0);
	int socket = tripool_place_connect(directory, "t", NULL);
	assert_true(socket >= 0);
	close(directory);
	return socket;
}

static struct tripool_message hello(void)
{
	return (struct tripool_message){.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_HELLO},
	    .hello = {.leases = 1, .client_name = "by hand"}};
}

static void say(int socket, const void *data, size_t size)
{
	assert_int_equal(send(socket, data, size, MSG_NOSIGNAL), size);
}

/* What the producer answers, after it has looked. A lease page is sealed, as it should be. */
static int answer(struct tripool_producer *producer, int socket, struct tripool_message *m)
{
	int fd = -1;
	struct tripool_lease_page *page;
	tripool_producer_dispatch(producer);
	int r = tripool_wire_receive(socket, m, &fd);
	if (r == 0 && m->preamble.type == TRIPOOL_LEASE) {
		assert_int_equal(tripool_lease_map(fd, m->lease.lease_bytes, &page, NULL), 0);
		tripool_lease_unmap(page);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static void greet(struct tripool_producer *producer, int socket)
{
	struct tripool_message m = hello();
	say(socket, &m, sizeof(m));
	assert_int_equal(answer(producer, socket, &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
}

/* Says that it is ready; returns the type of the answer. */
static int enter(struct tripool_producer *producer, int socket, struct tripool_message *m)
{
	*m = (struct tripool_message){.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_READY}};
	say(socket, m, sizeof(*m));
	assert_int_equal(answer(producer, socket, m), 0);
	return m->preamble.type;
}

static void expect_refusal(
    struct tripool_producer *producer, const struct tripool_message *said, size_t size, const char *words)
{
	int socket = knock();
	struct tripool_message m;
	say(socket, said, size);
	assert_int_equal(answer(producer, socket, &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	if (!strstr(m.refused.reason, words))
		fail_msg("'%s' does not say '%s'", m.refused.reason, words);
	assert_int_equal(tripool_wire_receive(socket, &m, NULL), -EPIPE); /* and the door is closed */
	close(socket);
}

static void each_wrong_hello_is_refused_in_words(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct tripool_message m = hello();
	m.preamble.version = 77;
	expect_refusal(producer, &m, sizeof(m), "the viewer 77");
	m = hello();
	m.preamble.type = TRIPOOL_POOL;
	expect_refusal(producer, &m, sizeof(m), "not a hello");
	m = hello();
	m.hello.mode = 9;
	expect_refusal(producer, &m, sizeof(m), "no delivery mode 9");
	m = hello();
	m.hello.leases = 0;
	expect_refusal(producer, &m, sizeof(m), "not 0");
	m.hello.leases = 17;
	expect_refusal(producer, &m, sizeof(m), "not 17");
	m = hello();
	m.preamble.magic++;
	expect_refusal(producer, &m, sizeof(m), "does not speak this protocol");
	m = hello();
	expect_refusal(producer, &m, sizeof(m) - 1, "does not speak this protocol");
	expect_refusal(producer, &m, 1, "does not speak this protocol");
	struct {
		struct tripool_message m;
		char more[1000];
	} too_long = {.m = hello()};
	expect_refusal(producer, &too_long.m, sizeof(too_long), "does not speak this protocol");
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	puppet_produce_end();
}

static void a_full_house_is_refused_in_words(void **state)
{
	(void)state;
	struct tripool_producer *producer =
	    puppet_produce(&(struct tripool_producer_options){.max_viewers = 2, .max_leases = 4}, 64);
	struct puppet a = puppet_start(), b = puppet_start(), c = puppet_start();
	assert_int_equal(puppet_view(&a, 2, false).result, 0);
	struct puppet_answer r = puppet_view(&b, 3, false);
	assert_int_equal(r.result, -ECONNREFUSED);
	assert_non_null(strstr(r.error.text, "2 of 4 leases left, 3 are needed"));
	assert_int_equal(puppet_view(&b, 1, false).result, 0);
	r = puppet_view(&c, 1, true); /* waiting is for a producer, not for a place */
	assert_int_equal(r.result, -ECONNREFUSED);
	assert_non_null(strstr(r.error.text, "has its 2 viewers"));
	puppet_unview(&a);
	assert_int_equal(puppet_view(&c, 1, false).result, 0);
	puppet_publish(producer, 10);
	assert_int_equal(puppet_acquire(&c, 0).sequence, 10);
	puppet_end(&a);
	puppet_end(&b);
	puppet_end(&c);
	puppet_produce_end();
}

static void more_slots_than_there_are_is_an_error(void **state)
{
	(void)state;
	struct tripool_format f = puppet_format(64);
	struct tripool_producer *p;
	struct tripool_error e;
	struct tripool_producer_options o = {.name = "t", .max_viewers = 63};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	assert_non_null(strstr(e.text, "63 leases would need 65 slots"));
	o = (struct tripool_producer_options){.name = "t", .max_viewers = 8, .max_leases = 7};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	o = (struct tripool_producer_options){.name = "t", .socket_mode = 01777};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	o = (struct tripool_producer_options){.name = "t", .group = "no-such-group"};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	assert_string_equal(e.text, "there is no group 'no-such-group'");
	for (const char *const *name = (const char *const[]){"", ".t", "a/b", "a b", "caf\xc3\xa9", "../t", NULL};
	     *name; name++) {
		o = (struct tripool_producer_options){.name = *name};
		assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	}
}

static void the_socket_is_open_to_whom_it_says(void **state)
{
	(void)state;
	char path[PATH_MAX];
	struct stat st;
	snprintf(path, sizeof(path), "%s/t.sock", scratch_directory());
	puppet_produce(NULL, 64);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	puppet_produce_end();
	mode_t mask = umask(0);
	puppet_produce(&(struct tripool_producer_options){.socket_mode = 0660, .group = "tty"}, 64);
	assert_int_equal(umask(mask), 0); /* a library leaves the process's mask alone */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	if (geteuid() == 0)
		assert_int_not_equal(st.st_gid, getegid());
	puppet_produce_end();
}

static void a_viewer_that_talks_is_shown_out(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int socket = knock();
	struct tripool_message m;
	greet(producer, socket);
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	assert_int_equal(enter(producer, socket, &m), TRIPOOL_POOL);
	assert_int_equal(tripool_producer_dispatch(producer), 1);
	m = hello();
	say(socket, &m, sizeof(m));
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	close(socket);
	puppet_produce_end();
}

static void room_that_nobody_asked_for_is_talk(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int socket = knock();
	struct tripool_message m;
	greet(producer, socket);
	assert_int_equal(enter(producer, socket, &m), TRIPOOL_POOL);
	assert_int_equal(tripool_producer_dispatch(producer), 1);
	assert_int_equal(tripool_wire_nudge(socket, TRIPOOL_ROOM), 0);
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	close(socket);
	puppet_produce_end();
}

static void unasked_fds_are_not_kept(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int fds = count_fds();
	for (int i = 0; i < 50; i++) {
		int socket = knock();
		struct tripool_message m = hello();
		/* The kernel does not let them through, or (before Linux 6.16) the producer lets nobody in who sends
		 * any. */
		int r = tripool_wire_send(socket, &m, 0);
		if (r == 0) {
			assert_int_equal(answer(producer, socket, &m), 0);
			assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
		} else {
			assert_int_equal(r, -EPERM);
		}
		close(socket);
	}
	assert_int_equal(count_fds(), fds);
	puppet_produce_end();
}

static void a_crowd_of_mutes_keeps_nobody_out(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int fds = count_fds(), mute[200];
	for (int i = 0; i < 200; i++) {
		mute[i] = knock();
		tripool_producer_dispatch(producer);
	}
	/* At most sixteen of them are borne with at a time. */
	assert_in_range(count_fds(), fds + 200, fds + 200 + 16);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 3);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 3);
	for (int i = 0; i < 200; i++)
		close(mute[i]);
	tripool_producer_dispatch(producer);
	puppet_end(&v);
	puppet_produce_end();
}

static void who_comes_first_is_heard_longest(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int peer[18];
	for (int i = 0; i < 17; i++) {
		peer[i] = knock();
		tripool_producer_dispatch(producer);
	}
	/* The first had to go for the 17th; the 16th, interrupted between its connect and its hello, did not. */
	struct tripool_message m = hello();
	say(peer[15], &m, sizeof(m));
	peer[17] = knock();
	assert_int_equal(answer(producer, peer[15], &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
	assert_int_equal(tripool_wire_receive(peer[0], &m, NULL), -EPIPE);
	assert_int_equal(tripool_wire_receive(peer[1], &m, NULL), -EPIPE);
	assert_int_equal(tripool_wire_receive(peer[2], &m, NULL), -EAGAIN);
	/* And now that it is half way in, no mute one takes its place. */
	int mute[40];
	for (int i = 0; i < 40; i++) {
		mute[i] = knock();
		tripool_producer_dispatch(producer);
	}
	assert_int_equal(enter(producer, peer[15], &m), TRIPOOL_POOL);
	for (int i = 0; i < 18; i++)
		close(peer[i]);
	for (int i = 0; i < 40; i++)
		close(mute[i]);
	puppet_produce_end();
}

static void only_who_is_ready_counts(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&(struct tripool_producer_options){.max_viewers = 1}, 64);
	struct tripool_message m;
	int fds = count_fds(), peer[20];
	for (int i = 0; i < 20; i++) { /* more than are borne with */
		peer[i] = knock();
		greet(producer, peer[i]);
	}
	assert_in_range(count_fds(), fds + 20, fds + 20 + 2 * 16);
	assert_int_equal(enter(producer, peer[19], &m), TRIPOOL_POOL);
	assert_int_equal(enter(producer, peer[18], &m), TRIPOOL_REFUSED);
	assert_non_null(strstr(m.refused.reason, "has its 1 viewers"));
	m = hello(); /* has been said already */
	say(peer[17], &m, sizeof(m));
	assert_int_equal(answer(producer, peer[17], &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	assert_non_null(strstr(m.refused.reason, "not ready"));
	assert_int_equal(tripool_producer_dispatch(producer), 1);
	for (int i = 0; i < 20; i++)
		close(peer[i]);
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	assert_int_equal(count_fds(), fds);
	puppet_produce_end();
}

static void a_mute_has_three_seconds(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int fds = count_fds(), mute = knock(), greeted = knock();
	struct pollfd door = {.fd = tripool_producer_fd(producer), .events = POLLIN};
	greet(producer, greeted);
	assert_int_equal(poll(&door, 1, 0), 0);
	assert_int_equal(count_fds(), fds + 2 + 3); /* theirs, ours and the lease page's */
	/* Not before, and then unasked: a producer may have nothing else to do. */
	for (int i = 0; i < 5 && count_fds() > fds + 2; i++) {
		assert_int_equal(poll(&door, 1, 5000), 1);
		tripool_producer_dispatch(producer);
	}
	assert_int_equal(count_fds(), fds + 2);
	assert_int_equal(poll(&door, 1, 0), 0);
	close(mute);
	close(greeted);
	puppet_produce_end();
}

static void by_hand_begin_lets_nobody_in(void **state)
{
	(void)state;
	struct tripool_producer *producer =
	    puppet_produce(&(struct tripool_producer_options){.manual_dispatch = true}, 64);
	int socket = knock();
	struct tripool_message m = hello();
	say(socket, &m, sizeof(m));
	for (int i = 0; i < 10; i++) {
		usleep(2000);
		puppet_publish(producer, 1);
	}
	assert_int_equal(tripool_wire_receive(socket, &m, NULL), -EAGAIN);
	assert_int_equal(answer(producer, socket, &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
	assert_int_equal(tripool_producer_viewers(producer), 0);
	assert_int_equal(enter(producer, socket, &m), TRIPOOL_POOL);
	assert_int_equal(tripool_producer_viewers(producer), 1);
	close(socket);
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	assert_int_equal(tripool_producer_viewers(producer), 0);
	puppet_produce_end();
}

static void frames(struct tripool_producer *producer, bool publish)
{
	struct tripool_slot slot;
	for (int i = 0; i < 3; i++) {
		usleep(10000);
		assert_int_equal(tripool_producer_begin(producer, &slot), 0);
		if (publish)
			assert_int_equal(tripool_producer_publish(producer, &slot, NULL), 0);
		else
			assert_int_equal(tripool_producer_cancel(producer, &slot), 0);
	}
}

/* Before the first frame, between frames, and when each one is given up. */
static void begin_lets_viewers_in(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	for (int way = 0; way < 3; way++) {
		struct tripool_message m = hello();
		int lease = -1;
		frames(producer, way == 1);
		int socket = knock();
		say(socket, &m, sizeof(m));
		frames(producer, way == 1);
		assert_int_equal(tripool_wire_receive(socket, &m, &lease), 0);
		assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
		close(lease);
		close(socket);
	}
	puppet_produce_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_wrong_hello_is_refused_in_words),
	    TEST(a_full_house_is_refused_in_words),
	    TEST(more_slots_than_there_are_is_an_error),
	    TEST(the_socket_is_open_to_whom_it_says),
	    TEST(a_viewer_that_talks_is_shown_out),
	    TEST(room_that_nobody_asked_for_is_talk),
	    TEST(unasked_fds_are_not_kept),
	    TEST(a_crowd_of_mutes_keeps_nobody_out),
	    TEST(who_comes_first_is_heard_longest),
	    TEST(only_who_is_ready_counts),
	    TEST(a_mute_has_three_seconds),
	    TEST(by_hand_begin_lets_nobody_in),
	    TEST(begin_lets_viewers_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
