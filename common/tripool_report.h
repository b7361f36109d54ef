// SPDX-License-Identifier: MIT
/*
 * What a producer tells of its stream and of those who view it, to anybody who may connect: for tools like
 * tripool-stat.
 *
 * Who asks is no viewer: it takes no lease, no slot and no viewer's place, is not logged when it is answered, and costs
 * the producer one packet and a few more system calls (some 20 us), within tripool_producer_dispatch (or begin). So a
 * producer that calls neither does not answer.
 *
 *     struct tripool_report report;
 *     struct tripool_error error;
 *     if (tripool_report_get("cam", 2000, &report, &error) < 0)
 *         return fail(error.text);
 *     printf("frame %llu of pid %d, %u viewers\n", (unsigned long long)report.sequence, report.producer_pid,
 *         report.viewers);
 *     for (uint32_t i = 0; i < report.viewers; i++)
 *         printf("%s holds %u of %u\n", report.viewer[i].name, report.viewer[i].held, report.viewer[i].leases);
 *
 * A report is a plain value, 7 kB large: the caller's, with nothing in it to be freed. What is in it was checked: texts
 * end, are UTF-8 and have no control characters; the format is one that tripool_format_check likes.
 *
 * Any thread may call any of this; it keeps no state but the fd. Errors and times are those of tripool.h.
 */
#ifndef TRIPOOL_REPORT_H
#define TRIPOOL_REPORT_H

#include "tripool.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define TRIPOOL_SOURCE_BYTES 128 /* what frames come from, in words, with its final NUL */
#define TRIPOOL_UNKNOWN UINT64_MAX

struct tripool_report_viewer {
	/* As the viewer counts them itself, over all its connections. */
	uint64_t frames_acquired;
	uint64_t frames_skipped;
	/* Frames. With `every`: those that wait for it. Else: those published after the last it acquired;
	 * TRIPOOL_UNKNOWN before its first. */
	uint64_t lag;
	int32_t pid;     /* from the kernel; 0: not visible from the producer's pid namespace */
	uint32_t leases; /* granted */
	uint32_t held;   /* of these; with `every` the places, which are free only when the oldest frame is let go */
	char name[TRIPOOL_NAME_BYTES];
	uint8_t every;  /* 1: it gets each frame in order; 0: the newest */
	uint8_t closed; /* 1: it stalled a lossless stream, gets nothing more and has not gone yet */
	uint8_t reserved;
};

struct tripool_report {
	int32_t producer_pid; /* from the kernel; 0: not visible from this pid namespace */
	uint32_t viewers;     /* that many of viewer[] are set */
	uint64_t generation;
	uint64_t sequence;            /* of the newest frame; 0: none yet */
	int64_t publish_ns;           /* when that was published; 0: none in this generation yet */
	int64_t interval_ns;          /* between the two newest frames; 0: no two in this generation yet */
	int64_t report_ns;            /* when this was said: by the same clock */
	uint64_t pool_bytes;          /* of addresses */
	uint64_t pool_resident_bytes; /* of memory */
	uint32_t slots;
	uint32_t slots_touched; /* different ones ever written in this generation */
	uint32_t slots_writing; /* now */
	uint32_t write_depth;   /* the most that can be */
	uint32_t max_viewers;
	uint32_t leases; /* of all viewers together */
	uint32_t max_leases;
	uint8_t lossless; /* 1: begin waits for viewers that get every frame */
	uint8_t reserved[3];
	struct tripool_format format;
	char source[TRIPOOL_SOURCE_BYTES]; /* tripool_producer_options.source; "": not said */
	struct tripool_report_viewer viewer[TRIPOOL_MAX_SLOTS];
};

/*
 * Asks the producer of stream `name` and waits for its answer, at most timeout_ms (-1: without limit).
 * Errors: those of ask and of take (-EAGAIN only as ask has it), and -ETIMEDOUT: it is stopped, or does not dispatch.
 * Each question that timed out waits there until the producer goes on, and 64 keep viewers out as well: who looks again
 * and again keeps one fd of ask's until it is answered.
 */
int tripool_report_get(const char *name, int timeout_ms, struct tripool_report *report, struct tripool_error *error);

/*
 * The same in two steps, for who has several producers to ask or something else to wait for. ask returns an fd that is
 * readable (poll, epoll) when take has something to say; it is the caller's, to close at any time. SO_PEERCRED tells
 * its producer's pid even if that never answers. Neither waits.
 * Errors of ask: -EINVAL (name), -ENOENT (no producer), -EAGAIN (it is too busy to be asked: 64 others wait), -EACCES,
 * -EPERM, -ENOTDIR (socket or directory are not open to us), -EMFILE, -ENFILE, -ENOMEM.
 */
int tripool_report_ask(const char *name, struct tripool_error *error);

/*
 * Takes the answer, once. Errors: -EAGAIN: there is none yet (no text). -EPIPE: the producer hung up. -ECONNREFUSED: it
 * refused, for the reason in the text. -EPROTONOSUPPORT: it speaks another version, or is older than this question.
 * -EPROTO: its answer makes no sense. The fd is of no more use but after -EAGAIN.
 */
int tripool_report_take(int fd, struct tripool_report *report, struct tripool_error *error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
