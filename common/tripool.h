// SPDX-License-Identifier: MIT
/*
 * tripool: raw video frames from one producer process to any number of viewer processes, without a copy.
 *
 * A *stream* has a name, one producer and any number of viewers. The producer owns a *pool*: sealed shared memory of
 * a few *slots*, each with room for one *frame*. The producer writes a frame's pixels into a free slot and publishes
 * it under the next *sequence* number. A viewer maps the pool read-only, leases the newest frame, uses the pixels
 * where they are, and releases it. While a *lease* stands the producer does not write to that slot, so a leased frame
 * never changes; and because there is always one more slot, the producer never waits for a viewer.
 *
 * A producer, whole:                              A viewer, whole:
 *
 *     struct tripool_format f = {                     struct tripool_viewer_options o = {
 *         .pix_fmt = "nv12",                              .name = "cam", .wait_for_producer = true };
 *         .width_px = 1280, .height_px = 720 };       struct tripool_viewer *v;
 *     struct tripool_producer_options o = {           struct tripool_frame f;
 *         .name = "cam" };                            if (tripool_viewer_create(&v, &o, NULL) < 0) exit(1);
 *     struct tripool_producer *p;                     for (;;) {
 *     struct tripool_slot s;                              int r = tripool_viewer_acquire(v, &f);
 *     tripool_format_layout(&f, NULL);                    if (r == 0) {
 *     tripool_producer_create(&p, &o, &f, NULL);              look_at(f.plane[0], f.format->stride_bytes[0]);
 *     for (;;) {                                              tripool_viewer_release(v, &f);
 *         tripool_producer_begin(p, &s);                  } else if (r == -EPIPE) {
 *         draw(s.plane[0], f.stride_bytes[0]);                if (tripool_viewer_reconnect(v, NULL) < 0)
 *         tripool_producer_publish(p, &s, NULL);                  tripool_viewer_wait(v, 1000);
 *     }                                                   } else if (r == -EAGAIN) {
 *                                                             tripool_viewer_wait(v, -1);
 *                                                         }
 *                                                     }
 *
 * Errors: every function that can fail returns 0 or a positive number on success and -errno on failure, and leaves
 * its outputs untouched then. Where it takes a `struct tripool_error *` (NULL is fine) it also writes one line there
 * for a person: what was wrong, with which value, what to do.
 *
 * Threads: the library starts none, installs no signal handler and keeps no global state. A producer, viewer or
 * directory object may be used by one thread at a time; different objects are independent. Objects do not survive
 * fork() in the child.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC. What a producer tells of itself: tripool_report.h.
 */
#ifndef TRIPOOL_H
#define TRIPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define TRIPOOL_MAX_PLANES 4
#define TRIPOOL_MAX_SLOTS 64  /* the busy ones are one 64-bit mask */
#define TRIPOOL_MAX_LEASES 16 /* of one viewer */
#define TRIPOOL_NAME_BYTES 65 /* a stream's or client's name with its final NUL */

/* Why a call failed, as one line for a person, without a final newline. */
struct tripool_error {
	char text[256];
};

enum tripool_log_level { TRIPOOL_LOG_ERROR, TRIPOOL_LOG_INFO, TRIPOOL_LOG_DEBUG };

/* Told what happens on the control path (a viewer came, was refused, left). Called from within tripool_ calls of the
 * object it was given to, never from the data path; must not call back into that object. */
typedef void (*tripool_log_fn)(void *context, enum tripool_log_level level, const char *text);

/* ---- Formats -------------------------------------------------------------------------------------------------- */

/*
 * The shape of a frame. Row y of plane p begins at `offset_bytes[p] + y * stride_bytes[p]` of the slot. Plane 0 has
 * height_px rows, chroma planes ceil(height_px / 2^log2_chroma_h) of libavutil's description of the pixel format.
 * Fractions are 0/0 where unknown. Colour is described by the code points of ITU-T H.273 (2 = unspecified), which are
 * also the numbers of libavutil's AVCOL_ enums.
 */
struct tripool_format {
	char pix_fmt[32]; /* libavutil's name: "nv12", "yuyv422", "gray16le" */
	uint32_t width_px;
	uint32_t height_px;
	uint32_t plane_count;
	uint32_t stride_bytes[TRIPOOL_MAX_PLANES];
	uint32_t reserved;                         /* 0 */
	uint64_t offset_bytes[TRIPOOL_MAX_PLANES]; /* from the beginning of the slot */
	uint64_t size_bytes;                       /* what one slot must hold */
	uint32_t frame_rate_num, frame_rate_den;
	uint32_t sample_aspect_num, sample_aspect_den;
	uint8_t matrix;     /* MatrixCoefficients: 0 RGB, 1 BT.709, 5 and 6 BT.601 */
	uint8_t full_range; /* VideoFullRangeFlag: 0 limited, 1 full; 2 not known */
	uint8_t primaries;  /* ColourPrimaries */
	uint8_t transfer;   /* TransferCharacteristics */
	uint8_t reserved_too[4];
};

