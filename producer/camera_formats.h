// SPDX-License-Identifier: MIT
/* Pixel formats and colours as V4L2 names them, as libavutil and ITU-T H.273 do, and which of them to take. Pure. */
#ifndef TRIPOOL_CAMERA_FORMATS_H
#define TRIPOOL_CAMERA_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tripool.h"

enum camera_format_kind {
	CAMERA_YUV,
	CAMERA_RGB,
	CAMERA_GRAY,
	CAMERA_BAYER,
	CAMERA_JPEG,
	CAMERA_VENDOR,
	CAMERA_APART, /* YUV with each plane in memory of its own */
};

struct camera_format {
	uint32_t fourcc;
	const char *pix_fmt; /* libavutil's name of the very same bytes, plane by plane; NULL: it has none */
	enum camera_format_kind kind;
	bool decodes; /* libv4lconvert reads it */
};

/* The table's entry, or NULL. */
const struct camera_format *camera_format_find(uint32_t fourcc);

/* How many pieces of memory the driver lays it out in. */
uint32_t camera_format_memory_planes(const struct camera_format *format);

/* Whether the driver's second plane is the third of `pix_fmt`, and its third the second: Cr before Cb. */
bool camera_format_swapped(const struct camera_format *format);

/* "YUYV", with the final blanks of a name like "Y16 " left out and "-BE" where V4L2 sets that bit. */
struct camera_fourcc_text {
	char text[8];
};
struct camera_fourcc_text camera_fourcc_text(uint32_t fourcc);

/* What to ask of the driver, and what to publish. */
struct camera_choice {
	const struct camera_format *source;
	const struct camera_format *published; /* the same as `source` where the driver writes into the slot itself */
};

/* What -f says instead of a pixel format's name. */
#define CAMERA_ANY_NATIVE "native"
#define CAMERA_ANY_DECODED "decoded"

/*
 * Whether a format of the camera gives what is asked for, and how. `pix_fmt` NULL: whatever is best of it: as it is
 * where that is video in colour, else decoded, else as it is. A name: as it is, else decoded to it.
 */
bool camera_choose(struct camera_choice *choice, const struct camera_format *source, const char *pix_fmt);

/* Its place in the order of preference. Who asks for "decoded" wants what a camera compresses, so that is before what
 * would do as it comes. */
ptrdiff_t camera_format_place(const struct camera_format *format, const char *pix_fmt);

/* No format gives what is asked for: returns -EINVAL with a text that says what the camera has, in the words of -f. */
int camera_no_choice(const uint32_t *fourccs, unsigned count, const char *pix_fmt, struct tripool_error *error);

/* Takes another decoded format where the size does not suit it, unless that one was asked for by name. */
void camera_choice_fit(struct camera_choice *choice, const char *pix_fmt, uint32_t width_px, uint32_t height_px);

/* The colour fields of a v4l2_pix_format (or v4l2_pix_format_mplane). */
struct camera_colour {
	uint32_t colorspace, ycbcr_enc, quantization, xfer_func;
};

/* Fills in matrix, full_range, primaries and transfer of what is published. */
void camera_describe_colour(
    struct tripool_format *format, const struct camera_choice *choice, const struct camera_colour *colour);

#endif
