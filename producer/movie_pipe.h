// SPDX-License-Identifier: MIT
/* Standard input, a FIFO, a device: what can only be read forward, and may say nothing for as long as it likes. */
#ifndef TRIPOOL_MOVIE_PIPE_H
#define TRIPOOL_MOVIE_PIPE_H

#include <libavformat/avio.h>

#include "movie_interrupt.h"

struct movie_pipe {
	int fd;
	struct movie_interrupt *interrupt;
	bool any; /* something came */
};

/* The fd stays the caller's. NULL: no memory. */
AVIOContext *movie_pipe_open(struct movie_pipe *pipe, int fd, struct movie_interrupt *interrupt);
void movie_pipe_close(AVIOContext *io);

#endif
