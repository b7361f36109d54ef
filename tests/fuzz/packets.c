// SPDX-License-Identifier: MIT
#include "packets.h"

#include "harness.h"
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST_FDS 4

struct packet {
	union {
		struct tripool_message message;
		char bytes[sizeof(struct tripool_message) + 16];
	};
	size_t size;
	int fds;
};

static struct packet make_packet(struct input *in)
{
	struct packet p = {.message = {.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, 0}}};
	p.message.preamble.type = (uint16_t)input_digit(in, TRIPOOL_REPORT + 2);
	for (uint32_t pokes = input_digit(in, 4); pokes > 0; pokes--)
		input_poke(in, &p.message.preamble, sizeof(p.message.preamble));
	switch (input_choice(in, "pms")) {
	case 'p':
		p.size = sizeof(p.message.preamble);
		break;
	case 'm':
		p.size = sizeof(p.message);
		break;
	case 's':
		p.size = input_number(in) % (sizeof(p.bytes) + 1);
		break;
	}
	p.fds = (int)input_digit(in, MOST_FDS + 1);
	input_bytes(in, p.bytes + sizeof(p.message.preamble), sizeof(p.bytes) - sizeof(p.message.preamble));
	return p;
}

static void send_packet(int socket, struct packet *p)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST_FDS * sizeof(int))] = {0};
	struct iovec data = {.iov_base = p->bytes, .iov_len = p->size};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	if (p->fds > 0) {
		header.msg_control = control;
		header.msg_controllen = CMSG_SPACE((size_t)p->fds * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		*c = (struct cmsghdr){CMSG_LEN((size_t)p->fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		for (int i = 0; i < p->fds; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &socket, sizeof(socket));
	}
	CHECK(sendmsg(socket, &header, 0) == (ssize_t)p->size);
}

/* `room`: for so many fds. */
static int expected(const struct packet *p, int room)
{
	const struct tripool_preamble *a = &p->message.preamble;
	if (p->size == 0)
		return -EPIPE;
	if (p->fds > room || p->size > sizeof(p->message) || p->size < sizeof(*a) || a->magic != TRIPOOL_MAGIC)
		return -EPROTO;
	if (a->version != TRIPOOL_PROTOCOL)
		return 0;
	bool is_short = a->type == TRIPOOL_WAKE || a->type == TRIPOOL_ROOM;
	return p->size == (is_short ? sizeof(*a) : sizeof(p->message)) ? 0 : -EPROTO;
}

bool packets_try(struct input *in)
{
	bool wanted = input_digit(in, 2);
	struct packet p = make_packet(in);
	struct tripool_message m, untouched;
	int pair[2], fd = -1;
	memset(&m, 0x55, sizeof(m));
	untouched = m;
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK(tripool_wire_receive(pair[1], &m, &fd) == -EAGAIN);
	send_packet(pair[0], &p);
	int r = tripool_wire_receive(pair[1], &m, wanted ? &fd : NULL);
	CHECK(r == expected(&p, wanted));
	CHECK(memcmp(&m, r == 0 ? (void *)&p.message : (void *)&untouched, r == 0 ? p.size : sizeof(m)) == 0);
	CHECK((fd >= 0) == (r == 0 && wanted && p.fds == 1));
	if (fd >= 0)
		close(fd);
	close(pair[0]);
	close(pair[1]);
	return r == 0;
}
