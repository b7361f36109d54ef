// SPDX-License-Identifier: MIT
/* The table of tripool-stat: aligned and inside its columns, whatever a producer says. */
#include "table.h"

#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

static char text[16384];

/* The line that begins with `start`. Valid until the next call. */
static const char *line(const char *start)
{
	static char found[512];
	for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
		if (strncmp(at, start, strlen(start)) != 0)
			continue;
		snprintf(found, sizeof(found), "%.*s", (int)strcspn(at, "\n"), at);
		return found;
	}
	fail_msg("no line '%s' in\n%s", start, text);
	return NULL;
}

static void show(struct stream *st, size_t count, int columns)
{
	struct stream *streams[] = {&st[0], &st[1]};
	const struct survey s = {.stream = streams, .count = count};
	FILE *out = fmemopen(text, sizeof(text), "w");
	assert_non_null(out);
	table_write(out, &s, columns);
	fclose(out);
}

static void expect_columns(int most)
{
	wchar_t wide[512];
	for (char *at = text; *at;) {
		char *end = strchr(at, '\n');
		*end = '\0';
		assert_true(mbstowcs(wide, at, 512) != (size_t)-1);
		assert_in_range(wcswidth(wide, 512), 1, most);
		*end = '\n';
		at = end + 1;
	}
}

static struct stream sound(void)
{
	struct stream st = {.name = "cam", .pid = 4711, .known = true, .fps = 59.94};
	st.report = (struct tripool_report){.viewers = 1,
	    .sequence = 123456,
	    .publish_ns = 1000000000,
	    .report_ns = 1003000000,
	    .pool_resident_bytes = 8300000,
	    .slots = 18,
	    .slots_touched = 3,
	    .leases = 2,
	    .max_leases = 16,
	    .max_viewers = 16,
	    .format = {.pix_fmt = "nv12", .width_px = 1280, .height_px = 720},
	    .source = "a source"};
	st.report.viewer[0] = (struct tripool_report_viewer){
	    .name = "eye", .pid = 815, .leases = 2, .held = 1, .lag = 3, .frames_skipped = 7, .frames_acquired = 99};
	return st;
}

static void a_stream_is_shown(void **state)
{
	(void)state;
	struct stream st[2] = {sound(), {.name = "gone", .failure = -ENOENT, .why = {"it has no producer"}}};
	show(st, 2, 80);
	assert_string_equal(line("STREAM"), "STREAM       PID FORMAT                   FPS     FRAME     AGE   MEMORY");
	assert_string_equal(line("cam"), "cam         4711 nv12 1280x720           59.9    123456    3 ms   8.3 MB");
	assert_string_equal(line("  1 of"), "  1 of 16 viewers, 2 of 16 leases, 3 of 18 slots used; a source");
	assert_string_equal(line("  VIEW"), "  VIEWER     PID MODE       LAG SKIPPED     HELD   TAKEN");
	assert_string_equal(line("  eye"), "  eye        815 newest       3       7  1 of  2      99");
	assert_string_equal(line("gone"), "gone           - it has no producer");
	show(st, 0, 80);
	assert_string_equal(text, "no streams\n");
}

static void what_is_not_known_is_a_dash(void **state)
{
	(void)state;
	struct stream st = sound();
	st.fps = -1;
	st.report.sequence = 0;
	st.report.publish_ns = 0;
	st.report.viewer[0].lag = TRIPOOL_UNKNOWN;
	st.report.viewer[0].every = 1;
	st.report.viewer[0].frames_acquired = 12345678;
	st.report.viewer[0].pid = 0;
	show(&st, 1, 80);
	assert_string_equal(line("cam"), "cam         4711 nv12 1280x720              -         -       -   8.3 MB");
	assert_string_equal(line("  eye"), "  eye          - every        -       7  1 of  2  12345k");
}

static void the_largest_fits(void **state)
{
	(void)state;
	struct stream st[2] = {sound(), sound()};
	for (int i = 0; i < 2; i++) {
		struct tripool_report *r = &st[i].report;
		struct tripool_report_viewer *v = &r->viewer[0];
		memset(st[i].name, 'n', sizeof(st[i].name) - 1);
		memset(r->source, 's', sizeof(r->source) - 1);
		memset(v->name, 'v', sizeof(v->name) - 1);
		strcpy(r->format.pix_fmt, "yuva444p16le");
		r->format.width_px = r->format.height_px = 32768;
		r->publish_ns = 1;
		r->report_ns = INT64_MAX;
		r->pool_resident_bytes = INT64_MAX;
		r->sequence = v->lag = v->frames_skipped = v->frames_acquired = UINT64_MAX - 1;
		r->viewers = 64;
		r->slots = r->slots_touched = r->leases = r->max_leases = r->max_viewers = 64;
		r->lossless = 1;
		st[i].pid = v->pid = 4194304;
		st[i].fps = 1e300;
		v->leases = v->held = 16;
		for (int n = 1; n < 64; n++)
			r->viewer[n] = *v;
	}
	memset(&st[1].why, 'w', sizeof(st[1].why) - 1);
	st[1].failure = -EPROTO;
	show(st, 2, 80);
	expect_columns(80);
	assert_non_null(strstr(line("nnn"), "n~ 4194304 yuva444p16le 32768x3~"));
	show(st, 2, 100);
	expect_columns(100);
	show(st, 2, 0);
	assert_non_null(strstr(text, st[0].name));
}

/* Nor what a client calls itself: escapes, characters of two columns, of none, and those that turn a line around. */
static void names_are_shown_as_they_can_be(void **state)
{
	(void)state;
	static const struct {
		const char *name, *shown;
	} cases[] = {
	    {"caf\u00e9", "caf\u00e9       815"},
	    {"\u6620\u50cf", "\u6620\u50cf       815"},
	    {"\u202ebac", "?bac       815"},
	    {"e\u0301", "e?         815"},
	    {"\x1b[2J", "?[2J       815"},
	    {"\xff", "?          815"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stream st = sound();
		char shown[64];
		strcpy(st.report.viewer[0].name, cases[i].name);
		show(&st, 1, 80);
		snprintf(shown, sizeof(shown), "\n  %s newest", cases[i].shown);
		if (!strstr(text, shown))
			fail_msg("not '%s' in\n%s", shown, text);
	}
	/* Cut between characters. */
	struct stream st = sound();
	for (int i = 0; i < 20; i++)
		strcat(st.report.viewer[0].name, "\u6620");
	show(&st, 1, 80);
	expect_columns(80);
	assert_non_null(strstr(text, "\u6620~"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stream_is_shown),
	    cmocka_unit_test(what_is_not_known_is_a_dash),
	    cmocka_unit_test(the_largest_fits),
	    cmocka_unit_test(names_are_shown_as_they_can_be),
	};
	if (!setlocale(LC_CTYPE, "C.UTF-8")) {
		fprintf(stderr, "skipped: there is no locale C.UTF-8\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
