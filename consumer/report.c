// SPDX-License-Identifier: MIT
#include "report.h"

#include "cli.h"
#include "json.h"

static json_object *frames_per_second(const struct stream *s)
{
	int64_t span_ns = s->last_shown_ns - s->first_shown_ns;
	if (s->frames_shown < 2 || span_ns <= 0)
		return NULL;
	return json_number((double)(s->frames_shown - 1) * NS_PER_SECOND / (double)span_ns, 2);
}

static json_object *count_or_null(bool known, uint64_t count)
{
	return known ? json_object_new_uint64(count) : NULL;
}

static json_object *of_tile(const struct tile *t)
{
	const struct stream *s = &t->stream;
	struct tripool_viewer_stats stats;
	tripool_viewer_get_stats(s->viewer, &stats);
	json_object *o = json_object_new_object();
	json_object_object_add(o, "stream", json_object_new_string(s->name));
	json_object_object_add(o, "frames_shown", json_object_new_uint64(s->frames_shown));
	json_object_object_add(o, "fps", frames_per_second(s));
	json_object_object_add(o, "frames_skipped", json_object_new_uint64(stats.frames_skipped));
	json_object_object_add(o, "source_gaps", json_object_new_uint64(s->gaps));
	json_object_object_add(o, "frames_torn", count_or_null(s->verifies, s->verify.frames_torn));
	json_object_object_add(o, "frames_verified", count_or_null(s->verifies, s->verify.frames_verified));
	json_object_object_add(o, "copies_per_frame", json_object_new_int(t->picture->copies_per_frame));
	json_object_object_add(o, "reconnects", json_object_new_uint64(s->reconnects));
	json_object_object_add(o, "renderer", json_object_new_string(t->display->class->name));
	json_object_object_add(o, "latency_us", json_percentiles(&s->all.publish));
	json_object_object_add(o, "capture_latency_us", json_percentiles(&s->all.capture));
	json_object_object_add(o, "lease_us", json_percentiles(&s->lease));
	json_object_object_add(o, "last_sequence", count_or_null(s->frames_shown > 0, s->last.sequence));
	return o;
}

int report_print(const struct grid *grid)
{
	json_object *o = NULL;
	if (grid->is_lone) {
		o = of_tile(grid->tile[0]);
	} else {
		o = json_object_new_array();
		for (int i = 0; i < grid->count; i++)
			json_object_array_add(o, of_tile(grid->tile[i]));
	}
	int r = cli_print("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
	return r;
}
