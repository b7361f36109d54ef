// SPDX-License-Identifier: MIT
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "remarks.h"
#include "stop.h"
#include "tripool_av.h"

#define PATIENCE_NS INT64_C(5000000000) /* with an output that hangs, after a signal */
#define USUAL_RATE 30                   /* where the stream says none */
#define TICKS 60000                     /* a second: every usual rate in whole ones, and no more than MPEG-4 allows */
#define BITS_PER_PIXEL 0.1

/* FFmpeg's error with the reason it gave while it failed. */
static int fail(struct tripool_error *error, int code, const char *what, const char *which)
{
	char text[AV_ERROR_MAX_STRING_SIZE] = "", remark[REMARK_BYTES];
	av_strerror(code, text, sizeof(text));
	remarks_take(remark);
	int posix = AVUNERROR(code);
	bool is_posix = posix > 0 && posix < 4096;
	return tripool_fail(error, is_posix ? -posix : -EIO, "%s '%.80s': %s%s%.90s%s", what, which,
	    is_posix ? strerror(posix) : text, remark[0] ? " (" : "", remark, remark[0] ? ")" : "");
}

/* Called by FFmpeg while it waits: 1 makes it give up. */
static int must_give_up(void *context)
{
	struct output *o = context;
	return stop_asked() && tripool_now_ns() - o->waits_since > PATIENCE_NS;
}

/* ---- What to write ---- */

static const char *container_of_url(const char *url)
{
	static const char *const known[][2] = {
	    {"rtsp:", "rtsp"}, {"rtmp:", "flv"}, {"srt:", "mpegts"}, {"udp:", "mpegts"}, {"tcp:", "mpegts"}};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strncmp(url, known[i][0], strlen(known[i][0])) == 0)
			return known[i][1];
	return NULL;
}

static const enum AVPixelFormat y4m_formats[] = {
    AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV411P, AV_PIX_FMT_GRAY8, AV_PIX_FMT_NONE};

static bool fits_y4m(enum AVPixelFormat pix_fmt)
{
	for (int i = 0; y4m_formats[i] != AV_PIX_FMT_NONE; i++)
		if (y4m_formats[i] == pix_fmt)
			return true;
	return false;
}

static int open_container(struct output *o, const struct options *options, struct tripool_error *error)
{
	bool to_stdout = strcmp(options->output, "-") == 0;
	const char *name = options->container;
	o->url = to_stdout ? "pipe:1" : options->output;
	if (to_stdout && isatty(STDOUT_FILENO))
		return tripool_fail(error, -EINVAL,
		    "standard output is a terminal: pipe it into a program, as in tripool-record NAME - | ffplay -");
	if (!name && to_stdout)
		name = fits_y4m(o->first->format) ? "yuv4mpegpipe" : "nut";
	if (!name)
		name = container_of_url(o->url);
	if (name && !av_guess_format(name, NULL, NULL))
		return tripool_fail(
		    error, -EINVAL, "container '%s' is not known: use a name that 'ffmpeg -muxers' lists", name);
	if (avformat_alloc_output_context2(&o->container, NULL, name, o->url) < 0 || !o->container)
		return tripool_fail(error, -EINVAL,
		    "output '%s': its name does not say what to write: end it in .mkv, .mp4 or .nut, or give -f",
		    options->output);
	o->container->interrupt_callback = (AVIOInterruptCB){must_give_up, o};
	return 0;
}

static bool is_y4m(const struct output *o)
{
	return strcmp(o->container->oformat->name, "yuv4mpegpipe") == 0;
}

