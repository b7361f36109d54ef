// SPDX-License-Identifier: MIT
/*
 * A V4L2 camera as a source. How a picture reaches its slot, the best way that the driver can:
 *   userptr   the driver writes into the slot: nobody copies
 *   copy      the driver writes into a buffer of its own, one copy from there
 *   convert   the same, but the picture has to be decoded anyhow: the decoder writes into the slot
 */
#include "camera.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camera_buffers.h"
#include "camera_convert.h"
#include "camera_find.h"
#include "camera_mode.h"
#include "error.h"
#include "source.h"

#define DRIVER_BUFFERS 4 /* of the driver's own */

/* A camera none of whose first pictures can be decoded will not get better. */
#define FIRST_FAILURES_MAX 30

struct source {
	struct camera_device device;
	struct camera_mode mode;
	struct camera_buffers buffers;
	struct camera_converter *converter; /* NULL: the picture is published as it is */
	uint64_t slot_bytes;
	uint32_t start_at; /* slots to be given before the driver is started */

	/* The slots given and not yet given back. userptr: slot i at place i. Otherwise a stack: the slot that is
	 * written last is written next, which keeps the memory small. */
	struct tripool_slot slot[TRIPOOL_MAX_SLOTS];
	uint32_t held;

	bool any;          /* a picture has come: `sequence` is the driver's number of the last */
	uint64_t sequence; /* made 64 bits wide */
	uint64_t dropped;
	uint64_t decoded;
	uint32_t decode_failures;
};

static bool writes_slots(const struct source *source)
{
	return source->buffers.memory == V4L2_MEMORY_USERPTR;
}

static void camera_close(struct source *source)
{
	if (!source)
		return;
	camera_buffers_finish(&source->buffers);
	camera_converter_destroy(source->converter);
	camera_device_close(&source->device);
	free(source);
}

static int camera_open(struct source **source, const struct source_request *request,
    struct source_description *description, struct tripool_error *error)
{
	const char *path = request->argument;
	char found[CAMERA_PATH_BYTES];
	struct source_description d;
	struct source *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return tripool_fail(error, -ENOMEM, "out of memory");
	s->device.fd = -1;
	if (path && !strchr(path, '/')) {
		r = camera_find(found, path, error);
		path = found;
	}
	if (r == 0)
		r = camera_device_open(&s->device, path, error);
	if (r < 0)
		goto close;
	r = camera_mode_settle(&s->mode, &s->device, request, &d, error);
	if (r < 0)
		goto close;
	if (!camera_mode_native(&s->mode)) {
		s->converter = camera_converter_create(
		    &s->device, &s->mode.picture, &s->mode.choice, d.format.width_px, d.format.height_px);
		if (!s->converter) {
			r = tripool_fail(
			    error, -ENOMEM, "libv4lconvert cannot be set up for camera %s", s->device.path);
			goto close;
		}
	}
	s->slot_bytes = d.format.size_bytes;
	s->start_at = d.write_depth;
	*description = d;
	*source = s;
	return 0;

close:
	camera_close(s);
	return r;
}

static int camera_attach(struct source *source, const struct tripool_pool_memory *memory,
    struct source_description *description, struct tripool_error *error)
{
	int refusal = 0, r;

	if (!source->converter) {
		refusal = camera_buffers_init_user(&source->buffers, &source->device, memory);
		if (refusal == 0)
			return 0;
		if (refusal == -ENODEV || refusal == -EBUSY)
			return camera_device_fail(&source->device, refusal, "take buffers", error);
	}
	r = camera_buffers_init_mmap(&source->buffers, &source->device, DRIVER_BUFFERS);
	if (r < 0)
		return camera_device_fail(&source->device, r, "get buffers", error);
	source->start_at = 1;
	if (!source->converter) {
		description->path = "copy";
		description->copies_per_frame = 1;
		camera_note(description, "the driver cannot write into the pool (USERPTR: %s): one copy a frame",
		    strerror(-refusal));
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
		if (step > 1)
			source->dropped += step - 1;
	}
	source->any = true;
}

static bool is_short(const struct source *source, const struct camera_buffer_info *filled)
{
	/* 0: an old driver that does not say */
	return !source->converter && filled->bytes_used != 0 && filled->bytes_used < source->mode.least_bytes;
}

/* From the driver's buffer into the slot. Returns the bytes written; -EBADMSG: the picture is damaged. */
static int64_t transfer(struct source *source, const struct camera_buffer_info *filled, const struct tripool_slot *slot)
{
	uint8_t *in = source->buffers.buffer[filled->index].memory;
	uint64_t bytes = source->buffers.buffer[filled->index].size_bytes;

	if (source->converter) {
		uint32_t used = filled->bytes_used < bytes ? filled->bytes_used : (uint32_t)bytes;

		return camera_converter_run(source->converter, in, used, slot->memory, source->slot_bytes);
	}
	if (filled->bytes_used && filled->bytes_used < bytes)
		bytes = filled->bytes_used;
	if (bytes > source->slot_bytes)
		bytes = source->slot_bytes;
	memcpy(slot->memory, in, bytes);
	return (int64_t)bytes;
}

/* Gives up on a camera that sends nothing that can be decoded. */
static int decode_failed(struct source *source, struct tripool_error *error)
{
	if (!source->converter || source->decoded > 0 || ++source->decode_failures < FIRST_FAILURES_MAX)
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
	int64_t bytes = filled->bytes_used;
	int r;

	if (good && !writes_slots(source)) {
		bytes = transfer(source, filled, into);
		good = bytes >= 0;
		source->decoded += good;
		r = good ? 0 : decode_failed(source, error);
		if (r < 0)
			return r;
	}
	if (!good || !writes_slots(source)) {
		r = camera_buffers_queue(&source->buffers, filled->index);
		if (r < 0)
			return camera_device_fail(&source->device, r, "take a buffer", error);
	}
	if (!good) {
		source->dropped++;
		return 0;
	}
	*slot = *into;
	source->held--;
	*info = (struct tripool_frame_info){
	    .capture_ns = filled->capture_ns,
	    .source_sequence = source->sequence,
	    .bytes_used = bytes == 0 || (uint64_t)bytes > source->slot_bytes ? source->slot_bytes : (uint64_t)bytes,
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

static uint64_t camera_dropped(const struct source *source)
{
	return source->dropped;
}

const struct source_class camera_source = {
    .scheme = "camera",
    .open = camera_open,
    .attach = camera_attach,
    .queue = camera_queue,
    .fd = camera_fd,
    .dequeue = camera_dequeue,
    .dropped = camera_dropped,
    .close = camera_close,
};
