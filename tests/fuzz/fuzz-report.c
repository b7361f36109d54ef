// SPDX-License-Identifier: MIT
/*
 * What a producer may answer to who asks it, and what tripool-stat makes of that: a table and JSON that no terminal and
 * no program stumbles over.
 */
#include "harness.h"
#include "input.h"
#include "layout.h"
#include "summary.h"
#include "survey.h"
#include "table.h"
#include "waiting.h"

#include <errno.h>
#include <json.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wchar.h>

enum { REPORTS, VIEWERS, AGAIN, REFUSED, SENSELESS, SHOWN };
static struct fuzz_goal goal[] = {[REPORTS] = {"reports", 0},
    [VIEWERS] = {"reports-with-viewers", 0},
    [AGAIN] = {"second-reports", 0},
    [REFUSED] = {"refused", 0},
    [SENSELESS] = {"senseless", 0},
    [SHOWN] = {"tables", 0},
    {NULL, 0}};

static struct tripool_answer sound_answer(uint32_t viewers)
{
	struct tripool_answer a;
	memset(&a, 0, sizeof(a));
	a.preamble = (struct tripool_preamble){TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_REPORT};
	a.report = (struct tripool_report){.viewers = viewers,
	    .generation = 1,
	    .sequence = 100,
	    .publish_ns = 900000000,
	    .interval_ns = 20000000,
	    .report_ns = 1000000000,
	    .slots = TRIPOOL_MAX_SLOTS,
	    .slots_touched = 3,
	    .write_depth = 1,
	    .max_viewers = TRIPOOL_MAX_SLOTS,
	    .leases = viewers,
	    .max_leases = TRIPOOL_MAX_SLOTS,
	    .format = {.pix_fmt = "nv12", .width_px = 640, .height_px = 480, .frame_rate_num = 30, .frame_rate_den = 1},
	    .source = "fuzz"};
	CHECK(tripool_format_layout(&a.report.format, NULL) == 0);
	for (uint32_t i = 0; i < viewers; i++)
		a.report.viewer[i] = (struct tripool_report_viewer){.lag = 1, .pid = 7, .leases = 1, .name = "viewer"};
	return a;
}

/* Fields that deserve more than to be hit by chance. */
static void change_field(struct input *in, struct tripool_report *r)
{
	struct tripool_report_viewer *v;
	switch (input_choice(in, "nsptrivmlx")) {
	case 'n': /* names are the longest way in */
		v = &r->viewer[input_digit(in, TRIPOOL_MAX_SLOTS)];
		input_bytes(in, v->name, 1 + input_digit(in, sizeof(v->name)));
		break;
	case 's':
		input_bytes(in, r->source, 1 + input_digit(in, sizeof(r->source)));
		break;
	case 'p':
		input_set(in, &r->publish_ns, sizeof(r->publish_ns));
		break;
	case 't':
		input_set(in, &r->report_ns, sizeof(r->report_ns));
		break;
	case 'i':
		input_set(in, &r->interval_ns, sizeof(r->interval_ns));
		break;
	case 'r':
		input_set(in, &r->sequence, sizeof(r->sequence));
		break;
	case 'v':
		v = &r->viewer[input_digit(in, TRIPOOL_MAX_SLOTS)];
		input_poke(in, v, sizeof(*v));
		break;
	case 'm':
		input_set(in, &r->pool_resident_bytes, sizeof(r->pool_resident_bytes));
		break;
	case 'l':
		input_set(in, &r->lossless, sizeof(r->lossless));
		break;
	case 'x':
		input_poke(in, r, sizeof(*r));
		break;
	}
}

/* Writes what is to be sent; returns how much of it. */
static size_t make_reply(struct input *in, union tripool_reply *reply)
{
	uint32_t viewers;
	memset(reply, 0, sizeof(*reply));
	switch (input_choice(in, "arR")) {
	case 'a':
		viewers = input_digit(in, TRIPOOL_MAX_SLOTS + 1);
		reply->answer = sound_answer(viewers);
		for (uint32_t changes = input_digit(in, 10); changes > 0; changes--)
			change_field(in, &reply->answer.report);
		if (input_choice(in, "ws") == 's')
			return input_number(in) % (sizeof(*reply) + 1);
		return TRIPOOL_ANSWER_BYTES(viewers);
	case 'r':
		reply->message =
		    (struct tripool_message){.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_REFUSED},
			.refused = {.code = (int32_t)input_number(in)}};
		input_bytes(
		    in, reply->message.refused.reason, input_digit(in, sizeof(reply->message.refused.reason) + 1));
		return sizeof(reply->message);
	default:
		return input_bytes(in, reply, in->left < sizeof(*reply) ? in->left : sizeof(*reply));
	}
}

