// SPDX-License-Identifier: MIT
/* Passes each frame of a stream to FFmpeg, whose encoder reads it where it is. to-ffmpeg NAME FILE */
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <signal.h>
#include <tripool_av.h>

static int begin(AVFormatContext *out, AVCodecContext *encoder, const struct tripool_format *format)
{
	AVStream *stream = avformat_new_stream(out, NULL);
	encoder->width = (int)format->width_px;
	encoder->height = (int)format->height_px;
	encoder->pix_fmt = av_get_pix_fmt(format->pix_fmt);
	encoder->time_base = (AVRational){1, 1000000000}; /* as tripool_av_lend sets times */
	encoder->framerate = (AVRational){30, 1};         /* about: encoders guess their limits by it */
	encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	out->avoid_negative_ts = AVFMT_AVOID_NEG_TS_MAKE_ZERO; /* the first frame at 0 */
	int r = stream ? avcodec_open2(encoder, NULL, NULL) : AVERROR(ENOMEM);
	if (r >= 0 && (r = avcodec_parameters_from_context(stream->codecpar, encoder)) >= 0)
		r = avio_open(&out->pb, out->url, AVIO_FLAG_WRITE);
	return r < 0 ? r : avformat_write_header(out, NULL);
}

/* picture NULL: what the encoder still has. */
static int encode(AVFormatContext *out, AVCodecContext *encoder, AVPacket *packet, AVFrame *picture)
{
	int r = avcodec_send_frame(encoder, picture);
	av_frame_unref(picture); /* the lease ends, or does when the encoder lets go of it */
	while (r >= 0 && (r = avcodec_receive_packet(encoder, packet)) >= 0) {
		av_packet_rescale_ts(packet, encoder->time_base, out->streams[0]->time_base);
		r = av_interleaved_write_frame(out, packet);
	}
	return r == AVERROR(EAGAIN) || r == AVERROR_EOF ? 0 : r;
}

int main(int argc, char **argv)
{
	struct tripool_viewer_options options = {.name = argc > 1 ? argv[1] : "cam", .every = true, .leases = 16};
	struct tripool_viewer *viewer;
	struct tripool_av *av;
	struct tripool_frame frame;
	struct tripool_error error;
	AVFormatContext *out = NULL;
	sigset_t signals;

	if (tripool_viewer_create(&viewer, &options, &error) < 0 || tripool_av_create(&av, viewer, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL); /* looked for between frames: the file is to be whole */
	AVPacket *packet = av_packet_alloc();
	AVFrame *picture = av_frame_alloc();
	int r = avformat_alloc_output_context2(&out, NULL, NULL, argc > 2 ? argv[2] : "out.mkv");
	AVCodecContext *encoder = out ? avcodec_alloc_context3(avcodec_find_encoder(out->oformat->video_codec)) : NULL;
	if (r >= 0)
		r = encoder && packet && picture ? begin(out, encoder, tripool_viewer_format(viewer)) : AVERROR(ENOMEM);
	while (r >= 0 && sigtimedwait(&signals, NULL, &(struct timespec){0}) < 0)
		if ((r = tripool_viewer_acquire(viewer, &frame)) == -EAGAIN)
			r = tripool_viewer_wait(viewer, 100);
		else if (r == 0 && (r = tripool_av_lend(av, &frame, picture)) == 0)
			r = encode(out, encoder, packet, picture);
	if (r >= 0 || r == -EPIPE || r == -ESTALE) /* Ctrl-C, the stream's end, another format from here on */
		r = encode(out, encoder, packet, NULL) < 0 ? AVERROR(EIO) : av_write_trailer(out);
	if (r < 0)
		fprintf(stderr, "%s\n", av_err2str(r));
	avcodec_free_context(&encoder); /* before the viewer whose frames it may have */
	av_packet_free(&packet);
	av_frame_free(&picture);
	if (out)
		avio_closep(&out->pb);
	avformat_free_context(out);
	tripool_av_destroy(av);
	tripool_viewer_destroy(viewer);
	return r < 0;
}
