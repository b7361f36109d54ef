// SPDX-License-Identifier: MIT
/*
 * A movie's packets: from a file, a URL, standard input or another pipe. One thread, but for the interrupt.
 *
 * Errors are told as they are to be printed; -ECANCELED when it was interrupted on purpose.
 */
#ifndef TRIPOOL_MOVIE_INPUT_H
#define TRIPOOL_MOVIE_INPUT_H

#include <libavformat/avformat.h>

#include "movie_pipe.h"
#include "source.h"

#define MOVIE_STDIN "-"

struct movie_input {
	const struct source_request *request;
	struct movie_interrupt *interrupt;
	char name[80]; /* for a person: "movie 'x.mkv'", "standard input" */
	bool network;
	int fd; /* -1: FFmpeg's own */
	struct movie_pipe pipe;
	AVIOContext *io; /* of the pipe */
	AVFormatContext *format;
	AVStream *stream; /* its video */
	uint64_t packets; /* of all rounds */
	int64_t played;   /* of this round, in the stream's units */
	int64_t end;      /* of the last packet's bytes; -1: not told */
};

int movie_input_open(struct movie_input *input, const struct source_request *request, struct movie_interrupt *interrupt,
    struct tripool_error *error);
void movie_input_close(struct movie_input *input);

/* The next packet of the video. -ENODATA: the end; `error` says how, where it came too early. */
int movie_input_read(struct movie_input *input, AVPacket *packet, struct tripool_error *error);

/* Back to the beginning; opens it anew where it cannot be wound back, and then `stream` is another. */
int movie_input_rewind(struct movie_input *input, struct tripool_error *error);

/* Frames a second as the container tells or guesses them; 0/1: not known. */
AVRational movie_input_rate(const struct movie_input *input);

#endif
