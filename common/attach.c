// SPDX-License-Identifier: MIT
#include "attach.h"

#include "clock.h"
#include "error.h"
#include "memory.h"
#include "place.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_MS 2000

/* Connects. The queue before the door may be full, also of a crowd that wants to keep others out: a place comes free
 * whenever the producer looks, so it is tried again for as long as for an answer. */
static int knock(int directory, const char *name, struct tripool_error *error)
{
	int64_t deadline_ns = tripool_now_ns() + ANSWER_TIMEOUT_MS * INT64_C(1000000);
	for (;;) {
		int socket = tripool_place_connect(directory, name, error);
		if (socket != -EAGAIN || tripool_now_ns() >= deadline_ns)
			return socket;
		(void)poll(NULL, 0, 1);
	}
}

/* The producer's next message, or -ETIMEDOUT. A signal does not prolong the wait. */
static int await(int socket, struct tripool_message *m, int *fd)
{
	int64_t deadline_ns = tripool_now_ns() + ANSWER_TIMEOUT_MS * INT64_C(1000000);
	for (;;) {
		int r = tripool_wire_receive(socket, m, fd);
		if (r != -EAGAIN)
			return r;
		int64_t left_ms = (deadline_ns - tripool_now_ns()) / 1000000;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		struct pollfd f = {.fd = socket, .events = POLLIN};
		if (poll(&f, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
}

/* Whether it is the message of `type`, with its fd, that should come now; writes why not. */
static int judge(const char *name, int r, const struct tripool_message *m, enum tripool_message_type type, int fd,
    struct tripool_error *error)
{
	if (r == -ETIMEDOUT)
		return tripool_fail(error, r, "the producer of '%s' does not answer (is it stopped?)", name);
	if (r == -EPIPE)
		return tripool_fail(error, -EAGAIN, "the producer of '%s' hung up", name);
	if (r == -EMFILE)
		return tripool_fail(error, r, "no file descriptor is left for the memory of '%s' (ulimit -n)", name);
	if (r < 0)
		return tripool_fail(error, r,
		    r == -EPROTO ? "the producer of '%s' sent no proper answer: %s"
				 : "cannot hear the producer of '%s': %s",
		    name, strerror(-r));
	if (m->preamble.type == TRIPOOL_REFUSED) {
		int length = (int)strnlen(m->refused.reason, sizeof(m->refused.reason));
		int code = m->preamble.version != TRIPOOL_PROTOCOL ? -EPROTONOSUPPORT
		           : m->refused.code == EAGAIN             ? -EAGAIN
		                                                   : -ECONNREFUSED;
		return tripool_fail(error, code, "refused: %.*s", length, m->refused.reason);
	}
	if (m->preamble.version != TRIPOOL_PROTOCOL)
		return tripool_fail(error, -EPROTONOSUPPORT,
		    "the producer of '%s' speaks version %u of the protocol, this viewer %d: update one", name,
		    m->preamble.version, TRIPOOL_PROTOCOL);
	if (m->preamble.type != type || fd < 0)
		return tripool_fail(error, -EPROTO, "the producer of '%s' answered with something else than a %s", name,
		    type == TRIPOOL_LEASE ? "lease page" : "pool");
	return 0;
}

/* Says something and waits for the answer, which comes with an fd. */
static int ask(const char *name, int socket, struct tripool_message *m, enum tripool_message_type type, int *fd,
    struct tripool_error *error)
{
	int got = -1, r = tripool_wire_send(socket, m, -1);
	/* Before this a refusal may have come, and the line been cut: so that it is cut is not the last word. */
	if (r < 0 && r != -EPIPE)
		return tripool_fail(error, r, "cannot ask the producer of '%s': %s", name, strerror(-r));
	r = await(socket, m, &got);
	r = judge(name, r, m, type, got, error);
	if (r == 0)
		*fd = got;
	else if (got >= 0)
		close(got);
	return r;
}

int tripool_attach(int directory, const char *name, const char *client_name, enum tripool_mode mode, uint32_t leases,
    struct tripool_grant *grant, struct tripool_error *error)
{
	int lease_fd, pool_fd;
	struct tripool_lease_page *page;
	int socket = knock(directory, name, error);
	if (socket < 0)
		return socket;
	struct tripool_message m = {
	    .preamble.type = TRIPOOL_HELLO,
	    .hello = {.mode = mode, .leases = leases},
	};
	strncpy(m.hello.client_name, client_name, sizeof(m.hello.client_name) - 1);
	int r = ask(name, socket, &m, TRIPOOL_LEASE, &lease_fd, error);
	if (r < 0)
		goto close_socket;
	r = tripool_lease_map(lease_fd, m.lease.lease_bytes, &page, error);
	close(lease_fd);
	if (r < 0)
		goto close_socket;
	m = (struct tripool_message){.preamble.type = TRIPOOL_READY};
	if ((r = ask(name, socket, &m, TRIPOOL_POOL, &pool_fd, error)) < 0)
		goto unmap_page;
	*grant = (struct tripool_grant){.socket = socket, .page = page, .pool = m.pool, .pool_fd = pool_fd};
	return 0;
unmap_page:
	tripool_lease_unmap(page);
close_socket:
	tripool_wire_hang_up(socket);
	return r;
}
