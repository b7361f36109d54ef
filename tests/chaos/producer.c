// SPDX-License-Identifier: MIT
/* A party that produces: as small as the one in README, but that it is told when to change its format. */
#include "party.h"
#include "picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct tripool_producer *open_stream(struct party *self, const struct tripool_format *format)
{
	struct tripool_producer_options o = {
	    .name = STREAM,
	    .max_viewers = MAX_VIEWERS,
	    .max_leases = MAX_LEASES,
	    .lossless = self->life % 2,
	    .stall_ms = STALL_MS,
	};
	struct tripool_producer *p;
	struct tripool_error e;
	for (;;) {
		int r = tripool_producer_create(&p, &o, format, &e);
		if (r == 0) {
			atomic_store(&self->opened, 0);
			return p;
		}
		if (r != -EADDRINUSE || !self->contends) {
			atomic_store(&self->opened, r);
			party_give_up(self, "cannot open the stream: %s", e.text);
		}
		atomic_fetch_add(&self->refused, 1);
		if (party_is_over())
			exit(0);
	}
}

static void publish(struct party *self, struct tripool_producer *p, const struct tripool_format *format)
{
	struct tripool_slot slot;
	int r = tripool_producer_begin(p, &slot);
	if (r < 0)
		party_give_up(self, "begin: %s", strerror(-r));
	uint64_t sequence = tripool_producer_sequence(p) + 1;
	if (slot.index > atomic_load(&self->highest_slot))
		atomic_store(&self->highest_slot, slot.index);
	picture_fill(slot.memory, format, self->life, sequence);
	struct tripool_frame_info info = {.source_sequence = self->life};
	r = tripool_producer_publish(p, &slot, &info);
	if (r < 0)
		party_give_up(self, "publish: %s", strerror(-r));
	atomic_store(&self->newest, (uint64_t)self->life << 32 | sequence);
	atomic_fetch_add(&self->frames, 1);
}

static void change_format(struct party *self, struct tripool_producer *p, struct tripool_format *format)
{
	struct tripool_format next = picture_format((unsigned)rand_r(&self->seed));
	struct tripool_error e;
	if (tripool_producer_set_format(p, &next, &e) < 0)
		party_give_up(self, "cannot change the format: %s", e.text);
	*format = next;
	atomic_fetch_add(&self->changes_made, 1);
}

void party_produce(struct party *self)
{
	struct tripool_format format = picture_format((unsigned)rand_r(&self->seed));
	struct tripool_producer *p = open_stream(self, &format);
	while (!party_is_over()) {
		if (atomic_load(&self->changes_made) != atomic_load(&self->changes_wanted))
			change_format(self, p, &format);
		else if (self->pause_us)
			usleep((useconds_t)rand_r(&self->seed) % self->pause_us);
		if (rand_r(&self->seed) % 4) /* else another change may follow at once */
			publish(self, p, &format);
	}
	tripool_producer_destroy(p);
	exit(0);
}
