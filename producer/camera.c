// SPDX-License-Identifier: MIT
/*
 * A V4L2 camera as a source. How a picture reaches its slot, the best way that the driver can:
 *   userptr   the driver writes into the slot: nobody copies
 *   dmabuf    the same, but the slot has to be made a dma-buf first
 *   copy      the driver writes into a buffer of its own, one copy from there
 *   convert   the same, but the picture has to be decoded anyhow: the decoder writes into the slot
 */
#include "camera.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camera_buffers.h"
#include "camera_controls.h"
#include "camera_convert.h"
#include "camera_find.h"
#include "camera_mode.h"
#include "camera_path.h"
#include "error.h"
#include "source.h"
#include "v4l2.h"

#define DRIVER_BUFFERS 4 /* of the driver's own */
#define FEW_VIEWERS 4    /* where each makes the memory larger, whether it is there or not */

/* A camera none of whose first pictures can be decoded will not get better. */
#define FIRST_FAILURES_MAX 30

struct source {
	struct camera_device device;
	struct camera_mode mode;
	struct camera_path path;
	struct camera_buffers buffers;
	struct camera_converter *converter; /* NULL: the picture is published as it is */
	uint64_t slot_bytes;
	uint32_t start_at; /* slots to be given before the driver is started */

	/* The slots given and not yet given back. userptr, dmabuf: slot i at place i. Otherwise a stack: the slot that
	 * is written last is written next, which keeps the memory small. */
	struct tripool_slot slot[TRIPOOL_MAX_SLOTS];
	uint32_t held;

	bool any;          /* a picture has come: `sequence` is the driver's number of the last */
	uint64_t sequence; /* made 64 bits wide */
	struct source_counts counts;
	uint64_t decoded;
	uint32_t decode_failures;
};

static bool writes_slots(const struct source *source)
{
	return source->buffers.memory != V4L2_MEMORY_MMAP;
}

static void camera_close(struct source *source)
{
	if (!source)
		return;
	camera_buffers_finish(&source->buffers);
	camera_path_finish(&source->path);
	camera_converter_destroy(source->converter);
	camera_device_close(&source->device);
	free(source);
}

static void choose_path(struct source *source, struct source_description *description)
{
	camera_path_choose(&source->path, &source->device, &source->mode.layout);
	switch (source->path.memory) {
	case V4L2_MEMORY_USERPTR:
		description->path = "userptr";
		break;
	case V4L2_MEMORY_DMABUF:
		description->path = "dmabuf";
		description->usual_viewers = FEW_VIEWERS;
		description->fresh_pool = true;
		break;
	default:
		description->path = "copy";
		description->copies_per_frame = 1;
		break;
	}
}

static int camera_open(struct source **source, const struct source_request *request,
    struct source_description *description, struct tripool_error *error)
{
	struct source_description d;
	struct source *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return tripool_fail(error, -ENOMEM, "out of memory");
	s->device.fd = -1;
	r = camera_find(&s->device, request->argument, request->identity, error);
	if (r < 0)
		goto close;
	r = camera_mode_settle(&s->mode, &s->device, request, &d, error);
	if (r < 0)
		goto close;
	r = camera_controls_apply(&s->device, request, &d, error);
	if (r < 0)
		goto close;
	if (camera_mode_native(&s->mode)) {
		choose_path(s, &d);
	} else {
		s->converter = camera_converter_create(
		    &s->device, &s->mode.picture, &s->mode.choice, d.format.width_px, d.format.height_px);
		if (!s->converter) {
			r = tripool_fail(
			    error, -ENOMEM, "libv4lconvert cannot be set up for camera %s", s->device.path);
			goto close;
		}
	}
	camera_identity(d.identity, &s->device);
	s->slot_bytes = d.format.size_bytes;
	s->start_at = d.write_depth;
	*description = d;
	*source = s;
	return 0;

close:
	camera_close(s);
	return r;
}

static int camera_prepare(
    struct source *source, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error)
{
	(void)error; /* what fails costs a copy, no more */
	camera_path_prepare(&source->path, &source->mode.layout, memory_fd, memory);
	return 0;
}

