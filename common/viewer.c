// SPDX-License-Identifier: MIT
/* The viewer object: its life, the pools it has mapped, its frames, and waiting for them. */
#include "viewer.h"

#include "clock.h"
#include "place.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000
#define DEFAULT_EVERY 8 /* frames that may wait and be held */

void tripool_viewer_replace_current(struct tripool_viewer *v, struct tripool_mapping *next)
{
	struct tripool_mapping *old = v->current;
	v->current = next;
	if (!old || tripool_mapping_is_idle(old)) {
		tripool_mapping_destroy(old);
		return;
	}
	tripool_mapping_retire(old);
	old->next = v->older;
	v->older = old;
}

int tripool_viewer_create(
    struct tripool_viewer **viewer, const struct tripool_viewer_options *options, struct tripool_error *error)
{
	int r = tripool_name_check(options->name, error);
	if (r < 0)
		return r;
	if (options->leases > TRIPOOL_MAX_LEASES)
		return tripool_fail(
		    error, -EINVAL, "a viewer may have 1 to %d leases, not %u", TRIPOOL_MAX_LEASES, options->leases);
	struct tripool_viewer *v = calloc(1, sizeof(*v));
	if (!v)
		return tripool_fail(error, -ENOMEM, "no memory for a viewer");
	strcpy(v->name, options->name);
	strncpy(v->client_name, options->client_name ? options->client_name : "viewer", sizeof(v->client_name) - 1);
	v->every = options->every;
	v->leases = options->leases ? options->leases : v->every ? DEFAULT_EVERY : 1;
	v->logger = (struct tripool_logger){options->log, options->log_context};
	if ((r = tripool_connection_init(v, error)) < 0)
		goto free_viewer;
	r = tripool_connection_open(v, error);
	bool later = r == -ENOENT || r == -EAGAIN || r == -ETIMEDOUT;
	if (r < 0 && !(later && options->wait_for_producer))
		goto finish_connection;
	*viewer = v;
	return 0;
finish_connection:
	tripool_connection_finish(v);
free_viewer:
	free(v);
	return r;
}

void tripool_viewer_destroy(struct tripool_viewer *v)
{
	if (!v)
		return;
	/* Memory before socket: the hang-up frees the slots, and then nobody may be reading any more. */
	tripool_mapping_destroy(v->news);
	tripool_mapping_destroy(v->current);
	while (v->older) {
		struct tripool_mapping *old = v->older;
		v->older = old->next;
		tripool_mapping_destroy(old);
	}
	if (v->page)
		tripool_lease_unmap(v->page);
	tripool_connection_finish(v);
	free(v);
}

/* Why there is no frame. */
static int no_frame(struct tripool_viewer *v)
{
	int failure = v->failure;
	v->failure = 0;
	if (failure)
		return failure;
	return v->socket < 0 ? -EPIPE : -EAGAIN;
}

static void count(struct tripool_viewer *v, uint64_t sequence)
{
	v->stats.frames_acquired++;
	if (v->last_sequence && sequence > v->last_sequence)
		v->stats.frames_skipped += sequence - v->last_sequence - 1;
	v->last_sequence = sequence;
	/* Relaxed: only people look at them. */
	atomic_store_explicit(&v->page->frames_acquired, v->stats.frames_acquired, memory_order_relaxed);
	atomic_store_explicit(&v->page->frames_skipped, v->stats.frames_skipped, memory_order_relaxed);
	atomic_store_explicit(&v->page->last_sequence, sequence, memory_order_relaxed);
}

/* Somebody who waits for room is told; one who cannot be told is gone. */
static void tell_of_room(struct tripool_viewer *v, bool wanted)
{
	if (!wanted || v->socket < 0)
		return;
	int r = tripool_wire_nudge(v->socket, TRIPOOL_ROOM);
	/* Where the kernel was short of memory the next release is to try again. A full socket wakes the producer
	 * anyway. */
	if (r < 0 && r != -EAGAIN && r != -EPIPE)
		atomic_store_explicit(&v->page->wants_room, 1, memory_order_seq_cst);
}

static void skip_next(struct tripool_viewer *v, const struct tripool_claim *claim)
{
	tell_of_room(v, tripool_queue_let_go(&v->queue, tripool_queue_take(&v->queue, claim)));
}

/* The next frame of the queue. Those of a pool that was itself replaced before its first frame's turn are passed over.
 */
static int acquire_next(struct tripool_viewer *v, struct tripool_frame *frame)
{
	for (uint32_t passed = 0; passed <= v->leases; passed++) {
		struct tripool_claim claim;
		uint64_t generation, current = v->current->shape.generation;
		uint32_t slot;
		int r = tripool_queue_peek(&v->queue, &claim, &generation, &slot);
		if (r == -EAGAIN && (v->news || tripool_reader_is_retired(&v->current->reader))) {
			/* The pool's last frame may have come between the two looks. */
			r = tripool_queue_peek(&v->queue, &claim, &generation, &slot);
			if (r == -EAGAIN)
				return -ESTALE;
		}
		if (r == -EAGAIN && v->socket >= 0 && tripool_queue_is_held(&v->queue))
			return -EBUSY;
		if (r < 0 || generation > current)
			return r < 0 ? r : -ESTALE;
		if (generation == current) {
			uint32_t place = (uint32_t)(v->queue.next % v->queue.places);
			r = tripool_mapping_lease(v->current, slot, place, &claim, frame);
			if (r == 0)
				tripool_queue_take(&v->queue, &claim);
			return r;
		}
		skip_next(v, &claim);
	}
	return -EPROTO;
}

static int acquire_newest(struct tripool_viewer *v, struct tripool_frame *frame)
{
	return v->news ? -ESTALE : tripool_mapping_acquire(v->current, frame);
}

