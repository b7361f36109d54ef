// SPDX-License-Identifier: MIT
/* Asking a producer. Its answer is taken whole, checked, and only then shown. */
#include "tripool_report.h"

#include "clock.h"
#include "error.h"
#include "place.h"
#include "wire.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int tripool_report_ask(const char *name, struct tripool_error *error)
{
	char path[PATH_MAX];
	int r = tripool_name_check(name, error);
	if (r < 0)
		return r;
	int directory = tripool_place_find(path, error);
	if (directory == -ENOENT)
		return tripool_fail(error, directory, "stream '%s' has no producer", name);
	if (directory < 0)
		return directory;
	int fd = tripool_place_connect(directory, name, error);
	close(directory);
	if (fd < 0)
		return fd;
	struct tripool_message m = {.preamble.type = TRIPOOL_ASK};
	r = tripool_wire_send(fd, &m, -1);
	/* -EPIPE: the producer is gone, or has said why before. Take tells. */
	if (r == 0 || r == -EPIPE)
		return fd;
	close(fd);
	return tripool_fail(error, r, "cannot ask the producer of '%s': %s", name, strerror(-r));
}

/* Whether it is an answer at all; writes why not. */
static int judge(int r, const union tripool_reply *reply, struct tripool_error *error)
{
	if (r == -EAGAIN)
		return r;
	if (r == -EPIPE)
		return tripool_fail(error, r, "its producer hung up");
	if (r < 0)
		return tripool_fail(error, r,
		    r == -EPROTO ? "its producer sent no proper answer: %s" : "cannot hear its producer: %s",
		    strerror(-r));
	const struct tripool_preamble *p = &reply->preamble;
	if (p->type == TRIPOOL_REFUSED) {
		const struct tripool_refused *refused = &reply->message.refused;
		if (p->version == TRIPOOL_PROTOCOL && refused->code == EPROTO)
			return tripool_fail(
			    error, -EPROTONOSUPPORT, "its producer is older, and cannot tell of itself: update it");
		return tripool_fail(error, p->version == TRIPOOL_PROTOCOL ? -ECONNREFUSED : -EPROTONOSUPPORT,
		    "its producer refused: %.*s", (int)strnlen(refused->reason, sizeof(refused->reason)),
		    refused->reason);
	}
	if (p->version != TRIPOOL_PROTOCOL)
		return tripool_fail(error, -EPROTONOSUPPORT,
		    "its producer speaks version %u of the protocol, we %d: update one", p->version, TRIPOOL_PROTOCOL);
	if (p->type != TRIPOOL_REPORT)
		return tripool_fail(error, -EPROTO, "its producer answered by a message of type %u", p->type);
	return 0;
}

static bool makes_sense(const struct tripool_report *r)
{
	bool sound = r->publish_ns >= 0 && r->publish_ns <= r->report_ns && r->interval_ns >= 0 &&
	             r->interval_ns <= r->publish_ns && r->slots <= TRIPOOL_MAX_SLOTS && r->slots_touched <= r->slots &&
	             r->slots_writing <= r->slots && r->write_depth <= r->slots && r->max_viewers <= r->slots &&
	             r->viewers <= r->max_viewers && r->max_leases <= r->slots && r->leases <= r->max_leases &&
	             r->pool_resident_bytes <= INT64_MAX && r->pool_bytes <= INT64_MAX && r->lossless <= 1;
	for (uint32_t i = 0; i < r->viewers && sound; i++) {
		const struct tripool_report_viewer *v = &r->viewer[i];
		sound = v->leases <= TRIPOOL_MAX_LEASES && v->held <= v->leases && v->every <= 1 && v->closed <= 1 &&
		        v->pid >= 0 && (v->lag <= r->sequence || v->lag == TRIPOOL_UNKNOWN);
	}
	return sound;
}

static void make_text(char *text, size_t bytes)
{
	text[bytes - 1] = '\0';
	tripool_make_printable(text);
}

static int check(struct tripool_report *r, struct tripool_error *error)
{
	struct tripool_error why;
	if (!makes_sense(r))
		return tripool_fail(error, -EPROTO, "its producer's answer makes no sense");
	if (tripool_format_check(&r->format, &why) < 0)
		return tripool_fail(error, -EPROTO, "its producer's answer makes no sense: %.160s", why.text);
	make_text(r->source, sizeof(r->source));
	for (uint32_t i = 0; i < r->viewers; i++)
		make_text(r->viewer[i].name, sizeof(r->viewer[i].name));
	return 0;
}

int tripool_report_take(int fd, struct tripool_report *report, struct tripool_error *error)
{
	union tripool_reply reply;
	struct ucred peer = {.pid = 0};
	socklen_t size = sizeof(peer);
	int r = judge(tripool_wire_receive_reply(fd, &reply), &reply, error);
	if (r < 0)
		return r;
	if ((r = check(&reply.answer.report, error)) < 0)
		return r;
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	reply.answer.report.producer_pid = peer.pid;
	*report = reply.answer.report;
	return 0;
}

int tripool_report_get(const char *name, int timeout_ms, struct tripool_report *report, struct tripool_error *error)
{
	int64_t deadline_ns = tripool_now_ns() + timeout_ms * INT64_C(1000000);
	int fd = tripool_report_ask(name, error);
	if (fd < 0)
		return fd;
	int r;
	while ((r = tripool_report_take(fd, report, error)) == -EAGAIN) {
		int64_t left_ms = timeout_ms < 0 ? -1 : (deadline_ns - tripool_now_ns() + 999999) / 1000000;
		if (timeout_ms >= 0 && left_ms <= 0) {
			r = tripool_fail(error, -ETIMEDOUT, "its producer does not answer (is it stopped?)");
			break;
		}
		struct pollfd f = {.fd = fd, .events = POLLIN};
		if (poll(&f, 1, (int)left_ms) < 0 && errno != EINTR) {
			r = tripool_fail(error, -errno, "cannot wait for its producer: %s", strerror(errno));
			break;
		}
	}
	close(fd);
	return r;
}