static int camera_attach(struct source *source, const struct tripool_pool_memory *memory,
    struct source_description *description, struct tripool_error *error)
{
	int r;

	if (!source->converter) {
		r = camera_path_attach(&source->path, &source->buffers, &source->device, &source->mode.layout, memory);
		if (r < 0)
			return camera_device_fail(&source->device, r, "take buffers", error);
		if (source->path.memory == V4L2_MEMORY_DMABUF)
			camera_note(description,
			    "the driver cannot write into the pool by its addresses (%s) but as DMABUF: all %u slots "
			    "are kept in memory (--max-viewers makes them fewer or more)",
			    source->path.refused, memory->slots);
		if (source->path.memory != V4L2_MEMORY_MMAP)
			return 0;
	}
	r = camera_buffers_init_mmap(&source->buffers, &source->device, source->mode.layout.planes, DRIVER_BUFFERS);
	if (r < 0)
		return camera_device_fail(&source->device, r, "get buffers", error);
	source->start_at = 1;
	if (!source->converter) {
		description->path = "copy";
		description->copies_per_frame = 1;
		camera_note(
		    description, "the driver cannot write into the pool (%s): one copy a frame", source->path.refused);
	}
	return 0;
}

static int camera_queue(struct source *source, const struct tripool_slot *slot, struct tripool_error *error)
{
	int r;

	if (writes_slots(source)) {
		if (slot->index >= source->buffers.count)
			return tripool_fail(error, -EINVAL, "slot %u is not one of the camera's", slot->index);
		r = camera_buffers_queue(&source->buffers, slot->index);
		if (r < 0)
			return camera_device_fail(&source->device, r, "take a buffer", error);
		source->slot[slot->index] = *slot;
	} else {
		if (source->held == TRIPOOL_MAX_SLOTS)
			return tripool_fail(error, -EINVAL, "the camera holds %u slots already", source->held);
		source->slot[source->held] = *slot;
	}
	source->held++;
	if (!source->buffers.streaming && source->held >= source->start_at) {
		r = camera_buffers_start(&source->buffers);
		if (r < 0)
			return camera_device_fail(&source->device, r, "start", error);
	}
	return 0;
}

static int camera_fd(const struct source *source)
{
	return source->device.fd;
}

/* Keeps the driver's count, and counts what it leaves out. */
static void follow_sequence(struct source *source, uint32_t sequence)
{
	uint32_t step = sequence - (uint32_t)source->sequence;

	if (!source->any || step > UINT32_MAX / 2) { /* the first; or the driver has begun anew */
		source->sequence = sequence;
	} else {
		source->sequence += step;
		if (step > 1) {
			source->counts.camera_gaps += step - 1;
			source->counts.dropped += step - 1;
		}
	}
	source->any = true;
}

static bool is_short(const struct source *source, const struct camera_buffer_info *filled)
{
	const struct camera_layout *layout = &source->mode.layout;

	if (source->converter)
		return false;
	for (uint32_t p = 0; p < layout->planes; p++) /* 0: an old driver that does not say */
		if (filled->bytes_used[p] != 0 && filled->bytes_used[p] < layout->plane[p].least_bytes)
			return true;
	return false;
}

/* How much of the slot a picture takes that is published as it is: planes that lie apart take all of it. */
static uint64_t slot_bytes_used(const struct source *source, const struct camera_buffer_info *filled)
{
	uint64_t used = filled->bytes_used[0];

	return source->mode.layout.planes > 1 || used == 0 || used > source->slot_bytes ? source->slot_bytes : used;
}

/* From the driver's buffer into the slot. */
static void copy(const struct source *source, const struct camera_buffer_info *filled, const struct tripool_slot *slot)
{
	const struct camera_layout *layout = &source->mode.layout;

	for (uint32_t p = 0; p < layout->planes; p++) {
		uint64_t bytes = source->buffers.buffer[filled->index].plane[p].size_bytes;
		uint64_t room = source->slot_bytes - layout->plane[p].offset_bytes;

		if (filled->bytes_used[p] && filled->bytes_used[p] < bytes)
			bytes = filled->bytes_used[p];
		if (room > layout->plane[p].room_bytes)
			room = layout->plane[p].room_bytes;
		memcpy(slot->memory + layout->plane[p].offset_bytes,
		    source->buffers.buffer[filled->index].plane[p].memory, bytes < room ? bytes : room);
	}
}

