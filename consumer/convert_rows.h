// SPDX-License-Identifier: MIT
/*
 * Pixels that libswscale cannot read, or reads slowly: a few rows at a time are unpacked into planes that it does read,
 * and given to it as a slice. These planes are small and stay in the CPU's cache, so a frame still passes through
 * memory once, as without them. One thread does it: libswscale takes slices from one alone.
 */
#ifndef TRIPOOL_CONVERT_ROWS_H
#define TRIPOOL_CONVERT_ROWS_H

#include <libavutil/pixfmt.h>
#include <libswscale/swscale.h>
#include <stdbool.h>
#include <stdint.h>

struct convert_rows;

/* What libswscale gets in place of such a format; AV_PIX_FMT_NONE: nothing, it is to read the format itself. */
enum AVPixelFormat convert_rows_format(enum AVPixelFormat from, bool scaled);

/* For pictures of that size. Errors: -ENOMEM, -ENOTSUP (a Bayer picture of one row). */
int convert_rows_create(
    struct convert_rows **rows, enum AVPixelFormat from, enum AVPixelFormat to, int width_px, int height_px);
void convert_rows_destroy(struct convert_rows *rows);

/* One picture through `sws`, which was made for pictures in the format `to` and has one thread. Errors: -EIO. */
int convert_rows_run(struct convert_rows *rows, struct SwsContext *sws, const uint8_t *const plane[4],
    const int stride_bytes[4], uint8_t *pixels, int pitch_bytes);

#endif
