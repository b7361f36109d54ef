// SPDX-License-Identifier: MIT
#include "movie_interrupt.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"

int movie_interrupt_init(struct movie_interrupt *interrupt)
{
	interrupt->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	interrupt->deadline_ns = INT64_MAX;
	atomic_init(&interrupt->asked, false);
	return interrupt->fd < 0 ? -errno : 0;
}

void movie_interrupt_finish(struct movie_interrupt *interrupt)
{
	close(interrupt->fd);
}

void movie_interrupt_ask(struct movie_interrupt *interrupt)
{
	/* Relaxed, here and below: it says nothing of other memory, and the thread is joined. */
	atomic_store_explicit(&interrupt->asked, true, memory_order_relaxed);
	eventfd_write(interrupt->fd, 1);
}

bool movie_interrupt_asked(struct movie_interrupt *interrupt)
{
	return atomic_load_explicit(&interrupt->asked, memory_order_relaxed);
}

int movie_interrupt_look(void *opaque)
{
	struct movie_interrupt *interrupt = opaque;

	return movie_interrupt_asked(interrupt) ||
	       (interrupt->deadline_ns != INT64_MAX && tripool_now_ns() > interrupt->deadline_ns);
}
