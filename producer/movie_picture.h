// SPDX-License-Identifier: MIT
/*
 * What a movie's pictures become in a stream, and how they get into a slot:
 *   decode    the decoder writes them there
 *   copy      they are FFmpeg's, as it needs them again for others; one copy
 *   convert   libswscale writes them there, in another size or pixel format
 */
#ifndef TRIPOOL_MOVIE_PICTURE_H
#define TRIPOOL_MOVIE_PICTURE_H

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#include "source.h"

enum movie_path { MOVIE_DECODE, MOVIE_COPY, MOVIE_CONVERT };

struct movie_picture {
	enum movie_path path; /* never MOVIE_DECODE: that is the decoder's to choose */
	struct tripool_format format;
	int from_format, from_width, from_height; /* as the decoder makes them */
	bool cannot_be_carried;                   /* that is why they are converted */
	struct SwsContext *sws;
};

/*
 * `like` is one of the pictures, with its sample aspect; size and pixel format are the request's where it has them.
 * Errors: -EINVAL (a pixel format that no stream has, or that libswscale does not make), -EFBIG (larger than a stream
 * can carry), -ENOTSUP (nothing that libswscale reads), -ENOMEM.
 */
int movie_picture_init(struct movie_picture *picture, const AVFrame *like, const struct source_request *request,
    AVRational rate, const char *name, struct tripool_error *error);
void movie_picture_finish(struct movie_picture *picture);

/* Whether a picture is of the kind that this was made for. */
bool movie_picture_suits(const struct movie_picture *picture, const AVFrame *frame);

/* Copies or converts. */
void movie_picture_fill(const struct movie_picture *picture, const AVFrame *frame, const struct tripool_slot *slot);

#endif
