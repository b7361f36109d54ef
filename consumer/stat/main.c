// SPDX-License-Identifier: MIT
/* tripool-stat: shows which streams there are, and who views them. */
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"
#include "clock.h"
#include "live.h"
#include "options.h"
#include "screen.h"
#include "summary.h"
#include "survey.h"
#include "table.h"

#define ANSWER_MS 2500              /* longer than producers have to answer */
#define SPAN_MS 200                 /* of the frames a second */
#define AGAIN_NS INT64_C(200000000) /* between two questions of --wait */

static int show_once(struct survey *s, bool json, struct tripool_error *error)
{
	int status = 0;
	for (int i = 0; i < 2; i++) {
		if (i > 0)
			poll(NULL, 0, SPAN_MS);
		if (survey_ask(s, error) < 0) {
			cli_error("%s", error->text);
			return 1;
		}
		survey_settle(s, ANSWER_MS);
	}
	for (size_t i = 0; i < s->count; i++)
		status |= s->stream[i]->failure != 0;
	if (json)
		return summary_print(s) < 0 ? 1 : status;
	table_write(stdout, s, isatty(STDOUT_FILENO) ? screen_columns() : 0);
	return cli_finish_output() < 0 ? 1 : status;
}

/* Whether it may come yet, or come right. */
static bool is_worth_waiting(int failure)
{
	return failure == 0 || failure == -ENOENT || failure == -EAGAIN || failure == -EPIPE || failure == -ETIMEDOUT ||
	       failure == -ECONNREFUSED;
}

static bool has_frame(const struct stream *st)
{
	return st->failure == 0 && st->known && st->report.publish_ns != 0;
}

static int ms_until(int64_t ns)
{
	int64_t left_ns = ns - tripool_now_ns();
	return left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0;
}

/* Asks those that have no frame yet, or all. Returns the first that has none; NULL: each has one. */
static const struct stream *ask_missing(struct survey *s, bool all, int64_t until_ns)
{
	for (size_t i = 0; i < s->count; i++)
		if (all || !has_frame(s->stream[i]))
			survey_ask_one(s, s->stream[i]);
	survey_settle(s, ms_until(until_ns));
	for (size_t i = 0; i < s->count; i++)
		if (!has_frame(s->stream[i]))
			return s->stream[i];
	return NULL;
}

static int wait_for_frames(struct survey *s, double timeout_s)
{
	int64_t end_ns = timeout_s > 0 ? tripool_now_ns() + (int64_t)(timeout_s * 1e9) : INT64_MAX;
	for (bool first = true;; first = false) {
		int64_t again_ns = tripool_now_ns() + AGAIN_NS;
		if (again_ns > end_ns)
			again_ns = end_ns;
		const struct stream *st = ask_missing(s, false, again_ns);
		if (!st && !first)
			st = ask_missing(s, true, again_ns); /* one that had a frame may have gone */
		if (!st)
			return 0;
		if (!is_worth_waiting(st->failure)) {
			cli_error("%s: %s", st->name, st->why.text);
			return 1;
		}
		if (tripool_now_ns() >= end_ns) {
			cli_error("%s: %s after %g seconds", st->name,
			    st->failure ? st->why.text
			    : st->known ? "there is no frame"
					: "its producer does not answer",
			    timeout_s);
			return 1;
		}
		poll(NULL, 0, ms_until(again_ns));
	}
}

int main(int argc, char **argv)
{
	struct options o;
	struct survey survey;
	struct tripool_error error = {""};
	int status;

	cli_begin();
	setlocale(LC_CTYPE, "");
	options_parse(&o, argc, argv);
	int r = survey_open(&survey, o.name, o.names, &error);
	if (r < 0) {
		cli_error("%s", error.text);
		return r == -EINVAL ? 2 : 1;
	}
	if (o.wait) {
		status = wait_for_frames(&survey, o.timeout_s);
	} else if (o.once || o.json || !isatty(STDOUT_FILENO)) {
		status = show_once(&survey, o.json, &error);
	} else {
		r = live_run(&survey, &error);
		if (r < 0)
			cli_error("%s", error.text);
		status = r < 0;
	}
	survey_close(&survey);
	return status;
}
