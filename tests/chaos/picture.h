// SPDX-License-Identifier: MIT
/* What frames look like: all of their memory is a function of who published them, their number and their format. */
#ifndef TRIPOOL_CHAOS_PICTURE_H
#define TRIPOOL_CHAOS_PICTURE_H

#include "tripool.h"

/* One of a few formats; the same number stands for the same one. */
struct tripool_format picture_format(unsigned number);

void picture_fill(uint8_t *memory, const struct tripool_format *format, uint32_t life, uint64_t sequence);
bool picture_is_whole(const struct tripool_frame *frame, uint32_t life);

#endif