static void send_reply(int socket, const union tripool_reply *reply, size_t size, bool with_fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec data = {.iov_base = (void *)reply, .iov_len = size};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	if (with_fd) {
		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	}
	CHECK(sendmsg(socket, &header, MSG_NOSIGNAL) == (ssize_t)size);
}

static void check_report(const struct tripool_report *r)
{
	CHECK(r->viewers <= TRIPOOL_MAX_SLOTS && r->producer_pid == getpid());
	CHECK(memchr(r->source, 0, sizeof(r->source)) && fuzz_is_printable(r->source));
	for (uint32_t i = 0; i < r->viewers; i++)
		CHECK(memchr(r->viewer[i].name, 0, TRIPOOL_NAME_BYTES) && fuzz_is_printable(r->viewer[i].name));
	CHECK(tripool_format_check(&r->format, NULL) == 0);
	CHECK(r->publish_ns >= 0 && r->report_ns >= r->publish_ns);
}

/* ---- What is shown --------------------------------------------------------------------------------------------- */

static void check_table(const struct survey *survey, int columns)
{
	char *text, *rest, *line;
	size_t size;
	wchar_t wide[4096];
	FILE *out = open_memstream(&text, &size);
	CHECK(out);
	table_write(out, survey, columns);
	CHECK(fclose(out) == 0 && strlen(text) == size && size > 0 && text[size - 1] == '\n');
	for (rest = text; (line = strsep(&rest, "\n")) && rest;) {
		CHECK(fuzz_is_printable(line));
		size_t n = mbstowcs(wide, line, sizeof(wide) / sizeof(*wide));
		CHECK(n < sizeof(wide) / sizeof(*wide));
		int width = wcswidth(wide, n);
		CHECK(width >= 0 && (columns < 80 || width <= columns));
	}
	free(text);
	goal[SHOWN].times++;
}

static void check_json(const struct survey *survey)
{
	char *text;
	size_t size;
	FILE *out = stdout;
	stdout = open_memstream(&text, &size);
	CHECK(stdout);
	CHECK(summary_print(survey) == 0); /* which closes it */
	stdout = out;
	CHECK(size > 1 && text[size - 1] == '\n');
	text[size - 1] = '\0';
	CHECK(fuzz_is_printable(text));
	enum json_tokener_error error;
	struct json_object *o = json_tokener_parse_verbose(text, &error);
	CHECK(error == json_tokener_success && json_object_is_type(o, json_type_array));
	CHECK(json_object_array_length(o) == survey->count);
	json_object_put(o);
	free(text);
}

/* The question was put, and this is the answer. */
static void hear(struct survey *survey, struct stream *st, struct input *in)
{
	union tripool_reply reply;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = st};
	bool again = st->known;
	int pair[2];
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	size_t size = make_reply(in, &reply);
	bool with_fd = input_digit(in, 8) == 1;
	send_reply(pair[0], &reply, size, with_fd);
	close(pair[0]);
	st->fd = pair[1];
	st->asked_ns = INT64_MAX;
	CHECK(epoll_ctl(survey->epoll, EPOLL_CTL_ADD, st->fd, &event) == 0);
	CHECK(!survey_hear(survey));
	int r = st->failure;
	CHECK(r == 0 || r == -EPIPE || r == -ECONNREFUSED || r == -EPROTONOSUPPORT || r == -EPROTO);
	if (r == 0) {
		check_report(&st->report);
		CHECK(size == TRIPOOL_ANSWER_BYTES(st->report.viewers) && !with_fd);
	} else {
		CHECK(st->why.text[0] && fuzz_is_printable(st->why.text));
	}
	goal[REPORTS].times += r == 0;
	goal[VIEWERS].times += r == 0 && st->report.viewers > 0;
	goal[AGAIN].times += r == 0 && again;
	goal[REFUSED].times += r == -ECONNREFUSED;
	goal[SENSELESS].times += r == -EPROTO;
}

void fuzz_begin(void)
{
	CHECK(setlocale(LC_CTYPE, "C.UTF-8"));
	fuzz_set_goals(goal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct survey survey;
	struct tripool_error error;
	char name[] = "fuzz", *names[] = {name};
	int fds = fuzz_count_fds();
	waiting_begin(NULL);
	CHECK(survey_open(&survey, names, 1, &error) == 0);
	int columns = input_choice(&in, "0c") == '0' ? 0 : 40 + (int)input_digit(&in, 100);
	do {
		hear(&survey, survey.stream[0], &in);
		check_table(&survey, columns);
	} while (in.left > 0);
	check_json(&survey);
	survey_close(&survey);
	CHECK(fuzz_count_fds() == fds);
	return 0;
}
