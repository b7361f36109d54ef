// SPDX-License-Identifier: MIT
#include "movie_input.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "remarks.h"

#define PATIENCE_S 10 /* a URL that sends nothing for so long has failed */
#define AGAIN_MS 10
#define MOST_RATE 1000

static void wait_at_most(struct movie_input *input)
{
	if (input->network)
		input->interrupt->deadline_ns = tripool_now_ns() + PATIENCE_S * INT64_C(1000000000);
}

/* What FFmpeg's error is to a program: never -EINVAL, which is the user's. */
static int error_code(int r)
{
	if (r == AVERROR_EXIT)
		return -ETIMEDOUT;
	if (r == AVERROR_INVALIDDATA)
		return -EBADMSG;
	return r == AVERROR(EINVAL) || r < -4096 ? -EIO : r;
}

/* MP4, whose index may come first or last: without a packet it was last. */
static bool needs_seeking(const struct movie_input *input, int r)
{
	return r == AVERROR_INVALIDDATA && input->fd >= 0 && input->packets == 0 && input->format &&
	       strncmp(input->format->iformat->name, "mov,", 4) == 0;
}

static int fail(struct movie_input *input, int r, const char *what, struct tripool_error *error)
{
	char remark[REMARK_BYTES], reason[AV_ERROR_MAX_STRING_SIZE];

	if (movie_interrupt_asked(input->interrupt))
		return -ECANCELED;
	remarks_take(remark);
	if (r == AVERROR_EXIT)
		return tripool_fail(
		    error, -ETIMEDOUT, "cannot %s %s: nothing came for %d seconds", what, input->name, PATIENCE_S);
	if (r == AVERROR_PROTOCOL_NOT_FOUND)
		return tripool_fail(error, -EPROTONOSUPPORT,
		    "cannot %s %s: this FFmpeg does not have that protocol (ffmpeg -protocols lists them)", what,
		    input->name);
	av_strerror(r, reason, sizeof(reason));
	if (r == AVERROR_EOF)
		snprintf(reason, sizeof(reason), "there is nothing in it that can be played");
	if (needs_seeking(input, r))
		return tripool_fail(error, error_code(r),
		    "cannot %s %s: its index is at the end, and a pipe cannot be sought in; use movie:FILE", what,
		    input->name);
	return tripool_fail(
	    error, error_code(r), "cannot %s %s: %s%s%.100s", what, input->name, reason, remark[0] ? ": " : "", remark);
}

/* "http:", and not a file of that name. */
static bool is_url(const char *argument)
{
	size_t scheme = 0;
	struct stat st;

	while (isalnum((unsigned char)argument[scheme]) || (scheme && strchr("+.-,", argument[scheme])))
		scheme++;
	return scheme > 1 && argument[scheme] == ':' && stat(argument, &st) < 0;
}

/* What is no plain file is read by us: FFmpeg's own reading of it cannot be interrupted. */
static int open_local(struct movie_input *input, const char *path, struct tripool_error *error)
{
	struct stat st;

	if (stat(path, &st) < 0 || (S_ISREG(st.st_mode) && st.st_size > 0))
		return 0;
	if (S_ISREG(st.st_mode))
		return tripool_fail(error, -EBADMSG, "cannot read %s: it is empty", input->name);
	if (S_ISDIR(st.st_mode))
		return tripool_fail(
		    error, -EISDIR, "cannot read %s: it is a directory; name a file in it", input->name);
	/* a FIFO opens at once so, and is waited for as its frames are */
	input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (input->fd < 0)
		return tripool_fail(error, -errno, "cannot read %s: %s", input->name, strerror(errno));
	return 0;
}

static int open_stdin(struct movie_input *input, struct tripool_error *error)
{
	if (isatty(STDIN_FILENO))
		return tripool_fail(error, -EINVAL,
		    "standard input is a terminal: pipe Y4M into it, as by ffmpeg ... -f yuv4mpegpipe -");
	input->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (input->fd < 0)
		return tripool_fail(error, -errno, "cannot read %s: %s", input->name, strerror(errno));
	return 0;
}

/* Looks at the pipe's first bytes, which are read again. */
static bool is_y4m(AVIOContext *io)
{
	static const char magic[] = "YUV4MPEG2 ";
	uint8_t first[sizeof(magic) - 1] = {0};
	int n = avio_read(io, first, sizeof(first));

	avio_seek(io, 0, SEEK_SET);
	return n == (int)sizeof(first) && memcmp(first, magic, sizeof(first)) == 0;
}

/* On standard input a size and a pixel format say what comes: frames, and nothing else. But Y4M says that itself, and
 * is made into those. */
