// SPDX-License-Identifier: MIT
#include "capture.h"

#include "cli.h"
#include "clock.h"
#include "error.h"
#include "signals.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_VIEWERS 16

/* As many viewers as asked for, or as the source's slots allow. */
static int choose_leases(const struct capture *capture, uint32_t *leases, struct tripool_error *error)
{
	const struct source_description *description = &capture->description;
	uint32_t wanted = capture->options->max_viewers;
	uint32_t slots = description->max_slots ? description->max_slots : TRIPOOL_MAX_SLOTS;
	uint32_t taken = 1 + description->write_depth;
	uint32_t room = slots > taken ? slots - taken : 0;

	if (wanted > room || room == 0)
		return tripool_fail(error, -EINVAL,
		    "--max-viewers %" PRIu32 ": %.80s has %" PRIu32 " slots and writes %" PRIu32
		    " at once, which leaves room for %" PRIu32 " viewers",
		    wanted ? wanted : DEFAULT_VIEWERS, description->name, slots, description->write_depth, room);
	if (wanted == 0)
		wanted = room < DEFAULT_VIEWERS ? room : DEFAULT_VIEWERS;
	*leases = wanted;
	return 0;
}

static int open_stream(struct capture *capture, struct tripool_error *error)
{
	const struct options *options = capture->options;
	uint32_t leases = 0;
	int r = choose_leases(capture, &leases, error);

	if (r < 0)
		return r;
	struct tripool_producer_options producer_options = {
	    .name = options->name,
	    .max_viewers = leases,
	    .max_leases = leases,
	    .write_depth = capture->description.write_depth,
	    .socket_mode = options->socket_mode,
	    .group = options->group,
	    .log = status_log,
	    .log_context = &capture->status,
	};
	return tripool_producer_create(&capture->producer, &producer_options, &capture->description.format, error);
}

static void describe(struct capture *capture)
{
	const struct source_description *d = &capture->description;
	const struct tripool_format *f = &d->format;

	status_say(&capture->status,
	    "stream '%s': %s, %s %" PRIu32 "x%" PRIu32 " at %.6g fps, path %s, %" PRIu32 " copies per frame",
	    capture->options->name, d->name, f->pix_fmt, f->width_px, f->height_px,
	    f->frame_rate_den ? (double)f->frame_rate_num / f->frame_rate_den : 0.0, d->path, d->copies_per_frame);
	if (d->mode_reason[0])
		status_say(&capture->status, "mode: %s", d->mode_reason);
}

/* Begins and queues one slot more. */
static int feed(struct capture *capture, struct tripool_error *error)
{
	struct tripool_slot slot;
	int r = tripool_producer_begin(capture->producer, &slot);

	if (r < 0)
		return tripool_fail(error, r, "no free slot: %s", strerror(-r));
	return capture->options->source->queue(capture->source, &slot, error);
}

static int start_source(struct capture *capture, struct tripool_error *error)
{
	struct tripool_pool_memory memory;

	tripool_producer_memory(capture->producer, &memory);
	int r = capture->options->source->attach(capture->source, &memory, &capture->description, error);
	for (uint32_t i = 0; r == 0 && i < capture->description.write_depth; i++)
		r = feed(capture, error);
	return r;
}

int capture_open(struct capture *capture, const struct options *options, struct tripool_error *error)
{
	*capture = (struct capture){.options = options, .signal_fd = -1, .deadline_ns = INT64_MAX};
	status_init(&capture->status, options->quiet, options->verbose);

	/* A signal may end the program at once until there is a stream that wants to be closed. */
	int r = options->source->open(&capture->source, &options->request, &capture->description, error);
	if (r < 0)
		return r;
	r = signals_open();
	capture->signal_fd = r;
	if (r < 0)
		tripool_fail(error, r, "cannot wait for signals: %s", strerror(-r));
	else
		r = open_stream(capture, error);
	if (r == 0) {
		r = start_source(capture, error);
		if (r == -EINVAL) /* of a driver, which the user's values do not explain */
			r = -EIO;
	}
	if (r < 0) {
		capture_close(capture);
		return r;
	}
	/* Not what was asked for, though near: that is worth a line to everyone. */
	if (capture->description.note[0] && !options->quiet)
		cli_error("%s", capture->description.note);
	describe(capture);
	status_start(&capture->status, tripool_now_ns());
	if (options->duration_s > 0)
		capture->deadline_ns = tripool_now_ns() + (int64_t)(options->duration_s * 1e9);
	return 0;
}

