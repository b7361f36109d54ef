// SPDX-License-Identifier: MIT
/*
 * A producer and its visitors, each a process of its own that first becomes somebody else or goes somewhere else:
 * another user, another namespace. What they see comes back by shared memory.
 */
#ifndef TRIPOOL_STAGE_H
#define TRIPOOL_STAGE_H

#include "tripool_report.h"

#include <sys/types.h>

/* What a process does before anything else. Ends the process where it cannot, by stage_give_up. */
struct stage_role {
	void (*become)(const void *context);
	const void *context;
};

struct stage_person {
	uid_t uid;
	gid_t gid;
	gid_t other_gid; /* one group more; 0: none */
};

void stage_become_person(const void *person);

/* Says why, with errno, and ends the process. */
_Noreturn void stage_give_up(const char *what);

/* A viewer's whole visit: it attached, asked for a report, and saw a frame that was right. */
struct stage_visit {
	int result; /* 0, or what create, acquire or a wrong frame said */
	struct tripool_error error;
	uint64_t sequence;
	uint64_t frames_right;
	int64_t newest_ago_ns; /* publish_ns before this viewer's clock */
	struct tripool_report report;
};

struct stage_visit stage_visit(struct stage_role role);

/* A producer of stream "t" that publishes all the time, until stage_close; `result` and `error` are those of create. It
 * ends well or the test fails. */
struct stage_producer {
	pid_t pid;
	int line;
	int result;
	struct tripool_error error;
	const char *said; /* its log, so far */
};

struct stage_producer stage_open(struct stage_role role, const struct tripool_producer_options *options);
void stage_close(struct stage_producer *producer);
void stage_kill(struct stage_producer *producer);

/* In a process like this: its status is what `body` returns. */
pid_t stage_start(struct stage_role role, int (*body)(void));
int stage_run(struct stage_role role, int (*body)(void)); /* and waits for it */

/* Waits for a child, which must end well: with its status. */
int stage_wait(pid_t pid);

#endif
