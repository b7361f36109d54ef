// SPDX-License-Identifier: MIT
#include "recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <libavutil/pixdesc.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "error.h"
#include "json.h"
#include "stop.h"
#include "tripool_av.h"

#define LEASES 8
#define MOST_HELD 4 /* by the encoder: beyond, it gets copies, so that frames find places to wait */
#define SECOND_NS INT64_C(1000000000)
#define PRODUCER_NS (5 * SECOND_NS) /* so long a producer that is not there yet is waited for */
#define LOOK_MS 100                 /* as often leases that the encoder's threads let go of are collected */

/* The two may have been started together. */
static int await_producer(struct tripool_viewer *viewer, struct tripool_error *error)
{
	int64_t late_ns = tripool_now_ns() + PRODUCER_NS;
	int result = 0;
	while (!tripool_viewer_connected(viewer)) {
		int64_t left_ns = late_ns - tripool_now_ns();
		if (left_ns > 0)
			tripool_viewer_wait(viewer, (int)(left_ns / 1000000) + 1);
		result = tripool_viewer_reconnect(viewer, error);
		bool later = result == -ENOENT || result == -EAGAIN || result == -ETIMEDOUT;
		if (result < 0 && (!later || left_ns <= 0))
			return result;
	}
	return 0;
}

/* The format, seen through a viewer of the newest frame: opening an output may take long, and nobody must wait for one
 * who does not take frames yet. */
static int look_at_format(struct recorder *r, struct tripool_error *error)
{
	const struct tripool_viewer_options options = {
	    .name = r->options->name, .client_name = "tripool-record", .wait_for_producer = true};
	struct tripool_viewer *viewer;
	int result = tripool_viewer_create(&viewer, &options, error);
	if (result < 0)
		return result;
	result = await_producer(viewer, error);
	if (result == 0)
		r->format = *tripool_viewer_format(viewer);
	tripool_viewer_destroy(viewer);
	return result;
}

static int attach(struct recorder *r, struct tripool_error *error)
{
	const struct tripool_viewer_options options = {
	    .name = r->options->name, .client_name = "tripool-record", .leases = LEASES, .every = true};
	int result = tripool_viewer_create(&r->viewer, &options, error);
	if (result < 0)
		return result;
	result = tripool_av_create(&r->av, r->viewer, error);
	r->picture = av_frame_alloc();
	if (result == 0 && !r->picture)
		result = tripool_fail(error, -ENOMEM, "no memory for pictures");
	return result;
}

int recorder_open(struct recorder *r, const struct options *options, struct tripool_error *error)
{
	*r = (struct recorder){.options = options, .ended_by = "error"};
	int result = look_at_format(r, error);
	if (result < 0)
		return result;
	r->stop_fd = stop_open();
	if (r->stop_fd < 0)
		return tripool_fail(error, r->stop_fd, "cannot wait for signals: %s", strerror(-r->stop_fd));
	result = output_open(&r->output, options, &r->format, error);
	if (result < 0)
		return result;
	r->encoder = r->output.encoder->codec->name;
	r->container = r->output.container->oformat->name;
	snprintf(r->to_pix_fmt, sizeof(r->to_pix_fmt), "%s", av_get_pix_fmt_name(r->output.encoder->pix_fmt));
	if (r->output.picture.sws && !options->quiet)
		cli_error("encoder '%s' does not take %s: each frame is converted to %s, which is a copy", r->encoder,
		    r->format.pix_fmt, r->to_pix_fmt);
	result = attach(r, error);
	if (result < 0) {
		recorder_close(r, true, NULL);
		return result;
	}
	r->started_ns = r->shown_ns = tripool_now_ns();
	r->shows_progress = !options->quiet && isatty(STDERR_FILENO);
	return 0;
}

static void show_progress(struct recorder *r)
{
	int64_t now = tripool_now_ns();
	if (!r->shows_progress || now - r->shown_ns < SECOND_NS)
		return;
	uint64_t frames = r->output.frames;
	fprintf(stderr, "\rframes %" PRIu64 "  %.1f fps  %.1f s  %.1f MB  lost %" PRIu64 "\033[K", frames,
	    (double)(frames - r->shown_frames) * 1e9 / (double)(now - r->shown_ns),
	    (double)(r->last_capture_ns - r->first_capture_ns) / 1e9, (double)r->output.bytes / 1e6, r->lost);
	fflush(stderr);
	r->shown_ns = now;
	r->shown_frames = frames;
	r->line_open = true;
}

static bool is_same_picture(const struct tripool_format *a, const struct tripool_format *b)
{
	return a->width_px == b->width_px && a->height_px == b->height_px && strcmp(a->pix_fmt, b->pix_fmt) == 0;
}

static bool is_late_enough(const struct recorder *r, int64_t capture_ns)
{
	double span_ns = (double)capture_ns - (double)r->first_capture_ns;
	return r->options->duration_s > 0 && r->first_sequence && span_ns >= r->options->duration_s * 1e9;
}

static void count(struct recorder *r, const struct tripool_frame *frame)
{
	if (r->first_sequence == 0) {
		r->first_sequence = frame->sequence;
		r->first_capture_ns = frame->info.capture_ns;
	} else {
		r->lost += frame->sequence - r->last_sequence - 1;
	}
	r->last_sequence = frame->sequence;
	r->last_capture_ns = frame->info.capture_ns;
}

