// SPDX-License-Identifier: MIT
#include "results.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct transport transport_threads = {
    .name = "threads", .what = "two threads, the same frames in turn", .kind = TRANSPORT_LIMIT};

int row_add(struct row *row, const struct outcome *o, double limit)
{
	int n = row->rounds;
	int64_t *all = realloc(row->sample_ns, (row->samples + o->samples + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	if (o->samples)
		memcpy(all + row->samples, o->sample_ns, o->samples * sizeof(*all));
	row->sample_ns = all;
	row->samples += o->samples;
	row->fps[n] = o->fps;
	row->p50_ns[n] = o->samples ? quantile(o->sample_ns, o->samples, 0.5) : NAN;
	row->producer_us[n] = o->producer_cpu_us;
	row->viewer_us[n] = o->viewer_cpu_us;
	row->daemon_us[n] = o->daemon_cpu_us;
	row->cpu_us[n] = o->producer_cpu_us + o->viewer_cpu_us + o->daemon_cpu_us;
	row->limit[n] = limit;
	row->copied_bytes = o->copied_bytes;
	if (o->resident_bytes > row->resident_bytes)
		row->resident_bytes = o->resident_bytes;
	row->published += o->published;
	row->lost += o->lost;
	row->torn += o->torn;
	row->disordered += o->disordered;
	row->rounds++;
	return 0;
}

void results_finish(struct results *results)
{
	for (int p = 0; p < results->points; p++)
		for (int r = 0; r < results->point[p].rows; r++)
			free(results->point[p].row[r].sample_ns);
	free(results);
}

bool results_failed(const struct results *results)
{
	for (int p = 0; p < results->points; p++)
		for (int r = 0; r < results->point[p].rows; r++)
			if (results->point[p].row[r].rounds < results->point[p].rounds || results->point[p].rounds == 0)
				return true;
	return false;
}

double row_quantile(const struct row *row, double q)
{
	/* one in so many is more than there are: no figure */
	if (row->samples == 0 || (q < 1 && (double)row->samples * (1 - q) < 0.999))
		return NAN;
	return quantile(row->sample_ns, row->samples, q);
}

struct row *point_row(struct point *point, const struct transport *transport)
{
	for (int i = 0; i < point->rows; i++)
		if (point->row[i].transport == transport)
			return &point->row[i];
	return NULL;
}

double point_rank(const struct point *point, const struct row *row)
{
	if (row->rounds == 0)
		return NAN;
	return spread_of(point->hz > 0 ? row->p50_ns : row->fps, (size_t)row->rounds).median;
}

double point_times_better(const struct point *point, const struct row *row, const struct row *other)
{
	double a = point_rank(point, row), b = other ? point_rank(point, other) : NAN;
	return point->hz > 0 ? b / a : a / b;
}

const struct row *point_best_baseline(const struct point *point)
{
	const struct row *best = NULL;
	for (int i = 0; i < point->rows; i++) {
		const struct row *row = &point->row[i];
		if (row->transport->kind != TRANSPORT_BASELINE || row->rounds == 0)
			continue;
		if (!best || point_times_better(point, row, best) > 1)
			best = row;
	}
	return best;
}

struct spread point_to_limit(const struct point *point, const struct row *row)
{
	double ratio[MOST_ROUNDS];
	size_t n = 0;
	for (int i = 0; i < row->rounds; i++)
		if (isfinite(row->limit[i]) && row->limit[i] > 0)
			ratio[n++] = (point->hz > 0 ? row->p50_ns[i] : row->fps[i]) / row->limit[i];
	return spread_of(ratio, n);
}

double point_memory(const struct point *point, enum bandwidth_memory memory, size_t offset)
{
	double values[MOST_ROUNDS];
	for (int i = 0; i < point->memory_rounds; i++)
		memcpy(&values[i], (const char *)&point->memory[memory][i] + offset, sizeof(double));
	return spread_of(values, (size_t)point->memory_rounds).median;
}

const char *point_title(const struct point *point, char text[POINT_TITLE_BYTES])
{
	char rate[48] = "flat out";
	if (point->hz > 0)
		snprintf(rate, sizeof(rate), "%.0f frames a second, viewer %s", point->hz,
		    point->sleeping ? "sleeping" : "polling");
	snprintf(text, POINT_TITLE_BYTES, "%ux%u, %s, %s", point->width_px, point->height_px,
	    point->real ? "real use" : "transport only", rate);
	return text;
}
