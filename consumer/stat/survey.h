// SPDX-License-Identifier: MIT
/* The streams that are looked at, and what their producers said last. A question that is not answered stays: a producer
 * that is stopped finds one when it goes on, however long that takes. */
#ifndef TRIPOOL_STAT_SURVEY_H
#define TRIPOOL_STAT_SURVEY_H

#include "tripool_report.h"

#include <sys/types.h>

struct stream {
	char name[TRIPOOL_NAME_BYTES];
	bool named; /* by the user: it stays when its producer goes */
	int fd;     /* of a question that was not answered yet; -1: none */
	int64_t asked_ns;
	int32_t pid; /* of the producer asked last; 0: not known */
	int failure; /* -errno: it does not tell, and `why`; 0: it does, or had no time to yet */
	struct tripool_error why;
	bool known; /* it told this: */
	struct tripool_report report;
	double fps; /* below 0: not known */
};

struct survey {
	struct tripool_directory *directory; /* NULL: only those named by the user are looked at */
	struct stream **stream;              /* in the order to be shown */
	size_t count;
	int epoll; /* of the questions */
};

/* names 0: every stream there is. -EINVAL: a name that no stream can have. */
int survey_open(struct survey *survey, char **name, int names, struct tripool_error *error);
void survey_close(struct survey *survey);

/* Looks which streams there are, and asks each that owes no answer. Does not wait. -errno: those that came are not
 * known, the others were asked all the same. */
int survey_ask(struct survey *survey, struct tripool_error *error);

/* Asks one, if it owes no answer. */
void survey_ask_one(struct survey *survey, struct stream *stream);

/* Takes in what was answered. Returns whether an answer is still to be expected. */
bool survey_hear(struct survey *survey);

/* Hears until none is, for at most timeout_ms. */
void survey_settle(struct survey *survey, int timeout_ms);

/* Readable (poll) when there is something to hear, and when to look which streams there are; -1: never. */
int survey_fd(const struct survey *survey);
int survey_directory_fd(const struct survey *survey);

#endif
