// SPDX-License-Identifier: MIT
#include "table.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <wchar.h>

#define NAME_COLUMNS 8    /* at least: "  VIEWER" */
#define FORMAT_COLUMNS 21 /* "yuv420p10le 3840x2160" */
#define OTHER_COLUMNS (1 + 7 + 1 + FORMAT_COLUMNS + 1 + 6 + 1 + 9 + 1 + 7 + 1 + 8)

/* The next character of *text as it is to be shown, and its columns: what has none (combining, or turning the line
 * around) or is not of the locale is replaced. */
static int next_character(const char **text, char out[MB_LEN_MAX + 1])
{
	wchar_t wide;
	mbstate_t state = {0};
	size_t n = mbrtowc(&wide, *text, strlen(*text), &state);
	int columns = n == 0 || n > MB_LEN_MAX ? -1 : wcwidth(wide);
	if (n == 0 || n > MB_LEN_MAX)
		n = 1;
	if (columns > 0)
		memcpy(out, *text, n);
	else
		out[0] = '?';
	out[columns > 0 ? n : 1] = '\0';
	*text += n;
	return columns > 0 ? columns : 1;
}

static int columns_of(const char *text)
{
	char character[MB_LEN_MAX + 1];
	int columns = 0;
	while (*text)
		columns += next_character(&text, character);
	return columns;
}

/* Writes `text`, cut to the columns where it is longer, which '~' tells. Returns how many are left. */
static int put(FILE *out, const char *text, int columns)
{
	char character[MB_LEN_MAX + 1];
	bool cut = columns_of(text) > columns;
	int left = columns;
	while (*text) {
		int need = next_character(&text, character);
		if (left < need + cut)
			break;
		fputs(character, out);
		left -= need;
	}
	if (cut && left > 0) {
		fputc('~', out);
		left--;
	}
	return left;
}

static void put_left(FILE *out, const char *text, int columns)
{
	fprintf(out, "%*s", put(out, text, columns), "");
}

/* At most seven characters, whatever the number is. */
static const char *count(char text[24], uint64_t n)
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;
	if (n == TRIPOOL_UNKNOWN)
		return "-";
	while (n > 9999999 || (unit > 0 && n > 99999)) {
		n /= 1000;
		unit++;
	}
	snprintf(text, 24, unit ? "%" PRIu64 "%c" : "%" PRIu64, n, units[unit]);
	return text;
}

static const char *age(char text[24], const struct tripool_report *r)
{
	double s = (double)(r->report_ns - r->publish_ns) / 1e9;
	if (r->publish_ns == 0)
		return "-";
	if (s < 1)
		snprintf(text, 24, "%.0f ms", s * 1e3);
	else if (s < 100)
		snprintf(text, 24, "%.1f s", s);
	else if (s < 6000)
		snprintf(text, 24, "%.0f min", s / 60);
	else
		snprintf(text, 24, "%.0f h", s / 3600 < 9999 ? s / 3600 : 9999);
	return text;
}

static const char *bytes(char text[24], uint64_t n)
{
	if (n < 999950)
		snprintf(text, 24, "%.1f kB", (double)n / 1e3);
	else if (n < 999950000)
		snprintf(text, 24, "%.1f MB", (double)n / 1e6);
	else if (n < 999950000000)
		snprintf(text, 24, "%.1f GB", (double)n / 1e9);
	else
		snprintf(text, 24, "%.0f TB", n < 9999000000000000 ? (double)n / 1e12 : 9999);
	return text;
}

static const char *fps(char text[24], double rate)
{
	if (rate < 0)
		return "-";
	snprintf(text, 24, rate < 10000 ? "%.1f" : "%.0f", rate < 999999 ? rate : 999999);
	return text;
}

/* "-": there is none that this side could see. */
static void write_pid(FILE *out, int32_t pid)
{
	if (pid)
		fprintf(out, " %7d ", pid);
	else
		fprintf(out, " %7s ", "-");
}

static void write_viewer(FILE *out, const struct tripool_report_viewer *v, int name_columns)
{
	char lag[24], skipped[24], taken[24];
	fputs("  ", out);
	put_left(out, v->name, name_columns - 2);
	write_pid(out, v->pid);
	fprintf(out, "%-6s %7s %7s %2u of %2u %7s\n",
	    v->closed  ? "closed"
	    : v->every ? "every"
		       : "newest",
	    count(lag, v->lag), count(skipped, v->frames_skipped), v->held, v->leases,
	    count(taken, v->frames_acquired));
}

static void write_told(FILE *out, const struct stream *st, int name_columns, int columns)
{
	const struct tripool_report *r = &st->report;
	char format[80], rate[24], frame[24], time[24], memory[24], text[320];
	snprintf(format, sizeof(format), "%s %" PRIu32 "x%" PRIu32, r->format.pix_fmt, r->format.width_px,
	    r->format.height_px);
	put_left(out, format, FORMAT_COLUMNS);
	fprintf(out, " %6s %9s %7s %8s\n", fps(rate, st->fps), r->sequence ? count(frame, r->sequence) : "-",
	    age(time, r), bytes(memory, r->pool_resident_bytes));
	snprintf(text, sizeof(text),
	    "  %" PRIu32 " of %" PRIu32 " viewers, %" PRIu32 " of %" PRIu32 " leases, %" PRIu32 " of %" PRIu32
	    " slots used%s%s%s",
	    r->viewers, r->max_viewers, r->leases, r->max_leases, r->slots_touched, r->slots,
	    r->lossless ? ", lossless" : "", r->source[0] ? "; " : "", r->source);
	put(out, text, columns);
	fputc('\n', out);
	for (uint32_t i = 0; i < r->viewers; i++)
		write_viewer(out, &r->viewer[i], name_columns);
}

static void write_stream(FILE *out, const struct stream *st, int name_columns, int columns)
{
	put_left(out, st->name, name_columns);
	write_pid(out, st->pid);
	if (st->failure == 0 && st->known) {
		write_told(out, st, name_columns, columns);
		return;
	}
	put(out, st->failure ? st->why.text : "...", columns - name_columns - 9);
	fputc('\n', out);
}

void table_write(FILE *out, const struct survey *s, int columns)
{
	int name = NAME_COLUMNS, most = columns ? columns - OTHER_COLUMNS : INT_MAX;
	for (size_t i = 0; i < s->count; i++) {
		const struct stream *st = s->stream[i];
		int wanted = columns_of(st->name);
		for (uint32_t v = 0; st->failure == 0 && st->known && v < st->report.viewers; v++)
			wanted = columns_of(st->report.viewer[v].name) + 2 > wanted
			             ? columns_of(st->report.viewer[v].name) + 2
			             : wanted;
		name = wanted > name ? wanted : name;
	}
	if (name > most)
		name = most > NAME_COLUMNS ? most : NAME_COLUMNS;
	if (s->count == 0) {
		fputs("no streams\n", out);
		return;
	}
	fprintf(out, "%-*s %7s %-*s %6s %9s %7s %8s\n", name, "STREAM", "PID", FORMAT_COLUMNS, "FORMAT", "FPS", "FRAME",
	    "AGE", "MEMORY");
	fprintf(out, "  %-*s %7s %-6s %7s %7s %8s %7s\n", name - 2, "VIEWER", "PID", "MODE", "LAG", "SKIPPED", "HELD",
	    "TAKEN");
	for (size_t i = 0; i < s->count; i++)
		write_stream(out, s->stream[i], name, columns ? columns : INT_MAX);
}
