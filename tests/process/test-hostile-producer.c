// SPDX-License-Identifier: MIT
/* A producer cannot harm a viewer: here the producer is made by hand, and an honest viewer must live. */
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
	tripool_place_unlisten(i->directory, "t", i->lock);
	tripool_place_unlock(i->directory, "t", i->lock);
	close(i->listener);
	close(i->directory);
}

/* What an impostor sends, to the hello and to what comes then. */
struct offer {
	enum tripool_message_type first; /* 0: the right one, TRIPOOL_LEASE */
	uint64_t lease_bytes;
	int lease_fd;
	int pool_fd;
	uint64_t pool_bytes;
	bool talks; /* and wakes without end */
};

static void deceive(int listener, const struct offer *o)
{
	int socket = -1;
	for (int tries = 0; socket < 0 && tries < 5000; tries++) {
		usleep(1000);
		socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	/* All at once: nobody but an honest producer waits for the viewer to be ready. */
	struct tripool_message m = {.preamble.type = o->first ? o->first : TRIPOOL_LEASE, .lease = {o->lease_bytes}};
	tripool_wire_send(socket, &m, o->lease_fd);
	m = (struct tripool_message){.preamble.type = TRIPOOL_POOL, .pool = {1, o->pool_bytes}};
	tripool_wire_send(socket, &m, o->pool_fd);
	while (o->talks)
		tripool_wire_nudge(socket, TRIPOOL_WAKE);
	pause();
}

/* Makes an offer to a viewer that asks, and returns what the viewer makes of it. */
static struct puppet_answer make_offer(const struct offer *o)
{
	struct impostor i = {.directory = tripool_place_open(true, NULL)};
	i.lock = tripool_place_lock(i.directory, "t", NULL);
	i.listener = tripool_place_listen(i.directory, "t", 0600, NULL, NULL);
	assert_true(i.listener >= 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		deceive(i.listener, o);
		_exit(1);
	}
	struct puppet v = puppet_start();
	struct puppet_answer a = puppet_view(&v, 1, false);
	if (o->talks)
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

/* The same with a lease page as it should be. */
static struct puppet_answer offer_pool(int fd, uint64_t bytes, bool talks)
{
	struct tripool_lease_page *page;
	struct offer o = {.lease_bytes = tripool_lease_bytes(), .pool_fd = fd, .pool_bytes = bytes, .talks = talks};
	assert_int_equal(tripool_lease_create(&page, &o.lease_fd, NULL), 0);
	struct puppet_answer a = make_offer(&o);
	tripool_lease_unmap(page);
	close(o.lease_fd);
	return a;
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
	assert_int_equal(tripool_pool_create(&pool, &f, 3, 3, 1, NULL, NULL), 0);
	int fd = memfd_create("spoiled", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(fd >= 0 && ftruncate(fd, (off_t)pool.bytes) == 0);
	struct tripool_header *h = mmap(NULL, pool.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(h, MAP_FAILED);
	memcpy(h, pool.header, pool.bytes);
	spoil(h);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	struct puppet_answer a = offer_pool(fd, pool.bytes, false);
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
	atomic_store(&h->flags[1], TRIPOOL_FLAG_MORE);
	atomic_store(&h->bytes_used[1], 1025);
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
		expect(cases[i].result, cases[i].words, offer_spoiled(cases[i].spoil, TRIPOOL_SEALS));
}

static void unsealed_memory_is_not_mapped(void **state)
{
	(void)state;
	expect(-EPROTO, "not sealed", offer_spoiled(nothing, F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL));
	expect(-EPROTO, "not sealed", offer_spoiled(nothing, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL));
	expect(-EPROTO, "not sealed", offer_spoiled(nothing, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	expect(-EPROTO, "not sealed", offer_pool(null, 1 << 20, false));
	close(null);
}

static void sizes_are_checked_with_the_kernel(void **state)
{
	(void)state;
	struct tripool_pool pool;
	struct tripool_format f = puppet_format(64);
	assert_int_equal(tripool_pool_create(&pool, &f, 3, 3, 1, NULL, NULL), 0);
	expect(-EAGAIN, "", offer_pool(pool.fd_readonly, pool.bytes, false));
	/* And one that wakes without end is left. */
	expect(-EPROTO, "", offer_pool(pool.fd_readonly, pool.bytes, true));
	expect(-EPROTO, "announced", offer_pool(pool.fd_readonly, pool.bytes + 4096, false));
	expect(-EPROTO, "announced", offer_pool(pool.fd_readonly, 0, false));
	expect(-EPROTO, "which no process can map", offer_pool(pool.fd_readonly, UINT64_MAX, false));
	expect(-EPROTO, "something else than a pool", offer_pool(-1, pool.bytes, false));
	tripool_pool_destroy(&pool);
}

static void a_lease_page_is_checked_as_well(void **state)
{
	(void)state;
	int fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint64_t bytes = tripool_lease_bytes();
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	struct offer o = {.lease_bytes = bytes, .lease_fd = fd, .pool_fd = -1};
	expect(-EPROTO, "not sealed", make_offer(&o));
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	o.lease_bytes = bytes * 2;
	expect(-EPROTO, "announced", make_offer(&o));
	o.lease_bytes = bytes;
	expect(-EPROTO, "something else than a pool", make_offer(&o));
	assert_int_equal(fcntl(fd, F_GET_SEALS) & TRIPOOL_SEALS, TRIPOOL_SEALS); /* a viewer does what is asked of it */
	close(fd);
	fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
	o.lease_fd = fd;
	expect(-EPROTO, "cannot be sealed", make_offer(&o));
	close(fd);
	fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, (off_t)bytes * 2), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	o = (struct offer){.lease_bytes = bytes * 2, .lease_fd = fd, .pool_fd = -1};
	expect(-EPROTO, "a lease page of", make_offer(&o));
	close(fd);
	o = (struct offer){.lease_bytes = bytes, .lease_fd = -1, .pool_fd = -1};
	expect(-EPROTO, "something else than a lease page", make_offer(&o));
	fd = memfd_create("page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
	o = (struct offer){.first = TRIPOOL_POOL, .lease_bytes = bytes, .lease_fd = fd, .pool_fd = -1};
	expect(-EPROTO, "something else than a lease page", make_offer(&o));
	close(fd);
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
	assert_int_equal(tripool_pool_create(&pool, &f, 3, 3, 1, NULL, NULL), 0);
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

static void an_empty_packet_leaves_no_fd(void **state)
{
	(void)state;
	int pair[2], fd = -1;
	struct tripool_message m;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = {0};
	struct msghdr header = {.msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*c = (struct cmsghdr){CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(c), &pair[0], sizeof(fd));
	assert_int_equal(sendmsg(pair[0], &header, 0), 0);
	int fds = count_fds();
	assert_int_equal(tripool_wire_receive(pair[1], &m, &fd), -EPIPE);
	assert_int_equal(fd, -1);
	assert_int_equal(count_fds(), fds);
	close(pair[0]);
	close(pair[1]);
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
	    TEST(a_producer_cannot_harm_a_viewer),
	    TEST(unsealed_memory_is_not_mapped),
	    TEST(sizes_are_checked_with_the_kernel),
	    TEST(a_lease_page_is_checked_as_well),
	    TEST(a_page_follows_the_mapped_pool),
	    TEST(an_empty_packet_leaves_no_fd),
	    TEST(a_mute_producer_is_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