static int choose_codec(
    const struct output *o, const struct options *options, const AVCodec **codec, struct tripool_error *error)
{
	const AVOutputFormat *f = o->container->oformat;
	if (options->codec) {
		*codec = avcodec_find_encoder_by_name(options->codec);
		if (!*codec || (*codec)->type != AVMEDIA_TYPE_VIDEO)
			return tripool_fail(error, -EINVAL,
			    "-c:v: '%s' is not a video encoder: use a name that 'ffmpeg -encoders' lists",
			    options->codec);
		return 0;
	}
	bool raw = !options->container && strcmp(options->output, "-") == 0 && !is_y4m(o);
	enum AVCodecID id = raw ? AV_CODEC_ID_RAWVIDEO : av_guess_codec(f, NULL, o->url, NULL, AVMEDIA_TYPE_VIDEO);
	/* over a network what receivers expect today, not what was usual when its container was made */
	if (!options->container && container_of_url(o->url) && avcodec_find_encoder(AV_CODEC_ID_H264))
		id = AV_CODEC_ID_H264;
	*codec = id == AV_CODEC_ID_NONE ? NULL : avcodec_find_encoder(id);
	if (!*codec)
		return tripool_fail(
		    error, -EINVAL, "container '%s' has no video encoder of its own: give one by -c:v", f->name);
	return 0;
}

/* ---- The encoder ---- */

static void set_rates(AVCodecContext *e, const AVCodec *codec, const AVOutputFormat *f, const struct tripool_format *of)
{
	AVRational rate = {USUAL_RATE, 1};
	if (of->frame_rate_num > 0 && of->frame_rate_num <= INT32_MAX && of->frame_rate_den <= INT32_MAX)
		rate = (AVRational){(int)of->frame_rate_num, (int)of->frame_rate_den};
	if (codec->supported_framerates)
		rate = codec->supported_framerates[av_find_nearest_q_idx(rate, codec->supported_framerates)];
	bool constant = codec->supported_framerates || !(f->flags & AVFMT_VARIABLE_FPS);
	e->framerate = rate;
	e->time_base = constant ? av_inv_q(rate) : (AVRational){1, TICKS};
}

/* Encoders with a quality of their own need no rate; the others' own is for the films of long ago. */
static void set_bit_rate(AVCodecContext *e, const AVCodec *codec, int64_t asked)
{
	bool has_quality = strncmp(codec->name, "libx26", 6) == 0 || strncmp(codec->name, "libsvt", 6) == 0;
	if (asked)
		e->bit_rate = asked;
	else if (!has_quality)
		e->bit_rate = (int64_t)(BITS_PER_PIXEL * e->width * e->height * av_q2d(e->framerate));
}

static int open_encoder(struct output *o, const struct options *options, const AVCodec *codec,
    const struct tripool_format *format, struct tripool_error *error)
{
	AVCodecContext *e = o->encoder = avcodec_alloc_context3(codec);
	const AVOutputFormat *f = o->container->oformat;
	if (!e)
		return tripool_fail(error, -ENOMEM, "no memory for encoder '%s'", codec->name);
	const AVFrame *like = o->picture.like;
	e->width = like->width;
	e->height = like->height;
	e->pix_fmt = like->format;
	e->sample_aspect_ratio = like->sample_aspect_ratio;
	e->colorspace = like->colorspace;
	e->color_range = like->color_range;
	e->color_primaries = like->color_primaries;
	e->color_trc = like->color_trc;
	e->thread_count = 0;                                 /* as many as there are cores */
	e->strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL; /* JPEG of limited range */
	set_rates(e, codec, f, format);
	set_bit_rate(e, codec, options->bit_rate);
	if (f->flags & AVFMT_GLOBALHEADER)
		e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	if (options->preset && !(e->priv_data && av_opt_find(e->priv_data, "preset", NULL, 0, 0)))
		return tripool_fail(error, -EINVAL, "--preset: encoder '%s' has no presets", codec->name);
	if (options->preset && av_opt_set(e->priv_data, "preset", options->preset, 0) < 0)
		return tripool_fail(error, -EINVAL, "--preset: encoder '%s' has none that is called '%s'", codec->name,
		    options->preset);
	int r = avcodec_open2(e, codec, NULL);
	return r < 0 ? fail(error, r, "cannot open encoder", codec->name) : 0;
}

