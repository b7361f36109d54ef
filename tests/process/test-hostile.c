// SPDX-License-Identifier: MIT
/* A viewer cannot harm the stream or the other viewers; a producer cannot harm a viewer. */
#include "layout.h"
#include "memory.h"
#include "place.h"
#include "puppet.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A viewer by hand, with its fds kept. */
struct intruder {
	int socket, pool_fd, lease_fd;
	uint64_t pool_bytes;
};

static struct intruder attach(struct tripool_producer *producer)
{
	int fds[TRIPOOL_WIRE_FDS];
	int directory = tripool_place_open(false, NULL);
	struct intruder i = {.socket = tripool_place_connect(directory, "t", NULL)};
	close(directory);
	assert_true(i.socket >= 0);
	struct tripool_message m = {
	    .preamble.type = TRIPOOL_HELLO, .hello = {.leases = 8, .client_name = "x\x1b[2J\xc2\x9b\x9bx"}};
	assert_int_equal(tripool_wire_send(i.socket, &m, NULL), 0);
	tripool_producer_dispatch(producer);
	assert_int_equal(tripool_wire_receive(i.socket, &m, fds), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_POOL);
	i.pool_fd = fds[0];
	i.lease_fd = fds[1];
	i.pool_bytes = m.pool.pool_bytes;
	return i;
}

static void leave(struct intruder *i)
{
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
	assert_true(ftruncate(i.lease_fd, 0) < 0);
	puppet_publish(producer, 20);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_release(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 21);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	leave(&i);
	puppet_end(&v);
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
	uint32_t *page = mmap(NULL, tripool_lease_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, i.lease_fd, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
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
		if (round == 1500) /* the page's memory taken away under the producer */
			assert_int_equal(fallocate(i.lease_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
					     (off_t)tripool_lease_bytes()),
			    0);
	}
	munmap(page, tripool_lease_bytes());
	leave(&i);
	leave(&j);
	tripool_producer_dispatch(producer);
	assert_int_equal(tripool_producer_dispatch(producer), 1);
	puppet_end(&v);
	puppet_produce_end();
}