static const AVInputFormat *raw_format(const struct movie_input *input, AVDictionary **options)
{
	const struct source_request *r = input->request;
	char text[32];

	if (strcmp(r->argument, MOVIE_STDIN) != 0 || !r->width_px || !r->pix_fmt || is_y4m(input->io))
		return NULL;
	snprintf(text, sizeof(text), "%" PRIu32 "x%" PRIu32, r->width_px, r->height_px);
	av_dict_set(options, "video_size", text, 0);
	av_dict_set(options, "pixel_format", r->pix_fmt, 0);
	if (r->rate_num) {
		snprintf(text, sizeof(text), "%" PRIu32 "/%" PRIu32, r->rate_num, r->rate_den);
		av_dict_set(options, "framerate", text, 0);
	}
	return av_find_input_format("rawvideo");
}

static int open_format(struct movie_input *input, struct tripool_error *error)
{
	const char *argument = input->request->argument;
	AVDictionary *options = NULL;
	const AVInputFormat *kind = NULL;
	char remark[REMARK_BYTES], url[4096];
	int r = AVERROR(ENOMEM);

	remarks_take(remark);
	input->format = avformat_alloc_context();
	if (input->format && input->fd >= 0) {
		input->io = movie_pipe_open(&input->pipe, input->fd, input->interrupt);
		input->format->pb = input->io;
	}
	if (input->format && (input->fd < 0 || input->io)) {
		input->format->interrupt_callback = (AVIOInterruptCB){movie_interrupt_look, input->interrupt};
		/* a file's name may look like a URL */
		snprintf(url, sizeof(url), "%s%s",
		    !input->network && input->fd < 0 && strchr(argument, ':') ? "file:" : "", argument);
		wait_at_most(input);
		kind = raw_format(input, &options);
		r = avformat_open_input(&input->format, input->fd < 0 ? url : NULL, kind, &options);
	}
	av_dict_free(&options);
	if (r < 0 && input->fd >= 0 && !input->pipe.any && !movie_interrupt_asked(input->interrupt))
		return tripool_fail(error, -EBADMSG, "cannot read %s: it is empty", input->name);
	return r < 0 ? fail(input, r, "read", error) : 0;
}

/* Looking further would only make a slow pipe wait. */
static bool is_known(const AVFormatContext *format)
{
	const AVCodecParameters *p = format->nb_streams ? format->streams[0]->codecpar : NULL;

	return p && format->nb_streams == 1 && p->codec_id == AV_CODEC_ID_RAWVIDEO && p->width > 0 && p->format >= 0;
}

