// SPDX-License-Identifier: MIT
/*
 * A party that views, as README's example does: it has nothing to go by but what the library tells it, and waits
 * without a limit. Each frame is checked over all of its memory when it is leased and again before it is released.
 */
#include "party.h"
#include "picture.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOKS_A_WAIT 100

struct holding {
	struct tripool_frame frame[TRIPOOL_MAX_LEASES];
	uint32_t life[TRIPOOL_MAX_LEASES];
	uint32_t count;
};

struct past {
	uint64_t sequence, generation, reconnects;
	uint32_t looks, told, told_late; /* of a busy one: times it found nothing, and changes of format */
	bool waited;                     /* just now, and was told something */
};

static void check_frame(struct party *self, const struct tripool_frame *f, uint32_t life, const char *when)
{
	if (!picture_is_whole(f, life))
		party_give_up(
		    self, "frame %llu of life %u is torn %s its lease", (unsigned long long)f->sequence, life, when);
}

/* With `every` on a lossless stream no frame may be missing but for one reason: a format that was replaced before its
 * turn. */
static void check_order(
    struct party *self, struct tripool_viewer *v, const struct tripool_frame *f, uint32_t life, struct past *past)
{
	struct tripool_viewer_stats stats;
	tripool_viewer_get_stats(v, &stats);
	uint64_t now = (uint64_t)life << 32 | f->sequence, before = atomic_load(&self->newest);
	if (now <= before)
		party_give_up(self, "frame %llx came after %llx", (unsigned long long)now, (unsigned long long)before);
	if (self->every && life % 2 && stats.reconnects == past->reconnects && f->generation == past->generation &&
	    before >> 32 == life && f->sequence != past->sequence + 1)
		party_give_up(self, "frame %llu of a lossless stream came after %llu", (unsigned long long)f->sequence,
		    (unsigned long long)past->sequence);
	past->sequence = f->sequence;
	past->generation = f->generation;
	past->reconnects = stats.reconnects;
	atomic_store(&self->newest, now);
}

static void let_one_go(struct party *self, struct tripool_viewer *v, struct holding *h)
{
	uint32_t i = (uint32_t)rand_r(&self->seed) % h->count;
	check_frame(self, &h->frame[i], h->life[i], "at the end of");
	tripool_viewer_release(v, &h->frame[i]);
	h->count--;
	h->frame[i] = h->frame[h->count];
	h->life[i] = h->life[h->count];
}

static void take(struct party *self, struct tripool_viewer *v, struct holding *h, struct past *past)
{
	struct tripool_frame *f = &h->frame[h->count];
	uint32_t life = h->life[h->count] = (uint32_t)f->info.source_sequence;
	h->count++;
	check_frame(self, f, life, "at the beginning of");
	check_order(self, v, f, life, past);
	atomic_fetch_add(&self->frames, 1);
	if (rand_r(&self->seed) % 8 == 0)
		usleep((useconds_t)rand_r(&self->seed) % 2000);
	if (h->count == self->leases || rand_r(&self->seed) % 3 == 0)
		let_one_go(self, v, h);
}

static void look_around(struct tripool_viewer *v, struct past *past)
{
	past->waited = ++past->looks % LOOKS_A_WAIT == 0 && tripool_viewer_wait(v, 0);
	usleep(200);
}

/* A busy one needs the socket for its producer's death alone: a change of format it hears from acquire itself, but
 * where that has been sent just now. */
static void hear_of_change(struct party *self, struct past *past)
{
	past->told++;
	past->told_late += past->waited;
	if (past->told_late > 20 + past->told / 4)
		party_give_up(
		    self, "%u of %u changes of format were told by the socket only", past->told_late, past->told);
}

/* `retry`: no event tells when to look for the producer again. */
static void sleep_until_told(struct party *self, struct tripool_viewer *v, bool retry)
{
	if (!self->polls) {
		tripool_viewer_wait(v, -1);
		return;
	}
	struct pollfd f = {.fd = tripool_viewer_fd(v), .events = POLLIN};
	if (!tripool_viewer_arm(v))
		poll(&f, 1, retry ? 1000 : -1);
}

static void look_for_producer(struct party *self, struct tripool_viewer *v)
{
	struct tripool_error e;
	int r = tripool_viewer_reconnect(v, &e);
	if (r == -EPROTO || r == -EPROTONOSUPPORT || r == -EALREADY || r == -EMFILE || r == -ENOMEM)
		party_give_up(self, "reconnect: %s", e.text);
	if (r < 0 && r != -ENOENT)
		snprintf(self->remark, sizeof(self->remark), "%s", e.text);
	if (r < 0)
		sleep_until_told(self, v, r != -ENOENT);
}

void party_view(struct party *self)
{
	struct tripool_viewer_options o = {
	    .name = STREAM,
	    .client_name = "chaos",
	    .leases = self->leases,
	    .every = self->every,
	    .wait_for_producer = true,
	};
	struct tripool_viewer *v;
	struct tripool_error e;
	struct holding held = {.count = 0};
	struct past past = {.sequence = 0};
	int r;
	/* Places may all be taken for a moment, by some that lost theirs and hold frames yet. */
	while ((r = tripool_viewer_create(&v, &o, &e)) == -ECONNREFUSED && !party_is_over()) {
		atomic_fetch_add(&self->refused, 1);
		usleep(10000);
	}
	atomic_store(&self->opened, r);
	if (r == -ECONNREFUSED)
		exit(0);
	if (r < 0)
		party_give_up(self, "cannot view: %s", e.text);
	for (; !party_is_over(); past.waited &= r == -EAGAIN) {
		r = tripool_viewer_acquire(v, &held.frame[held.count]);
		if (r == 0)
			take(self, v, &held, &past);
		else if (r == -EBUSY && held.count > 0)
			let_one_go(self, v, &held);
		else if (r == -EAGAIN && self->busy)
			look_around(v, &past);
		else if (r == -EAGAIN)
			sleep_until_told(self, v, false);
		else if (r == -EPIPE)
			look_for_producer(self, v);
		else if (r == -ESTALE)
			hear_of_change(self, &past);
		else
			party_give_up(self, "acquire: %s", strerror(-r));
	}
	while (held.count > 0)
		let_one_go(self, v, &held);
	tripool_viewer_destroy(v);
	exit(0);
}
