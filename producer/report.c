// SPDX-License-Identifier: MIT
#include "capture.h"

#include "cli.h"
#include "json.h"

#include <errno.h>

static struct json_object *build(const struct capture *capture)
{
	const struct source_description *d = &capture->supply.description;
	struct source_counts counts = supply_counts(&capture->supply);
	const struct distribution *delay = &capture->supply.delay;
	struct tripool_producer_stats stats;
	struct json_object *o = json_object_new_object();

	if (!o)
		return NULL;
	tripool_producer_get_stats(capture->producer, &stats);
	json_object_object_add(o, "stream", json_object_new_string(capture->options->name));
	json_object_object_add(o, "source", json_object_new_string(d->name));
	json_object_object_add(o, "path", json_object_new_string(d->path));
	json_object_object_add(o, "copies_per_frame", json_object_new_uint64(d->copies_per_frame));
	json_object_object_add(o, "pix_fmt", json_object_new_string(d->format.pix_fmt));
	json_object_object_add(o, "width", json_object_new_uint64(d->format.width_px));
	json_object_object_add(o, "height", json_object_new_uint64(d->format.height_px));
	json_object_object_add(o, "frames_published", json_object_new_uint64(stats.frames_published));
	json_object_object_add(o, "frames_dropped", json_object_new_uint64(counts.dropped));
	json_object_object_add(o, "camera_gaps", json_object_new_uint64(counts.camera_gaps));
	json_object_object_add(o, "restarts", json_object_new_uint64(capture->supply.restarts));
	/* null: the source tells no time of its own. */
	json_object_object_add(o, "capture_to_publish_us", delay->count ? json_percentiles(delay) : NULL);
	json_object_object_add(o, "viewers_peak", json_object_new_uint64(stats.viewers_peak));
	json_object_object_add(o, "slots", json_object_new_uint64(stats.slots));
	json_object_object_add(o, "slots_touched", json_object_new_uint64(stats.slots_touched));
	json_object_object_add(o, "pool_resident_bytes", json_object_new_uint64(stats.pool_resident_bytes));
	json_object_object_add(o, "generations", json_object_new_uint64(stats.generation));
	return o;
}

int capture_report(const struct capture *capture)
{
	struct json_object *object = build(capture);
	const char *text = object ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
	int r = -ENOMEM;

	if (text)
		r = cli_print("%s\n", text);
	else
		cli_error("no memory for the summary");
	json_object_put(object);
	return r;
}
