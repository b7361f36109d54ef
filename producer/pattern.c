// SPDX-License-Identifier: MIT
/* The test pattern as a source: the picture, drawn at a steady pace. */
#include "clock.h"
#include "error.h"
#include "pace.h"
#include "pattern_picture.h"
#include "source.h"

#include <errno.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_WIDTH_PX 1280
#define DEFAULT_HEIGHT_PX 720
#define DEFAULT_RATE 60

struct source {
	struct picture picture;
	struct pace pace;
	struct picture_shown shown[TRIPOOL_MAX_SLOTS];
	struct tripool_slot slot; /* the one to draw into next */
	bool queued;
	uint64_t unfed; /* frames that were due while there was no slot */
};

static int64_t time_of_day_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static const struct picture_kind *find_kind(const char *name, struct tripool_error *error)
{
	if (!name)
		return picture_kinds;
	for (const struct picture_kind *kind = picture_kinds; kind->name; kind++) {
		if (strcmp(kind->name, name) == 0)
			return kind;
	}
	tripool_fail(error, -EINVAL, "unknown pattern '%s'; there are bars, box, zone, gradient and noise", name);
	return NULL;
}

static int settle_format(
    struct tripool_format *format, const struct source_request *request, struct tripool_error *error)
{
	const char *pix_fmt = request->pix_fmt ? request->pix_fmt : "nv12";

	*format = (struct tripool_format){
	    .width_px = request->width_px ? request->width_px : DEFAULT_WIDTH_PX,
	    .height_px = request->height_px ? request->height_px : DEFAULT_HEIGHT_PX,
	    .frame_rate_num = request->rate_num ? request->rate_num : DEFAULT_RATE,
	    .frame_rate_den = request->rate_num ? request->rate_den : 1,
	    .sample_aspect_num = 1,
	    .sample_aspect_den = 1,
	};
	/* libavutil also takes nicknames ("gray16"); a stream wants the name itself. */
	const char *name = av_get_pix_fmt_name(av_get_pix_fmt(pix_fmt));
	if (!name)
		return tripool_fail(error, -EINVAL,
		    "unknown pixel format '%s'; it is called as in ffmpeg -pix_fmts: nv12, yuyv422, bgra ...", pix_fmt);
	snprintf(format->pix_fmt, sizeof(format->pix_fmt), "%s", name);
	int r = image_supports(format, error);
	if (r < 0)
		return r;
	image_describe_colour(format);
	return tripool_format_layout(format, error);
}

static int pattern_open(struct source **source, const struct source_request *request,
    struct source_description *description, struct tripool_error *error)
{
	const struct picture_kind *kind = find_kind(request->argument, error);
	struct tripool_format format;

	if (!kind)
		return -EINVAL;
	int r = settle_format(&format, request, error);
	if (r < 0)
		return r;
	struct source *s = calloc(1, sizeof(*s));
	if (!s)
		return tripool_fail(error, -ENOMEM, "no memory for the test pattern");
	r = picture_init(&s->picture, kind, &format, error);
	if (r < 0)
		goto free_source;
	r = pace_init(&s->pace, format.frame_rate_num, format.frame_rate_den);
	if (r < 0) {
		tripool_fail(error, r, "cannot make a timer: %s", strerror(-r));
		goto finish_picture;
	}

	*description = (struct source_description){.format = format, .path = "draw", .write_depth = 1};
	snprintf(description->name, sizeof(description->name), "test pattern %s", kind->name);
	*source = s;
	return 0;

finish_picture:
	picture_finish(&s->picture);
free_source:
	free(s);
	return r;
}

static int pattern_attach(struct source *source, const struct tripool_pool_memory *memory,
    struct source_description *description, struct tripool_error *error)
{
	(void)memory;
	(void)description;
	memset(source->shown, 0, sizeof(source->shown));
	int r = pace_start(&source->pace);
	return r < 0 ? tripool_fail(error, r, "cannot start the timer: %s", strerror(-r)) : 0;
}

static int pattern_queue(struct source *source, const struct tripool_slot *slot, struct tripool_error *error)
{
	if (source->queued)
		return tripool_fail(error, -EBUSY, "the test pattern draws one frame at a time");
	source->slot = *slot;
	source->queued = true;
	return 0;
}

static int pattern_fd(const struct source *source)
{
	return source->pace.fd;
}

static int pattern_dequeue(struct source *source, uint64_t sequence, struct tripool_slot *slot,
    struct tripool_frame_info *info, struct tripool_error *error)
{
	int r = pace_take(&source->pace);

	if (r < 0)
		return tripool_fail(error, r, "the timer failed: %s", strerror(-r));
	if (r == 0)
		return -EAGAIN;
	if (!source->queued) {
		source->unfed++;
		return -EAGAIN;
	}
	*info = (struct tripool_frame_info){.capture_ns = tripool_now_ns()};
	picture_draw(
	    &source->picture, &source->shown[source->slot.index], source->slot.memory, sequence, time_of_day_ms());
	*slot = source->slot;
	source->queued = false;
	return 0;
}

static struct source_counts pattern_counts(const struct source *source)
{
	return (struct source_counts){.dropped = source->pace.missed + source->unfed};
}

static void pattern_close(struct source *source)
{
	if (!source)
		return;
	pace_finish(&source->pace);
	picture_finish(&source->picture);
	free(source);
}

const struct source_class pattern_source = {
    .scheme = "pattern",
    .open = pattern_open,
    .attach = pattern_attach,
    .queue = pattern_queue,
    .fd = pattern_fd,
    .dequeue = pattern_dequeue,
    .counts = pattern_counts,
    .close = pattern_close,
};
