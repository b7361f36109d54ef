// SPDX-License-Identifier: MIT
/* Coming in by hand, and what all attacks share. */
#include "attack.h"

#include "clock.h"
#include "memory.h"
#include "place.h"
#include "random.h"
#include "tools/cli.h"
#include "wire.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

bool time_is_left(const struct attacker *a)
{
	return tripool_now_ns() < a->end_ns;
}

/* An ordinary process of that user: none that the kernel protects from others of the same one. */
int become(uid_t user)
{
	if (setgroups(0, NULL) < 0 || setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* which the change has taken back */
	return 0;
}

uint64_t any_number(struct attacker *a)
{
	return random_next(&a->random);
}

uint64_t below(struct attacker *a, uint64_t limit)
{
	return (any_number(a) >> 16) % limit;
}

void not_here(const char *why)
{
	fprintf(stderr, "attack: not possible here: %s\n", why);
	exit(77);
}

void breach(const char *what)
{
	fprintf(stderr, "attack: BREACH: %s\n", what);
	exit(1);
}

void must_fail(struct attacker *a, bool failed, const char *what)
{
	a->tries++;
	if (!failed)
		breach(what);
}

struct tripool_message message(enum tripool_message_type type)
{
	struct tripool_message m = {.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, (uint16_t)type}};
	if (type == TRIPOOL_HELLO)
		m.hello = (struct tripool_hello){.leases = 1, .client_name = "\x1b[2Jintruder"};
	return m;
}

int knock(struct attacker *a)
{
	while (time_is_left(a)) {
		struct tripool_error error;
		int directory = tripool_place_open(false, &error);
		if (directory < 0)
			cli_fail("%s", error.text);
		int socket = tripool_place_connect(directory, a->stream, NULL);
		close(directory);
		if (socket >= 0)
			return socket;
		usleep(200);
	}
	return -1;
}

static bool hear(struct attacker *a, int socket, struct tripool_message *m, int *fd)
{
	for (;;) {
		int r = tripool_wire_receive(socket, m, fd);
		if (r == 0)
			return true;
		if (r != -EAGAIN || !time_is_left(a))
			return false;
		struct pollfd f = {.fd = socket, .events = POLLIN};
		(void)poll(&f, 1, 50);
	}
}

bool greet(struct attacker *a, struct intruder *i, bool every, uint32_t leases)
{
	*i = (struct intruder){.socket = knock(a), .lease_fd = -1, .pool_fd = -1, .leases = leases, .every = every};
	if (i->socket < 0)
		return false;
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	getsockopt(i->socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	i->producer = peer.pid;
	struct tripool_message m = message(TRIPOOL_HELLO);
	m.hello.mode = every ? TRIPOOL_MODE_EVERY : TRIPOOL_MODE_NEWEST;
	m.hello.leases = leases;
	(void)tripool_wire_send(i->socket, &m, -1);
	if (hear(a, i->socket, &m, &i->lease_fd) && m.preamble.type == TRIPOOL_LEASE && i->lease_fd >= 0) {
		i->page = mmap(NULL, tripool_lease_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, i->lease_fd, 0);
		if (i->page != MAP_FAILED)
			return true;
		i->page = NULL;
	}
	leave(i);
	return false;
}

bool enter(struct attacker *a, struct intruder *i)
{
	struct tripool_message m = message(TRIPOOL_READY);
	(void)tripool_wire_send(i->socket, &m, -1);
	if (!hear(a, i->socket, &m, &i->pool_fd) || m.preamble.type != TRIPOOL_POOL || i->pool_fd < 0)
		return false;
	i->pool_bytes = m.pool.pool_bytes;
	void *map = mmap(NULL, i->pool_bytes, PROT_READ, MAP_SHARED, i->pool_fd, 0);
	if (map == MAP_FAILED)
		return false;
	i->header = map;
	return true;
}

bool attach(struct attacker *a, struct intruder *i, bool every, uint32_t leases)
{
	while (time_is_left(a)) {
		if (greet(a, i, every, leases)) {
			(void)fcntl(i->lease_fd, F_ADD_SEALS, TRIPOOL_SEALS);
			if (enter(a, i))
				return true;
			leave(i);
		}
		usleep(200);
	}
	return false;
}

void leave(struct intruder *i)
{
	if (i->page)
		munmap(i->page, tripool_lease_bytes());
	if (i->header)
		munmap((void *)(uintptr_t)i->header, i->pool_bytes);
	if (i->lease_fd >= 0)
		close(i->lease_fd);
	if (i->pool_fd >= 0)
		close(i->pool_fd);
	if (i->socket >= 0)
		close(i->socket);
	*i = (struct intruder){.socket = -1, .lease_fd = -1, .pool_fd = -1};
}

bool is_in(const struct intruder *i)
{
	struct pollfd f = {.fd = i->socket, .events = 0};
	return poll(&f, 1, 0) == 0;
}
