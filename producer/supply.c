// SPDX-License-Identifier: MIT
#include "supply.h"

#include "clock.h"
#include "error.h"

#include <errno.h>
#include <string.h>

void supply_init(
    struct supply *supply, const struct source_class *class, const struct source_request *request, bool checksum)
{
	*supply = (struct supply){.class = class, .request = *request, .checksum = checksum};
}

int supply_open(struct supply *supply, struct tripool_error *error)
{
	int r = supply->class->open(&supply->source, &supply->request, &supply->description, error);

	if (r == 0 && supply->description.identity[0] && !supply->identity[0]) {
		strcpy(supply->identity, supply->description.identity);
		supply->request.identity = supply->identity;
	}
	return r;
}

/* Begins and queues one slot more. */
static int feed(struct supply *supply, struct tripool_error *error)
{
	struct tripool_slot slot;
	int r = tripool_producer_begin(supply->producer, &slot);

	if (r < 0)
		return tripool_fail(error, r, "no free slot: %s", strerror(-r));
	supply->given |= UINT64_C(1) << slot.index;
	return supply->class->queue(supply->source, &slot, error);
}

void supply_connect(struct supply *supply, struct tripool_producer *producer)
{
	supply->producer = producer;
	supply->format = supply->description.format;
	supply->write_depth = supply->description.write_depth;
}

int supply_prepare(void *context, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error)
{
	struct supply *supply = context;

	if (!supply->class->prepare || !supply->source)
		return 0;
	return supply->class->prepare(supply->source, memory_fd, memory, error);
}

int supply_start(struct supply *supply, struct tripool_error *error)
{
	struct tripool_pool_memory memory;

	tripool_producer_memory(supply->producer, &memory);
	int r = supply->class->attach(supply->source, &memory, &supply->description, error);
	for (uint32_t i = 0; r == 0 && i < supply->description.write_depth; i++)
		r = feed(supply, error);
	supply->last_frame_ns = tripool_now_ns();
	supply->frames_since_start = 0;
	return r;
}

static int publish(struct supply *supply, struct tripool_slot *slot, struct tripool_frame_info *info, int64_t now_ns,
    struct tripool_error *error)
{
	if (supply->checksum) {
		uint64_t bytes = info->bytes_used ? info->bytes_used : supply->description.format.size_bytes;
		info->crc32c = tripool_crc32c(slot->memory, bytes);
		info->flags |= TRIPOOL_FRAME_CRC32C;
	}
	supply->given &= ~(UINT64_C(1) << slot->index);
	int r = tripool_producer_publish(supply->producer, slot, info);
	if (r < 0)
		return tripool_fail(error, r, "cannot publish a frame: %s", strerror(-r));
	supply->last_frame_ns = now_ns;
	int64_t delay_ns = tripool_now_ns() - info->capture_ns;
	if (info->capture_ns && delay_ns >= 0) /* a movie that is played flat out is ahead of its time */
		distribution_add(&supply->delay, delay_ns);
	supply->frames_since_start++;
	return 0;
}

/* The slots that were not filled. */
static void take_back(struct supply *supply)
{
	for (; supply->given; supply->given &= supply->given - 1) {
		struct tripool_slot slot = {.index = (uint32_t)__builtin_ctzll(supply->given)};
		tripool_producer_cancel(supply->producer, &slot);
	}
}

void supply_stop(struct supply *supply)
{
	if (!supply->source)
		return;
	supply->counts = supply_counts(supply);
	supply->class->close(supply->source);
	supply->source = NULL;
	take_back(supply);
}

/* Not by memcmp of the whole, which has gaps. */
static bool same_format(const struct tripool_format *a, const struct tripool_format *b)
{
	return strcmp(a->pix_fmt, b->pix_fmt) == 0 && a->width_px == b->width_px && a->height_px == b->height_px &&
	       a->plane_count == b->plane_count && a->size_bytes == b->size_bytes &&
	       memcmp(a->stride_bytes, b->stride_bytes, sizeof(a->stride_bytes)) == 0 &&
	       memcmp(a->offset_bytes, b->offset_bytes, sizeof(a->offset_bytes)) == 0 &&
	       a->frame_rate_num == b->frame_rate_num && a->frame_rate_den == b->frame_rate_den &&
	       a->sample_aspect_num == b->sample_aspect_num && a->sample_aspect_den == b->sample_aspect_den &&
	       a->matrix == b->matrix && a->full_range == b->full_range && a->primaries == b->primaries &&
	       a->transfer == b->transfer;
}

static bool fits(const struct supply *supply)
{
	return !supply->description.fresh_pool && supply->description.write_depth <= supply->write_depth &&
	       same_format(&supply->description.format, &supply->format);
}

static int replace_pool(
    struct supply *supply, const struct tripool_format *format, uint32_t write_depth, struct tripool_error *error)
{
	int r = tripool_producer_set_write_depth(supply->producer, write_depth);

	if (r < 0)
		return tripool_fail(error, r, "the stream has no room for %u frames being written", write_depth);
	r = tripool_producer_set_format(supply->producer, format, error);
	if (r == 0) {
		supply->format = *format;
		supply->write_depth = write_depth;
	}
	return r;
}

static int start_as_described(struct supply *supply, struct tripool_error *error)
{
	int r = 0;

	if (!fits(supply))
		r = replace_pool(supply, &supply->description.format, supply->description.write_depth, error);
	return r < 0 ? r : supply_start(supply, error);
}

static int renew(struct supply *supply, struct tripool_error *error)
{
	int r = supply->class->renew(supply->source, &supply->description, error);

	take_back(supply);
	if (r == 0)
		r = start_as_described(supply, error);
	supply->renewals++;
	return r;
}

int supply_move(struct supply *supply, uint64_t last, int64_t now_ns, struct tripool_error *error)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;

	if (error)
		error->text[0] = '\0';
	uint64_t sequence = tripool_producer_sequence(supply->producer) + 1;
	int r = supply->class->dequeue(supply->source, sequence, &slot, &info, error);

	if (r == -EAGAIN)
		return 0;
	if (r == -ESTALE && supply->class->renew)
		return renew(supply, error);
	if (r == -ENODATA)
		return 1;
	if (r == 0)
		r = publish(supply, &slot, &info, now_ns, error);
	if (r < 0)
		return r;
	return sequence == last ? 1 : feed(supply, error);
}

int supply_restart(struct supply *supply, struct tripool_error *error)
{
	int r = supply_open(supply, error);

	if (r < 0)
		return r;
	r = start_as_described(supply, error);
	if (r < 0)
		supply_stop(supply);
	else
		supply->restarts++;
	return r;
}

int supply_withdraw(struct supply *supply, struct tripool_error *error)
{
	return replace_pool(supply, &supply->format, supply->write_depth, error);
}

struct source_counts supply_counts(const struct supply *supply)
{
	struct source_counts sum = supply->counts;

	if (supply->source) {
		struct source_counts now = supply->class->counts(supply->source);
		sum.dropped += now.dropped;
		sum.camera_gaps += now.camera_gaps;
	}
	return sum;
}
