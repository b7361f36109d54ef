// SPDX-License-Identifier: MIT
#include "peers.h"

#include "harness.h"
#include "memory.h"
#include "place.h"
#include "wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void peers_init(struct peers *peers, int directory)
{
	*peers = (struct peers){.directory = directory};
	for (uint32_t i = 0; i < PEERS; i++)
		peers->peer[i] = (struct peer){.socket = -1, .lease_fd = -1};
}

static void hang_up(struct peer *p)
{
	if (p->socket >= 0)
		close(p->socket);
	if (p->page)
		munmap(p->page, tripool_lease_bytes());
	if (p->lease_fd >= 0)
		close(p->lease_fd);
	*p = (struct peer){.socket = -1, .lease_fd = -1};
}

void peers_finish(struct peers *peers)
{
	for (uint32_t i = 0; i < PEERS; i++)
		hang_up(&peers->peer[i]);
}

static void connect_anew(struct peers *peers, struct peer *p)
{
	hang_up(p);
	p->socket = tripool_place_connect(peers->directory, "t", NULL);
}

static struct tripool_message message(uint16_t type)
{
	return (struct tripool_message){.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, type}};
}

static struct tripool_message hello(uint32_t mode, uint32_t leases)
{
	struct tripool_message m = message(TRIPOOL_HELLO);
	m.hello.mode = mode;
	m.hello.leases = leases;
	strcpy(m.hello.client_name, "peer");
	return m;
}

/* With fds of any number, which nobody wants. */
static void say(struct peer *p, const void *bytes, size_t size, uint32_t fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))] = {0};
	struct iovec data = {.iov_base = (void *)bytes, .iov_len = size};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	if (fds > 0) {
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		*CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	}
	(void)sendmsg(p->socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
	p->spoken = true;
}

uint32_t peers_choose_leases(struct input *in)
{
	return (1 + input_digit(in, TRIPOOL_MAX_LEASES + 2)) % (TRIPOOL_MAX_LEASES + 2);
}

static void say_hello(struct peer *p, uint32_t mode, uint32_t leases)
{
	struct tripool_message m = hello(mode, leases);
	if (!p->spoken)
		p->unwelcome = mode > TRIPOOL_MODE_EVERY || leases == 0 || leases > TRIPOOL_MAX_LEASES;
	say(p, &m, sizeof(m), 0);
}

/* A message, changed in places, and perhaps of another size. */
static void say_nearly(struct peer *p, struct tripool_message m, struct input *in)
{
	struct {
		struct tripool_message m;
		char more[8];
	} said = {.m = m};
	for (uint32_t pokes = input_digit(in, 8); pokes > 0; pokes--)
		input_poke(in, &said.m, sizeof(struct tripool_preamble) + sizeof(struct tripool_hello));
	/* its name, and beyond: what a hello does not use is sent all the same */
	size_t name = offsetof(struct tripool_message, hello.client_name);
	input_bytes(in, (char *)&said.m + name, input_digit(in, sizeof(said.m) - name));
	size_t size = sizeof(m);
	if (input_choice(in, "ws") == 's')
		size = input_number(in) % (sizeof(said) + 1);
	say(p, &said, size, input_digit(in, 4));
}

