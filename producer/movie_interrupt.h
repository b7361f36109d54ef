// SPDX-License-Identifier: MIT
/* What ends a read that waits: the movie is to be closed, or nothing comes for too long. Any thread may ask. */
#ifndef TRIPOOL_MOVIE_INTERRUPT_H
#define TRIPOOL_MOVIE_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct movie_interrupt {
	int fd; /* readable once it was asked for */
	atomic_bool asked;
	int64_t deadline_ns; /* the reader's own; INT64_MAX: none */
};

/* Returns 0 or -errno. */
int movie_interrupt_init(struct movie_interrupt *interrupt);
void movie_interrupt_finish(struct movie_interrupt *interrupt);

void movie_interrupt_ask(struct movie_interrupt *interrupt);
bool movie_interrupt_asked(struct movie_interrupt *interrupt);

/* An AVIOInterruptCB's callback; its opaque is the interrupt. */
int movie_interrupt_look(void *interrupt);

#endif