/* ---- The file ---- */

static int check_file(struct output *o, const struct options *options, struct tripool_error *error)
{
	struct stat s;
	char first[4096];
	bool is_url = strstr(o->url, "://") || strncmp(o->url, "pipe:", 5) == 0;
	if (is_url)
		return 0;
	const char *path = strncmp(o->url, "file:", 5) == 0 ? o->url + 5 : o->url;
	bool is_numbered = av_get_frame_filename(first, sizeof(first), path, 1) == 0;
	bool exists = stat(is_numbered ? first : path, &s) == 0;
	o->made = exists || is_numbered ? NULL : path;
	if (exists && S_ISREG(s.st_mode) && s.st_size > 0 && !options->overwrite)
		return tripool_fail(error, -EEXIST, "'%s' exists: give -y to replace it", is_numbered ? first : path);
	return 0;
}

static int begin_file(struct output *o, struct tripool_error *error)
{
	AVStream *stream = avformat_new_stream(o->container, NULL);
	int r = stream ? avcodec_parameters_from_context(stream->codecpar, o->encoder) : AVERROR(ENOMEM);
	if (r < 0)
		return fail(error, r, "cannot describe", o->url);
	stream->time_base = o->encoder->time_base;
	stream->avg_frame_rate = o->encoder->framerate;
	stream->sample_aspect_ratio = o->encoder->sample_aspect_ratio;
	/* before a file that is there is lost */
	if (avformat_query_codec(o->container->oformat, o->encoder->codec_id, FF_COMPLIANCE_UNOFFICIAL) == 0)
		return tripool_fail(error, -EINVAL, "cannot begin '%s': container '%s' does not take what '%s' makes",
		    o->url, o->container->oformat->name, o->encoder->codec->name);
	o->waits_since = tripool_now_ns();
	if (!(o->container->oformat->flags & AVFMT_NOFILE)) {
		r = avio_open2(&o->container->pb, o->url, AVIO_FLAG_WRITE, &o->container->interrupt_callback, NULL);
		if (r < 0) {
			o->made = NULL;
			return fail(error, r, "cannot write to", o->url);
		}
	}
	r = avformat_write_header(o->container, NULL);
	if (r < 0)
		return fail(error, r, "cannot begin", o->url);
	o->is_begun = true;
	return 0;
}

static int describe_stream(struct output *o, const struct tripool_format *format, struct tripool_error *error)
{
	static uint8_t nothing;
	struct tripool_slot slot = {.memory = &nothing};
	o->first = av_frame_alloc();
	o->packet = av_packet_alloc();
	if (!o->first || !o->packet || tripool_av_slot(format, &slot, o->first) < 0)
		return tripool_fail(error, -ENOMEM, "no memory, or FFmpeg does not know '%s'", format->pix_fmt);
	av_buffer_unref(&o->first->buf[0]); /* a description only */
	memset(o->first->data, 0, sizeof(o->first->data));
	return 0;
}

int output_open(
    struct output *o, const struct options *options, const struct tripool_format *format, struct tripool_error *error)
{
	const AVCodec *codec = NULL;
	*o = (struct output){.last_pts = -1};
	int r = describe_stream(o, format, error);
	if (r == 0)
		r = open_container(o, options, error);
	if (r == 0)
		r = choose_codec(o, options, &codec, error);
	if (r == 0)
		r = check_file(o, options, error);
	if (r == 0) {
		enum AVPixelFormat to = picture_choose(is_y4m(o) ? y4m_formats : codec->pix_fmts, o->first->format);
		r = picture_open(&o->picture, o->first, to, error);
	}
	if (r == 0)
		r = open_encoder(o, options, codec, format, error);
	if (r == 0)
		r = begin_file(o, error);
	if (r < 0)
		output_close(o, true, NULL);
	return r;
}

