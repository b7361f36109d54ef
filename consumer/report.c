// SPDX-License-Identifier: MIT
#include "report.h"

#include <json-c/json.h>
#include <stdio.h>

#include "cli.h"

static json_object *microseconds(double value)
{
	char text[32];
	snprintf(text, sizeof(text), "%.1f", value);
	return json_object_new_double_s(value, text);
}

static json_object *frames_per_second(const struct stream *s)
{
	int64_t span_ns = s->last_shown_ns - s->first_shown_ns;
	char text[32];
	if (s->frames_shown < 2 || span_ns <= 0)
		return NULL;
	double fps = (double)(s->frames_shown - 1) * NS_PER_SECOND / (double)span_ns;
	snprintf(text, sizeof(text), "%.2f", fps);
	return json_object_new_double_s(fps, text);
}

static json_object *percentiles(const struct distribution *d)
{
	static const struct {
		const char *name;
		double percent;
	} asked[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}};
	json_object *o = json_object_new_object();
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		json_object_object_add(
		    o, asked[i].name, d->count ? microseconds(distribution_percentile_us(d, asked[i].percent)) : NULL);
	return o;
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
	json_object_object_add(o, "latency_us", percentiles(&s->latency));
	json_object_object_add(o, "lease_us", percentiles(&s->lease));
	json_object_object_add(o, "last_sequence", s->frames_shown ? json_object_new_uint64(s->last_sequence) : NULL);
	int r = cli_print("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
	return r;
}
