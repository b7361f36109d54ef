// SPDX-License-Identifier: MIT
/*
 * Packets into pictures: in FFmpeg's own memory, or, by decoders whose pictures nobody refers to later, in a slot.
 *
 * Errors are libavcodec's, but for those of open.
 */
#ifndef TRIPOOL_MOVIE_DECODER_H
#define TRIPOOL_MOVIE_DECODER_H

#include <libavcodec/avcodec.h>

#include "source.h"

struct movie_decoder {
	const AVCodecParameters *parameters;
	AVRational time_base;
	const char *name; /* the movie's */
	AVCodecContext *context;
	bool direct; /* its pictures can be decoded where they are to be */
	/* Of the last picture in FFmpeg's own memory: as it was asked for, and where it began. */
	enum AVPixelFormat format;
	int coded_width, coded_height;
	const uint8_t *own;

	/* Slots are written. */
	const struct tripool_format *layout;
	struct tripool_slot slot;
	bool has_slot;       /* to be given to the decoder */
	const uint8_t *lent; /* it was given to it, which has not let go of it */
};

/* The parameters and the movie's name are the caller's, and stay. */
int movie_decoder_open(struct movie_decoder *decoder, const AVCodecParameters *parameters, AVRational time_base,
    const char *name, struct tripool_error *error);
void movie_decoder_close(struct movie_decoder *decoder);

/*
 * Begins anew, with pictures of the size of `like` (some decoders take a smaller one for half a picture): in slots of
 * this layout, which is the caller's and stays, or (NULL) in FFmpeg's own memory. Every slot is let go of; what was
 * sent and has not become a picture is forgotten.
 */
int movie_decoder_restart(struct movie_decoder *decoder, const AVFrame *like, const struct tripool_format *layout,
    struct tripool_error *error);

/* Whether `frame`, the last one, in FFmpeg's own memory, could have been written to a slot as well. */
bool movie_decoder_could_write(const struct movie_decoder *decoder, const AVFrame *frame);

/* Lays a format out as the decoder wants it: with room behind its rows, and below them. Errors: -EINVAL. */
int movie_decoder_lay_out(struct movie_decoder *decoder, struct tripool_format *format, struct tripool_error *error);

/* Where the next picture is to go. */
void movie_decoder_give(struct movie_decoder *decoder, const struct tripool_slot *slot);

/* Whether `frame` lies in the slot that was given, as it should. */
bool movie_decoder_wrote_slot(const struct movie_decoder *decoder, const AVFrame *frame);

#endif