/* 1: enough. */
static int record(struct recorder *r, struct tripool_frame *frame, struct tripool_error *error)
{
	bool other = !is_same_picture(frame->format, &r->format);
	if (other || is_late_enough(r, frame->info.capture_ns)) {
		r->ended_by = other ? "format" : "duration";
		int result = 1;
		if (other)
			result = tripool_fail(error, -EINVAL,
			    "the stream is %s %" PRIu32 "x%" PRIu32 " from frame %" PRIu64 " on, no longer %s %" PRIu32
			    "x%" PRIu32 ": the recording ends with the frame before",
			    frame->format->pix_fmt, frame->format->width_px, frame->format->height_px, frame->sequence,
			    r->format.pix_fmt, r->format.width_px, r->format.height_px);
		tripool_viewer_release(r->viewer, frame);
		return result;
	}
	int result = tripool_av_lend(r->av, frame, r->picture);
	if (result < 0) {
		tripool_viewer_release(r->viewer, frame);
		return tripool_fail(error, result, "cannot lend a frame: %s", strerror(-result));
	}
	count(r, frame);
	result = output_write(&r->output, r->picture, tripool_av_collect(r->av) > MOST_HELD, error);
	if (result == 0 && r->output.frames == r->options->frames) {
		r->ended_by = "frames";
		return 1;
	}
	return result;
}

static void wait_for_more(struct recorder *r)
{
	struct pollfd fds[] = {
	    {.fd = tripool_viewer_fd(r->viewer), .events = POLLIN}, {.fd = r->stop_fd, .events = POLLIN}};
	if (tripool_viewer_arm(r->viewer) == 0)
		poll(fds, 2, LOOK_MS);
}

/* Nothing new. 1: and that is enough. */
static int idle(struct recorder *r)
{
	double seconds = (double)(tripool_now_ns() - r->started_ns) / 1e9;
	if (r->options->duration_s > 0 && seconds >= r->options->duration_s) {
		r->ended_by = "duration";
		return 1;
	}
	wait_for_more(r);
	return 0;
}

int recorder_run(struct recorder *r, struct tripool_error *error)
{
	struct tripool_frame frame;
	int result = 0;
	while (result == 0 && !stop_asked()) {
		show_progress(r);
		tripool_av_collect(r->av);
		int got = tripool_viewer_acquire(r->viewer, &frame);
		if (got == 0) {
			result = record(r, &frame, error);
		} else if (got == -EAGAIN) {
			result = idle(r);
		} else if (got == -EBUSY) { /* the encoder has them all, and gives them back in its own time */
			poll(&(struct pollfd){.fd = r->stop_fd, .events = POLLIN}, 1, 1);
		} else if (got == -EPIPE) {
			r->ended_by = "producer";
			result = 1;
		} else if (got != -ESTALE) {
			result = tripool_fail(
			    error, got, "cannot lease a frame of '%s': %s", r->options->name, strerror(-got));
		}
	}
	if (result == 0)
		r->ended_by = "signal";
	if (r->line_open)
		fputc('\n', stderr);
	r->line_open = false;
	return result < 0 ? result : 0;
}

int recorder_close(struct recorder *r, bool failed, struct tripool_error *error)
{
	int result = output_close(&r->output, failed, error);
	av_frame_free(&r->picture);
	tripool_av_destroy(r->av);
	tripool_viewer_destroy(r->viewer);
	return result;
}

int recorder_report(const struct recorder *r)
{
	const struct output *output = &r->output;
	double per_frame = output->frames ? (double)output->copies / (double)output->frames : 0;
	bool whole = output->copies == 0 || output->copies == output->frames;
	json_object *o = json_object_new_object();
	json_object_object_add(o, "stream", json_object_new_string(r->options->name));
	json_object_object_add(o, "output", json_object_new_string(r->options->output));
	json_object_object_add(o, "container", json_object_new_string(r->container));
	json_object_object_add(o, "encoder", json_object_new_string(r->encoder));
	json_object_object_add(o, "pix_fmt", json_object_new_string(r->format.pix_fmt));
	json_object_object_add(o, "encoded_pix_fmt", json_object_new_string(r->to_pix_fmt));
	json_object_object_add(o, "width", json_object_new_uint64(r->format.width_px));
	json_object_object_add(o, "height", json_object_new_uint64(r->format.height_px));
	json_object_object_add(o, "frames_recorded", json_object_new_uint64(output->frames));
	json_object_object_add(o, "frames_lost", json_object_new_uint64(r->lost));
	json_object_object_add(o, "first_sequence", json_object_new_uint64(r->first_sequence));
	json_object_object_add(o, "last_sequence", json_object_new_uint64(r->last_sequence));
	json_object_object_add(o, "copies_per_frame", json_number(per_frame, whole ? 0 : 2));
	json_object_object_add(o, "bytes_written", json_object_new_uint64(output->bytes));
	json_object_object_add(o, "ended_by", json_object_new_string(r->ended_by));
	int result = cli_print("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return result;
}
