// SPDX-License-Identifier: MIT
#include "survey.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "place.h"

#define LATE_NS INT64_C(2000000000) /* as long as a viewer waits for an answer */
#define AT_ONCE 64                  /* answers; what else has come is readable still */

static void forget_question(struct survey *s, struct stream *st)
{
	if (st->fd < 0)
		return;
	epoll_ctl(s->epoll, EPOLL_CTL_DEL, st->fd, NULL);
	close(st->fd);
	st->fd = -1;
}

static struct stream *add(struct survey *s, const char *name, struct tripool_error *error)
{
	struct stream **larger = reallocarray(s->stream, s->count + 1, sizeof(*larger));
	if (larger)
		s->stream = larger;
	struct stream *st = larger ? calloc(1, sizeof(*st)) : NULL;
	if (!st) {
		snprintf(error->text, sizeof(error->text), "no memory for stream '%s'", name);
		return NULL;
	}
	snprintf(st->name, sizeof(st->name), "%s", name);
	st->fd = -1;
	st->fps = -1;
	s->stream[s->count++] = st;
	return st;
}

static void drop(struct survey *s, size_t index)
{
	forget_question(s, s->stream[index]);
	free(s->stream[index]);
	memmove(&s->stream[index], &s->stream[index + 1], (--s->count - index) * sizeof(s->stream[0]));
}

static struct stream *find(const struct survey *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->stream[i]->name, name) == 0)
			return s->stream[i];
	return NULL;
}

int survey_open(struct survey *s, char **name, int names, struct tripool_error *error)
{
	int r = 0;
	*s = (struct survey){.epoll = epoll_create1(EPOLL_CLOEXEC)};
	if (s->epoll < 0) {
		r = -errno;
		snprintf(error->text, sizeof(error->text), "cannot make an epoll fd: %s", strerror(-r));
		return r;
	}
	if (names == 0)
		r = tripool_directory_create(&s->directory, error);
	for (int i = 0; i < names && r == 0; i++) {
		if ((r = tripool_name_check(name[i], error)) < 0)
			break;
		if (!find(s, name[i]) && !add(s, name[i], error))
			r = -ENOMEM;
		else
			find(s, name[i])->named = true;
	}
	if (r < 0)
		survey_close(s);
	return r;
}

void survey_close(struct survey *s)
{
	while (s->count > 0)
		drop(s, s->count - 1);
	free(s->stream);
	tripool_directory_destroy(s->directory);
	close(s->epoll);
}

static int compare(const void *a, const void *b)
{
	return strcmp((*(struct stream *const *)a)->name, (*(struct stream *const *)b)->name);
}

/* Adds those that have come. */
static int list(struct survey *s, struct tripool_error *error)
{
	char name[TRIPOOL_NAME_BYTES];
	int r = tripool_directory_refresh(s->directory, error);
	if (r < 0)
		return r;
	while (tripool_directory_next(s->directory, name)) {
		if (!find(s, name) && !add(s, name, error))
			return -ENOMEM;
	}
	if (s->count > 0)
		qsort(s->stream, s->count, sizeof(s->stream[0]), compare);
	return 0;
}

void survey_ask_one(struct survey *s, struct stream *st)
{
	if (st->fd >= 0)
		return;
	struct ucred peer = {.pid = 0};
	socklen_t size = sizeof(peer);
	int fd = tripool_report_ask(st->name, &st->why);
	if (fd < 0) {
		st->failure = fd;
		st->pid = 0;
		if (fd == -ENOENT)
			snprintf(st->why.text, sizeof(st->why.text), "it has no producer");
		return;
	}
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = st};
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		st->failure = -errno;
		snprintf(st->why.text, sizeof(st->why.text), "cannot wait for its producer: %s", strerror(errno));
		close(fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	st->fd = fd;
	st->pid = peer.pid;
	st->asked_ns = tripool_now_ns();
}

int survey_ask(struct survey *s, struct tripool_error *error)
{
	int r = s->directory ? list(s, error) : 0;
	for (size_t i = s->count; i-- > 0;) {
		struct stream *st = s->stream[i];
		survey_ask_one(s, st);
		if (st->failure == -ENOENT && !st->named)
			drop(s, i); /* it has gone */
	}
	return r;
}

/* Of what came between the two reports; when nothing did, by the time between the two last frames, or since the last
 * one if that is longer. Of one report alone nothing is said: two frames may lie close together by chance. */
static double rate(const struct tripool_report *before, const struct tripool_report *now)
{
	if (before && before->producer_pid == now->producer_pid && before->sequence < now->sequence &&
	    before->publish_ns > 0 && before->publish_ns < now->publish_ns)
		return (double)(now->sequence - before->sequence) * 1e9 /
		       (double)(now->publish_ns - before->publish_ns);
	int64_t age_ns = now->report_ns - now->publish_ns;
	if (!before || now->interval_ns == 0)
		return -1;
	return 1e9 / (double)(age_ns > now->interval_ns ? age_ns : now->interval_ns);
}

static void hear(struct survey *s, struct stream *st)
{
	struct tripool_report report;
	int r = tripool_report_take(st->fd, &report, &st->why);
	if (r == -EAGAIN)
		return;
	forget_question(s, st);
	st->failure = r;
	if (r < 0)
		return;
	st->fps = rate(st->known ? &st->report : NULL, &report);
	st->report = report;
	st->known = true;
}

bool survey_hear(struct survey *s)
{
	bool expected = false;
	struct epoll_event event[AT_ONCE];
	int heard = epoll_wait(s->epoll, event, AT_ONCE, 0);
	for (int i = 0; i < heard; i++)
		hear(s, event[i].data.ptr);
	int64_t now_ns = tripool_now_ns();
	for (size_t i = 0; i < s->count; i++) {
		struct stream *st = s->stream[i];
		if (st->fd < 0 || st->failure == -ETIMEDOUT)
			continue;
		if (now_ns - st->asked_ns < LATE_NS) {
			expected = true;
			continue;
		}
		st->failure = -ETIMEDOUT;
		snprintf(st->why.text, sizeof(st->why.text), "its producer does not answer (is it stopped?)");
	}
	return expected;
}

void survey_settle(struct survey *s, int timeout_ms)
{
	int64_t end_ns = tripool_now_ns() + timeout_ms * INT64_C(1000000);
	while (survey_hear(s)) {
		int64_t left_ms = (end_ns - tripool_now_ns()) / 1000000;
		struct pollfd f = {.fd = s->epoll, .events = POLLIN};
		if (left_ms <= 0)
			return;
		poll(&f, 1, left_ms < 100 ? (int)left_ms : 100); /* who is late is found out without an event */
	}
}

int survey_fd(const struct survey *s)
{
	return s->epoll;
}

int survey_directory_fd(const struct survey *s)
{
	return s->directory ? tripool_directory_fd(s->directory) : -1;
}
