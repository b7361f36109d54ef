// SPDX-License-Identifier: MIT
/* What a stream's format means to SDL and libswscale: which texture format, which colours, which shape on the screen.
 */
#ifndef TRIPOOL_PIXELS_H
#define TRIPOOL_PIXELS_H

#include <SDL.h>
#include <libavutil/pixfmt.h>
#include <stdbool.h>

#include "tripool.h"

/*
 * A frame's planes as SDL and libswscale get them: SDL's name for the bytes in memory (SDL_PIXELFORMAT_UNKNOWN: it has
 * none), libavutil's, and the stride of a plane. These are the frame's own, but for nv16, which neither reads: it goes
 * as nv12 with twice the chroma's stride, so that every other row of chroma is used.
 */
Uint32 pixels_sdl_format(const struct tripool_format *format);
enum AVPixelFormat pixels_of_frame(const struct tripool_format *format);
int pixels_stride(const struct tripool_format *format, unsigned plane);

/* libavutil's name for the pixels of a window or texture; AV_PIX_FMT_NONE for one nobody uses today. */
enum AVPixelFormat pixels_of_window(Uint32 sdl_format);

struct pixels_colour {
	int matrix;      /* H.273 MatrixCoefficients, also libswscale's SWS_CS_ number */
	bool full_range; /* of the YUV or gray samples */
};

/* What the stream says; what it leaves open is decided as mpv does: BT.601 for up to 576 lines of less than 1280
 * pixels, else BT.709; limited range for YUV, full for gray. RGB is taken as full range always. */
struct pixels_colour pixels_colour(const struct tripool_format *format);

/* Whether there are no YUV or gray samples: RGB and Bayer. */
bool pixels_is_rgb(const struct tripool_format *format);

/* Whether SDL's own YUV conversion gives the right colours. If so it is switched to them: that is one setting for the
 * whole program. Formats that are not YUV need none. */
bool pixels_set_sdl_colour(const struct tripool_format *format);

/* The frame's shape in square pixels. */
void pixels_display_size(const struct tripool_format *format, int *width_px, int *height_px);

#endif
