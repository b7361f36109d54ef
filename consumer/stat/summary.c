// SPDX-License-Identifier: MIT
#include "summary.h"

#include <errno.h>

#include "cli.h"
#include "json.h"

static void add_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, n == TRIPOOL_UNKNOWN ? NULL : json_object_new_uint64(n));
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
}

static void add_pid(struct json_object *o, const char *key, int32_t pid)
{
	json_object_object_add(o, key, pid ? json_object_new_int(pid) : NULL);
}

static struct json_object *of_viewer(const struct tripool_report_viewer *v)
{
	struct json_object *o = json_object_new_object();
	if (!o)
		return NULL;
	add_text(o, "name", v->name);
	add_pid(o, "pid", v->pid);
	add_text(o, "mode", v->every ? "every" : "newest");
	json_object_object_add(o, "closed", json_object_new_boolean(v->closed));
	add_number(o, "lag", v->lag);
	add_number(o, "frames_acquired", v->frames_acquired);
	add_number(o, "frames_skipped", v->frames_skipped);
	add_number(o, "leases", v->leases);
	add_number(o, "leases_held", v->held);
	return o;
}

static void add_report(struct json_object *o, const struct stream *st)
{
	const struct tripool_report *r = &st->report;
	const struct tripool_format *f = &r->format;
	struct json_object *viewers = json_object_new_array();
	add_text(o, "source", r->source[0] ? r->source : NULL);
	add_text(o, "pix_fmt", f->pix_fmt);
	add_number(o, "width", f->width_px);
	add_number(o, "height", f->height_px);
	json_object_object_add(
	    o, "frame_rate", f->frame_rate_den ? json_number((double)f->frame_rate_num / f->frame_rate_den, 3) : NULL);
	json_object_object_add(o, "fps", st->fps < 0 ? NULL : json_number(st->fps, 2));
	add_number(o, "generation", r->generation);
	add_number(o, "sequence", r->sequence);
	json_object_object_add(
	    o, "age_ms", r->publish_ns ? json_number((double)(r->report_ns - r->publish_ns) / 1e6, 3) : NULL);
	json_object_object_add(o, "lossless", json_object_new_boolean(r->lossless));
	add_number(o, "pool_bytes", r->pool_bytes);
	add_number(o, "pool_resident_bytes", r->pool_resident_bytes);
	add_number(o, "slots", r->slots);
	add_number(o, "slots_touched", r->slots_touched);
	add_number(o, "slots_writing", r->slots_writing);
	add_number(o, "write_depth", r->write_depth);
	add_number(o, "leases", r->leases);
	add_number(o, "max_leases", r->max_leases);
	add_number(o, "max_viewers", r->max_viewers);
	for (uint32_t i = 0; i < r->viewers && viewers; i++)
		json_object_array_add(viewers, of_viewer(&r->viewer[i]));
	json_object_object_add(o, "viewers", viewers);
}

static struct json_object *of_stream(const struct stream *st)
{
	struct json_object *o = json_object_new_object();
	if (!o)
		return NULL;
	add_text(o, "stream", st->name);
	add_pid(o, "producer_pid", st->pid);
	add_text(o, "error", st->failure ? st->why.text : NULL);
	if (st->failure == 0 && st->known)
		add_report(o, st);
	return o;
}

int summary_print(const struct survey *s)
{
	struct json_object *all = json_object_new_array();
	for (size_t i = 0; i < s->count && all; i++)
		json_object_array_add(all, of_stream(s->stream[i]));
	const char *text = all ? json_object_to_json_string_ext(all, JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
	int r = -ENOMEM;
	if (text)
		r = cli_print("%s\n", text);
	else
		cli_error("no memory for the summary");
	json_object_put(all);
	return r;
}