static int find_stream(struct movie_input *input, struct tripool_error *error)
{
	AVFormatContext *f = input->format;
	int r = 0;

	if (!is_known(f)) {
		wait_at_most(input);
		r = avformat_find_stream_info(f, NULL);
	}
	if (r < 0)
		return fail(input, r, "read", error);
	int video = av_find_best_stream(f, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
	bool cover = video >= 0 && f->streams[video]->disposition & AV_DISPOSITION_ATTACHED_PIC;
	if (video < 0 || cover)
		return tripool_fail(error, -ENODATA, "%s has no video%s: name another", input->name,
		    av_find_best_stream(f, AVMEDIA_TYPE_AUDIO, -1, -1, NULL, 0) >= 0 ? ", only audio" : "");
	for (unsigned i = 0; i < f->nb_streams; i++)
		f->streams[i]->discard = i == (unsigned)video ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
	input->stream = f->streams[video];
	return 0;
}

static void close_format(struct movie_input *input)
{
	avformat_close_input(&input->format);
	movie_pipe_close(input->io);
	input->io = NULL;
	input->stream = NULL;
}

int movie_input_open(struct movie_input *input, const struct source_request *request, struct movie_interrupt *interrupt,
    struct tripool_error *error)
{
	const char *argument = request->argument;
	bool is_stdin = strcmp(argument, MOVIE_STDIN) == 0;
	int r;

	*input = (struct movie_input){.request = request, .interrupt = interrupt, .fd = -1, .end = -1};
	if (is_stdin)
		snprintf(input->name, sizeof(input->name), "standard input");
	else
		snprintf(
		    input->name, sizeof(input->name), "movie '%.64s%s'", argument, strlen(argument) > 64 ? "..." : "");
	if (request->pix_fmt && av_get_pix_fmt(request->pix_fmt) == AV_PIX_FMT_NONE)
		return tripool_fail(error, -EINVAL,
		    "unknown pixel format '%s'; it is called as in ffmpeg -pix_fmts: nv12, yuyv422, bgra ...",
		    request->pix_fmt);
	input->network = !is_stdin && is_url(argument);
	if (input->network && strncmp(argument, "file:", 5) == 0) {
		input->network = false;
		r = open_local(input, argument + 5, error);
	} else {
		r = is_stdin ? open_stdin(input, error) : input->network ? 0 : open_local(input, argument, error);
	}
	if (r == 0 && input->fd >= 0 && request->loop)
		r = tripool_fail(error, -EINVAL, "--loop: %s cannot be read again; it needs a file", input->name);
	if (r == 0)
		r = open_format(input, error);
	if (r == 0)
		r = find_stream(input, error);
	if (r < 0)
		movie_input_close(input);
	return r;
}

void movie_input_close(struct movie_input *input)
{
	close_format(input);
	if (input->fd >= 0)
		close(input->fd);
	input->fd = -1;
}

/* Of containers that say at the beginning how long they are. */
static bool ends_early(const struct movie_input *input)
{
	int64_t length = input->stream->duration;

	return input->format->duration_estimation_method == AVFMT_DURATION_FROM_STREAM && length > 0 &&
	       input->played < length - length / 20;
}

/* How far into the movie the packet reaches. */
static void follow(struct movie_input *input, const AVPacket *packet)
{
	int64_t start = input->stream->start_time == AV_NOPTS_VALUE ? 0 : input->stream->start_time;
	int64_t stamp = packet->pts == AV_NOPTS_VALUE ? packet->dts : packet->pts, reached;

	if (stamp != AV_NOPTS_VALUE && !__builtin_sub_overflow(stamp, start, &reached) &&
	    !__builtin_add_overflow(reached, packet->duration, &reached) && reached > input->played)
		input->played = reached;
}

/* How a movie has ended that has no more packets. `r` is what FFmpeg says, `broken`: in the middle of one. */
static int end(struct movie_input *input, int r, bool broken, struct tripool_error *error)
{
	const char *kind = input->format->iformat->name;
	char remark[REMARK_BYTES];

	if (r != AVERROR_EOF)
		return fail(input, r, "go on reading", error);
	if (input->format->pb && input->format->pb->error < 0 && input->format->pb->error != AVERROR_EOF)
		return fail(input, input->format->pb->error, "go on reading", error);
	if (strcmp(kind, "yuv4mpegpipe") == 0 && input->end >= 0 && avio_tell(input->format->pb) > input->end)
		broken = true;
	remarks_take(remark);
	if (broken)
		return tripool_fail(error, input->fd >= 0 ? -EBADMSG : -ENODATA,
		    "%s ends in the middle of frame %" PRIu64 ", which is not shown", input->name, input->packets + 1);
	if (remark[0])
		return tripool_fail(error, -ENODATA, "%s ends early: %.120s", input->name, remark);
	error->text[0] = '\0';
	if (ends_early(input))
		tripool_fail(error, -ENODATA, "%s ends early: after %.1f seconds of %.1f", input->name,
		    (double)input->played * av_q2d(input->stream->time_base),
		    (double)input->stream->duration * av_q2d(input->stream->time_base));
	return -ENODATA;
}

int movie_input_read(struct movie_input *input, AVPacket *packet, struct tripool_error *error)
{
	struct pollfd asked = {.fd = input->interrupt->fd, .events = POLLIN};
	char remark[REMARK_BYTES];
	int r;

	for (;;) {
		remarks_take(remark); /* what a decoder said of the packet before */
		wait_at_most(input);
		r = av_read_frame(input->format, packet);
		if (movie_interrupt_asked(input->interrupt)) {
			av_packet_unref(packet);
			return -ECANCELED;
		}
		if (r == AVERROR(EAGAIN)) {
			poll(&asked, 1, AGAIN_MS);
			continue;
		}
		if (r < 0)
			return end(input, r, false, error);
		bool ours = packet->stream_index == input->stream->index;
		if (ours && input->stream->codecpar->codec_id == AV_CODEC_ID_RAWVIDEO &&
		    packet->flags & AV_PKT_FLAG_CORRUPT) {
			av_packet_unref(packet);
			return end(input, AVERROR_EOF, true, error);
		}
		if (ours)
			break;
		av_packet_unref(packet);
	}
	if (input->format->pb)
		input->end = avio_tell(input->format->pb);
	follow(input, packet);
	input->packets++;
	return 0;
}

int movie_input_rewind(struct movie_input *input, struct tripool_error *error)
{
	int64_t start = input->format->start_time == AV_NOPTS_VALUE ? 0 : input->format->start_time;
	int r;

	input->played = 0;
	wait_at_most(input);
	/* a server that has no ranges says so only when it is read on; without an index FFmpeg goes near it alone */
	bool certain = !input->network && !(input->format->iformat->flags & AVFMT_TS_DISCONT);
	if (certain && avformat_seek_file(input->format, -1, INT64_MIN, start, start, 0) >= 0)
		return 0;
	close_format(input);
	r = open_format(input, error);
	return r < 0 ? r : find_stream(input, error);
}

AVRational movie_input_rate(const struct movie_input *input)
{
	const struct source_request *request = input->request;
	AVRational rate;

	if (request->rate_num)
		return (AVRational){(int)request->rate_num, (int)request->rate_den};
	rate = av_guess_frame_rate(input->format, input->stream, NULL);
	if (rate.num <= 0 && is_known(input->format))
		rate = av_inv_q(input->stream->time_base);
	if (rate.num <= 0 || rate.den <= 0 || av_cmp_q(rate, (AVRational){MOST_RATE, 1}) > 0)
		return (AVRational){0, 1};
	return rate;
}
