// SPDX-License-Identifier: MIT
/* A fifo as large as the system allows, opened by its name. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(const struct link *link)
{
	static char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/fifo", link->directory);
	return path;
}

static int fifo_prepare(struct link *link)
{
	int r = stream_prepare(link);
	if (r < 0)
		return r;
	return mkfifo(path_of(link), 0600) < 0 ? link_fail(link, "mkfifo", errno) : 0;
}

static void fifo_clean(struct link *link)
{
	unlink(path_of(link));
	stream_clean(link);
}

/* Waits for the viewer. */
static int fifo_open_producer(struct link *link)
{
	struct stream *s = link->own;
	s->out = open(path_of(link), O_WRONLY | O_CLOEXEC);
	if (s->out < 0)
		return link_fail(link, path_of(link), errno);
	stream_enlarge_pipe(s->out);
	return stream_open_producer(link);
}

/* For writing, too: that neither waits for the producer nor finds an end where it has not come yet. */
static int fifo_open_viewer(struct link *link)
{
	struct stream *s = link->own;
	s->in = open(path_of(link), O_RDWR | O_CLOEXEC);
	return s->in < 0 ? link_fail(link, path_of(link), errno) : stream_open_viewer(link);
}

const struct transport transport_fifo = {.name = "fifo",
    .what = "a named pipe, enlarged",
    STREAM,
    .prepare = fifo_prepare,
    .clean = fifo_clean,
    .open_producer = fifo_open_producer,
    .open_viewer = fifo_open_viewer};