/*
 * Fills in plane_count, strides, offsets and size_bytes from pix_fmt, width_px and height_px: planes one after the
 * other, without gaps. A stride_bytes[0] that is not 0 is kept, and the other planes' strides follow it in proportion
 * (as V4L2 lays them out); otherwise each stride is the row rounded up to 64 bytes. A size_bytes that is larger than
 * the planes need is kept. With primaries 0 (a code point that H.273 reserves) the colour is taken as not said: all
 * four colour fields become 2; to say it, set all four.
 * Errors: -EINVAL: an unknown or unsuitable pixel format (hardware, bit-stream, palette), a width or height of 0 or
 * above 32768, or a stride too small. Any thread; does not block.
 */
int tripool_format_layout(struct tripool_format *format, struct tripool_error *error);

/*
 * Whether the whole of a format makes sense: what both sides check before they follow any number in it. All planes
 * lie inside size_bytes, do not overlap, and strides hold a row.
 * Errors: -EINVAL. Any thread; does not block.
 */
int tripool_format_check(const struct tripool_format *format, struct tripool_error *error);

/* CRC-32C (Castagnoli; RFC 3720 appendix B.4) of size_bytes bytes, for tripool_frame_info.crc32c. Any thread. */
uint32_t tripool_crc32c(const void *data, size_t size_bytes);

/* ---- What a frame says of itself ------------------------------------------------------------------------------ */

enum tripool_frame_flags {
	TRIPOOL_FRAME_CRC32C = 1u << 0, /* crc32c is set */
};

struct tripool_frame_info {
	int64_t capture_ns;       /* when the picture was taken; 0: not known, publish time is put in */
	uint64_t source_sequence; /* the source's own number (a camera driver's); 0 where it has none */
	uint64_t bytes_used;      /* 0: format.size_bytes is put in */
	uint32_t flags;           /* of enum tripool_frame_flags */
	uint32_t crc32c;          /* of the first bytes_used bytes of the slot */
};

/* ---- Producer ------------------------------------------------------------------------------------------------- */

struct tripool_producer;

/* All slots of a pool: slot i lies at memory + i * slot_bytes, and in the pool's memory at offset_bytes + i *
 * slot_bytes. */
struct tripool_pool_memory {
	uint8_t *memory;
	uint64_t slot_bytes; /* format.size_bytes rounded up to whole pages */
	uint32_t slots;
	uint64_t offset_bytes; /* whole pages */
};

/*
 * Shown each new pool, from within create and set_format, before any viewer can have it: for sources that need more of
 * its memory than addresses (dma-bufs of its pages). `memory_fd` is the pool's memfd: the library's, for this call
 * only, of a size that is sealed already. It is sealed against writing after the call, which must not add seals.
 * `memory`, with the addresses in it, is for this call only as well: create or set_format may fail yet; when they have
 * not, tripool_producer_memory tells where the slots are. Only slots may be written. Pages that are written become
 * resident; those that a device is to write must be written before: the kernel zeroes a page when a CPU first looks at
 * it. Must not call back into the producer. Returns 0, or -errno with its reason in `error`: create or set_format fails
 * with it.
 */
typedef int (*tripool_prepare_fn)(
    void *context, int memory_fd, const struct tripool_pool_memory *memory, struct tripool_error *error);

struct tripool_producer_options {
	const char *name;     /* of the stream: [A-Za-z0-9._-]{1,64}, not beginning with a dot */
	uint32_t max_viewers; /* at once; 0: 16 */
	uint32_t max_leases;  /* of all viewers together; 0: as many as max_viewers */
	uint32_t write_depth; /* slots being written at once: 1 (what 0 means), or a camera's queue depth */
	uint32_t socket_mode; /* who may connect, as for chmod; 0: 0600, this user */
	const char *group;    /* the socket's group; NULL: this process's */
	bool manual_dispatch; /* the caller waits for tripool_producer_fd and dispatches: begin leaves that alone, but
	                       * where it has to wait on a lossless stream */
	bool lossless;        /* begin waits until each viewer that wants every frame has a place for one more; they
	                         need write_depth leases at least, and one for each frame held while they wait */
	uint32_t stall_ms;    /* so long, and goes on without those that have none even then, who keep what they have
	                         and are told by -EPIPE after it; 0: 2000 */
	tripool_log_fn log;   /* NULL: silent */
	void *log_context;
	tripool_prepare_fn prepare; /* NULL: nothing is to be prepared */
	void *prepare_context;
	const char *source; /* what the frames come from, in words, for tripool_report.h; NULL: not said */
};