/* The same for a picture that must be decoded. Returns the bytes written; -EBADMSG: the picture is damaged. */
static int64_t decode(struct source *source, const struct camera_buffer_info *filled, const struct tripool_slot *slot)
{
	uint8_t *in = source->buffers.buffer[filled->index].plane[0].memory;
	uint64_t bytes = source->buffers.buffer[filled->index].plane[0].size_bytes;

	if (filled->bytes_used[0] < bytes)
		bytes = filled->bytes_used[0];
	return camera_converter_run(source->converter, in, (uint32_t)bytes, slot->memory, source->slot_bytes);
}

/* Gives up on a camera that sends nothing that can be decoded. */
static int decode_failed(struct source *source, struct tripool_error *error)
{
	if (source->decoded > 0 || ++source->decode_failures < FIRST_FAILURES_MAX)
		return 0;
	return tripool_fail(error, -EBADMSG,
	    "camera %s: none of its first %u pictures can be decoded (%.100s): try another format with -f",
	    source->device.path, source->decode_failures, camera_converter_reason(source->converter));
}

/* 1: a frame, in *slot and *info. 0: it was spoiled. The buffer is the driver's again but for a frame by USERPTR. */
static int take(struct source *source, const struct camera_buffer_info *filled, struct tripool_slot *slot,
    struct tripool_frame_info *info, struct tripool_error *error)
{
	const struct tripool_slot *into = &source->slot[writes_slots(source) ? filled->index : source->held - 1];
	bool good = !filled->spoiled && !is_short(source, filled);
	int64_t bytes = 0;
	int r;

	if (good && source->converter) {
		bytes = decode(source, filled, into);
		good = bytes >= 0;
		source->decoded += good;
		r = good ? 0 : decode_failed(source, error);
		if (r < 0)
			return r;
	} else if (good) {
		bytes = (int64_t)slot_bytes_used(source, filled);
		if (!writes_slots(source))
			copy(source, filled, into);
	}
	if (!good || !writes_slots(source)) {
		r = camera_buffers_queue(&source->buffers, filled->index);
		if (r < 0)
			return camera_device_fail(&source->device, r, "take a buffer", error);
	}
	if (!good) {
		source->counts.dropped++;
		return 0;
	}
	*slot = *into;
	source->held--;
	*info = (struct tripool_frame_info){
	    .capture_ns = filled->capture_ns,
	    .source_sequence = source->sequence,
	    .bytes_used = (uint64_t)bytes,
	};
	return 1;
}

static int camera_dequeue(struct source *source, uint64_t sequence, struct tripool_slot *slot,
    struct tripool_frame_info *info, struct tripool_error *error)
{
	struct camera_buffer_info filled;
	int r;

	(void)sequence; /* nothing in a camera's picture depends on it */
	do {
		if (source->held == 0)
			return -EAGAIN;
		r = camera_buffers_dequeue(&source->buffers, &filled);
		if (r == -EAGAIN)
			return r;
		if (r < 0)
			return camera_device_fail(&source->device, r, "deliver pictures", error);
		follow_sequence(source, filled.sequence);
		r = take(source, &filled, slot, info, error);
	} while (r == 0);
	return r < 0 ? r : 0;
}

static struct source_counts camera_counts(const struct source *source)
{
	return source->counts;
}

const struct source_class camera_source = {
    .scheme = "camera",
    .open = camera_open,
    .prepare = camera_prepare,
    .attach = camera_attach,
    .queue = camera_queue,
    .fd = camera_fd,
    .dequeue = camera_dequeue,
    .counts = camera_counts,
    .close = camera_close,
    .watch = v4l2_watch_devices,
};