static int publish(
    struct capture *capture, struct tripool_slot *slot, struct tripool_frame_info *info, struct tripool_error *error)
{
	if (capture->options->checksum) {
		uint64_t bytes = info->bytes_used ? info->bytes_used : capture->description.format.size_bytes;
		info->crc32c = tripool_crc32c(slot->memory, bytes);
		info->flags |= TRIPOOL_FRAME_CRC32C;
	}
	int r = tripool_producer_publish(capture->producer, slot, info);
	return r < 0 ? tripool_fail(error, r, "cannot publish a frame: %s", strerror(-r)) : 0;
}

/* Publishes what the source has, but no more than a round of its slots: a source that always has one more must not
 * keep signals and viewers waiting. 1: enough; 0: go on. */
static int move_frames(struct capture *capture, struct tripool_error *error)
{
	uint64_t limit = capture->options->frames;

	for (uint32_t i = 0; i < capture->description.write_depth; i++) {
		struct tripool_slot slot;
		struct tripool_frame_info info;
		uint64_t sequence = tripool_producer_sequence(capture->producer) + 1;
		int r = capture->options->source->dequeue(capture->source, sequence, &slot, &info, error);

		if (r == -EAGAIN)
			return 0;
		if (r == -ENODATA)
			return 1;
		if (r == 0)
			r = publish(capture, &slot, &info, error);
		if (r < 0)
			return r;
		if (sequence == 1)
			status_first_frame(&capture->status, tripool_now_ns());
		if (sequence == limit)
			return 1;
		r = feed(capture, error);
		if (r < 0)
			return r;
	}
	return 0;
}

static void show_status(struct capture *capture, int64_t now)
{
	struct tripool_producer_stats stats;

	/* Counting the pool's pages is a system call: not for nothing. */
	if (now < status_due_ns(&capture->status))
		return;
	tripool_producer_get_stats(capture->producer, &stats);
	status_show(&capture->status, &stats, capture->options->source->dropped(capture->source), now);
}

static int time_out_ms(const struct capture *capture, int64_t now)
{
	int64_t due = status_due_ns(&capture->status);

	if (due > capture->deadline_ns)
		due = capture->deadline_ns;
	if (due == INT64_MAX)
		return -1;
	int64_t ms = due > now ? (due - now + 999999) / 1000000 : 0;
	return ms > 60000 ? 60000 : (int)ms;
}

int capture_run(struct capture *capture, struct tripool_error *error)
{
	struct pollfd fds[] = {
	    {.fd = capture->signal_fd, .events = POLLIN},
	    {.fd = tripool_producer_fd(capture->producer), .events = POLLIN},
	    {.fd = capture->options->source->fd(capture->source), .events = POLLIN},
	};

	for (;;) {
		int64_t now = tripool_now_ns();
		if (now >= capture->deadline_ns)
			return 0;
		show_status(capture, now);
		if (poll(fds, 3, time_out_ms(capture, now)) < 0) {
			if (errno == EINTR)
				continue;
			return tripool_fail(error, -errno, "cannot wait for frames: %s", strerror(errno));
		}
		if (fds[0].revents)
			return 0;
		if (fds[1].revents)
			tripool_producer_dispatch(capture->producer);
		if (fds[2].revents) {
			int r = move_frames(capture, error);
			if (r != 0)
				return r < 0 ? r : 0;
		}
	}
}

void capture_close(struct capture *capture)
{
	status_finish(&capture->status);
	/* The source first: it writes into the producer's memory. */
	capture->options->source->close(capture->source);
	tripool_producer_destroy(capture->producer);
	if (capture->signal_fd >= 0)
		close(capture->signal_fd);
}