static void a_viewer_that_never_listens_stops_nobody(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	struct intruder i = attach(producer);
	struct tripool_lease_page *page =
	    mmap(NULL, tripool_lease_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, i.lease_fd, 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	/* Asks to be woken at each frame, never reads a wake-up: its queue fills, and that is all. */
	for (int round = 0; round < 5000; round++) {
		atomic_store(&page->armed, 1);
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
	munmap(page, tripool_lease_bytes());
	leave(&i);
	puppet_end(&v);
	puppet_produce_end();
}

/* ---- The other way round: a producer by hand, and an honest viewer that must live ---- */

struct impostor {
	int directory, lock, listener, socket;
};

/* A viewer comes to the impostor; its hello is read. The puppet's answer is still to be heard. */
static struct impostor lure(struct puppet *v)
{
	struct impostor i = {.directory = tripool_place_open(true, NULL)};
	i.lock = tripool_place_lock(i.directory, "t", NULL);
	i.listener = tripool_place_listen(i.directory, "t", 0600, NULL, NULL);
	assert_true(i.listener >= 0);
	puppet_tell_wait(v, 10000);
	assert_int_equal(puppet_hear(v).result, 1);
	return i;
}

static void unmask(struct impostor *i)
{
	tripool_place_unlisten(i->directory, "t");
	tripool_place_unlock(i->directory, "t", i->lock);
	close(i->listener);
	close(i->directory);
}

/* Offers one pool to a viewer that asks, and returns what the viewer makes of it. */
static struct puppet_answer offer_and_talk(
    int pool_fd, int lease_fd, uint64_t pool_bytes, uint64_t lease_bytes, bool talk)
{
	struct impostor i = {.directory = tripool_place_open(true, NULL)};
	i.lock = tripool_place_lock(i.directory, "t", NULL);
	i.listener = tripool_place_listen(i.directory, "t", 0600, NULL, NULL);
	assert_true(i.listener >= 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* answers one viewer, then hangs up when the test is through */
		for (int tries = 0; tries < 5000; tries++) {
			int socket = accept4(i.listener, NULL, NULL, SOCK_CLOEXEC);
			if (socket < 0) {
				usleep(1000);
				continue;
			}
			struct tripool_message m = {
			    .preamble.type = TRIPOOL_POOL, .pool = {1, pool_bytes, lease_bytes}};
			tripool_wire_send(socket, &m, (int[]){pool_fd, lease_fd});
			while (talk)
				tripool_wire_wake(socket);
			pause();
		}
		_exit(1);
	}
	struct puppet v = puppet_start();
	struct puppet_answer a = puppet_view(&v, 1, false);
	if (talk)
		puppet_wait(&v, 300);
	if (a.result == 0) {
		a = puppet_acquire(&v, 0);
		if (a.result == 0)
			a.result = puppet_check(&v, 0).result;
	}
	puppet_end(&v);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	unmask(&i);
	return a;
}

static struct puppet_answer offer(int pool_fd, int lease_fd, uint64_t pool_bytes, uint64_t lease_bytes)
{
	return offer_and_talk(pool_fd, lease_fd, pool_bytes, lease_bytes, false);
}

static void expect(int result, const char *words, struct puppet_answer a)
{
	if (a.result != result || !strstr(a.error.text, words))
		fail_msg("%d '%s' instead of %d '%s'", a.result, a.error.text, result, words);
}

/* A pool as it should be, but for what `spoil` does to it before it is sealed with `seals`. */
static struct puppet_answer offer_spoiled(void (*spoil)(struct tripool_header *), int seals)
{
	struct tripool_pool pool;
	struct tripool_format f = puppet_format(64);
	assert_int_equal(tripool_pool_create(&pool, &f, 3, 3, 1, NULL), 0);
	int fd = memfd_create("spoiled", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0 && ftruncate(fd, (off_t)pool.bytes) == 0);
	struct tripool_header *h = mmap(NULL, pool.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(h, MAP_FAILED);
	memcpy(h, pool.header, pool.bytes);
	spoil(h);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	struct tripool_lease_page *page;
	int lease_fd;
	assert_int_equal(tripool_lease_create(&page, &lease_fd, NULL), 0);
	struct puppet_answer a = offer(fd, lease_fd, pool.bytes, tripool_lease_bytes());
	tripool_lease_unmap(page);
	close(lease_fd);
	munmap(h, pool.bytes);
	close(fd);
	tripool_pool_destroy(&pool);
	return a;
}

static void nothing(struct tripool_header *h)
{
	(void)h;
}

static void one_frame(struct tripool_header *h)
{
	atomic_store(&h->odd.bytes_used, 1024);
	atomic_store(&h->latest, 1 << 8 | 1);
}

static void frame_outside(struct tripool_header *h)
{
	one_frame(h);
	atomic_store(&h->latest, 1 << 8 | 3);
}

static void frame_number_zero(struct tripool_header *h)
{
	one_frame(h);
	atomic_store(&h->latest, 1);
}

static void too_many_bytes(struct tripool_header *h)
{
	one_frame(h);
	atomic_store(&h->odd.bytes_used, 1025);
}

static void retired_without_heir(struct tripool_header *h)
{
	atomic_store(&h->latest, TRIPOOL_LATEST_RETIRED);
}

static void bad_magic(struct tripool_header *h)
{
	h->shape.magic = 0;
}

static void bad_version(struct tripool_header *h)
{
	h->shape.version = 9;
}

static void too_many_slots(struct tripool_header *h)
{
	h->shape.slot_count = 65;
	h->shape.slot_bytes = 16; /* so that they would fit */
}

static void slots_beyond(struct tripool_header *h)
{
	h->shape.slot_count = 4;
}

static void slots_over_header(struct tripool_header *h)
{
	h->shape.slots_offset_bytes = 0;
}

static void slots_far_away(struct tripool_header *h)
{
	h->shape.slots_offset_bytes = UINT64_MAX;
}

static void huge_slots(struct tripool_header *h)
{
	h->shape.slot_bytes = UINT64_MAX / 2;
}

static void small_slots(struct tripool_header *h)
{
	h->shape.slot_bytes = 16;
}

static void unknown_pixels(struct tripool_header *h)
{
	strcpy(h->shape.format.pix_fmt, "\x1b]0;oops\x07");
}

static void endless_name(struct tripool_header *h)
{
	memset(h->shape.format.pix_fmt, 'a', sizeof(h->shape.format.pix_fmt));
}

static void plane_outside(struct tripool_header *h)
{
	h->shape.format.offset_bytes[0] = UINT64_MAX - 10;
}

static void a_producer_cannot_harm_a_viewer(void **state)
{
	(void)state;
	static const struct {
		void (*spoil)(struct tripool_header *);
		int result;
		const char *words;
	} cases[] = {
	    {nothing, -EAGAIN, ""},
	    {one_frame, -EBADMSG, ""}, /* taken: its pixels are not what a puppet expects, but the viewer lives */
	    {frame_outside, -EPROTO, ""},
	    {frame_number_zero, -EPROTO, ""},
	    {too_many_bytes, -EPROTO, ""},
	    {retired_without_heir, -EPROTO, ""},
	    {bad_magic, -EPROTO, "does not begin as a pool"},
	    {bad_version, -EPROTONOSUPPORT, "of version 9"},
	    {too_many_slots, -EPROTO, "do not lie inside"},
	    {slots_beyond, -EPROTO, "do not lie inside"},
	    {slots_over_header, -EPROTO, "do not lie inside"},
	    {slots_far_away, -EPROTO, "do not lie inside"},
	    {huge_slots, -EPROTO, "do not lie inside"},
	    {small_slots, -EPROTO, "larger than its slots"},
	    {unknown_pixels, -EPROTO, "'?]0;oops?' is not known"},
	    {endless_name, -EPROTO, "not terminated"},
	    {plane_outside, -EPROTO, "lies outside"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(cases[i].result, cases[i].words, offer_spoiled(cases[i].spoil, TRIPOOL_POOL_SEALS));
}

static void unsealed_memory_is_not_mapped(void **state)
{
	(void)state;
	expect(-EPROTO, "not sealed", offer_spoiled(nothing, F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL));
	expect(-EPROTO, "not sealed", offer_spoiled(nothing, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL));
	expect(-EPROTO, "not sealed", offer_spoiled(nothing, TRIPOOL_LEASE_SEALS));
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	expect(-EPROTO, "not sealed", offer(null, null, 1 << 20, tripool_lease_bytes()));
	close(null);
}

static void sizes_are_checked_with_the_kernel(void **state)
{
	(void)state;
	struct tripool_pool pool;
	struct tripool_format f = puppet_format(64);
	struct tripool_lease_page *page;
	int lease_fd;
	assert_int_equal(tripool_pool_create(&pool, &f, 3, 3, 1, NULL), 0);
	assert_int_equal(tripool_lease_create(&page, &lease_fd, NULL), 0);
	uint64_t lease_bytes = tripool_lease_bytes();
	expect(-EAGAIN, "", offer(pool.fd_readonly, lease_fd, pool.bytes, lease_bytes));
	/* And one that wakes without end is left. */
	expect(-EPROTO, "", offer_and_talk(pool.fd_readonly, lease_fd, pool.bytes, lease_bytes, true));
	expect(-EPROTO, "announced", offer(pool.fd_readonly, lease_fd, pool.bytes + 4096, lease_bytes));
	expect(-EPROTO, "announced", offer(pool.fd_readonly, lease_fd, 0, lease_bytes));
	expect(-EPROTO, "announced", offer(pool.fd_readonly, lease_fd, pool.bytes, 0));
	expect(-EPROTO, "lease page", offer(pool.fd_readonly, pool.fd_readonly, pool.bytes, pool.bytes));
	expect(-EPROTO, "not sealed", offer(lease_fd, lease_fd, lease_bytes, lease_bytes));
	tripool_lease_unmap(page);
	close(lease_fd);
	tripool_pool_destroy(&pool);
}

/* Vectorised readers go a little beyond the last pixel; there is something to be read, and it is not the pool's. */
static void a_page_follows_the_mapped_pool(void **state)
{
	(void)state;
	struct tripool_pool pool;
	struct tripool_pool_shape copy;
	const struct tripool_header *map;
	struct tripool_format f = puppet_format(4096);
	char line[512], start[32];
	bool found = false;
	assert_int_equal(tripool_pool_create(&pool, &f, 3, 3, 1, NULL), 0);
	assert_int_equal(tripool_pool_map(pool.fd_readonly, pool.bytes, &map, &copy, NULL), 0);
	snprintf(start, sizeof(start), "%lx-", (unsigned long)((uintptr_t)map + pool.bytes));
	FILE *maps = fopen("/proc/self/maps", "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strncmp(line, start, strlen(start)) == 0)
			found = strstr(line, " r--p 00000000 00:00 0") != NULL;
	fclose(maps);
	tripool_pool_unmap(map, pool.bytes);
	tripool_pool_destroy(&pool);
	assert_true(found);
}

static void a_mute_producer_is_given_up(void **state)
{
	(void)state;
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, true).result, 0);
	struct impostor i = lure(&v);
	struct puppet_answer a = puppet_reconnect(&v);
	expect(-ETIMEDOUT, "does not answer", a);
	/* It may answer later, which no event will tell: so that a second is reason enough to ask again. */
	assert_int_equal(puppet_wait(&v, 15000).result, 1);
	puppet_end(&v);
	unmask(&i);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_viewer_cannot_write_a_pixel),
	    TEST(nonsense_in_a_lease_page_claims_nothing),
	    TEST(a_viewer_that_never_listens_stops_nobody),
	    TEST(a_producer_cannot_harm_a_viewer),
	    TEST(unsealed_memory_is_not_mapped),
	    TEST(sizes_are_checked_with_the_kernel),
	    TEST(a_page_follows_the_mapped_pool),
	    TEST(a_mute_producer_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
