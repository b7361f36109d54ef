// SPDX-License-Identifier: MIT
/*
 * What a way from one process to another has to do to be measured. The parent prepares, then forks one producer and one
 * or more viewers; each has a copy of the `struct link`. A frame's first and last bytes are a `struct stamp`, by which
 * the harness tells frames that are lost, torn or out of order; a transport does not look into frames.
 *
 * A life: start (once for each frame size) { prepare { producer: open_producer, (begin, publish) ..., close_producer;
 * viewer: open_viewer, (take, release) ..., close_viewer } clean } stop. The two sides' functions run in processes of
 * their own, the others in the parent. Functions return 0 or more, or -errno with the reason in link->why. What is NULL
 * is not needed.
 */
#ifndef TRIPOOL_BENCH_TRANSPORT_H
#define TRIPOOL_BENCH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WHY_BYTES 256
#define TAKE_MS 25 /* a sleeping take returns after about so long, that an end may be noticed */

/* At both ends of each frame. */
struct stamp {
	uint64_t sequence;
	int64_t publish_ns; /* CLOCK_MONOTONIC, right before publish; 0: not asked for */
};

struct link {
	size_t bytes; /* of a frame; NV12 */
	uint32_t width_px, height_px;
	int viewers;
	bool sleeping;         /* take waits */
	bool real;             /* the pixels are written and read */
	const char *directory; /* of this run, for files and sockets; empty before prepare and after clean */
	uint64_t copied_bytes; /* by this side: each write(), read() and memcpy() of pixels adds to it */
	char *why;             /* WHY_BYTES */
	void *own;             /* the transport's */
};

struct taken {
	const uint8_t *frame; /* NULL: this transport carries no pixels, only what follows */
	uint64_t sequence;    /* where there is no frame */
	int64_t publish_ns;   /* likewise */
	void *token;          /* the transport's, for release */
};

enum transport_kind {
	TRANSPORT_LIMIT,    /* the least that the machine can do: no transport at all */
	TRANSPORT_BASELINE, /* what people use */
	TRANSPORT_TRIPOOL,
};

/* What a limit is the limit of. */
enum transport_limits {
	LIMITS_NOTHING,
	LIMITS_FLAT_OUT,
	LIMITS_POLLING,
	LIMITS_SLEEPING,
};

struct transport {
	const char *name; /* for --only */
	const char *what; /* in a few words */
	enum transport_kind kind;
	enum transport_limits limits;
	bool skips; /* frames that the viewer is too late for are not for it: they count as lost, but that is meant */

	/* A daemon that all links of one frame size share: its pid. -errno: there is none, and `why` says why. */
	pid_t (*start)(const char *directory, size_t frame_bytes, char *why);
	void (*stop)(void);

	int (*prepare)(struct link *link); /* before the forks */
	/* After both sides have ended, however they have: also when prepare has failed, or one of them was killed. */
	void (*clean)(struct link *link);

	int (*open_producer)(struct link *link);
	uint8_t *(*begin)(
	    struct link *link); /* where to write the next frame; NULL: failed, or no pixels are carried */
	/* May wait for the viewer, where that is how this transport works. `sequence` and `publish_ns` are those of the
	 * frame's stamp. */
	int (*publish)(struct link *link, const struct stamp *stamp);
	void (*close_producer)(struct link *link);

	int (*open_viewer)(struct link *link);
	int (*take)(struct link *link, struct taken *taken); /* 1: there is a frame; 0: none yet */
	void (*release)(struct link *link, struct taken *taken);
	void (*close_viewer)(struct link *link);
};

/* -errno, with the reason: "what: strerror". */
int link_fail(struct link *link, const char *what, int error);

/* All that are built in, in the order of the table, and NULL. */
extern const struct transport *const transports[];
extern const struct transport transport_tripool;

/* Those that could not be built in for want of a package, and NULL. */
struct missing_transport {
	const char *name, *package;
};
extern const struct missing_transport missing_transports[];

#endif
