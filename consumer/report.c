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

int report_print(const struct stream *s, const struct display *display)
{
	struct tripool_viewer_stats stats;
	tripool_viewer_get_stats(s->viewer, &stats);
	json_object *o = json_object_new_object();
	json_object_object_add(o, "stream", json_object_new_string(s->name));
	json_object_object_add(o, "frames_shown", json_object_new_uint64(s->frames_shown));
	json_object_object_add(o, "fps", frames_per_second(s));
	json_object_object_add(o, "frames_skipped", json_object_new_uint64(stats.frames_skipped));
	json_object_object_add(o, "frames_torn", s->verify ? json_object_new_uint64(s->verify->frames_torn) : NULL);
	json_object_object_add(
	    o, "frames_verified", s->verify ? json_object_new_uint64(s->verify->frames_verified) : NULL);
	json_object_object_add(o, "copies_per_frame", json_object_new_int(display->copies_per_frame));
	json_object_object_add(o, "reconnects", json_object_new_uint64(s->reconnects));
	json_object_object_add(o, "renderer", json_object_new_string(display->class->name));
	json_object_object_add(o, "latency_us", json_percentiles(&s->latency));
	json_object_object_add(o, "lease_us", json_percentiles(&s->lease));
	json_object_object_add(o, "last_sequence", s->frames_shown ? json_object_new_uint64(s->last_sequence) : NULL);
	int r = cli_print("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
	return r;
}
