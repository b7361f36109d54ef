// SPDX-License-Identifier: MIT
/*
 * watch-frames STREAM COUNT: leases COUNT frames of a camera's stream and checks what only a real driver can show:
 * its own sequence and its clock come through and go forward, the picture is a picture and changes, and it stays as
 * it is while it is leased. Prints a line a frame, and at the first wrong one a reason and exit status 1.
 */
#include "tripool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Every third frame is held for long enough that a camera at 25 frames a second comes round to its slot, were it free.
 */
enum { PATIENCE_MS = 20000, HOLD_EVERY = 3, HOLD_MS = 300, ROWS = 16 };
#define NEAR_NS 2000000000 /* vivid names the time at which a frame should end, which may be yet to come */

/* What is remembered of the frame before. */
struct seen {
	uint64_t sequence;
	uint64_t source_sequence;
	int64_t capture_ns;
	uint32_t crc;
};

static bool constant(const uint8_t *pixels, size_t size_bytes)
{
	return size_bytes < 2 || memcmp(pixels, pixels + 1, size_bytes - 1) == 0;
}

static const char *wrong_with(const struct tripool_frame *frame, uint32_t crc, const struct seen *before)
{
	if (frame->info.bytes_used == 0 || frame->info.bytes_used > frame->format->size_bytes)
		return "bytes_used is not within the slot";
	if (constant(frame->memory, frame->info.bytes_used))
		return "every byte of the picture is the same";
	for (uint32_t p = 1; p < frame->format->plane_count; p++)
		if (constant(frame->plane[p], frame->format->stride_bytes[p] * ROWS))
			return "every byte of a plane's top is the same";
	if (llabs(frame->publish_ns - frame->info.capture_ns) > NEAR_NS)
		return "the capture time is far from the publish time";
	if (frame->publish_ns == frame->info.capture_ns)
		return "the capture time is not the driver's";
	if (before->sequence == 0)
		return NULL;
	if (frame->sequence <= before->sequence)
		return "the sequence does not increase";
	if (frame->info.source_sequence <= before->source_sequence)
		return "the driver's sequence does not increase";
	if (frame->info.capture_ns <= before->capture_ns)
		return "the capture time does not increase";
	if (crc == before->crc)
		return "the picture is the same as the one before";
	return NULL;
}

static int look_at(const struct tripool_frame *frame, bool hold, struct seen *before)
{
	const struct timespec while_held = {.tv_nsec = HOLD_MS * 1000000L};
	uint32_t crc = tripool_crc32c(frame->memory, frame->info.bytes_used);
	const char *wrong = wrong_with(frame, crc, before);

	if (hold)
		nanosleep(&while_held, NULL);
	if (!wrong && tripool_crc32c(frame->memory, frame->info.bytes_used) != crc)
		wrong = "the picture changed while it was leased";
	printf("sequence %" PRIu64 " source_sequence %" PRIu64 " capture_ns %" PRId64 " crc32c %08" PRIx32 "\n",
	    frame->sequence, frame->info.source_sequence, frame->info.capture_ns, crc);
	if (wrong) {
		fprintf(stderr, "watch-frames: frame %" PRIu64 ": %s\n", frame->sequence, wrong);
		return -EBADMSG;
	}
	*before = (struct seen){frame->sequence, frame->info.source_sequence, frame->info.capture_ns, crc};
	return 0;
}

static int watch(struct tripool_viewer *viewer, long count)
{
	struct seen before = {0};
	struct tripool_frame frame;
	struct tripool_error error;
	int result;

	while (count > 0) {
		result = tripool_viewer_acquire(viewer, &frame);
		if (result == 0) {
			result = look_at(&frame, count % HOLD_EVERY == 0, &before);
			tripool_viewer_release(viewer, &frame);
			if (result < 0)
				return result;
			count--;
			continue;
		}
		/* Started before its producer, it begins as after a hang-up. A producer that has gone is the end. */
		if (result == -EPIPE && before.sequence == 0 && tripool_viewer_reconnect(viewer, &error) == 0)
			continue;
		if (result != -EAGAIN && result != -ESTALE && (result != -EPIPE || before.sequence != 0)) {
			fprintf(stderr, "watch-frames: %s, with %ld frames to go\n", strerror(-result), count);
			return result;
		}
		if (result != -ESTALE && tripool_viewer_wait(viewer, PATIENCE_MS) == 0) {
			fprintf(stderr, "watch-frames: no frame for %d ms\n", PATIENCE_MS);
			return -ETIMEDOUT;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct tripool_viewer_options options = {.client_name = "watch-frames", .wait_for_producer = true};
	struct tripool_viewer *viewer;
	struct tripool_error error;
	long count = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	int result;

	if (count <= 0) {
		fprintf(stderr, "usage: watch-frames STREAM COUNT\n");
		return 2;
	}
	options.name = argv[1];
	if (tripool_viewer_create(&viewer, &options, &error) < 0) {
		fprintf(stderr, "watch-frames: %s\n", error.text);
		return 1;
	}
	result = watch(viewer, count);
	tripool_viewer_destroy(viewer);
	return result < 0;
}