/* Takes one message that was sent to it. False: there is none. */
static bool take(struct peers *peers, uint32_t index)
{
	struct peer *p = &peers->peer[index];
	union {
		struct tripool_preamble preamble;
		char bytes[sizeof(struct tripool_answer)];
	} said = {.bytes = ""};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {.iov_base = &said, .iov_len = sizeof(said)};
	struct msghdr header = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	if (p->socket < 0 || recvmsg(p->socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
		return false;
	CHECK(said.preamble.magic == TRIPOOL_MAGIC && said.preamble.version == TRIPOOL_PROTOCOL);
	int fd = -1;
	if (CMSG_FIRSTHDR(&header))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(fd));
	if (said.preamble.type == TRIPOOL_LEASE && !p->page) {
		CHECK(!p->unwelcome);
		void *map = mmap(NULL, tripool_lease_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(map != MAP_FAILED);
		p->page = map;
		p->lease_fd = fd;
		peers->leases++;
		return true;
	}
	/* Who is a viewer cannot take its page away any more. */
	if (said.preamble.type == TRIPOOL_POOL)
		CHECK((fcntl(p->lease_fd, F_GET_SEALS) & TRIPOOL_SEALS) == TRIPOOL_SEALS);
	if (fd >= 0)
		close(fd);
	return true;
}

void peers_say_hello(struct peers *peers, uint32_t index, uint32_t mode, uint32_t leases)
{
	struct peer *p = &peers->peer[index];
	connect_anew(peers, p);
	if (p->socket >= 0)
		say_hello(p, mode, leases);
}

void peers_say_ready(struct peers *peers, uint32_t index)
{
	struct peer *p = &peers->peer[index];
	struct tripool_message m = message(TRIPOOL_READY);
	while (take(peers, index) && !p->page)
		;
	if (p->page)
		(void)fcntl(p->lease_fd, F_ADD_SEALS, TRIPOOL_SEALS);
	say(p, &m, sizeof(m), 0);
}

/* A page that no producer may rely on. */
static void spoil_seals(const struct peer *p, struct input *in)
{
	static const int seals[] = {TRIPOOL_SEALS, F_SEAL_SEAL, F_SEAL_FUTURE_WRITE, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL};
	(void)fcntl(p->lease_fd, F_ADD_SEALS, seals[input_digit(in, 4)]);
}

/* Words of its own that the producer looks at, and any other place. */
static void write_in_page(struct tripool_lease_page *page, struct input *in)
{
	switch (input_choice(in, "lasrtp")) {
	case 'l':
		input_set(in, &page->last_sequence, sizeof(page->last_sequence));
		break;
	case 'a':
		input_set(in, &page->frames_acquired, sizeof(page->frames_acquired));
		break;
	case 's':
		input_set(in, &page->frames_skipped, sizeof(page->frames_skipped));
		break;
	case 'r':
		input_set(in, &page->wants_room, sizeof(page->wants_room));
		break;
	case 't':
		input_set(in, &page->tail, sizeof(page->tail));
		break;
	case 'p':
		input_poke(in, page, sizeof(*page));
		break;
	}
}

static void step_in_page(const struct peer *p, char step, struct input *in)
{
	struct tripool_lease_page *page = p->page;
	uint32_t cell;
	switch (step) {
	case 's':
		spoil_seals(p, in);
		break;
	case 'o':
		(void)fallocate(
		    p->lease_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)tripool_lease_bytes());
		break;
	case 'w':
		write_in_page(page, in);
		break;
	case 'l':
		cell = input_digit(in, TRIPOOL_MAX_LEASES);
		atomic_store(&page->cell[cell], (uint32_t)input_number(in));
		break;
	case 'g': /* all, or up to some place */
		cell = input_digit(in, 10);
		atomic_store(&page->tail, cell == 0 ? atomic_load(&page->head) : atomic_load(&page->tail) + cell);
		break;
	case 'P':
		atomic_store(&page->armed, 1);
		break;
	}
}

static void step_by_socket(struct peers *peers, uint32_t index, char step, struct input *in)
{
	struct peer *p = &peers->peer[index];
	struct tripool_message m;
	char bytes[sizeof(m) + 8];
	uint32_t mode;
	switch (step) {
	case 'h':
		mode = input_digit(in, 3);
		say_hello(p, mode, peers_choose_leases(in));
		break;
	case 'H':
		say_nearly(p, hello(0, 1), in);
		break;
	case 'x':
		hang_up(p);
		break;
	case 't':
		(void)take(peers, index);
		break;
	case 'r':
		m = message(TRIPOOL_READY);
		say(p, &m, sizeof(m), 0);
		break;
	case 'q':
		m = message(TRIPOOL_ASK);
		say(p, &m, sizeof(m), 0);
		break;
	case 'n':
		m = message(TRIPOOL_ROOM);
		say(p, &m, sizeof(m.preamble), 0);
		break;
	case 'm':
		say(p, bytes, input_bytes(in, bytes, input_digit(in, 200)), input_digit(in, 4));
		break;
	}
}

void peers_step(struct peers *peers, char step, struct input *in)
{
	uint32_t index = input_digit(in, PEERS);
	struct peer *p = &peers->peer[index];
	if (step == 'c')
		connect_anew(peers, p);
	else if (strchr("sowlgP", step) && p->page)
		step_in_page(p, step, in);
	else if (strchr("hHxtrqnm", step) && p->socket >= 0)
		step_by_socket(peers, index, step, in);
}
