// SPDX-License-Identifier: MIT
/* A still picture in the stream's own pixel format, and copying rectangles of it into slots. */
#ifndef TRIPOOL_PATTERN_IMAGE_H
#define TRIPOOL_PATTERN_IMAGE_H

#include "pattern_art.h"
#include "tripool.h"

/* Rectangles are whole chroma samples of every format when they are multiples of this. */
#define IMAGE_GRID_PX 4

struct image {
	struct tripool_format format;
	uint8_t *memory; /* laid out as `format` says */
};

/* Whether the pattern can be drawn in this pixel format, at this size. Returns 0 or -EINVAL. */
int image_supports(const struct tripool_format *format, struct tripool_error *error);

/* Whether a picture of this format, laid out, is within what libavutil allocates. Returns 0 or -EINVAL. */
int image_fits(const struct tripool_format *format, struct tripool_error *error);

/* Sets the colour fields to what images of this pixel format and height are made in. */
void image_describe_colour(struct tripool_format *format);

/* Converts `art` into `format`'s pixel format; the size is the art's, the strides are `format`'s where the size is the
 * same. Returns 0, -ENOMEM or -EINVAL. */
int image_init(
    struct image *image, const struct art *art, const struct tripool_format *format, struct tripool_error *error);
void image_finish(struct image *image);

/*
 * Copies a rectangle from (from_x, from_y) of the image to (x, y) of a picture in `format` (the same pixel format) at
 * `memory`. Where it does not cover whole chroma samples, those it touches are copied too. Coordinates must be even.
 */
struct image_move {
	uint32_t x, y;
	uint32_t from_x, from_y;
	uint32_t width_px, height_px;
};
void image_copy(
    const struct image *image, const struct image_move *move, const struct tripool_format *format, uint8_t *memory);

#endif
