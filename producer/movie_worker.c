// SPDX-License-Identifier: MIT
#include "movie_worker.h"

#include <errno.h>
#include <inttypes.h>
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

#define SECOND_NS INT64_C(1000000000)
#define USUAL_STEP_NS (SECOND_NS / 25)
#define LONGEST_NS (INT64_C(400) * 86400 * SECOND_NS) /* what lies farther away is no time */
#define FIRST_FAILURES_MAX 300
#define WRITE_DEPTH 2 /* one frame waits for its time while the next is decoded */

static int64_t usual_step_ns(const struct movie_worker *w)
{
	return w->rate.num > 0 ? av_rescale(SECOND_NS, w->rate.den, w->rate.num) : USUAL_STEP_NS;
}

/* When the frame is due in the movie's own time, which goes on when it is played again. */
static int64_t time_of(const struct movie_worker *w)
{
	int64_t stamp = w->frame->best_effort_timestamp, since;
	int64_t next_ns = w->frames == 0 ? 0 : w->pts_ns + (w->step_ns > 0 ? w->step_ns : usual_step_ns(w));

	if (w->request->rate_num)
		return av_rescale((int64_t)w->frames, SECOND_NS * w->request->rate_den, w->request->rate_num);
	if (w->round_frames == 0 || stamp == AV_NOPTS_VALUE || w->round_start == AV_NOPTS_VALUE ||
	    __builtin_sub_overflow(stamp, w->round_start, &since))
		return next_ns;
	int64_t ns = av_rescale_q(since, w->input.stream->time_base, (AVRational){1, SECOND_NS});
	return ns > -LONGEST_NS && ns < LONGEST_NS ? w->round_pts_ns + ns : next_ns;
}

static void count(struct movie_worker *w, int64_t pts_ns)
{
	if (w->round_frames == 0) {
		w->round_start = w->frame->best_effort_timestamp;
		w->round_pts_ns = pts_ns;
	}
	if (w->frames > 0 && pts_ns > w->pts_ns)
		w->step_ns = pts_ns - w->pts_ns;
	w->pts_ns = pts_ns;
	w->frames++;
	w->round_frames++;
}

/* What could not be decoded is missing, and said at the end; but where nothing can be, there is no use in going on. */
static int lose_packet(struct movie_worker *w, int failure, struct tripool_error *error)
{
	if (w->damaged++ == 0) {
		remarks_take(w->damage);
		if (!w->damage[0])
			av_strerror(failure, w->damage, sizeof(w->damage));
	}
	movie_queue_drop(&w->queue);
	if (w->frames > 0 || w->damaged < FIRST_FAILURES_MAX)
		return 0;
	return tripool_fail(error, -EBADMSG, "%s: none of its first %d packets can be decoded: %.100s", w->input.name,
	    FIRST_FAILURES_MAX, w->damage);
}

/* A packet that came damaged is decoded for the sake of those that refer to it. */
static void mark_spoiled(struct movie_worker *w)
{
	if (w->packet->flags & AV_PKT_FLAG_CORRUPT && w->packet->pts != AV_NOPTS_VALUE)
		w->spoiled[w->spoiled_count++ % SPOILED] = w->packet->pts;
}

static bool is_spoiled(const struct movie_worker *w)
{
	for (uint64_t i = 0; i < w->spoiled_count && i < SPOILED; i++)
		if (w->spoiled[i] == w->frame->pts)
			return true;
	return false;
}

static int play_again(struct movie_worker *w, struct tripool_error *error)
{
	if (w->end.text[0] && !w->told_early) {
		movie_queue_remark(&w->queue, &w->end);
		w->told_early = true;
	}
	int r = movie_input_rewind(&w->input, error);
	if (r < 0)
		return r;
	if (w->input.stream->codecpar->codec_id != w->decoder.context->codec_id)
		return tripool_fail(error, -EBADMSG, "%s is another movie than before", w->input.name);
	w->decoder.parameters = w->input.stream->codecpar;
	w->decoder.time_base = w->input.stream->time_base;
	avcodec_flush_buffers(w->decoder.context);
	w->draining = false;
	w->round_frames = 0;
	w->spoiled_count = 0;
	return 0;
}

