// SPDX-License-Identifier: MIT
/* An encoder and what it writes to, through FFmpeg. One thread. */
#ifndef TRIPOOL_RECORD_OUTPUT_H
#define TRIPOOL_RECORD_OUTPUT_H

#include "options.h"
#include "picture.h"

#include <libavformat/avformat.h>

struct output {
	AVFormatContext *container;
	AVCodecContext *encoder;
	AVPacket *packet;
	AVFrame *first; /* format, size and colours of the stream's frames */
	struct picture picture;
	const char *url;
	bool is_begun;       /* the header is written: a trailer belongs to it */
	const char *made;    /* the file that was not there before; NULL: none */
	int64_t origin_ns;   /* capture time of the first frame */
	int64_t last_pts;    /* in the encoder's time base */
	int64_t waits_since; /* of the operation that may hang, CLOCK_MONOTONIC in ns */
	uint64_t frames, copies, bytes;
};

/* Opens everything for frames of this format. On failure nothing is left, no empty file either. Errors: -EINVAL (a
 * value that the user must change), -EEXIST, -ENOMEM, and what FFmpeg says. */
int output_open(
    struct output *o, const struct options *options, const struct tripool_format *format, struct tripool_error *error);

/* Encodes a picture and lets go of it. `copy`: the encoder is not to hold this one, but a copy. */
int output_write(struct output *o, AVFrame *picture, bool copy, struct tripool_error *error);

/* Writes what the encoder still has and the end of the file, unless writing `failed`; frees all. */
int output_close(struct output *o, bool failed, struct tripool_error *error);

#endif
