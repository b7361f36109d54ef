// SPDX-License-Identifier: MIT
#include "producer.h"

#include "clock.h"
#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_VIEWERS 16
#define DISPATCH_INTERVAL_NS 2000000
#define DEFAULT_STALL_MS 2000

uint32_t tripool_slots_needed(uint32_t write_depth, uint32_t leases)
{
	return 1 + write_depth + (leases > 1 ? leases : 1);
}

static int make_pool(const struct tripool_producer *p, const struct tripool_format *format, uint64_t generation,
    struct tripool_pool *pool, struct tripool_error *error)
{
	return tripool_pool_create(pool, format, 1 + p->next_write_depth + p->max_leases,
	    tripool_slots_needed(p->next_write_depth, p->leases), generation, &p->preparation, error);
}

static int check_options(const struct tripool_producer_options *o, struct tripool_error *error)
{
	int r = tripool_name_check(o->name, error);
	if (r < 0)
		return r;
	uint64_t viewers = o->max_viewers ? o->max_viewers : DEFAULT_VIEWERS;
	uint64_t leases = o->max_leases ? o->max_leases : viewers;
	uint64_t slots = 1 + (uint64_t)(o->write_depth ? o->write_depth : 1) + leases;
	if (slots > TRIPOOL_MAX_SLOTS)
		return tripool_fail(error, -EINVAL,
		    "%llu leases would need %llu slots and a pool has at most %d: allow fewer viewers",
		    (unsigned long long)leases, (unsigned long long)slots, TRIPOOL_MAX_SLOTS);
	if (leases < viewers)
		return tripool_fail(error, -EINVAL, "%llu leases are too few for %llu viewers",
		    (unsigned long long)leases, (unsigned long long)viewers);
	if (o->socket_mode & ~0777u)
		return tripool_fail(error, -EINVAL, "socket mode %o is not a file mode from 0 to 777", o->socket_mode);
	return 0;
}

int tripool_producer_create(struct tripool_producer **producer, const struct tripool_producer_options *options,
    const struct tripool_format *format, struct tripool_error *error)
{
	int r = check_options(options, error);
	if (r < 0)
		return r;
	if ((r = tripool_format_check(format, error)) < 0)
		return r;
	struct tripool_producer *p = calloc(1, sizeof(*p));
	if (!p)
		return tripool_fail(error, -ENOMEM, "no memory for a producer");
	strcpy(p->name, options->name);
	if (options->source)
		snprintf(p->source, sizeof(p->source), "%s", options->source);
	p->max_viewers = options->max_viewers ? options->max_viewers : DEFAULT_VIEWERS;
	p->max_leases = options->max_leases ? options->max_leases : p->max_viewers;
	p->write_depth = p->next_write_depth = options->write_depth ? options->write_depth : 1;
	p->manual_dispatch = options->manual_dispatch;
	p->stall_ns = (options->stall_ms ? options->stall_ms : DEFAULT_STALL_MS) * INT64_C(1000000);
	p->logger = (struct tripool_logger){options->log, options->log_context};
	p->preparation = (struct tripool_preparation){options->prepare, options->prepare_context};
	p->format = *format;
	p->generation = 1;

	if ((r = p->directory = tripool_place_open(true, error)) < 0)
		goto free_producer;
	if ((r = p->lock = tripool_place_lock(p->directory, p->name, error)) < 0)
		goto close_directory;
	if ((r = make_pool(p, format, p->generation, &p->pool, error)) < 0)
		goto unlock;
	tripool_writer_init(&p->writer, p->pool.header, p->pool.header->shape.slot_count, p->write_depth, 0);
	p->writer.lossless = options->lossless;
	if ((r = tripool_door_open(p, options, error)) < 0)
		goto destroy_pool;
	*producer = p;
	return 0;
destroy_pool:
	tripool_pool_destroy(&p->pool);
unlock:
	tripool_place_unlock(p->directory, p->name, p->lock);
close_directory:
	close(p->directory);
free_producer:
	free(p);
	return r;
}

void tripool_producer_destroy(struct tripool_producer *p)
{
	if (!p)
		return;
	tripool_door_close(p);
	tripool_pool_destroy(&p->pool);
	tripool_place_unlock(p->directory, p->name, p->lock);
	close(p->directory);
	free(p);
}

/* By the time of the last frame: reading the clock would be a good part of what a frame costs. */
static void dispatch_now_and_then(struct tripool_producer *p)
{
	if (p->published_ns != 0 && p->published_ns - p->dispatched_ns < DISPATCH_INTERVAL_NS)
		return;
	p->dispatched_ns = p->published_ns;
	tripool_producer_dispatch(p);
}

