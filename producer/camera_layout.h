// SPDX-License-Identifier: MIT
/* Where a picture that the driver writes lies in a slot: in one piece, or each plane on pages of its own. Pure. */
#ifndef TRIPOOL_CAMERA_LAYOUT_H
#define TRIPOOL_CAMERA_LAYOUT_H

#include "camera_device.h"
#include "camera_formats.h"
#include "tripool.h"

struct camera_layout {
	uint32_t planes; /* the driver's pieces of memory */
	struct {
		uint64_t offset_bytes; /* in the slot, at a page's beginning */
		uint64_t room_bytes;   /* in the slot: whole pages, at least what the driver asks for */
		uint64_t least_bytes;  /* a picture with fewer bytes in this piece is not whole */
	} plane[CAMERA_MAX_PLANES];
};

/* For a picture that is published as it is. `format` has its pix_fmt and colour, and is given all of its shape. */
int camera_layout_init(struct camera_layout *layout, struct tripool_format *format,
    const struct camera_picture *picture, struct tripool_error *error);

#endif
