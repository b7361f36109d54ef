// SPDX-License-Identifier: MIT
#include "movie_pipe.h"

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>
#include <poll.h>
#include <unistd.h>

#define BUFFER_BYTES 65536

static int read_some(void *opaque, uint8_t *buffer, int size)
{
	struct movie_pipe *pipe = opaque;
	struct pollfd fds[] = {{.fd = pipe->fd, .events = POLLIN}, {.fd = pipe->interrupt->fd, .events = POLLIN}};

	for (;;) {
		if (poll(fds, 2, -1) < 0) {
			if (errno != EINTR)
				return AVERROR(errno);
			continue;
		}
		if (movie_interrupt_asked(pipe->interrupt))
			return AVERROR_EXIT;
		ssize_t n = fds[0].revents ? read(pipe->fd, buffer, (size_t)size) : -1;
		pipe->any = pipe->any || n > 0;
		if (n > 0)
			return (int)n;
		if (n == 0)
			return AVERROR_EOF;
		if (fds[0].revents && errno != EAGAIN && errno != EINTR)
			return AVERROR(errno);
	}
}

AVIOContext *movie_pipe_open(struct movie_pipe *pipe, int fd, struct movie_interrupt *interrupt)
{
	uint8_t *buffer = av_malloc(BUFFER_BYTES);

	*pipe = (struct movie_pipe){fd, interrupt, false};
	AVIOContext *io = buffer ? avio_alloc_context(buffer, BUFFER_BYTES, 0, pipe, read_some, NULL, NULL) : NULL;
	if (!io)
		av_free(buffer);
	else
		io->seekable = 0;
	return io;
}

void movie_pipe_close(AVIOContext *io)
{
	if (!io)
		return;
	av_freep(&io->buffer);
	avio_context_free(&io);
}
