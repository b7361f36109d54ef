// SPDX-License-Identifier: MIT
/*
 * One pass from a slot's pixels to a rectangle of RGB pixels: SDL's converter where it can do the job (it is the
 * fastest for frames that are not scaled), else libswscale, which reads every raw format and scales in the same pass.
 */
#ifndef TRIPOOL_CONVERT_H
#define TRIPOOL_CONVERT_H

#include <SDL.h>
#include <stdbool.h>

#include "tripool.h"

/* libswscale may write up to this many pixels more than the rectangle has, right of each row: there must be memory. A
 * width that is a multiple of it is met exactly. */
#define CONVERT_OVERSHOOT_PX 16

/* Whether a conversion to this size may do so. */
bool convert_overshoots(const struct tripool_format *from, int width_px, int height_px);

struct convert;

/* From frames of this format to width_px x height_px pixels of SDL's `to`. Errors: -ENOMEM, -ENOTSUP. */
int convert_create(struct convert **convert, const struct tripool_format *from, int width_px, int height_px, Uint32 to,
    struct tripool_error *error);
void convert_destroy(struct convert *convert);

int convert_run(
    struct convert *convert, const uint8_t *const plane[TRIPOOL_MAX_PLANES], uint8_t *pixels, int pitch_bytes);

#endif
