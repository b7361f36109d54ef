// SPDX-License-Identifier: MIT
/*
 * Whether a leased frame is whole: its CRC-32C, where the producer gave one, and the strips of the test pattern. A
 * frame is looked at when it was leased and again just before the release, after all that the display did with it.
 */
#ifndef TRIPOOL_VERIFY_H
#define TRIPOOL_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "tripool.h"

struct verify {
	uint64_t frames_verified; /* that carried something to verify */
	uint64_t frames_torn;
	bool told; /* that there is nothing to verify */
};

enum verdict { VERDICT_NONE, VERDICT_WHOLE, VERDICT_TORN };

enum verdict verify_look(const struct tripool_frame *frame);

void verify_count(struct verify *verify, enum verdict at_lease, enum verdict at_release);

#endif