/* A free slot, to be written. The memory is the producer's until it publishes or cancels, and mapped until then. */
struct tripool_slot {
	uint32_t index;
	uint8_t *memory; /* format.size_bytes bytes, page-aligned */
	uint8_t *plane[TRIPOOL_MAX_PLANES];
};

struct tripool_producer_stats {
	uint64_t frames_published;
	uint64_t generation;
	uint32_t viewers;
	uint32_t viewers_peak;
	uint32_t slots;               /* of the pool: 1 + write_depth + max_leases */
	uint32_t slots_touched;       /* different slots ever handed out by begin in this generation */
	uint64_t pool_resident_bytes; /* as the kernel counts the pool's memory */
	uint32_t viewers_every;       /* those among the viewers that get each frame */
};

/*
 * Opens the stream: takes the name, makes the pool, listens for viewers.
 * The directory is $TRIPOOL_DIR, else $XDG_RUNTIME_DIR/tripool, else /tmp/tripool-<uid>, made with mode 0700.
 * For viewers of other users let TRIPOOL_DIR name a directory that they can search (and read, to wait for a producer),
 * and set socket_mode or group.
 * Errors: -EINVAL (name, format, options: more than 64 slots), -EADDRINUSE (the name has a producer: its pid is in
 * the text), -EACCES, -EPERM, -ENOTDIR (the directory is not ours, not writable, cannot be made), -ENOMEM, -ENOSPC,
 * -EMFILE, -ENFILE, -EEXIST (what is no lock file has its name), and what the kernel says of open, socket, bind.
 * Nothing is left behind on failure. May block for file system calls only.
 * Memory is had here, in set_format and when a viewer is admitted, or refused here by -ENOMEM, -ENOSPC: writing a slot
 * never fails. But where a memory cgroup allows less than the machine has (a container's limit, systemd's MemoryMax)
 * the kernel does not refuse: it kills a process of that cgroup, in one of these calls and not later.
 */
int tripool_producer_create(struct tripool_producer **producer, const struct tripool_producer_options *options,
    const struct tripool_format *format, struct tripool_error *error);

/* Closes the stream: viewers keep their last frame, and are told. Removes the socket and lock file. NULL is fine.
 * Slots not yet published are given up; their memory is unmapped. */
void tripool_producer_destroy(struct tripool_producer *producer);

/*
 * Hands out the lowest slot that nobody uses. There is always one, whatever viewers do: O(leases), no waiting. (On a
 * lossless stream it waits for viewers that get every frame, dispatching meanwhile, for stall_ms at most.)
 * Also does tripool_producer_dispatch every few milliseconds, so a simple loop need not (but see manual_dispatch).
 * Errors: -EBUSY: write_depth slots are being written already.
 */
int tripool_producer_begin(struct tripool_producer *producer, struct tripool_slot *slot);

/*
 * Makes the slot's frame the newest, and wakes the viewers that wait. Returns 0. Wait-free, O(viewers); a system call
 * only for each viewer that sleeps. `info` may be NULL. The slot's memory may not be touched afterwards.
 * The frame's number is tripool_producer_sequence() afterwards.
 * Errors: -EINVAL: a slot that is not being written, or bytes_used larger than the slot.
 */
int tripool_producer_publish(
    struct tripool_producer *producer, const struct tripool_slot *slot, const struct tripool_frame_info *info);

/* Gives a slot back unpublished. Errors: -EINVAL: a slot that is not being written. */
int tripool_producer_cancel(struct tripool_producer *producer, const struct tripool_slot *slot);

/* The number of the last published frame, 0 before the first. With a write_depth of 1 the next will be one more. */
uint64_t tripool_producer_sequence(const struct tripool_producer *producer);

/* All slots of this generation: slot i lies at memory + i * slot_bytes. For sources that want to register memory once
 * (V4L2). Valid until the next tripool_producer_set_format or destroy. */
void tripool_producer_memory(const struct tripool_producer *producer, struct tripool_pool_memory *memory);