int tripool_producer_begin(struct tripool_producer *p, struct tripool_slot *slot)
{
	if (!p->manual_dispatch)
		dispatch_now_and_then(p);
	int index = tripool_writer_begin(&p->writer);
	if (index == -EAGAIN) {
		tripool_audience_wait_for_room(p);
		index = tripool_writer_begin(&p->writer);
	}
	if (index < 0)
		return index;
	uint8_t *memory = tripool_pool_slot(&p->pool, (uint32_t)index);
	*slot = (struct tripool_slot){.index = (uint32_t)index, .memory = memory};
	for (uint32_t i = 0; i < p->format.plane_count; i++)
		slot->plane[i] = memory + p->format.offset_bytes[i];
	return 0;
}

int tripool_producer_publish(
    struct tripool_producer *p, const struct tripool_slot *slot, const struct tripool_frame_info *info)
{
	struct tripool_frame_info said = {0};
	if (info)
		said = *info;
	if (!tripool_writer_is_writing(&p->writer, slot->index) || said.bytes_used > p->format.size_bytes)
		return -EINVAL;
	if (said.bytes_used == p->format.size_bytes)
		said.bytes_used = 0; /* all, which need not be said */
	int64_t now_ns = tripool_now_ns();
	if (said.capture_ns == 0)
		said.capture_ns = now_ns;
	p->interval_ns = p->published_ns ? now_ns - p->published_ns : 0;
	p->published_ns = now_ns;
	uint64_t wake = tripool_writer_publish(&p->writer, slot->index, now_ns, &said);
	if (wake)
		tripool_audience_wake(p, wake);
	return 0;
}

int tripool_producer_cancel(struct tripool_producer *p, const struct tripool_slot *slot)
{
	if (!tripool_writer_is_writing(&p->writer, slot->index))
		return -EINVAL;
	tripool_writer_cancel(&p->writer, slot->index);
	p->published_ns = 0; /* no time has passed by it */
	return 0;
}

uint64_t tripool_producer_sequence(const struct tripool_producer *p)
{
	return p->writer.sequence;
}

void tripool_producer_memory(const struct tripool_producer *p, struct tripool_pool_memory *memory)
{
	*memory = tripool_pool_memory(&p->pool);
}

int tripool_producer_set_format(
    struct tripool_producer *p, const struct tripool_format *format, struct tripool_error *error)
{
	int r = tripool_format_check(format, error);
	if (r < 0)
		return r;
	struct tripool_pool pool;
	if ((r = make_pool(p, format, p->generation + 1, &pool, error)) < 0)
		return r;
	struct tripool_pool old_pool = p->pool;
	struct tripool_writer old_writer = p->writer;
	p->pool = pool;
	p->format = *format;
	p->write_depth = p->next_write_depth;
	p->generation++;
	tripool_writer_init(
	    &p->writer, pool.header, pool.header->shape.slot_count, p->write_depth, old_writer.sequence);
	p->writer.lossless = old_writer.lossless;
	tripool_writer_adopt(&p->writer, &old_writer);
	tripool_audience_announce_pool(p);
	/* Last: who sees this finds the new pool waiting in its socket. */
	tripool_writer_retire(&old_writer);
	tripool_pool_destroy(&old_pool);
	return 0;
}

int tripool_producer_set_write_depth(struct tripool_producer *p, uint32_t write_depth)
{
	if (write_depth == 0 || write_depth > TRIPOOL_MAX_SLOTS - 1 - p->max_leases)
		return -EINVAL;
	p->next_write_depth = write_depth;
	return 0;
}

int tripool_producer_fd(const struct tripool_producer *p)
{
	return p->epoll;
}

int tripool_producer_dispatch(struct tripool_producer *p)
{
	tripool_door_dispatch(p);
	return (int)p->viewers;
}

uint32_t tripool_producer_viewers(const struct tripool_producer *p)
{
	return p->viewers;
}

void tripool_producer_get_stats(const struct tripool_producer *p, struct tripool_producer_stats *stats)
{
	*stats = (struct tripool_producer_stats){
	    .frames_published = p->writer.sequence,
	    .generation = p->generation,
	    .viewers = p->viewers,
	    .viewers_peak = p->viewers_peak,
	    .slots = p->pool.header->shape.slot_count,
	    .slots_touched = (uint32_t)__builtin_popcountll(p->writer.touched),
	    .pool_resident_bytes = tripool_pool_resident_bytes(&p->pool),
	};
	for (uint32_t i = 0; i < p->viewers; i++)
		stats->viewers_every += p->viewer[i].every;
}
