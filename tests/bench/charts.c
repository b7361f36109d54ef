// SPDX-License-Identifier: MIT
#include "charts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* tripool stands out; limits are gray and dashed. */
static const char *line_of(const struct transport *t)
{
	/* no two alike, for as many baselines as there are */
	static const char *const colour[] = {"#9c755f", "#d4a6c8", "#edc948", "#b07aa1", "#ff9da7", "#f28e2b",
	    "#e15759", "#8cd17d", "#76b7b2", "#499894", "#4e79a7", "#59a14f"};
	static char text[80];
	if (t->kind == TRANSPORT_TRIPOOL)
		return t == &transport_tripool ? "lc rgb '#000000' lw 3" : "lc rgb '#000000' lw 2 dt 3";
	if (t->kind == TRANSPORT_LIMIT)
		return "lc rgb '#999999' lw 1.5 dt 2";
	int number = 0;
	for (int i = 0; transports[i] && transports[i] != t; i++)
		number += transports[i]->kind == TRANSPORT_BASELINE;
	snprintf(text, sizeof(text), "lc rgb '%s' lw 1.5", colour[number % 12]);
	return text;
}

/* ---- One chart ---- */

#define GNUPLOT "gnuplot --default-settings"

bool charts_possible(void)
{
	return system(GNUPLOT " --version >/dev/null 2>&1") == 0;
}

struct chart {
	FILE *file; /* gnuplot's standard input */
	const char *directory, *name;
	char lines[8192]; /* of the plot command */
	int count;
};

static int chart_open(struct chart *c, const char *directory, const char *name)
{
	*c = (struct chart){.directory = directory, .name = name};
	c->file = popen(GNUPLOT, "we");
	if (c->file)
		return 0;
	int r = -errno;
	cli_error("cannot start gnuplot: %s", strerror(-r));
	return r;
}

static void chart_add(struct chart *c, const struct transport *t, const char *title, const char *style)
{
	size_t used = strlen(c->lines);
	snprintf(c->lines + used, sizeof(c->lines) - used, "%s$data%d using 1:2 with %s %s title '%s' noenhanced",
	    c->count ? ", " : "", c->count, style, line_of(t), title);
	c->count++;
}

/* Within gnuplot's single quotes. */
static void put_quoted(const char *text, FILE *file)
{
	for (; *text; text++)
		fputs(*text == '\'' ? "\'\'" : (char[]){*text, 0}, file);
}

static int chart_close(struct chart *c, const char *settings)
{
	static const char *const terminal[] = {"svg size 960,600 font 'DejaVu Sans,13' background '#ffffff'",
	    "pngcairo size 1440,900 font 'DejaVu Sans,16'"};
	for (int i = 0; i < 2 && c->count > 0; i++) {
		fprintf(c->file, "set terminal %s\nset output '", terminal[i]);
		put_quoted(c->directory, c->file);
		fprintf(c->file,
		    "/%s.%s'\n%s\nset grid lt 1 lw 0.5 lc rgb '#cccccc'\nset key "
		    "outside right Left reverse\nset border 3\nset tics nomirror\n"
		    "plot %s\nunset output\n",
		    c->name, i == 0 ? "svg" : "png", settings, c->lines);
	}
	int status = pclose(c->file);
	if (status == 0)
		return 0;
	cli_error("gnuplot did not draw '%s/%s'", c->directory, c->name);
	return -EIO;
}

/* ---- Which there are ---- */

static struct point *find_point(struct results *r, uint32_t width_px, bool real, double hz, bool sleeping)
{
	for (int i = 0; i < r->points; i++) {
		struct point *p = &r->point[i];
		if (p->width_px == width_px && p->real == real && p->hz == hz && (hz == 0 || p->sleeping == sleeping))
			return p;
	}
	return NULL;
}

/* The width that the headline charts are of: 1920 where it was measured. */
static uint32_t main_width(struct results *r)
{
	return find_point(r, 1920, false, 0, false) ? 1920 : r->point[0].width_px;
}

/* Quantiles against the share of frames that took longer, as far as there are frames enough. */
static int latency(struct results *r, const char *directory, bool sleeping)
{
	static const double longer[] = {
	    1, 0.9, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001};
	struct chart c;
	struct point *p = find_point(r, main_width(r), false, 240, sleeping);
	if (!p)
		return 0;
	int result = chart_open(&c, directory, sleeping ? "latency-sleeping" : "latency-polling");
	if (result < 0)
		return result;
	for (int i = 0; i < p->rows; i++) {
		const struct row *row = &p->row[i];
		if (row->rounds == 0)
			continue;
		fprintf(c.file, "$data%d << END\n", c.count);
		for (size_t q = 0; q < sizeof(longer) / sizeof(*longer); q++) {
			double ns = row_quantile(row, 1 - longer[q]);
			if (isfinite(ns))
				fprintf(c.file, "%g %g\n", -log10(longer[q]), ns / 1e3);
		}
		fputs("END\n", c.file);
		chart_add(&c, row->transport, row->transport->name, "lines");
	}
	char settings[512];
	snprintf(settings, sizeof(settings),
	    "set title 'Publish to the viewer holding the frame: %ux%u, 240 frames a second, viewer %s'\n"
	    "set logscale y\nset ylabel 'microseconds'\nset xlabel 'per cent of the frames'\nset xrange [0:3]\nset "
	    "xtics ('0' 0, "
	    "'50' 0.30103, '90' 1, '99' 2, '99.9' 3)",
	    p->width_px, p->height_px, sleeping ? "sleeping" : "polling");
	return chart_close(&c, settings);
}