/* There are no more packets, and no more frames of them. */
static int end_round(struct movie_worker *w, struct tripool_error *error)
{
	if (w->end_code == -ENODATA && w->request->loop && w->round_frames > 0)
		return play_again(w, error);
	*error = w->end;
	if (w->frames == 0 && w->end_code == -ENODATA)
		return tripool_fail(error, -EBADMSG, "%s has no frame that can be decoded%s%.150s", w->input.name,
		    w->damage[0] ? ": " : "", w->damage);
	if (w->end_code == -ENODATA && w->damaged > 0 && !error->text[0])
		tripool_fail(error, 0,
		    "%s: %" PRIu64 " of its packets could not be decoded: their frames are missing (%.100s)",
		    w->input.name, w->damaged, w->damage);
	return w->end_code;
}

/* The decoder wants a packet. */
static int send(struct movie_worker *w, struct tripool_error *error)
{
	struct tripool_slot slot;
	int r;

	if (!w->resend) {
		av_packet_unref(w->packet);
		r = movie_input_read(&w->input, w->packet, &w->end);
		if (r == -ECANCELED)
			return r;
		if (r < 0) {
			w->end_code = r;
			w->draining = true;
			avcodec_send_packet(w->decoder.context, NULL);
			return 0;
		}
		mark_spoiled(w);
	}
	w->resend = false;
	if (w->decoder.layout && !w->decoder.has_slot) {
		r = movie_queue_take(&w->queue, &slot);
		if (r < 0)
			return r;
		movie_decoder_give(&w->decoder, &slot);
	}
	r = avcodec_send_packet(w->decoder.context, w->packet);
	return r < 0 ? lose_packet(w, r, error) : 0;
}

/* The next picture. */
static int decode(struct movie_worker *w, struct tripool_error *error)
{
	int r = 0;

	while (r == 0) {
		int got = avcodec_receive_frame(w->decoder.context, w->frame);
		if (got == 0 && !is_spoiled(w))
			return 0;
		if (got == 0) {
			av_frame_unref(w->frame);
			r = lose_packet(w, AVERROR_INVALIDDATA, error);
		} else if (got == AVERROR_EOF || (got == AVERROR(EAGAIN) && w->draining))
			r = end_round(w, error);
		else if (got == AVERROR(EAGAIN))
			r = send(w, error);
		else
			r = lose_packet(w, got, error);
	}
	return r;
}

/* Clockwise degrees by which pictures are to be turned to be seen upright; 0: they are. */
static int turn_of(const AVStream *stream)
{
	size_t bytes = 0;
	const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
	double angle = matrix && bytes >= 9 * sizeof(int32_t) ? av_display_rotation_get((const int32_t *)matrix) : 0;

	return isnan(angle) ? 0 : ((int)lround(-angle) + 360) % 360;
}

static void note(struct movie_worker *w, const char *from)
{
	struct source_description *d = &w->description;
	int turn = turn_of(w->input.stream);
	size_t length = 0;

	if (w->picture.cannot_be_carried)
		length = (size_t)snprintf(d->note, sizeof(d->note),
		    "%s: a stream cannot carry %s: each frame is converted to %s, which is a copy", w->input.name, from,
		    w->picture.format.pix_fmt);
	if (turn != 0 && length < sizeof(d->note))
		snprintf(d->note + length, sizeof(d->note) - length,
		    "%s is to be turned by %d degrees, which is not done: tripool-view's r does",
		    length ? "; it" : w->input.name, turn);
}

static void describe(struct movie_worker *w)
{
	static const char *const paths[] = {"decode", "copy", "convert"};
	struct source_description *d = &w->description;
	const char *codec = avcodec_get_name(w->decoder.parameters->codec_id);
	const char *from = av_get_pix_fmt_name(w->picture.from_format);

	*d = (struct source_description){.format = w->picture.format,
	    .path = paths[w->picture.path],
	    .copies_per_frame = w->picture.path != MOVIE_DECODE,
	    .write_depth = WRITE_DEPTH,
	    .hurries = w->request->flat_out};
	snprintf(d->name, sizeof(d->name), "%s (%s)", w->input.name, codec);
	if (w->picture.path == MOVIE_DECODE)
		snprintf(d->mode_reason, sizeof(d->mode_reason), "%s is decoded where viewers see it", codec);
	else if (w->picture.path == MOVIE_CONVERT)
		snprintf(d->mode_reason, sizeof(d->mode_reason), "converted from %s %dx%d", from, w->picture.from_width,
		    w->picture.from_height);
	else if (w->decoder.parameters->codec_id == AV_CODEC_ID_RAWVIDEO)
		snprintf(d->mode_reason, sizeof(d->mode_reason), "raw frames come in packets: one copy a frame");
	else
		snprintf(d->mode_reason, sizeof(d->mode_reason),
		    "%s needs its pictures again, or puts them elsewhere: one copy a frame", codec);
	note(w, from);
}

