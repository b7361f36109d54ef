// SPDX-License-Identifier: MIT
/*
 * A source makes frames: a test pattern, a camera, a movie. It knows nothing of streams, viewers or sockets: it is
 * given slots of memory to write into, and gives them back filled, in the order that suits it.
 *
 * Life: open -> prepare (where there is one) -> attach -> { queue ... (poll fd) dequeue ... }* -> close.
 * Where what it makes changes: dequeue says -ESTALE -> renew -> attach -> as before.
 * One thread. Functions return 0 or -errno; the reason for a person is in the error.
 */
#ifndef TRIPOOL_SOURCE_H
#define TRIPOOL_SOURCE_H

#include "tripool.h"

/* What the command line asks for; 0 and NULL where it says nothing. */
struct source_request {
	const char *argument; /* what follows the colon: "bars", "/dev/video0", "HD Webcam", "x.mkv"; NULL: none */
	uint32_t width_px, height_px;
	uint32_t rate_num, rate_den;    /* frames a second, as a fraction */
	const char *pix_fmt;            /* libavutil's name; for a camera also "native" or "decoded" */
	const char *const *assignments; /* "name=value" each: a camera's controls, in the order to be set */
	uint32_t assignment_count;
	const char *identity; /* the source that was open before, as its description says: no other; NULL: any */
	bool loop;            /* a movie: again from the beginning when it ends */
	bool flat_out;        /* a movie: as fast as slots come, not by its own time */
};

#define SOURCE_MODE_REASON_BYTES 160
#define SOURCE_IDENTITY_BYTES 72
#define SOURCE_NOTE_BYTES 256

/* What the source makes, known after open. */
struct source_description {
	struct tripool_format format;
	const char *path; /* how pixels reach the slot: "draw", "userptr", "dmabuf", "decode", "copy", "convert" */
	uint32_t copies_per_frame; /* passes over the pixels by a CPU, other than the source's own write or decode */
	uint32_t write_depth;      /* slots it wants to be writing at once */
	uint32_t max_slots;        /* of the pool; 0: no limit of the source's */
	bool fresh_pool;           /* attach needs a pool that was shown to prepare */
	bool hurries;           /* its frames would be gone before anybody comes: a first viewer is to be waited for */
	uint32_t usual_viewers; /* to make room for when nobody says how many; 0: as for any source */
	char identity[SOURCE_IDENTITY_BYTES];       /* what tells it from others; "" where there are none */
	char name[128];                             /* for a person: "test pattern bars", "vivid (/dev/video0)" */
	char mode_reason[SOURCE_MODE_REASON_BYTES]; /* for a person: the mode chosen, and among which; "": no choice */
	char note[SOURCE_NOTE_BYTES]; /* what differs from what was asked, and why, for stderr; "" when nothing does */
};

struct source_counts {
	uint64_t dropped;     /* frames that should have come and did not: late, lost by the driver, spoiled */
	uint64_t camera_gaps; /* those among them that a camera's driver left out of its own sequence */
};

struct source;

struct source_class {
	const char *scheme; /* "pattern", "camera", "movie" */

	/* Finds the device or builds the picture, settles the format. On failure nothing is left open. */
	int (*open)(struct source **source, const struct source_request *request,
	    struct source_description *description, struct tripool_error *error);

	/* For a source that needs more of the slots' memory than addresses: called for a new pool as
	 * tripool_producer_options.prepare says, before attach; again when another pool takes its place before that.
	 * A pool that another source was attached to does not do: it is sealed. May be NULL. */
	int (*prepare)(struct source *source, int memory_fd, const struct tripool_pool_memory *memory,
	    struct tripool_error *error);

	/* After -ESTALE of dequeue: what comes next, as after open. No slot is the source's any more; attach follows.
	 * For a source that says -ESTALE, NULL otherwise. */
	int (*renew)(struct source *source, struct source_description *description, struct tripool_error *error);

	/* Told once where all slots are, before the first queue; starts the frames. May change description->path,
	 * copies_per_frame (a driver that refuses the memory): `description` is the one given to open. */
	int (*attach)(struct source *source, const struct tripool_pool_memory *memory,
	    struct source_description *description, struct tripool_error *error);

	/* Gives the source a slot to write into. `slot` is copied. */
	int (*queue)(struct source *source, const struct tripool_slot *slot, struct tripool_error *error);

	/* Readable when dequeue may have something. The same one from attach to close. */
	int (*fd)(const struct source *source);

	/* A filled slot, in *slot with what it says of itself in *info; and a remark in the error, or nothing. -EAGAIN:
	 * none yet. -ENODATA: the source has come to its end; where that is not as it should be, the error says how,
	 * and else nothing. -ESTALE: what comes next is not as described. `sequence` is the number the frame will be
	 * published under. A frame that was spoiled is dropped and counted by the source itself, which goes on with the
	 * same slot. */
	int (*dequeue)(struct source *source, uint64_t sequence, struct tripool_slot *slot,
	    struct tripool_frame_info *info, struct tripool_error *error);

	struct source_counts (*counts)(const struct source *source);

	/* Stops the frames: no slot is written after it returns. NULL is fine. */
	void (*close)(struct source *source);

	/* For a source that may fail and come back, NULL otherwise: makes a non-blocking fd, the caller's, that becomes
	 * readable when it is worth trying to open it again. What can be read from it says nothing. */
	int (*watch)(void);
};

extern const struct source_class pattern_source;
extern const struct source_class camera_source;
extern const struct source_class movie_source;

#endif
