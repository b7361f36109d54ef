// SPDX-License-Identifier: MIT
/* A movie as a source: whatever FFmpeg reads and decodes, from a file, a URL or standard input, at its own pace. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "movie_worker.h"

struct source {
	struct movie_worker worker;
	struct source_request request;
	pthread_t thread;
};

/* Signals are for the main thread, and FFmpeg's threads are this one's. */
static int start_thread(struct source *source)
{
	sigset_t all, own;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &own);
	int r = pthread_create(&source->thread, NULL, movie_work, &source->worker);
	pthread_sigmask(SIG_SETMASK, &own, NULL);
	return -r;
}

static void end_thread(struct source *source)
{
	movie_interrupt_ask(&source->worker.interrupt);
	movie_queue_stop(&source->worker.queue);
	pthread_join(source->thread, NULL);
}

static int movie_open(struct source **source, const struct source_request *request,
    struct source_description *description, struct tripool_error *error)
{
	struct source *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return tripool_fail(error, -ENOMEM, "no memory for a movie");
	s->request = *request;
	s->worker.request = &s->request;
	r = movie_queue_init(&s->worker.queue, request->flat_out);
	if (r < 0) {
		tripool_fail(error, r, "cannot make a timer: %s", strerror(-r));
		goto free_source;
	}
	r = movie_interrupt_init(&s->worker.interrupt);
	if (r == 0)
		r = start_thread(s);
	if (r < 0) {
		tripool_fail(error, r, "cannot start a thread for the movie: %s", strerror(-r));
		goto finish_queue;
	}
	r = movie_queue_wait_described(&s->worker.queue, error);
	if (r < 0)
		goto end_thread;
	*description = s->worker.description;
	*source = s;
	return 0;

end_thread:
	end_thread(s);
finish_queue:
	movie_interrupt_finish(&s->worker.interrupt);
	movie_queue_finish(&s->worker.queue);
free_source:
	free(s);
	return r;
}

static int movie_renew(struct source *source, struct source_description *description, struct tripool_error *error)
{
	(void)error;
	movie_queue_forget_slots(&source->worker.queue);
	*description = source->worker.description;
	return 0;
}

static int movie_attach(struct source *source, const struct tripool_pool_memory *memory,
    struct source_description *description, struct tripool_error *error)
{
	(void)memory;
	(void)description;
	(void)error;
	movie_queue_attach(&source->worker.queue);
	return 0;
}

static int movie_queue_slot(struct source *source, const struct tripool_slot *slot, struct tripool_error *error)
{
	(void)error;
	movie_queue_give(&source->worker.queue, slot);
	return 0;
}

static int movie_fd(const struct source *source)
{
	return source->worker.queue.fd;
}

static int movie_dequeue(struct source *source, uint64_t sequence, struct tripool_slot *slot,
    struct tripool_frame_info *info, struct tripool_error *error)
{
	struct movie_frame frame;
	int64_t due_ns;

	(void)sequence; /* nothing in a movie depends on it */
	int r = movie_queue_next(&source->worker.queue, &frame, &due_ns, error);
	if (r < 0)
		return r;
	*slot = frame.slot;
	*info = (struct tripool_frame_info){.capture_ns = due_ns};
	return 0;
}

static struct source_counts movie_counts(const struct source *source)
{
	struct movie_queue *queue = (struct movie_queue *)(uintptr_t)&source->worker.queue;

	return (struct source_counts){.dropped = movie_queue_dropped(queue)};
}

static void movie_close(struct source *source)
{
	if (!source)
		return;
	end_thread(source);
	movie_interrupt_finish(&source->worker.interrupt);
	movie_queue_finish(&source->worker.queue);
	free(source);
}

const struct source_class movie_source = {
    .scheme = "movie",
    .open = movie_open,
    .renew = movie_renew,
    .attach = movie_attach,
    .queue = movie_queue_slot,
    .fd = movie_fd,
    .dequeue = movie_dequeue,
    .counts = movie_counts,
    .close = movie_close,
};
