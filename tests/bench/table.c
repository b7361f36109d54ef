// SPDX-License-Identifier: MIT
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *table_number(char text[CELL], double value)
{
	if (!isfinite(value))
		return "-";
	snprintf(text, CELL, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
	return text;
}

const char *table_rate(char text[CELL], double value)
{
	if (!(value >= 10000))
		return table_number(text, value);
	snprintf(text, CELL, value < 1e6 ? "%.1fk" : "%.2fM", value < 1e6 ? value / 1e3 : value / 1e6);
	return text;
}

/* Also a hundredth is still a figure. */
static const char *ratio(char text[CELL], double value)
{
	snprintf(text, CELL, "%.*f", value < 0.095 ? 4 : value < 99.95 ? 2 : 0, value);
	return text;
}

static const char *spread(char text[4 * CELL], struct spread s)
{
	char median[CELL], min[CELL], max[CELL];
	if (s.count == 0)
		return "-";
	snprintf(text, 4 * CELL, "%s (%s-%s)", ratio(median, s.median), ratio(min, s.min), ratio(max, s.max));
	return text;
}

static const char *count(char text[CELL], uint64_t value)
{
	if (value >= 10000)
		return table_rate(text, (double)value);
	snprintf(text, CELL, "%u", (unsigned)value);
	return text;
}

static double middle(const double *values, const struct row *row)
{
	return spread_of(values, (size_t)row->rounds).median;
}

static void print_head(const struct point *point)
{
	printf("%-14s %9s", "", "frames/s");
	if (point->hz > 0)
		printf(" %8s %8s %8s %8s %8s", "p50 us", "p90", "p99", "p99.9", "max");
	printf(" | %8s %8s %8s | %6s %8s %8s %5s | %9s  %s\n", "us writer", "reader", "daemon", "copies", "MB", "lost",
	    "torn", "x best", point->hz > 0 ? "x limit" : "of limit");
}

static void print_row(const struct point *point, const struct row *row)
{
	char t[CELL], to_limit[4 * CELL];
	printf("%-14s", row->transport->name);
	if (row->rounds == 0) {
		printf(" %s\n", row->why[0] ? row->why : "not measured");
		return;
	}
	/* The first by rounds, as the ratios are. */
	const double quantiles[] = {point_rank(point, row), row_quantile(row, 0.9), row_quantile(row, 0.99),
	    row_quantile(row, 0.999), row_quantile(row, 1)};
	printf(" %9s", table_rate(t, middle(row->fps, row)));
	if (point->hz > 0)
		for (int i = 0; i < 5; i++)
			printf(" %8s", table_number(t, quantiles[i] / 1e3));
	printf(" | %8s", table_number(t, middle(row->producer_us, row)));
	printf(" %8s", table_number(t, middle(row->viewer_us, row)));
	printf(" %8s", row->transport->start ? table_number(t, middle(row->daemon_us, row)) : "");
	printf(" | %6s", table_number(t, row->copied_bytes / (point->width_px * 1.5 * point->height_px)));
	printf(" %8s", table_number(t, row->resident_bytes ? (double)row->resident_bytes / 1e6 : NAN));
	printf(" %8s", count(t, row->lost));
	printf(" %5s", count(t, row->torn + row->disordered));
	if (row->transport->kind == TRANSPORT_LIMIT)
		puts(" |");
	else
		printf(" | %9s  %s\n", table_rate(t, point_times_better(point, row, point_best_baseline(point))),
		    spread(to_limit, point_to_limit(point, row)));
	if (row->rounds < point->rounds)
		printf("%-14s %d of %d rounds failed: %s\n", "", point->rounds - row->rounds, point->rounds, row->why);
}

static void print_memory(const struct point *point)
{
	static const struct {
		const char *name;
		size_t one, two;
	} figures[] = {
	    {"memset", offsetof(struct bandwidth, memset_gbs), offsetof(struct bandwidth, memset_two_gbs)},
	    {"memcpy", offsetof(struct bandwidth, memcpy_gbs), offsetof(struct bandwidth, memcpy_two_gbs)},
	    {"read", offsetof(struct bandwidth, read_gbs), offsetof(struct bandwidth, read_two_gbs)},
	};
	char t[CELL], u[CELL];
	if (point->memory_rounds == 0)
		return;
	printf("memory, GB/s on one core, on two:");
	for (int i = 0; i < 3; i++)
		printf(" %s %s, %s;", figures[i].name,
		    table_number(t, point_memory(point, BANDWIDTH_PRIVATE, figures[i].one)),
		    table_number(u, point_memory(point, BANDWIDTH_PRIVATE, figures[i].two)));
	printf(" read what the other core has written %s\n",
	    table_number(t, point_memory(point, BANDWIDTH_PRIVATE, offsetof(struct bandwidth, read_other_gbs))));
	printf("two threads in turn over a memfd's pages: %s frames/s\n",
	    table_rate(t, point_memory(point, BANDWIDTH_SHARED, offsetof(struct bandwidth, turns_fps))));
}

/* ---- In short ---- */

static const struct row *best_that_copies(const struct point *point)
{
	const struct row *best = NULL;
	for (int i = 0; i < point->rows; i++) {
		const struct row *row = &point->row[i];
		if (row->transport->kind == TRANSPORT_BASELINE && row->rounds > 0 && row->copied_bytes > 0 &&
		    (!best || point_times_better(point, row, best) > 1))
			best = row;
	}
	return best;
}

static const struct row *tripool_of(struct point *point)
{
	const struct row *row = point_row(point, &transport_tripool);
	return row && row->rounds > 0 ? row : NULL;
}

/* How tripool stands at a point, in one line. */
static void print_standing(struct point *point)
{
	char title[POINT_TITLE_BYTES], t[CELL], u[4 * CELL];
	const struct row *ours = tripool_of(point), *best = point_best_baseline(point),
			 *copies = best_that_copies(point);
	if (!ours)
		return;
	printf("%s: %s%s", point_title(point, title),
	    table_rate(t, point_rank(point, ours) / (point->hz > 0 ? 1e3 : 1)), point->hz > 0 ? " us" : " frames/s");
	if (best)
		printf(", %s times as fast as %s", table_rate(t, point_times_better(point, ours, best)),
		    best->transport->name);
	if (copies && copies != best)
		printf(", %s times as fast as %s (copies)", table_rate(t, point_times_better(point, ours, copies)),
		    copies->transport->name);
	struct spread to_limit = point_to_limit(point, ours);
	if (to_limit.count > 0)
		printf("; %s %s the limit", spread(u, to_limit), point->hz > 0 ? "times" : "of");
	putchar('\n');
}

/* What a frame costs at the largest size, flat out, beside the smallest. */
static void print_sizes(struct results *results)
{
	char t[CELL];
	struct point *small = NULL, *large = NULL;
	for (int i = 0; i < results->points; i++) {
		struct point *p = &results->point[i];
		if (p->real || p->hz > 0 || !tripool_of(p))
			continue;
		if (!small || p->width_px < small->width_px)
			small = p;
		if (!large || p->width_px > large->width_px)
			large = p;
	}
	if (small != large)
		printf("tripool, transport only, flat out: a frame of %ux%u costs %s times one of %ux%u\n",
		    large->width_px, large->height_px,
		    table_number(t, point_rank(small, tripool_of(small)) / point_rank(large, tripool_of(large))),
		    small->width_px, small->height_px);
}

void table_print_short(struct results *results)
{
	putchar('\n');
	for (int i = 0; i < results->points; i++)
		print_standing(&results->point[i]);
	print_sizes(results);
}

static const char legend[] =
    "us writer, reader, daemon: processor time a frame. copies: of each pixel. MB: memory of the processes, without "
    "the\n"
    "kernel's buffers. lost: what the reader did not get; tripool and iceoryx skip on purpose what it is too slow "
    "for.\n"
    "torn: of mixed pixels or out of order. x best: how many times as fast as the best but tripool. limit: the first\n"
    "row, in the same round; medians over the rounds, and in brackets the least and the most.\n";

void table_print(struct results *results)
{
	fputs(legend, stdout);
	char title[POINT_TITLE_BYTES];
	for (int i = 0; i < results->points; i++) {
		const struct point *point = &results->point[i];
		printf("\n%s\n", point_title(point, title));
		print_head(point);
		for (int r = 0; r < point->rows; r++)
			print_row(point, &point->row[r]);
		print_memory(point);
	}
}