/*
 * Changes the format: a new pool, a new generation, sent to every viewer; sequence numbers go on. Frames that viewers
 * hold stay valid. Slots being written are given up. On failure the stream goes on in the old format.
 * Errors: as for create.
 */
int tripool_producer_set_format(
    struct tripool_producer *producer, const struct tripool_format *format, struct tripool_error *error);

/*
 * From the next tripool_producer_set_format on, so many slots can be written at once. Errors: -EINVAL: 0, or more slots
 * than a pool can have (64, see tripool_producer_options).
 */
int tripool_producer_set_write_depth(struct tripool_producer *producer, uint32_t write_depth);

/* An fd that is readable (poll, epoll) when tripool_producer_dispatch has something to do. The producer's; valid until
 * destroy. */
int tripool_producer_fd(const struct tripool_producer *producer);

/* Admits, refuses and lets go of viewers, as far as can be done without waiting. Returns how many are there now. */
int tripool_producer_dispatch(struct tripool_producer *producer);

/* How many viewers there are. Changes in dispatch, begin and set_format only. */
uint32_t tripool_producer_viewers(const struct tripool_producer *producer);

void tripool_producer_get_stats(const struct tripool_producer *producer, struct tripool_producer_stats *stats);

/* ---- Viewer --------------------------------------------------------------------------------------------------- */

struct tripool_viewer;

struct tripool_viewer_options {
	const char *name;        /* of the stream */
	const char *client_name; /* how the producer's log calls this viewer; NULL: "viewer" */
	uint32_t leases;         /* frames held at once, up to TRIPOOL_MAX_LEASES; 0: 1 (8 with `every`) */
	bool every;              /* each frame in order: `leases` may wait and be held; what comes beyond is skipped */
	bool wait_for_producer;  /* no producer yet, or one too busy to answer, is no error: begin as after a hang-up */
	tripool_log_fn log;
	void *log_context;
};

/* A leased frame. Everything in it is valid and constant until tripool_viewer_release (or destroy). */
struct tripool_frame {
	const struct tripool_format *format;
	const uint8_t *memory; /* the slot; format->size_bytes bytes, read-only; reading 64 bytes beyond does no harm */
	const uint8_t *plane[TRIPOOL_MAX_PLANES];
	uint64_t sequence;   /* begins again at 1 with another producer */
	uint64_t generation; /* likewise: after a reconnect the same number may stand for another format */
	int64_t publish_ns;
	struct tripool_frame_info info;
	void *lease; /* the library's */
};

struct tripool_viewer_stats {
	uint64_t frames_acquired;
	uint64_t frames_skipped; /* published after its first from this producer, but never acquired by it */
	uint64_t reconnects;
};

/*
 * Attaches to a stream. Errors: -EINVAL (name, options), -ENOENT (no producer, unless wait_for_producer), -ECONNREFUSED
 * (refused: the producer's reason is in the text), -EPROTO (the peer does not keep the protocol, or its pool is not
 * sealed or not sound), -EPROTONOSUPPORT (another version), -ETIMEDOUT (no answer within two seconds), -EACCES,
 * -EMFILE, -ENOMEM, -EAGAIN (not now: too many stand at the door or have not read what they were sent, or it hung up).
 * Blocks for the hand-shake: a place at the door and two answers, two seconds at most for each.
 */
int tripool_viewer_create(
    struct tripool_viewer **viewer, const struct tripool_viewer_options *options, struct tripool_error *error);

/* Lets go of every lease and detaches. NULL is fine. The kernel takes some 10 ms to close what watches for a producer,
 * more where it is busy; the producer hears before that. */
void tripool_viewer_destroy(struct tripool_viewer *viewer);

/*
 * Leases the newest frame, if it is newer than the last one leased; with `every` the one after the last one leased,
 * or, where this viewer's places were all taken when that was published, the first that found one: the sequence shows
 * it. Lock-free; no system call but on the way into a new generation. Frames of the old generation come before -ESTALE
 * with `every`; only those of a generation that was itself replaced before their turn are skipped. Errors:
 *   -EAGAIN  nothing new: tripool_viewer_wait, or look again
 *   -ESTALE  the format changed: said once; the next call serves the new generation
 *   -EPIPE   the producer is gone and there is nothing new: tripool_viewer_reconnect. The last frame can be had once
 *            more by tripool_viewer_rewind. A loop that never waits should call tripool_viewer_wait(v, 0) now and
 *            then: a death is told by the socket, not by the pool.
 *   -EBUSY   all leases are in use (with `every`: by frames that are held, or behind the oldest one that is)
 *   -EPROTO  the producer broke the protocol; reconnect, or give up
 *   others (-ENOMEM, -EMFILE): the next format's memory could not be had, and its producer was left: said once, then
 *            as after -EPIPE
 */
