// SPDX-License-Identifier: MIT
#include "verify.h"

#include "cli.h"
#include "strip.h"

#define STRIP_SEQUENCE_MASK ((UINT64_C(1) << 40) - 1)

enum verdict verify_look(const struct tripool_frame *frame)
{
	uint64_t top, bottom;
	bool has_top = strip_read(frame->format, frame->plane, STRIP_TOP, &top) == 0;
	bool has_bottom = strip_read(frame->format, frame->plane, STRIP_BOTTOM, &bottom) == 0;
	bool has_crc = frame->info.flags & TRIPOOL_FRAME_CRC32C;
	uint64_t expected = frame->sequence & STRIP_SEQUENCE_MASK;

	if (!has_top && !has_bottom && !has_crc)
		return VERDICT_NONE;
	/* the pattern writes both: one alone is half a frame */
	if (has_top != has_bottom)
		return VERDICT_TORN;
	if (has_top && (top != expected || bottom != expected))
		return VERDICT_TORN;
	if (has_crc && (frame->info.bytes_used > frame->format->size_bytes ||
			   tripool_crc32c(frame->memory, frame->info.bytes_used) != frame->info.crc32c))
		return VERDICT_TORN;
	return VERDICT_WHOLE;
}

void verify_count(struct verify *verify, enum verdict at_lease, enum verdict at_release)
{
	if (at_lease == VERDICT_NONE && at_release == VERDICT_NONE) {
		if (!verify->told)
			cli_error("nothing to verify: start the capture with --checksum");
		verify->told = true;
		return;
	}
	verify->frames_verified++;
	/* something appeared or vanished while the lease stood: that is a change, too */
	if (at_lease != VERDICT_WHOLE || at_release != VERDICT_WHOLE)
		verify->frames_torn++;
}