static double megabytes(const struct point *p)
{
	return p->width_px * 1.5 * p->height_px / 1e6;
}

/* An axis with the sizes that there are. */
static void size_settings(const struct results *r, const char *title, char *settings, size_t bytes)
{
	double least = INFINITY, most = 0;
	size_t used = (size_t)snprintf(settings, bytes,
	    "set title '%s'\nset logscale xy\nset xlabel 'frame (NV12)'\nset format y '%%.0s%%c'\nset xtics (", title);
	for (int i = 0; i < r->points; i++) {
		const struct point *p = &r->point[i];
		if (i > 0 && megabytes(p) == megabytes(p - 1))
			continue;
		used += (size_t)snprintf(settings + used, bytes - used, "%s'%ux%u' %g", i ? ", " : "", p->width_px,
		    p->height_px, megabytes(p));
		least = fmin(least, megabytes(p));
		most = fmax(most, megabytes(p));
	}
	snprintf(settings + used, bytes - used, ")\nset xrange [%g:%g]", least * 0.75, most * 1.3);
}

/* One line a transport over the sizes: value() of its row. */
static int over_sizes(struct results *r, const char *directory, const char *name, bool real, double hz,
    double (*value)(const struct point *, const struct row *), const char *title)
{
	struct chart c;
	int result = chart_open(&c, directory, name);
	if (result < 0)
		return result;
	for (int t = 0; transports[t]; t++) {
		bool any = false;
		for (int i = 0; i < r->points; i++) {
			struct point *p = &r->point[i];
			struct row *row = p->real == real && p->hz == hz && (hz == 0 || p->sleeping)
			                      ? point_row(p, transports[t])
			                      : NULL;
			if (!row || row->rounds == 0)
				continue;
			if (!any)
				fprintf(c.file, "$data%d << END\n", c.count);
			any = true;
			fprintf(c.file, "%g %g\n", megabytes(p), value(p, row));
		}
		if (!any)
			continue;
		fputs("END\n", c.file);
		chart_add(&c, transports[t], transports[t]->name, "linespoints pt 7 ps 0.6");
	}
	char settings[1024];
	size_settings(r, title, settings, sizeof(settings));
	return chart_close(&c, settings);
}

static double cpu_us(const struct point *p, const struct row *row)
{
	(void)p;
	return spread_of(row->cpu_us, (size_t)row->rounds).median;
}

/* What a frame costs the producer, by how many viewers there are. */
static int viewers(const struct alone *alone, const char *directory)
{
	static const struct {
		enum alone_kind kind;
		const char *title;
	} lines[] = {{ALONE_VIEWERS_FLAT_OUT, "polling, transport only, flat out"},
	    {ALONE_VIEWERS_AT_RATE, "sleeping, real use, 60/s"}};
	struct chart c;
	int result = alone->cases > 0 ? chart_open(&c, directory, "viewers") : 1;
	if (result != 0)
		return result < 0 ? result : 0;
	for (int l = 0; l < 2; l++) {
		bool any = false;
		for (int i = 0; i < alone->cases; i++) {
			const struct alone_case *one = &alone->of[i];
			if (one->kind != lines[l].kind || one->rounds == 0)
				continue;
			if (!any)
				fprintf(c.file, "$data%d << END\n", c.count);
			any = true;
			fprintf(c.file, "%d %g\n", one->count, alone_producer_us(one));
		}
		if (!any)
			continue;
		fputs("END\n", c.file);
		chart_add(&c, l == 0 ? &transport_tripool : transports[0], lines[l].title, "linespoints pt 7 ps 0.8");
	}
	return chart_close(&c,
	    "set title 'tripool: what a frame costs the producer, by viewers (1080p)'\n"
	    "set logscale xy\nset xlabel 'viewers'\nset xrange [0.9:18]\nset xtics (1, 2, 4, 8, 16)\n"
	    "set ylabel 'microseconds of processor time'");
}

static void remove_old(const char *directory)
{
	static const char *const names[] = {
	    "latency-sleeping", "latency-polling", "fps", "fps-real-use", "cpu", "cpu-real-use", "viewers"};
	char path[PATH_MAX];
	for (size_t i = 0; i < sizeof(names) / sizeof(*names) * 2; i++) {
		snprintf(path, sizeof(path), "%s/%s.%s", directory, names[i / 2], i % 2 ? "svg" : "png");
		unlink(path);
	}
}

int charts_write(struct results *r, const struct alone *alone, const char *directory)
{
	if (r->points == 0)
		return 0;
	remove_old(directory);
	int result = latency(r, directory, true);
	if (result == 0)
		result = latency(r, directory, false);
	for (int real = 0; real < 2 && result == 0; real++) {
		result = over_sizes(r, directory, real ? "fps-real-use" : "fps", real, 0, point_rank,
		    real ? "Frames a second flat out, every pixel written and read"
			 : "Frames a second flat out, transport only");
		if (result == 0)
			result = over_sizes(r, directory, real ? "cpu-real-use" : "cpu", real, 60, cpu_us,
			    real ? "Processor time a frame at 60/s, both sides (us), every pixel written and read"
				 : "Processor time a frame at 60/s, both sides (us), transport only");
	}
	return result == 0 ? viewers(alone, directory) : result;
}
