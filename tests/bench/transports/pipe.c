// SPDX-License-Identifier: MIT
/* A pipe as large as the system allows, inherited by both sides. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int pipe_prepare(struct link *link)
{
	int fd[2], r = stream_prepare(link);
	if (r < 0)
		return r;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return link_fail(link, "pipe", errno);
	struct stream *s = link->own;
	s->in = fd[0];
	s->out = fd[1];
	stream_enlarge_pipe(s->out);
	return 0;
}

const struct transport transport_pipe = {.name = "pipe",
    .what = "a pipe, enlarged",
    STREAM,
    .prepare = pipe_prepare,
    .clean = stream_clean,
    .open_producer = stream_open_producer,
    .open_viewer = stream_open_viewer};