int tripool_viewer_acquire(struct tripool_viewer *v, struct tripool_frame *frame)
{
	if (!v->current)
		return no_frame(v);
	int r = v->every ? acquire_next(v, frame) : acquire_newest(v, frame);
	if (r == 0) {
		count(v, frame->sequence);
		return 0;
	}
	if (r == -EBUSY)
		return r;
	if (r == -EAGAIN)
		return no_frame(v);
	if (r == -ESTALE && !v->news)
		tripool_connection_listen(v); /* the next pool was sent before this one was retired */
	if (!v->news) {
		/* Nonsense, or left behind by a producer that is gone: nothing more can be had from this pool. */
		tripool_connection_close(v, -EPROTO);
		tripool_viewer_replace_current(v, NULL);
		return no_frame(v);
	}
	v->news->socket = v->current->socket;
	v->current->socket = -1;                            /* nobody writes there any more */
	v->news->reader.newest = v->current->reader.newest; /* the numbers go on */
	tripool_viewer_replace_current(v, v->news);
	v->news = NULL;
	if (v->every)
		tell_of_room(v, tripool_queue_let_all_go(&v->queue));
	return -ESTALE;
}

void tripool_viewer_release(struct tripool_viewer *v, struct tripool_frame *frame)
{
	struct tripool_lease *lease = frame->lease;
	if (!lease)
		return;
	frame->lease = NULL;
	tripool_mapping_release(lease);
	struct tripool_mapping *mapping = lease->mapping;
	if (v->every && mapping == v->current)
		tell_of_room(v, tripool_queue_let_go(&v->queue, lease->cell));
	if (mapping == v->current || !tripool_mapping_is_idle(mapping))
		return;
	struct tripool_mapping **at = &v->older;
	while (*at != mapping)
		at = &(*at)->next;
	*at = mapping->next;
	tripool_mapping_destroy(mapping);
}

void tripool_viewer_rewind(struct tripool_viewer *v)
{
	if (v->current)
		v->current->reader.seen = 0;
}

/* Whether acquire (or reconnect) has something to say. */
static bool has_something(const struct tripool_viewer *v)
{
	if (v->news || v->failure)
		return true;
	return v->current && tripool_reader_has_news(&v->current->reader);
}

/* Arms without a system call, where nothing that was said is unheard. */
static bool arm(struct tripool_viewer *v)
{
	if (has_something(v))
		return true;
	if (v->socket < 0)
		return tripool_place_drain(v->inotify, v->name);
	if (!tripool_reader_arm(&v->current->reader))
		return false;
	/* A wake-up may be under way already: heard now, so that they do not pile up. */
	if (!tripool_reader_disarm(&v->current->reader))
		tripool_connection_listen(v);
	return true;
}

int tripool_viewer_arm(struct tripool_viewer *v)
{
	tripool_connection_listen(v);
	v->unheard = false;
	return arm(v);
}

/* Sleeps until somebody says something. False: time is over, or a signal came. */
static bool sleep_once(struct tripool_viewer *v, int64_t timeout_ms)
{
	struct pollfd f = {.fd = v->socket >= 0 ? v->socket : v->inotify, .events = POLLIN};
	return poll(&f, 1, (int)timeout_ms) > 0;
}

int tripool_viewer_wait(struct tripool_viewer *v, int timeout_ms)
{
	int64_t end_ns = timeout_ms > 0 ? tripool_now_ns() + timeout_ms * INT64_C(1000000) : 0;
	int64_t left_ms = timeout_ms;
	for (bool again = false;; again = true) {
		if (v->unheard || timeout_ms == 0)
			tripool_connection_listen(v);
		v->unheard = false;
		if (arm(v))
			return 1;
		if (left_ms == 0 && again) /* however often it is woken */
			return 0;
		bool nap = v->socket < 0 && v->try_again && (left_ms < 0 || left_ms > RETRY_MS);
		if (!sleep_once(v, nap ? RETRY_MS : left_ms)) {
			v->try_again = v->try_again && !nap;
			return nap;
		}
		/* Most likely woken for a frame: it is served at once, and the wake-up heard before the next sleep. */
		v->unheard = v->socket >= 0;
		if (has_something(v))
			return 1;
		if (timeout_ms > 0)
			left_ms = (end_ns - tripool_now_ns()) / 1000000;
		if (timeout_ms > 0 && left_ms < 0)
			left_ms = 0;
	}
}

int tripool_viewer_fd(const struct tripool_viewer *v)
{
	return v->epoll;
}

bool tripool_viewer_connected(const struct tripool_viewer *v)
{
	return v->socket >= 0;
}

int tripool_viewer_reconnect(struct tripool_viewer *v, struct tripool_error *error)
{
	if (v->socket >= 0)
		return tripool_fail(error, -EALREADY, "already attached to '%s'", v->name);
	bool again = v->was_attached;
	v->failure = 0; /* who calls this knows */
	/* Nothing is left to be had from the last producer: should it be the next one, its leases are needed. */
	if (v->every && v->current && tripool_mapping_is_idle(v->current) && !tripool_queue_has_news(&v->queue))
		tripool_mapping_hang_up(v->current);
	int r = tripool_connection_open(v, error);
	if (r < 0)
		return r;
	tripool_mapping_destroy(v->news);
	v->news = NULL;
	v->stats.reconnects += again;
	return 0;
}

const struct tripool_format *tripool_viewer_format(const struct tripool_viewer *v)
{
	return v->current ? &v->current->shape.format : NULL;
}

void tripool_viewer_get_stats(const struct tripool_viewer *v, struct tripool_viewer_stats *stats)
{
	*stats = v->stats;
}
