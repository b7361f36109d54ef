// SPDX-License-Identifier: MIT
#include "wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct tripool_preamble preamble(uint16_t type)
{
	return (struct tripool_preamble){.magic = TRIPOOL_MAGIC, .version = TRIPOOL_PROTOCOL, .type = type};
}

static int send_all(int socket, const struct msghdr *header)
{
	ssize_t n;
	do
		n = sendmsg(socket, header, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	return errno == ECONNRESET ? -EPIPE : -errno;
}

int tripool_wire_send(int socket, struct tripool_message *message, int fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(fd))] = {0};
	struct iovec data = {.iov_base = message, .iov_len = sizeof(*message)};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	message->preamble = preamble(message->preamble.type);
	if (fd >= 0) {
		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		struct cmsghdr *c = CMSG_FIRSTHDR(&header);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return send_all(socket, &header);
}

int tripool_wire_send_answer(int socket, struct tripool_answer *answer)
{
	struct iovec data = {.iov_base = answer, .iov_len = TRIPOOL_ANSWER_BYTES(answer->report.viewers)};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	answer->preamble = preamble(TRIPOOL_REPORT);
	return send_all(socket, &header);
}

void tripool_wire_hang_up(int socket)
{
	shutdown(socket, SHUT_RDWR);
	close(socket);
}

int tripool_wire_nudge(int socket, enum tripool_message_type type)
{
	struct tripool_preamble nudge = preamble((uint16_t)type);
	ssize_t n;
	do
		n = send(socket, &nudge, sizeof(nudge), MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* There is room for one fd only. */
static int take_fd(struct msghdr *header)
{
	int fd = -1;
	struct cmsghdr *c = CMSG_FIRSTHDR(header);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static bool sound(const struct tripool_message *m, size_t size)
{
	if (size < sizeof(m->preamble) || m->preamble.magic != TRIPOOL_MAGIC)
		return false;
	if (m->preamble.version != TRIPOOL_PROTOCOL)
		return true;
	bool nudge = m->preamble.type == TRIPOOL_WAKE || m->preamble.type == TRIPOOL_ROOM;
	return size == (nudge ? sizeof(m->preamble) : sizeof(*m));
}

static ssize_t receive(int socket, struct msghdr *header)
{
	ssize_t n;
	bool reset = false;
	do {
		n = recvmsg(socket, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		/* A peer that closed without having read all we sent: its own last words come after the error. */
		if (n < 0 && errno == ECONNRESET && !reset) {
			reset = true;
			errno = EINTR;
		}
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return n;
}

int tripool_wire_receive(int socket, struct tripool_message *message, int *fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(*fd))];
	struct tripool_message m = {0};
	struct iovec data = {.iov_base = &m, .iov_len = sizeof(m)};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	if (fd) {
		header.msg_control = control;
		header.msg_controllen = CMSG_LEN(sizeof(*fd));
		*fd = -1;
	}
	ssize_t n = receive(socket, &header);
	if (n < 0)
		return (int)n;
	int taken = fd ? take_fd(&header) : -1;
	if (n == 0) { /* the end, or an empty packet, which may have an fd all the same */
		if (taken >= 0)
			close(taken);
		return -EPIPE;
	}
	if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || !sound(&m, (size_t)n)) {
		if (taken >= 0)
			close(taken);
		/* One was sent and did not arrive, though there was room: this process may have no more. */
		bool no_room = fd && (header.msg_flags & MSG_CTRUNC) && taken < 0;
		return no_room ? -EMFILE : -EPROTO;
	}
	if (fd)
		*fd = taken;
	*message = m;
	return 0;
}

static bool sound_reply(const union tripool_reply *r, size_t size)
{
	if (size < sizeof(r->preamble) || r->preamble.magic != TRIPOOL_MAGIC)
		return false;
	if (r->preamble.version != TRIPOOL_PROTOCOL)
		return true;
	if (r->preamble.type != TRIPOOL_REPORT)
		return size == sizeof(r->message);
	return size >= TRIPOOL_ANSWER_BYTES(0) && r->answer.report.viewers <= TRIPOOL_MAX_SLOTS &&
	       size == TRIPOOL_ANSWER_BYTES(r->answer.report.viewers);
}

int tripool_wire_receive_reply(int socket, union tripool_reply *reply)
{
	struct iovec data = {.iov_base = reply, .iov_len = sizeof(*reply)};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	memset(reply, 0, sizeof(*reply));
	ssize_t n = receive(socket, &header);
	if (n <= 0)
		return n < 0 ? (int)n : -EPIPE;
	return (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || !sound_reply(reply, (size_t)n) ? -EPROTO : 0;
}
