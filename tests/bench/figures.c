// SPDX-License-Identifier: MIT
#include "figures.h"

#include <math.h>

#include "json.h"

struct figure {
	const char *name;
	int decimals;
	double value;
};

#define MOST_FIGURES 32

static size_t add_spread(struct figure *f, const char *const name[3], int decimals, struct spread s)
{
	f[0] = (struct figure){name[0], decimals, s.median};
	f[1] = (struct figure){name[1], decimals, s.min};
	f[2] = (struct figure){name[2], decimals, s.max};
	return 3;
}

static double middle(const double *values, const struct row *row)
{
	return spread_of(values, (size_t)row->rounds).median;
}

/* All numbers of a row, in the same order for each. */
static size_t figures_of(const struct point *point, const struct row *row, struct figure f[MOST_FIGURES])
{
	static const char *const fps[] = {"fps", "fps_least", "fps_most"};
	static const char *const p50[] = {"p50_us", "p50_us_least", "p50_us_most"};
	static const char *const limit[] = {"to_limit", "to_limit_least", "to_limit_most"};
	size_t n = 0, rounds = (size_t)row->rounds;
	double median_us[MOST_ROUNDS];
	for (size_t i = 0; i < rounds; i++)
		median_us[i] = row->p50_ns[i] / 1e3;
	n += add_spread(f + n, fps, 1, spread_of(row->fps, rounds));
	n += add_spread(f + n, p50, 3, spread_of(median_us, rounds));
	f[n++] = (struct figure){"p90_us", 3, row_quantile(row, 0.9) / 1e3};
	f[n++] = (struct figure){"p99_us", 3, row_quantile(row, 0.99) / 1e3};
	f[n++] = (struct figure){"p99_9_us", 3, row_quantile(row, 0.999) / 1e3};
	f[n++] = (struct figure){"max_us", 3, row_quantile(row, 1) / 1e3};
	f[n++] = (struct figure){"producer_cpu_us", 3, middle(row->producer_us, row)};
	f[n++] = (struct figure){"viewer_cpu_us", 3, middle(row->viewer_us, row)};
	f[n++] = (struct figure){"daemon_cpu_us", 3, middle(row->daemon_us, row)};
	f[n++] = (struct figure){"copied_bytes", 0, rounds ? row->copied_bytes : NAN};
	f[n++] = (struct figure){"resident_bytes", 0, row->resident_bytes ? (double)row->resident_bytes : NAN};
	f[n++] = (struct figure){"frames_published", 0, rounds ? (double)row->published : NAN};
	f[n++] = (struct figure){"frames_lost", 0, rounds ? (double)row->lost : NAN};
	f[n++] = (struct figure){"frames_torn", 0, rounds ? (double)row->torn : NAN};
	f[n++] = (struct figure){"frames_disordered", 0, rounds ? (double)row->disordered : NAN};
	f[n++] = (struct figure){"times_best_baseline", 3, point_times_better(point, row, point_best_baseline(point))};
	n += add_spread(f + n, limit, 3, point_to_limit(point, row));
	f[n++] = (struct figure){"rounds", 0, (double)rounds};
	f[n++] = (struct figure){"samples", 0, (double)row->samples};
	return n;
}

static struct json_object *row_json(const struct point *point, const struct row *row)
{
	struct figure f[MOST_FIGURES];
	size_t count = figures_of(point, row, f);
	struct json_object *o = json_object_new_object();
	json_object_object_add(o, "transport", json_object_new_string(row->transport->name));
	json_object_object_add(o, "error", row->why[0] ? json_object_new_string(row->why) : NULL);
	for (size_t i = 0; i < count; i++)
		json_object_object_add(o, f[i].name, json_number(f[i].value, f[i].decimals));
	return o;
}

static struct json_object *memory_json(const struct point *point, enum bandwidth_memory memory)
{
	static const struct {
		const char *name;
		size_t offset;
	} of[] = {
	    {"memset_gbs", offsetof(struct bandwidth, memset_gbs)},
	    {"memcpy_gbs", offsetof(struct bandwidth, memcpy_gbs)},
	    {"read_gbs", offsetof(struct bandwidth, read_gbs)},
	    {"memset_two_cores_gbs", offsetof(struct bandwidth, memset_two_gbs)},
	    {"memcpy_two_cores_gbs", offsetof(struct bandwidth, memcpy_two_gbs)},
	    {"read_two_cores_gbs", offsetof(struct bandwidth, read_two_gbs)},
	    {"read_other_core_gbs", offsetof(struct bandwidth, read_other_gbs)},
	    {"two_threads_fps", offsetof(struct bandwidth, turns_fps)},
	};
	struct json_object *o = json_object_new_object();
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++)
		json_object_object_add(o, of[i].name, json_number(point_memory(point, memory, of[i].offset), 3));
	return o;
}

struct json_object *figures_json(struct results *results)
{
	struct json_object *points = json_object_new_array();
	for (int i = 0; i < results->points; i++) {
		const struct point *p = &results->point[i];
		struct json_object *o = json_object_new_object(), *rows = json_object_new_array();
		json_object_object_add(o, "width", json_object_new_int((int)p->width_px));
		json_object_object_add(o, "height", json_object_new_int((int)p->height_px));
		json_object_object_add(o, "real_use", json_object_new_boolean(p->real));
		json_object_object_add(o, "rate", p->hz > 0 ? json_number(p->hz, 3) : NULL);
		json_object_object_add(
		    o, "viewer", p->hz > 0 ? json_object_new_string(p->sleeping ? "sleeping" : "polling") : NULL);
		for (int r = 0; r < p->rows; r++)
			json_object_array_add(rows, row_json(p, &p->row[r]));
		json_object_object_add(o, "transports", rows);
		if (p->memory_rounds > 0) {
			json_object_object_add(o, "private_memory", memory_json(p, BANDWIDTH_PRIVATE));
			json_object_object_add(o, "shared_memory", memory_json(p, BANDWIDTH_SHARED));
		}
		json_object_array_add(points, o);
	}
	return points;
}

static void csv_line(const struct point *p, const struct row *row, FILE *file)
{
	struct figure f[MOST_FIGURES];
	size_t count = figures_of(p, row, f);
	fprintf(file, "%u,%u,%s,%.3g,%s,%s", p->width_px, p->height_px, p->real ? "real use" : "transport only", p->hz,
	    p->hz > 0 ? p->sleeping ? "sleeping" : "polling" : "", row->transport->name);
	for (size_t i = 0; i < count; i++)
		if (isfinite(f[i].value))
			fprintf(file, ",%.*f", f[i].decimals, f[i].value);
		else
			fputc(',', file);
	fputc('\n', file);
}

void figures_csv(struct results *results, FILE *file)
{
	struct figure f[MOST_FIGURES];
	if (results->points == 0)
		return;
	size_t count = figures_of(results->point, results->point[0].row, f);
	fputs("width,height,use,rate,viewer,transport", file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, ",%s", f[i].name);
	fputc('\n', file);
	for (int i = 0; i < results->points; i++)
		for (int r = 0; r < results->point[i].rows; r++)
			csv_line(&results->point[i], &results->point[i].row[r], file);
}
