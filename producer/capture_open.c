// SPDX-License-Identifier: MIT
/* Opening a source and its stream, and closing them. */
#include "capture.h"

#include "cli.h"
#include "clock.h"
#include "error.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_VIEWERS 16
#define AWAIT_NS INT64_C(5000000000) /* so long a source that hurries awaits its first viewer */

/* As many viewers as asked for, or as the source's slots allow. */
static int choose_leases(const struct capture *capture, uint32_t *leases, struct tripool_error *error)
{
	const struct source_description *description = &capture->supply.description;
	uint32_t wanted = capture->options->max_viewers;
	uint32_t slots = description->max_slots ? description->max_slots : TRIPOOL_MAX_SLOTS;
	uint32_t taken = 1 + description->write_depth;
	uint32_t room = slots > taken ? slots - taken : 0;

	if (wanted > room || room == 0)
		return tripool_fail(error, -EINVAL,
		    "--max-viewers %" PRIu32 ": %.80s has %" PRIu32 " slots and writes %" PRIu32
		    " at once, which leaves room for %" PRIu32 " viewers",
		    wanted ? wanted : DEFAULT_VIEWERS, description->name, slots, description->write_depth, room);
	if (wanted == 0) {
		wanted = description->usual_viewers ? description->usual_viewers : DEFAULT_VIEWERS;
		wanted = room < wanted ? room : wanted;
	}
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
	    .write_depth = capture->supply.description.write_depth,
	    .socket_mode = options->socket_mode,
	    .group = options->group,
	    .manual_dispatch = true,
	    .lossless = options->lossless,
	    .log = status_log,
	    .log_context = &capture->status,
	    .prepare = supply_prepare,
	    .prepare_context = &capture->supply,
	    .source = capture->supply.description.name,
	};
	return tripool_producer_create(
	    &capture->producer, &producer_options, &capture->supply.description.format, error);
}

/* What is made now, for who wants to know; and what is not as it was asked for, once for everyone. */
void capture_describe(struct capture *capture)
{
	const struct source_description *d = &capture->supply.description;
	const struct tripool_format *f = &d->format;

	if (d->note[0] && !capture->options->quiet && strcmp(d->note, capture->noted) != 0)
		cli_error("%s", d->note);
	strcpy(capture->noted, d->note);
	status_say(&capture->status,
	    "stream '%s': %s, %s %" PRIu32 "x%" PRIu32 " at %.6g fps, path %s, %" PRIu32 " %s per frame",
	    capture->options->name, d->name, f->pix_fmt, f->width_px, f->height_px,
	    f->frame_rate_den ? (double)f->frame_rate_num / f->frame_rate_den : 0.0, d->path, d->copies_per_frame,
	    d->copies_per_frame == 1 ? "copy" : "copies");
	if (d->mode_reason[0])
		status_say(&capture->status, "mode: %s", d->mode_reason);
}

static int watch_source(struct capture *capture, struct tripool_error *error)
{
	const struct options *options = capture->options;

	if (options->once || !options->source->watch)
		return 0;
	capture->watch_fd = options->source->watch();
	if (capture->watch_fd < 0)
		return tripool_fail(error, capture->watch_fd, "cannot watch for devices: %s (--once does without)",
		    strerror(-capture->watch_fd));
	return events_add(&capture->events, capture->watch_fd, EVENT_DEVICES, error);
}

int capture_wait_for_frames(struct capture *capture, struct tripool_error *error)
{
	const struct supply *supply = &capture->supply;

	return events_add(&capture->events, supply->class->fd(supply->source), EVENT_FRAMES, error);
}

int capture_begin(struct capture *capture, struct tripool_error *error)
{
	int r = supply_start(&capture->supply, error);

	capture->state = CAPTURE_RUNNING;
	return r < 0 ? r : capture_wait_for_frames(capture, error);
}

static int start(struct capture *capture, struct tripool_error *error)
{
	supply_connect(&capture->supply, capture->producer);
	if (capture->supply.description.hurries) {
		capture_describe(capture);
		capture->state = CAPTURE_AWAITING;
		capture->begin_ns = tripool_now_ns() + AWAIT_NS;
		return 0;
	}
	if (capture->options->on_demand) {
		capture_describe(capture); /* nobody should have to view to learn of it */
		supply_stop(&capture->supply);
		capture->state = CAPTURE_IDLE;
		return 0;
	}
	int r = capture_begin(capture, error);
	if (r == 0)
		capture_describe(capture);
	return r == -EINVAL ? -EIO : r; /* of a driver, which the user's values do not explain */
}

int capture_open(struct capture *capture, const struct options *options, struct tripool_error *error)
{
	*capture = (struct capture){.options = options, .events = {-1, -1}, .watch_fd = -1, .deadline_ns = INT64_MAX};
	status_init(&capture->status, options->quiet, options->verbose);
	supply_init(&capture->supply, options->source, &options->request, options->checksum);

	/* A signal may end the program at once until there is a stream that wants to be closed. */
	int r = supply_open(&capture->supply, error);
	if (r < 0)
		return r;
	r = events_open(&capture->events, error);
	if (r == 0)
		r = watch_source(capture, error);
	if (r == 0)
		r = open_stream(capture, error);
	if (r == 0)
		r = events_add(&capture->events, tripool_producer_fd(capture->producer), EVENT_PEERS, error);
	if (r == 0)
		r = start(capture, error);
	if (r < 0) {
		capture_close(capture);
		return r;
	}
	capture->started_ns = tripool_now_ns();
	status_start(&capture->status, capture->started_ns);
	if (options->duration_s > 0)
		capture->deadline_ns = capture->started_ns + (int64_t)(options->duration_s * 1e9);
	return 0;
}

void capture_close(struct capture *capture)
{
	status_finish(&capture->status);
	/* The source first: it writes into the producer's memory. */
	supply_stop(&capture->supply);
	tripool_producer_destroy(capture->producer);
	if (capture->watch_fd >= 0)
		close(capture->watch_fd);
	events_close(&capture->events);
}
