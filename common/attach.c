// SPDX-License-Identifier: MIT
#include "attach.h"

#include "clock.h"
#include "error.h"
#include "place.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_MS 2000

/* The producer's first message, or -ETIMEDOUT. A signal does not prolong the wait. */
static int await(int socket, struct tripool_message *m, int fds[TRIPOOL_WIRE_FDS])
{
	int64_t deadline_ns = tripool_now_ns() + ANSWER_TIMEOUT_MS * INT64_C(1000000);
	for (;;) {
		int r = tripool_wire_receive(socket, m, fds);
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

static int judge(const char *name, int r, const struct tripool_message *m, const int fds[TRIPOOL_WIRE_FDS],
    struct tripool_error *error)
{
	if (r == -ETIMEDOUT)
		return tripool_fail(error, r, "the producer of '%s' does not answer (is it stopped?)", name);
	if (r == -EPIPE)
		return tripool_fail(error, -EAGAIN, "the producer of '%s' hung up", name);
	if (r == -EMFILE)
		return tripool_fail(error, r, "no file descriptor is left for the pool of '%s' (ulimit -n)", name);
	if (r < 0)
		return tripool_fail(error, r == -EPROTO ? r : -EIO, "the producer of '%s' sent no proper answer: %s",
		    name, strerror(-r));
	if (m->preamble.type == TRIPOOL_REFUSED) {
		int length = (int)strnlen(m->refused.reason, sizeof(m->refused.reason));
		int code = m->preamble.version != TRIPOOL_PROTOCOL ? -EPROTONOSUPPORT : -ECONNREFUSED;
		return tripool_fail(error, code, "refused: %.*s", length, m->refused.reason);
	}
	if (m->preamble.version != TRIPOOL_PROTOCOL)
		return tripool_fail(error, -EPROTONOSUPPORT,
		    "the producer of '%s' speaks version %u of the protocol, this viewer %d: update one", name,
		    m->preamble.version, TRIPOOL_PROTOCOL);
	if (m->preamble.type != TRIPOOL_POOL || fds[0] < 0 || fds[1] < 0)
		return tripool_fail(
		    error, -EPROTO, "the producer of '%s' answered with something else than a pool", name);
	return 0;
}

int tripool_attach(int directory, const char *name, const char *client_name, uint32_t leases,
    struct tripool_pool_message *granted, int fds[TRIPOOL_WIRE_FDS], struct tripool_error *error)
{
	int socket = tripool_place_connect(directory, name, error);
	if (socket < 0)
		return socket;
	struct tripool_message m = {
	    .preamble.type = TRIPOOL_HELLO,
	    .hello = {.mode = TRIPOOL_MODE_NEWEST, .leases = leases},
	};
	strncpy(m.hello.client_name, client_name, sizeof(m.hello.client_name) - 1);
	/* A refusal may come, and the line be cut, before the hello: so a failure to send is not the last word. */
	(void)tripool_wire_send(socket, &m, NULL);
	int got[TRIPOOL_WIRE_FDS] = {-1, -1};
	int r = judge(name, await(socket, &m, got), &m, got, error);
	if (r < 0) {
		for (int i = 0; i < TRIPOOL_WIRE_FDS; i++)
			if (got[i] >= 0)
				close(got[i]);
		close(socket);
		return r;
	}
	*granted = m.pool;
	memcpy(fds, got, sizeof(got));
	return socket;
}