int tripool_viewer_acquire(struct tripool_viewer *viewer, struct tripool_frame *frame);

/* Ends the lease, in any order. The frame's pointers are dead afterwards. Wait-free, but for a system call where the
 * producer of a lossless stream waits for it. A frame that was released already is ignored
 * as long as the struct is the same. */
void tripool_viewer_release(struct tripool_viewer *viewer, struct tripool_frame *frame);

/* Forgets which frame was the last, so that the next acquire leases the newest even if it was had before. Does nothing
 * with `every`. */
void tripool_viewer_rewind(struct tripool_viewer *viewer);

/*
 * Sleeps until acquire, or (when the producer is gone) reconnect, has a reason to be called, or timeout_ms passed
 * (-1: no limit, 0: only looks). Returns 1 or 0 (time-out, or a signal came). Uses no CPU while asleep. After a
 * reconnect that failed otherwise than with -ENOENT (refused, not answered) a second is reason enough to try again.
 */
int tripool_viewer_wait(struct tripool_viewer *viewer, int timeout_ms);

/*
 * For programs with a poll loop of their own: an fd, the same for the viewer's whole life, that becomes readable under
 * the conditions tripool_viewer_wait waits for. Before each poll call tripool_viewer_arm: it returns 1 when there is
 * something already (do not poll), 0 when the fd may be polled. Nothing is to be read from the fd itself: arm takes in
 * what made it readable. After a reconnect that failed otherwise than with -ENOENT set a timer: no event tells when to
 * try again.
 */
int tripool_viewer_fd(const struct tripool_viewer *viewer);
int tripool_viewer_arm(struct tripool_viewer *viewer);

/* Whether a producer is attached: false after -EPIPE until tripool_viewer_reconnect. */
bool tripool_viewer_connected(const struct tripool_viewer *viewer);

/*
 * Looks once for a producer of the stream's name. 0: attached; frames leased before stay valid until released.
 * Errors as tripool_viewer_create; -EALREADY: attached already. Blocks as create.
 */
int tripool_viewer_reconnect(struct tripool_viewer *viewer, struct tripool_error *error);

/* The current generation's format, NULL before the first producer. Valid until the next acquire or reconnect. */
const struct tripool_format *tripool_viewer_format(const struct tripool_viewer *viewer);

void tripool_viewer_get_stats(const struct tripool_viewer *viewer, struct tripool_viewer_stats *stats);

/* ---- Which streams there are ---------------------------------------------------------------------------------- */

/*
 * A list of the streams that have a producer now, kept up to date by refreshing it:
 *
 *     tripool_directory_create(&d, NULL);
 *     for (;;) {
 *         while (tripool_directory_next(d, name))
 *             puts(name);
 *         struct pollfd f = {.fd = tripool_directory_fd(d), .events = POLLIN};
 *         poll(&f, 1, -1);
 *         tripool_directory_refresh(d, NULL);
 *     }
 *
 * Producers do not notice that they are listed. Streams that this user may not connect to are left out.
 */
struct tripool_directory;

/*
 * Opens and reads the directory of streams, which is found as for tripool_producer_create. One that is missing is no
 * error, and is not made: the list is empty until it appears. Errors: -EPERM, -EACCES, -ENOTDIR (the directory is not
 * ours, open to all or closed to us, no directory), -EMFILE, -ENFILE, -ENOMEM, -ENOSPC (no more inotify watches). May
 * block for file system calls only.
 */
int tripool_directory_create(struct tripool_directory **directory, struct tripool_error *error);

/* NULL is fine. */
void tripool_directory_destroy(struct tripool_directory *directory);

/*
 * Reads the directory again and begins the list anew. Returns how many streams there are. Errors: as for create; the
 * list stays as it was. After an error set a timer: no event tells when to try again. Blocks as create.
 */
int tripool_directory_refresh(struct tripool_directory *directory, struct tripool_error *error);

/* Copies the next name of the list, in the order of strcmp. False, with `name` untouched: there are no more. */
bool tripool_directory_next(struct tripool_directory *directory, char name[TRIPOOL_NAME_BYTES]);

/*
 * An fd that is readable (poll, epoll) from when a producer came, went or was killed until the next refresh; now and
 * then when none did. It is the same for the directory's whole life, whether or not there is one to watch. The
 * library's; valid until destroy.
 */
int tripool_directory_fd(const struct tripool_directory *directory);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
