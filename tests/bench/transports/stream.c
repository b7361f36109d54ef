// SPDX-License-Identifier: MIT
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIPE_BYTES 65536 /* what each pipe has at first */

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int stream_prepare(struct link *link)
{
	int r = baseline_prepare(link, sizeof(struct stream));
	if (r < 0)
		return r;
	struct stream *s = link->own;
	s->in = s->out = -1;
	return 0;
}

void stream_clean(struct link *link)
{
	struct stream *s = link->own;
	if (!s)
		return;
	close_one(&s->in);
	close_one(&s->out);
	free(s);
}

int stream_open_producer(struct link *link)
{
	struct stream *s = link->own;
	close_one(&s->in);
	signal(SIGPIPE, SIG_IGN); /* EPIPE tells why */
	s->frame = private_create(link, link->bytes);
	return s->frame ? 0 : -ENOMEM;
}

int stream_open_viewer(struct link *link)
{
	struct stream *s = link->own;
	close_one(&s->out);
	int flags = fcntl(s->in, F_GETFL);
	flags = link->sleeping ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	if (fcntl(s->in, F_SETFL, flags) < 0)
		return link_fail(link, "fcntl", errno);
	s->frame = private_create(link, link->bytes);
	if (!s->frame)
		return -ENOMEM;
	return link->sleeping ? tick_start(link) : 0;
}

void stream_close_producer(struct link *link)
{
	struct stream *s = link->own;
	close_one(&s->out);
	private_destroy(s->frame, link->bytes);
}

void stream_close_viewer(struct link *link)
{
	struct stream *s = link->own;
	tick_stop();
	close_one(&s->in);
	private_destroy(s->frame, link->bytes);
}

uint8_t *stream_begin(struct link *link)
{
	struct stream *s = link->own;
	return s->frame;
}

int stream_publish(struct link *link, const struct stamp *stamp)
{
	struct stream *s = link->own;
	(void)stamp;
	for (size_t done = 0; done < link->bytes;) {
		ssize_t n = write(s->out, s->frame + done, link->bytes - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return link_fail(link, "write", errno);
		done += (size_t)n;
		link->copied_bytes += (uint64_t)n;
	}
	return 0;
}

/* A socket's reader can stay asleep in the kernel until the frame is whole; a pipe's comes back with what there is. */
static ssize_t read_some(struct stream *s, size_t bytes)
{
	uint8_t *to = s->frame + s->got;
	return s->socket ? recv(s->in, to, bytes, MSG_WAITALL) : read(s->in, to, bytes);
}

int stream_take(struct link *link, struct taken *taken)
{
	struct stream *s = link->own;
	while (s->got < link->bytes) {
		ssize_t n = read_some(s, link->bytes - s->got);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0; /* the rest of the frame another time */
		if (n < 0)
			return link_fail(link, "read", errno);
		if (n == 0)
			return link_fail(link, "the stream has ended", EPIPE);
		s->got += (size_t)n;
		link->copied_bytes += (uint64_t)n;
	}
	s->got = 0;
	taken->frame = s->frame;
	return 1;
}

void stream_enlarge_pipe(int fd)
{
	size_t bytes = system_limit("/proc/sys/fs/pipe-max-size", PIPE_BYTES);
	if (bytes > INT_MAX)
		bytes = INT_MAX;
	/* Less is to be had where the user has many pipes. */
	while (bytes > PIPE_BYTES && fcntl(fd, F_SETPIPE_SZ, (int)bytes) < 0)
		bytes /= 2;
}
