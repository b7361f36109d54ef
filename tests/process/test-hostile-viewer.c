// SPDX-License-Identifier: MIT
/* A viewer cannot harm the stream or the other viewers. */
#include "layout.h"
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
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A viewer by hand, with its fds kept. */
struct intruder {
	int socket, lease_fd, pool_fd;
	uint64_t pool_bytes;
	struct tripool_lease_page *page;
};

static void ask(struct tripool_producer *producer, int socket, struct tripool_message *m, int *fd)
{
	assert_int_equal(tripool_wire_send(socket, m, -1), 0);
	tripool_producer_dispatch(producer);
	assert_int_equal(tripool_wire_receive(socket, m, fd), 0);
}

/* Half way in: it has its lease page. */
static struct intruder greet(struct tripool_producer *producer)
{
	int directory = tripool_place_open(false, NULL);
	struct intruder i = {.socket = tripool_place_connect(directory, "t", NULL), .pool_fd = -1};
	close(directory);
	assert_true(i.socket >= 0);
	struct tripool_message m = {
	    .preamble.type = TRIPOOL_HELLO, .hello = {.leases = 8, .client_name = "x\x1b[2J\xc2\x9b\x9bx"}};
	ask(producer, i.socket, &m, &i.lease_fd);
	assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
	i.page = mmap(NULL, tripool_lease_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, i.lease_fd, 0);
	assert_ptr_not_equal(i.page, MAP_FAILED);
	return i;
}

static struct intruder attach(struct tripool_producer *producer)
{
	struct intruder i = greet(producer);
	assert_int_equal(fcntl(i.lease_fd, F_ADD_SEALS, TRIPOOL_SEALS), 0);
	struct tripool_message m = {.preamble.type = TRIPOOL_READY};
	ask(producer, i.socket, &m, &i.pool_fd);
	assert_int_equal(m.preamble.type, TRIPOOL_POOL);
	i.pool_bytes = m.pool.pool_bytes;
	return i;
}

static void leave(struct intruder *i)
{
	munmap(i->page, tripool_lease_bytes());
	if (i->pool_fd >= 0)
		close(i->pool_fd);
	close(i->lease_fd);
	close(i->socket);
}

/* Everything the fd of a pool could be tried for. */
static void try_to_write(int fd, uint64_t bytes)
{
	char byte = 'x';
	assert_ptr_equal(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_true(pwrite(fd, &byte, 1, 0) < 0);
	assert_true(ftruncate(fd, 0) < 0);
	assert_true(ftruncate(fd, (off_t)bytes * 2) < 0);
	assert_true(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) < 0);
	assert_true(fallocate(fd, 0, (off_t)bytes, 4096) < 0);
	assert_true(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0);
	void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_true(mprotect(map, bytes, PROT_READ | PROT_WRITE) < 0);
	munmap(map, bytes);
}

static void a_viewer_cannot_write_a_pixel(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).result, 0);
	struct intruder i = attach(producer);
	try_to_write(i.pool_fd, i.pool_bytes);
	/* Also not through a fresh open of the same memory, which its owner may do for writing. */
	char path[32];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", i.pool_fd);
	int again = open(path, O_RDWR | O_CLOEXEC);
	if (again >= 0) {
		try_to_write(again, i.pool_bytes);
		close(again);
	}
	puppet_publish(producer, 20);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_release(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 21);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	leave(&i);
	puppet_end(&v);
	puppet_produce_end();
}

