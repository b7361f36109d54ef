// SPDX-License-Identifier: MIT
/* Decodes what a camera sends (MJPEG, Bayer, a vendor's own) into a slot, in one pass, by libv4lconvert. */
#ifndef TRIPOOL_CAMERA_CONVERT_H
#define TRIPOOL_CAMERA_CONVERT_H

#include "camera_device.h"
#include "camera_formats.h"

struct camera_converter;

/* From `picture` to `published`, which is width_px x height_px. NULL: no memory. */
struct camera_converter *camera_converter_create(const struct camera_device *device,
    const struct camera_picture *picture, const struct camera_choice *choice, uint32_t width_px, uint32_t height_px);
void camera_converter_destroy(struct camera_converter *converter);

/* Returns how many bytes it wrote to `out`. `in` may be changed. -EBADMSG: the picture is damaged. */
int camera_converter_run(
    struct camera_converter *converter, uint8_t *in, uint32_t in_bytes, uint8_t *out, uint64_t out_bytes);

/* Why the last run failed, for a person. */
const char *camera_converter_reason(struct camera_converter *converter);

#endif
