// SPDX-License-Identifier: MIT
#include "make-movie.h"

#include <errno.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include <cmocka.h>

uint8_t movie_level(uint64_t picture)
{
	return (uint8_t)(16 + 8 * (picture % 25));
}

static void draw(AVFrame *frame, int picture)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(frame->format);

	assert_true(av_frame_make_writable(frame) >= 0);
	for (int p = 0; p < av_pix_fmt_count_planes(frame->format); p++) {
		int rows = p == 1 || p == 2 ? AV_CEIL_RSHIFT(frame->height, d->log2_chroma_h) : frame->height;
		memset(frame->data[p], p ? 128 : movie_level((uint64_t)picture), (size_t)(rows * frame->linesize[p]));
	}
	frame->pts = picture / 2 * (MOVIE_SHORT_MS + MOVIE_LONG_MS) + picture % 2 * MOVIE_SHORT_MS;
}

static void write_packets(AVFormatContext *format, AVCodecContext *codec)
{
	AVPacket *packet = av_packet_alloc();

	while (avcodec_receive_packet(codec, packet) == 0) {
		av_packet_rescale_ts(packet, codec->time_base, format->streams[0]->time_base);
		assert_int_equal(av_write_frame(format, packet), 0);
		av_packet_unref(packet);
	}
	av_packet_free(&packet);
}

void make_movie(const char *path, const char *name, const char *pix_fmt, int width, int height, int pictures)
{
	const AVCodec *encoder = avcodec_find_encoder_by_name(name);
	AVFormatContext *format;
	AVFrame *frame = av_frame_alloc();

	assert_non_null(encoder);
	AVCodecContext *codec = avcodec_alloc_context3(encoder);
	codec->width = frame->width = width;
	codec->height = frame->height = height;
	codec->pix_fmt = frame->format = av_get_pix_fmt(pix_fmt);
	codec->time_base = (AVRational){1, 1000};
	codec->color_range = strcmp(name, "mjpeg") == 0 ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
	codec->colorspace = AVCOL_SPC_SMPTE170M;
	codec->gop_size = 100;
	assert_true(avformat_alloc_output_context2(&format, NULL, NULL, path) >= 0);
	if (format->oformat->flags & AVFMT_GLOBALHEADER)
		codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	assert_int_equal(avcodec_open2(codec, encoder, NULL), 0);
	AVStream *stream = avformat_new_stream(format, NULL);
	assert_true(avcodec_parameters_from_context(stream->codecpar, codec) >= 0);
	stream->time_base = codec->time_base;
	stream->avg_frame_rate = (AVRational){50, 1};
	assert_int_equal(avio_open(&format->pb, path, AVIO_FLAG_WRITE), 0);
	assert_true(avformat_write_header(format, NULL) >= 0);

	assert_int_equal(av_frame_get_buffer(frame, 0), 0);
	for (int i = 0; i < pictures; i++) {
		draw(frame, i);
		assert_int_equal(avcodec_send_frame(codec, frame), 0);
		write_packets(format, codec);
	}
	avcodec_send_frame(codec, NULL);
	write_packets(format, codec);
	assert_int_equal(av_write_trailer(format), 0);
	avio_closep(&format->pb);
	avformat_free_context(format);
	avcodec_free_context(&codec);
	av_frame_free(&frame);
}