/* Which leaves other users what they were given alone: no other open file of it, and no attributes. */
static void memory_is_its_producers_alone(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct intruder i = attach(producer);
	struct stat st;
	assert_int_equal(fstat(i.pool_fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstat(i.lease_fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	leave(&i);
	puppet_produce_end();
}

/* Who can take the page's memory away, again and again, makes the producer wait for the kernel at each look at it. */
static void a_viewer_cannot_take_its_lease_page_away(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct intruder i = attach(producer);
	try_to_write(i.lease_fd, tripool_lease_bytes());
	assert_true(madvise(i.page, tripool_lease_bytes(), MADV_REMOVE) < 0);
	/* What was mapped before still is what it has to be. */
	puppet_publish(producer, 2);
	atomic_store(&i.page->cell[0], 1);
	atomic_store(&i.page->cell[7], 2);
	puppet_publish(producer, 10);
	struct tripool_producer_stats stats;
	tripool_producer_get_stats(producer, &stats);
	assert_int_equal(stats.slots_touched, 4);
	leave(&i);
	puppet_produce_end();
}

static void an_unsealed_lease_page_is_not_heeded(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	static const int seals[] = {0, F_SEAL_SEAL, F_SEAL_FUTURE_WRITE};
	for (int s = 0; s < 3; s++) {
		struct intruder i = greet(producer);
		assert_int_equal(fcntl(i.lease_fd, F_ADD_SEALS, seals[s]), 0);
		struct tripool_message m = {.preamble.type = TRIPOOL_READY};
		ask(producer, i.socket, &m, NULL);
		assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
		assert_non_null(strstr(m.refused.reason, "has not sealed its lease page"));
		leave(&i);
	}
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	/* Nor one whose memory was taken away before it was sealed. */
	struct intruder i = greet(producer);
	int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	assert_int_equal(fallocate(i.lease_fd, punch, 0, (off_t)tripool_lease_bytes()), 0);
	assert_int_equal(fcntl(i.lease_fd, F_ADD_SEALS, TRIPOOL_SEALS), 0);
	struct tripool_message m = {.preamble.type = TRIPOOL_READY};
	ask(producer, i.socket, &m, NULL);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	assert_non_null(strstr(m.refused.reason, "punched a hole"));
	leave(&i);
	puppet_produce_end();
}

static void nonsense_in_a_lease_page_claims_nothing(void **state)
{
	(void)state;
	struct tripool_producer *producer =
	    puppet_produce(&(struct tripool_producer_options){.max_viewers = 3, .max_leases = 40}, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 2, false).result, 0);
	struct intruder i = attach(producer), j = attach(producer);
	uint32_t *page = (uint32_t *)i.page;
	srand(7);
	for (int round = 0; round < 3000; round++) {
		for (size_t at = 0; at < tripool_lease_bytes() / sizeof(*page); at++)
			page[at] = round % 3 == 0   ? (uint32_t)rand()
			           : round % 3 == 1 ? (uint32_t)rand() % 64
			                            : 0xffffffff;
		puppet_publish(producer, 1);
		if (round % 100 == 0) {
			assert_int_equal(puppet_acquire(&v, 0).sequence, round + 1);
			assert_int_equal(puppet_check(&v, 0).result, 0);
		}
		if (round % 100 == 99) {
			assert_int_equal(puppet_check(&v, 0).result, 0);
			puppet_release(&v, 0);
		}
	}
	leave(&i);
	leave(&j);
	tripool_producer_dispatch(producer);
	assert_int_equal(tripool_producer_dispatch(producer), 1);
	puppet_end(&v);
	puppet_produce_end();
}

/* However many it may say: it was asked so often, and said nothing. */
static void words_of_a_viewer_are_heard_a_few_at_a_time(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct intruder i = attach(producer);
	producer->viewer[0].room_due = 1000;
	for (int n = 0; n < 20; n++)
		assert_int_equal(tripool_wire_nudge(i.socket, TRIPOOL_ROOM), 0);
	tripool_producer_dispatch(producer);
	assert_in_range(producer->viewer[0].room_due, 990, 999);
	for (int n = 0; n < 20; n++)
		tripool_producer_dispatch(producer);
	assert_int_equal(producer->viewer[0].room_due, 980);
	leave(&i);
	puppet_produce_end();
}

/* Is greeted, does not read the page that it is sent, and is let go of for a word out of place. */
static int leave_unread(struct tripool_producer *producer)
{
	int directory = tripool_place_open(false, NULL), socket = tripool_place_connect(directory, "t", NULL);
	close(directory);
	assert_true(socket >= 0);
	struct tripool_message m = {.preamble.type = TRIPOOL_HELLO, .hello.leases = 1};
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
	tripool_producer_dispatch(producer);
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
	tripool_producer_dispatch(producer);
	return socket;
}

/* An fd that is under way counts against the producer's user: with enough of them it could send none to anybody. */
static void who_does_not_read_is_sent_no_more(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int fds = count_fds(), socket[TRIPOOL_MAX_UNREAD_OF_USER], fd = -1;
	struct puppet v = puppet_start();
	for (int i = 0; i < TRIPOOL_MAX_UNREAD_OF_USER; i++)
		socket[i] = leave_unread(producer);
	struct puppet_answer a = puppet_view(&v, 1, false);
	assert_int_equal(a.result, -EAGAIN); /* it may pass: who waits for a producer tries again */
	char words[200];
	snprintf(words, sizeof(words),
	    "8 processes of user %u, pid %d for one, have not read what they were sent (are they stopped?): end them",
	    (unsigned)getuid(), (int)getpid());
	if (!strstr(a.error.text, words))
		fail_msg("'%s' does not say '%s'", a.error.text, words);
	/* Until one of them has read all, or goes. */
	struct tripool_message m;
	assert_int_equal(tripool_wire_receive(socket[0], &m, &fd), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
	close(fd);
	assert_int_equal(tripool_wire_receive(socket[0], &m, &fd), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	assert_int_equal(tripool_wire_receive(socket[0], &m, &fd), -EPIPE);
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	for (int i = 0; i < TRIPOOL_MAX_UNREAD_OF_USER; i++)
		close(socket[i]);
	struct pollfd door = {.fd = tripool_producer_fd(producer), .events = POLLIN};
	for (int i = 0; i < 5 && count_fds() > fds + 2; i++) { /* the puppet's two sockets */
		assert_int_equal(poll(&door, 1, 30000), 1);
		tripool_producer_dispatch(producer);
	}
	assert_int_equal(count_fds(), fds + 2);
	assert_int_equal(poll(&door, 1, 0), 0);
	puppet_end(&v);
	puppet_produce_end();
}

/* By a new format, beside the door: it is looked at again without anybody coming. */
static void who_has_not_read_formats_is_forgotten_in_time(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int fds = count_fds();
	struct intruder i = attach(producer);
	tripool_producer_dispatch(producer);
	struct pollfd door = {.fd = tripool_producer_fd(producer), .events = POLLIN};
	assert_int_equal(poll(&door, 1, 0), 0);
	for (uint32_t n = 0; tripool_producer_viewers(producer) > 0; n++) {
		struct tripool_format format = puppet_format(65 + n % 2);
		assert_true(n < 40);
		assert_int_equal(tripool_producer_set_format(producer, &format, NULL), 0);
	}
	assert_int_equal(producer->unreads, 1);
	leave(&i);
	while (count_fds() > fds) {
		assert_int_equal(poll(&door, 1, 30000), 1);
		tripool_producer_dispatch(producer);
	}
	assert_int_equal(producer->unreads, 0);
	puppet_produce_end();
}

/* So many mutes stand before the door that no more fit; it is opened only later. */
static void who_finds_a_crowd_knocks_again(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int directory = tripool_place_open(false, NULL), mute[200], mutes = 0, status;
	struct tripool_error e = {""};
	while (mutes < 200 && (mute[mutes] = tripool_place_connect(directory, "t", &e)) >= 0)
		mutes++;
	assert_in_range(mutes, 1, 199);
	assert_int_equal(mute[mutes], -EAGAIN);
	assert_string_equal(e.text, "too many stand at the door of stream 't' (is its producer stopped?): try again");
	close(directory);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct tripool_viewer_options o = {.name = "t"};
		struct tripool_viewer *v;
		_exit(tripool_viewer_create(&v, &o, NULL) == 0 ? 0 : 1);
	}
	usleep(100000);
	for (int tries = 0; waitpid(pid, &status, WNOHANG) == 0 && tries < 30000; tries++) {
		tripool_producer_dispatch(producer);
		usleep(1000);
	}
	assert_int_equal(status, 0);
	while (mutes > 0)
		close(mute[--mutes]);
	puppet_produce_end();
}

/* A frame that is begun in between would wait for it. */
static void memory_for_a_viewer_is_reserved_bit_by_bit(void **state)
{
	(void)state;
	struct tripool_producer *producer =
	    puppet_produce(&(struct tripool_producer_options){.max_leases = 40}, 1 << 15);
	struct tripool_format f = puppet_format(1 << 15);
	f.height_px = 64;
	f.size_bytes = 0;
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
	uint64_t part = producer->pool.bytes / 32;
	for (int round = 0; round < 2; round++) {
		struct intruder i = greet(producer);
		struct pollfd door = {.fd = tripool_producer_fd(producer), .events = POLLIN};
		struct tripool_message m = {.preamble.type = TRIPOOL_READY};
		assert_int_equal(fcntl(i.lease_fd, F_ADD_SEALS, TRIPOOL_SEALS), 0);
		assert_int_equal(tripool_wire_send(i.socket, &m, -1), 0);
		int dispatches = 0, r = -EAGAIN;
		for (; r == -EAGAIN && dispatches < 1000; dispatches++) {
			uint64_t before = producer->pool.reserved_bytes;
			assert_int_equal(poll(&door, 1, 0), 1); /* by itself */
			tripool_producer_dispatch(producer);
			assert_true(producer->pool.reserved_bytes - before <= (part > 2 << 20 ? part : 2 << 20));
			assert_int_equal(producer->pool.reserved_bytes % 4096, 0); /* else the kernel refuses */
			r = tripool_wire_receive(i.socket, &m, &i.pool_fd);
			/* The first one goes when it has not got all: nothing is left of it. */
			if (round == 0 && dispatches == 2)
				break;
		}
		assert_true(round == 0 ? r == -EAGAIN : r == 0 && m.preamble.type == TRIPOOL_POOL);
		assert_true(round == 0 || dispatches > 1);
		leave(&i);
		tripool_producer_dispatch(producer);
		assert_int_equal(tripool_producer_viewers(producer), 0);
		assert_int_equal(poll(&door, 1, 0), 0);
	}
	puppet_produce_end();
}

static void a_viewer_that_never_listens_stops_nobody(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	struct intruder i = attach(producer);
	/* Asks to be woken at each frame, never reads a wake-up: its queue fills, and that is all. */
	for (int round = 0; round < 5000; round++) {
		atomic_store(&i.page->armed, 1);
		puppet_publish(producer, 1);
	}
	assert_int_equal(puppet_acquire(&v, 0).sequence, 5000);
	/* A new format cannot be told to it any more, so it has to leave; the other one goes on. */
	struct tripool_format f = puppet_format(128);
	assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
	assert_int_equal(tripool_producer_dispatch(producer), 1);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 1).result, -ESTALE);
	assert_int_equal(puppet_acquire(&v, 1).sequence, 5001);
	leave(&i);
	puppet_end(&v);
	puppet_produce_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_viewer_cannot_write_a_pixel),
	    TEST(memory_is_its_producers_alone),
	    TEST(a_viewer_cannot_take_its_lease_page_away),
	    TEST(an_unsealed_lease_page_is_not_heeded),
	    TEST(nonsense_in_a_lease_page_claims_nothing),
	    TEST(words_of_a_viewer_are_heard_a_few_at_a_time),
	    TEST(who_does_not_read_is_sent_no_more),
	    TEST(who_has_not_read_formats_is_forgotten_in_time),
	    TEST(who_finds_a_crowd_knocks_again),
	    TEST(memory_for_a_viewer_is_reserved_bit_by_bit),
	    TEST(a_viewer_that_never_listens_stops_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
