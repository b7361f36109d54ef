// SPDX-License-Identifier: MIT
/* Everything that can be said over the socket, but what should be. */
#include "attack.h"

#include "wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where a peer may stand: connected, greeted, in. */
#define STAGES 3

static bool come_to(struct attacker *a, struct intruder *i, unsigned stage)
{
	*i = (struct intruder){.socket = -1, .lease_fd = -1, .pool_fd = -1};
	bool every = any_number(a) % 2;
	if (stage == 0)
		i->socket = knock(a);
	else if (stage == 1)
		(void)greet(a, i, every, 1);
	else
		(void)attach(a, i, every, 8);
	return i->socket >= 0;
}

static void say(struct attacker *a, const struct intruder *i, const void *words, size_t size)
{
	(void)send(i->socket, words, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	a->tries++;
}

void attack_garbage(struct attacker *a)
{
	uint64_t words[512];
	struct intruder i;
	for (unsigned round = 0; time_is_left(a); round++) {
		if (!come_to(a, &i, round % STAGES))
			continue;
		for (int n = 0; n < 8; n++) {
			for (size_t w = 0; w < sizeof(words) / sizeof(*words); w++)
				words[w] = any_number(a);
			/* Some look right at first. */
			struct tripool_preamble *p = (struct tripool_preamble *)(void *)words;
			if (n % 2)
				*p = (struct tripool_preamble){
				    TRIPOOL_MAGIC, (uint16_t)below(a, 3), (uint16_t)below(a, 12)};
			say(a, &i, words, n % 4 == 3 ? sizeof(struct tripool_message) : below(a, sizeof(words)));
		}
		leave(&i);
	}
}

void attack_sizes(struct attacker *a)
{
	char words[2 * sizeof(struct tripool_message)] = {0};
	struct intruder i;
	for (size_t size = 0; time_is_left(a); size = (size + 1) % sizeof(words)) {
		for (int type = TRIPOOL_HELLO; type <= TRIPOOL_REPORT && time_is_left(a); type++) {
			if (!come_to(a, &i, (unsigned)below(a, STAGES)))
				continue;
			struct tripool_message m = message((enum tripool_message_type)type);
			memcpy(words, &m, sizeof(m));
			say(a, &i, words, size);
			leave(&i);
		}
	}
}

void attack_order(struct attacker *a)
{
	struct intruder i;
	while (time_is_left(a)) {
		if (!come_to(a, &i, (unsigned)below(a, STAGES)))
			continue;
		for (int n = 0; n < 6; n++) {
			struct tripool_message m = message((enum tripool_message_type)below(a, 11));
			bool nudge = m.preamble.type == TRIPOOL_WAKE || m.preamble.type == TRIPOOL_ROOM;
			say(a, &i, &m, nudge ? sizeof(m.preamble) : sizeof(m));
		}
		if (below(a, 4) == 0)
			(void)shutdown(i.socket, (int)below(a, 3));
		leave(&i);
	}
}

/* ---- fds that nobody asked for ---- */

#define MOST_PASSED 253 /* what the kernel lets through at once */

static int pass(int socket, const struct tripool_message *m, size_t size, const int *fds, size_t count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(MOST_PASSED * sizeof(int))];
	} control;
	struct iovec data = {.iov_base = (void *)(uintptr_t)m, .iov_len = size};
	struct msghdr header = {.msg_iov = &data,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	memset(&control, 0, sizeof(control));
	control.header = (struct cmsghdr){CMSG_LEN(count * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	return sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* A connection with unsent data, whose last close waits for two seconds. */
static int lingering_socket(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct linger linger = {.l_onoff = 1, .l_linger = 2};
	socklen_t size = sizeof(here);
	char much[1 << 16] = {0};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&here, sizeof(here)) == 0 && listen(listener, 1) == 0 &&
	    getsockname(listener, (struct sockaddr *)&here, &size) == 0 &&
	    connect(fd, (struct sockaddr *)&here, sizeof(here)) == 0) {
		while (send(fd, much, sizeof(much), MSG_DONTWAIT) > 0)
			;
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	}
	/* The listener stays open, and with it what nobody reads. */
	return fd;
}

void attack_passing(struct attacker *a)
{
	int pipes[2], memory = memfd_create("unasked", MFD_CLOEXEC), many[MOST_PASSED];
	struct intruder i;
	if (memory < 0 || pipe2(pipes, O_CLOEXEC) < 0)
		not_here("no memfd or pipe");
	for (unsigned round = 0; time_is_left(a); round++) {
		if (!come_to(a, &i, round % STAGES))
			continue;
		bool lingers = round % 64 == 5;
		const int kinds[] = {memory, pipes[0], i.socket, lingers ? lingering_socket() : pipes[1]};
		struct tripool_message m = message(round % STAGES == 0 ? TRIPOOL_HELLO : TRIPOOL_READY);
		for (size_t f = 0; f < MOST_PASSED; f++)
			many[f] = kinds[round / STAGES % 4];
		(void)pass(i.socket, &m, sizeof(m), many, below(a, 2) ? 1 : MOST_PASSED);
		(void)pass(i.socket, &m, 0, many, 1);
		a->tries += 2;
		if (lingers)
			close(kinds[3]); /* the last close is the producer's, if it has got it */
		leave(&i);
	}
}

void attack_said_room(struct attacker *a)
{
	struct intruder i;
	while (time_is_left(a)) {
		if (!come_to(a, &i, (unsigned)below(a, STAGES)))
			continue;
		for (int n = 0; n < 64; n++) {
			(void)tripool_wire_nudge(i.socket, TRIPOOL_ROOM);
			a->tries++;
		}
		leave(&i);
	}
}