/* Settles what the pictures that come now are to be, by the first of them. */
static int settle(struct movie_worker *w, struct tripool_error *error)
{
	struct tripool_format layout;
	int r;

	w->frame->sample_aspect_ratio = av_guess_sample_aspect_ratio(w->input.format, w->input.stream, w->frame);
	movie_picture_finish(&w->picture);
	r = movie_picture_init(&w->picture, w->frame, w->request, w->rate, w->input.name, error);
	if (r < 0)
		return r;
	layout = w->picture.format;
	w->pending = true;
	if (w->picture.path != MOVIE_COPY || w->draining || !movie_decoder_could_write(&w->decoder, w->frame) ||
	    movie_decoder_lay_out(&w->decoder, &layout, NULL) < 0)
		return 0;
	/* this one is decoded again, then where it is to be */
	w->picture.format = layout;
	w->picture.path = MOVIE_DECODE;
	w->pending = false;
	w->resend = true;
	r = movie_decoder_restart(&w->decoder, w->frame, &w->picture.format, error);
	av_frame_unref(w->frame);
	return r;
}

/* The frame is not like those before. */
static int change(struct movie_worker *w, struct tripool_error *error)
{
	int r = 0;

	if (w->decoder.layout) {
		if (w->decoder.has_slot)
			movie_queue_give(&w->queue, &w->decoder.slot);
		r = movie_decoder_restart(&w->decoder, w->frame, NULL, error);
		av_frame_unref(w->frame);
		w->resend = true;
		if (r == 0)
			r = decode(w, error);
	}
	return r < 0 ? r : settle(w, error);
}

static int put(struct movie_worker *w)
{
	int64_t pts_ns = time_of(w);
	bool written = w->decoder.layout && movie_decoder_wrote_slot(&w->decoder, w->frame);
	int r = 0;

	if (w->decoder.layout && !written && w->decoder.lent) { /* it has the slot for another picture */
		movie_queue_drop(&w->queue);
		return 0;
	}
	if (!w->decoder.has_slot) {
		struct tripool_slot slot;
		r = movie_queue_take(&w->queue, &slot);
		if (r < 0)
			return r;
		movie_decoder_give(&w->decoder, &slot);
	}
	if (!written)
		movie_picture_fill(&w->picture, w->frame, &w->decoder.slot);
	w->decoder.has_slot = false;
	movie_queue_hand_over(&w->queue, &w->decoder.slot, pts_ns);
	count(w, pts_ns);
	return 0;
}

static int play(struct movie_worker *w, struct tripool_error *error)
{
	int r = 0;

	while (r == 0) {
		if (!w->pending)
			r = decode(w, error);
		w->pending = false;
		if (r == 0 && !movie_picture_suits(&w->picture, w->frame))
			return change(w, error);
		if (r == 0)
			r = put(w);
		av_frame_unref(w->frame);
	}
	return r;
}

static int begin(struct movie_worker *w, struct tripool_error *error)
{
	int r;

	w->packet = av_packet_alloc();
	w->frame = av_frame_alloc();
	if (!w->packet || !w->frame)
		return tripool_fail(error, -ENOMEM, "no memory for a movie");
	r = movie_input_open(&w->input, w->request, &w->interrupt, error);
	if (r < 0)
		return r;
	w->rate = movie_input_rate(&w->input);
	r = movie_decoder_open(
	    &w->decoder, w->input.stream->codecpar, w->input.stream->time_base, w->input.name, error);
	if (r == 0)
		r = decode(w, error);
	return r < 0 ? r : settle(w, error);
}

void *movie_work(void *worker)
{
	struct movie_worker *w = worker;
	struct tripool_error error = {""};
	int r;

	w->input.fd = -1;
	r = begin(w, &error);
	w->queue.clock.step_ns = usual_step_ns(w);
	while (r == 0) {
		describe(w);
		r = movie_queue_describe(&w->queue);
		if (r == 0)
			r = play(w, &error);
	}
	movie_decoder_close(&w->decoder);
	movie_picture_finish(&w->picture);
	movie_input_close(&w->input);
	av_frame_free(&w->frame);
	av_packet_free(&w->packet);
	movie_queue_end(&w->queue, r, &error);
	return NULL;
}
