// SPDX-License-Identifier: MIT
/* Pictures in the pixel format that an encoder takes. */
#ifndef TRIPOOL_RECORD_PICTURE_H
#define TRIPOOL_RECORD_PICTURE_H

#include <libavcodec/avcodec.h>
#include <libswscale/swscale.h>

#include "tripool.h"

struct picture {
	struct SwsContext *sws; /* NULL: pictures go as they are */
	AVFrame *like;          /* format, size and colours of what the encoder gets */
};

/* The one of `list` (ended by AV_PIX_FMT_NONE; NULL: any) that loses least of `from`. */
enum AVPixelFormat picture_choose(const enum AVPixelFormat *list, enum AVPixelFormat from);

/* `from` has the format, size and colours of the frames to come. Errors: -ENOTSUP (libswscale cannot), -ENOMEM. */
int picture_open(struct picture *p, const AVFrame *from, enum AVPixelFormat to, struct tripool_error *error);
void picture_close(struct picture *p);

/* Converts `picture` into a new one in its place. Errors: -ENOMEM, and what libswscale says. */
int picture_convert(struct picture *p, AVFrame *picture);

#endif