/* ---- Frames ---- */

/* Times never stand still or go back, whatever the stream says. */
static int64_t next_pts(struct output *o, int64_t capture_ns)
{
	int64_t since_ns, pts = o->last_pts + 1;
	if (o->frames == 0)
		o->origin_ns = capture_ns;
	if (!__builtin_sub_overflow(capture_ns, o->origin_ns, &since_ns) && since_ns >= 0) {
		int64_t told = av_rescale_q(since_ns, (AVRational){1, 1000000000}, o->encoder->time_base);
		pts = told > pts && told < INT32_MAX * (int64_t)TICKS ? told : pts;
	}
	o->last_pts = pts;
	return pts;
}

static int write_packets(struct output *o, struct tripool_error *error)
{
	for (;;) {
		int r = avcodec_receive_packet(o->encoder, o->packet);
		if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
			return 0;
		if (r < 0)
			return fail(error, r, "cannot encode with", o->encoder->codec->name);
		int size_bytes = o->packet->size;
		o->packet->stream_index = 0;
		av_packet_rescale_ts(o->packet, o->encoder->time_base, o->container->streams[0]->time_base);
		o->waits_since = tripool_now_ns();
		r = av_write_frame(o->container, o->packet);
		av_packet_unref(o->packet);
		if (r < 0)
			return fail(error, r, "cannot write to", o->url);
		/* a packet that wraps a picture has no size of its own; what has no file tells no place */
		o->bytes = o->container->pb ? (uint64_t)avio_tell(o->container->pb) : o->bytes + (uint64_t)size_bytes;
	}
}

int output_write(struct output *o, AVFrame *picture, bool copy, struct tripool_error *error)
{
	int r = 0;
	picture->pts = next_pts(o, picture->pts);
	picture->pict_type = AV_PICTURE_TYPE_NONE;
	if (o->picture.sws)
		r = picture_convert(&o->picture, picture);
	else if (copy)
		r = av_frame_make_writable(picture);
	o->copies += o->picture.sws || copy;
	if (r >= 0)
		r = avcodec_send_frame(o->encoder, picture);
	av_frame_unref(picture);
	if (r < 0)
		return fail(error, r, "cannot encode with", o->encoder->codec->name);
	r = write_packets(o, error);
	o->frames += r == 0;
	return r;
}

static int finish(struct output *o, bool failed, struct tripool_error *error)
{
	int r = 0;
	o->waits_since = tripool_now_ns();
	if (!failed && avcodec_send_frame(o->encoder, NULL) >= 0)
		r = write_packets(o, error);
	o->waits_since = tripool_now_ns();
	/* also where writing failed: an index makes the rest readable, if there is room for one */
	int ended = av_write_trailer(o->container);
	if (ended < 0 && r == 0 && !failed)
		r = fail(error, ended, "cannot finish", o->url);
	if (o->container->pb && o->container->pb->seekable)
		o->bytes = (uint64_t)avio_size(o->container->pb);
	else if (o->container->pb)
		o->bytes = (uint64_t)avio_tell(o->container->pb);
	return r;
}

int output_close(struct output *o, bool failed, struct tripool_error *error)
{
	int r = 0;
	if (o->is_begun)
		r = finish(o, failed, error);
	/* before the container: encoders hold frames, and muxers packets of theirs */
	avcodec_free_context(&o->encoder);
	if (o->container && !(o->container->oformat->flags & AVFMT_NOFILE)) {
		int closed = avio_closep(&o->container->pb);
		if (closed < 0 && r == 0 && !failed)
			r = fail(error, closed, "cannot finish", o->url);
	}
	if (o->made && !o->is_begun)
		unlink(o->made);
	avformat_free_context(o->container);
	o->container = NULL;
	av_packet_free(&o->packet);
	av_frame_free(&o->first);
	picture_close(&o->picture);
	return r;
}
