// SPDX-License-Identifier: MIT
/* The viewer's end of the stream: takes frames to the display, finds the producer again, and measures. */
#ifndef TRIPOOL_STREAM_H
#define TRIPOOL_STREAM_H

#include "display.h"
#include "distribution.h"
#include "screenshot.h"
#include "tripool.h"
#include "verify.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

enum stream_state {
	STREAM_WAITING, /* there was no frame yet */
	STREAM_LIVE,
	STREAM_SILENT, /* the producer is there, but has published nothing for longer than it should take */
	STREAM_LOST,   /* the producer is gone, or its successor has shown nothing yet */
};

enum stream_taken {
	TAKEN_NOTHING,
	TAKEN_NEW,   /* a frame that was not shown before is on the display: present it, then stream_presented */
	TAKEN_AGAIN, /* the last one again: present it */
};

struct stream {
	const char *name;
	struct tripool_viewer *viewer;
	struct display *display;
	struct verify *verify; /* NULL: not asked for */
	enum stream_state state;

	struct tripool_frame held; /* if is_held */
	bool is_held;

	uint64_t generation; /* of the display's format; 0: not set */
	bool is_fresh;       /* nothing taken since the producer was found */
	bool look_for_producer;
	int64_t retry_ns; /* when to look for a producer unasked; 0: never */
	char complaint[sizeof(((struct tripool_error *)NULL)->text)];

	uint64_t frames_shown;
	int64_t first_shown_ns, last_shown_ns;
	uint64_t reconnects;
	uint64_t last_sequence;
	int64_t last_publish_ns;
	struct screenshot_about about; /* the last frame; see stream_about */

	/* Frames older than this were not waited for, so they say nothing of how fast frames come. */
	int64_t watching_since_ns;
	struct distribution latency; /* publish to present call returned */
	struct distribution lease;   /* publish to lease */
	struct distribution recent;  /* latency, since somebody cleared it */
};

/* Errors: those of tripool_viewer_create, but for a producer that is not there yet. */
int stream_open(struct stream *stream, const char *name, struct tripool_error *error);
void stream_close(struct stream *stream);

/* Brings the newest frame to the display, if it is another one than last time, and looks for a producer when it is
 * time. With `hold` the lease stands until stream_let_go. Negative: cannot go on. */
int stream_take(struct stream *stream, bool hold, struct tripool_error *error);

/* The same with the frame that was had last, or the held one, for a display that must draw it again. */
int stream_take_again(struct stream *stream, struct tripool_error *error);

/* When a live stream will be silent unless a frame comes: stream_take must be called then. 0: never. */
int64_t stream_silent_from_ns(const struct stream *stream);

/* The frame of the last TAKEN_NEW is on the screen now. */
void stream_presented(struct stream *stream);

void stream_let_go(struct stream *stream);

/* What the picture on the display is of; NULL before the first frame. */
const struct screenshot_about *stream_about(const struct stream *stream);

#endif
