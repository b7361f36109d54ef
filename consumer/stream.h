// SPDX-License-Identifier: MIT
/* The viewer's end of a stream: takes frames to who shows them, finds the producer again, and measures. */
#ifndef TRIPOOL_STREAM_H
#define TRIPOOL_STREAM_H

#include "distribution.h"
#include "screenshot.h"
#include "tripool.h"
#include "verify.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

#define STREAM_HISTORY 120 /* latencies kept for a graph */

enum stream_state {
	STREAM_WAITING, /* there was no frame yet */
	STREAM_LIVE,
	STREAM_SILENT, /* the producer is there, but has published nothing for longer than it should take */
	STREAM_LOST,   /* the producer is gone, or its successor has shown nothing yet */
};

enum stream_taken {
	TAKEN_NOTHING,
	TAKEN_NEW,   /* a frame that was not shown before was shown: present it, then stream_presented */
	TAKEN_AGAIN, /* the last one again: present it */
};

/* Shows a frame's pixels, which it may read until it returns. new_format: since the last call. Returns 0, 1 where it
 * cannot be shown, or negative: cannot go on. */
typedef int (*stream_show_fn)(
    void *context, const struct tripool_frame *frame, bool new_format, struct tripool_error *error);

/* Of the frame that was shown last. */
struct stream_frame {
	uint64_t sequence, source_sequence;
	int64_t publish_ns, capture_ns; /* never in the future, whatever the producer says */
};

/* Durations from the frame's own times to its being presented. */
struct stream_latency {
	struct distribution publish, capture;
};

struct stream {
	char name[TRIPOOL_NAME_BYTES];
	struct tripool_viewer *viewer;
	stream_show_fn show;
	void *context;
	bool verifies;
	struct verify verify;
	enum stream_state state;

	struct tripool_frame held; /* if is_held */
	bool is_held;

	uint64_t generation; /* of the frame that was shown last; 0: none of this producer's */
	bool is_fresh;       /* nothing taken since the producer was found */
	bool look_for_producer;
	int64_t retry_ns;    /* when to look for a producer unasked; 0: never */
	int64_t patience_ns; /* with a producer that publishes nothing */
	char complaint[sizeof(((struct tripool_error *)NULL)->text)];

	struct stream_frame last;
	struct screenshot_about about; /* of the same frame; see stream_about */
	uint64_t frames_shown;
	int64_t first_shown_ns, last_shown_ns;
	uint64_t reconnects;
	uint64_t gaps; /* numbers of the source's own that were never published */

	/* Frames older than this were not waited for, so they say nothing of how fast frames come. */
	int64_t watching_since_ns;
	struct distribution lease;         /* publish to lease */
	struct stream_latency all, recent; /* recent: since somebody cleared it */
	float history_ms[STREAM_HISTORY];  /* publish to presented; the oldest at frames_shown % STREAM_HISTORY */
};

/* All else is zero before, but for verifies. Errors: those of tripool_viewer_create, but for a producer that is not
 * there yet. */
int stream_open(
    struct stream *stream, const char *name, stream_show_fn show, void *context, struct tripool_error *error);
void stream_close(struct stream *stream);

/* Shows the newest frame, if it is another one than last time, and looks for a producer when it is time. With `hold`
 * the lease stands until stream_let_go. Negative: cannot go on. */
int stream_take(struct stream *stream, bool hold, struct tripool_error *error);

/* The same with the frame that was had last, or the held one, for a display that must draw it again. */
int stream_take_again(struct stream *stream, struct tripool_error *error);

/* When a live stream will be silent unless a frame comes: stream_take must be called then. 0: never. */
int64_t stream_silent_from_ns(const struct stream *stream);

/* The frame of the last TAKEN_NEW is on the screen now. */
void stream_presented(struct stream *stream, int64_t now_ns);

void stream_let_go(struct stream *stream);

/* What the picture on the display is of; NULL before the first frame. */
const struct screenshot_about *stream_about(const struct stream *stream);

/* Nobody has looked for a while: what was not waited for is not measured. */
void stream_resume(struct stream *stream);

#endif
