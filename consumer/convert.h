// SPDX-License-Identifier: MIT
/*
 * One pass from a slot's pixels, or a part of them, to a rectangle of RGB pixels: SDL's converter where it can do the
 * job (it is the fastest for frames that are not scaled), else libswscale, which scales in the same pass. What
 * libswscale does not read well is unpacked for it a few rows at a time (convert_rows.h). Alpha is ignored.
 */
#ifndef TRIPOOL_CONVERT_H
#define TRIPOOL_CONVERT_H

#include <SDL.h>
#include <stdbool.h>

#include "tripool.h"

/* libswscale may write up to this many pixels more than the rectangle has, right of each row: there must be memory. A
 * width that is a multiple of it is met exactly. */
#define CONVERT_OVERSHOOT_PX 16

struct convert_request {
	const struct tripool_format *from; /* read by the call only */
	SDL_Rect crop;           /* the part that is shown, as convert_align_crop says; w 0: the whole frame */
	int width_px, height_px; /* of the result */
	Uint32 to;               /* SDL's format of its pixels */
};

/* The smallest part of a frame that has all of `crop` that lies in the frame, and begins and ends where pixels can be
 * told apart: not within a chroma sample or a Bayer tile. Never empty. */
SDL_Rect convert_align_crop(const struct tripool_format *format, SDL_Rect crop);

/* Whether such a conversion may write more than the rectangle. */
bool convert_overshoots(const struct convert_request *request);

struct convert;

/* Errors: -ENOMEM, -ENOTSUP, -EINVAL (a crop that is not aligned). */
int convert_create(struct convert **convert, const struct convert_request *request, struct tripool_error *error);
void convert_destroy(struct convert *convert);

/* `plane`: those of the whole frame, whatever is cropped. Errors: -EIO, -ENOMEM. */
int convert_run(
    struct convert *convert, const uint8_t *const plane[TRIPOOL_MAX_PLANES], uint8_t *pixels, int pitch_bytes);

#endif
