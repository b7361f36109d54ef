// SPDX-License-Identifier: MIT
/* A Unix stream socket with buffers as large as the system allows, inherited by both sides. */
#include "stream.h"

#include <errno.h>
#include <sys/socket.h>

/* The sender's counts. What is larger than allowed is cut down to that by the kernel. */
static void enlarge(int fd)
{
	int bytes = (int)system_limit("/proc/sys/net/core/wmem_max", 212992);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static int socket_prepare(struct link *link)
{
	int fd[2], r = stream_prepare(link);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return link_fail(link, "socketpair", errno);
	struct stream *s = link->own;
	s->in = fd[0];
	s->out = fd[1];
	s->socket = true;
	enlarge(s->out);
	return 0;
}

const struct transport transport_socket = {.name = "socket",
    .what = "a Unix stream socket, enlarged",
    STREAM,
    .prepare = socket_prepare,
    .clean = stream_clean,
    .open_producer = stream_open_producer,
    .open_viewer = stream_open_viewer};
