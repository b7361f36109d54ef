// SPDX-License-Identifier: MIT
#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096 /* slots begin at one */

static size_t stride_of(const struct link *link)
{
	return (link->bytes + PAGE - 1) / PAGE * PAGE;
}

size_t ring_bytes(const struct link *link)
{
	return RING_SLOTS * stride_of(link);
}

/* The shared pages are brought into this process, too: no page fault is to be measured. */
int ring_open(struct link *link)
{
	struct ring *r = link->own;
	madvise(r->slots, ring_bytes(link), MADV_POPULATE_WRITE);
	r->frame = private_create(link, link->bytes);
	return r->frame ? 0 : -ENOMEM;
}

void ring_close(struct link *link)
{
	struct ring *r = link->own;
	private_destroy(r->frame, link->bytes);
}

uint8_t *ring_begin(struct link *link)
{
	struct ring *r = link->own;
	return r->frame;
}

static uint8_t *next_slot(struct link *link)
{
	struct ring *r = link->own;
	return r->slots + r->turn++ % RING_SLOTS * stride_of(link);
}

void ring_copy_in(struct link *link)
{
	struct ring *r = link->own;
	memcpy(next_slot(link), r->frame, link->bytes);
	link->copied_bytes += link->bytes;
}

void ring_copy_out(struct link *link, struct taken *taken)
{
	struct ring *r = link->own;
	memcpy(r->frame, next_slot(link), link->bytes);
	link->copied_bytes += link->bytes;
	taken->frame = r->frame;
}
