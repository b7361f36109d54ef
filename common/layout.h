// SPDX-License-Identifier: MIT
/*
 * Everything that two processes share, byte for byte: the pool's header, a viewer's lease page, the socket's messages.
 *
 * Fixed-width integers only. Each banner says who writes, who reads, and by which order. Whatever a peer writes is
 * read once into a local, checked, and only then used.
 */
#ifndef TRIPOOL_LAYOUT_H
#define TRIPOOL_LAYOUT_H

#include "tripool_report.h"

#include <assert.h>
#include <fcntl.h>
#include <stdatomic.h>

#define TRIPOOL_MAGIC UINT32_C(0x6c707274) /* "trpl" */
#define TRIPOOL_PROTOCOL 1
#define TRIPOOL_LINE_BYTES 128 /* two cache lines: x86 fetches them in pairs */

/* ---- The pool: header, then at slots_offset_bytes the slots --------------------------------------------------- */

/* `latest` is sequence << 8 | slot; 0 before the first frame. It never repeats, as the sequence never does. */
#define TRIPOOL_LATEST_SLOT_BITS 8
#define TRIPOOL_LATEST_RETIRED UINT64_MAX /* the stream went on in another pool */

/* Constant from before the pool is sent. Writer: producer. Readers: viewers, each into a checked private copy. */
struct tripool_pool_shape {
	uint32_t magic;
	uint32_t version;
	uint64_t generation;
	uint64_t pool_bytes;
	uint64_t slots_offset_bytes;
	uint64_t slot_bytes;
	uint32_t slot_count;
	uint32_t reserved[21];
	struct tripool_format format;
};

/* In `flags`, beside enum tripool_frame_flags: the frame says more of itself than fits into the first cache line. */
#define TRIPOOL_FLAG_MORE (1u << 31)

struct tripool_header {
	struct tripool_pool_shape shape;

	/* Writer: producer, once a frame (seq_cst). Readers: viewers (seq_cst). What nearly every frame says of itself
	 * is in the same cache line. */
	_Alignas(TRIPOOL_LINE_BYTES) _Atomic uint64_t latest;

	/* What frame n says of itself, at [n % 2]. Writer: producer (release). Readers: viewers (acquire), who take it
	 * only when `latest` was the same before and after: frame n + 2 is the first to use the same places again. */
	_Atomic int64_t publish_ns[2];
	_Atomic int64_t capture_ns[2];
	_Atomic uint64_t source_sequence[2];
	_Atomic uint32_t flags[2];

	/* With TRIPOOL_FLAG_MORE; else the whole frame is used, and has no CRC. */
	_Atomic uint64_t bytes_used[2];
	_Atomic uint32_t crc32c[2];
};

static_assert(sizeof(struct tripool_format) == 128, "the format is part of the protocol");
static_assert(offsetof(struct tripool_format, offset_bytes) == 64, "the format is part of the protocol");
static_assert(offsetof(struct tripool_format, matrix) == 120, "the format is part of the protocol");
static_assert(offsetof(struct tripool_pool_shape, format) == 128, "the shape is part of the protocol");
static_assert(sizeof(struct tripool_pool_shape) == 256, "the shape is part of the protocol");
static_assert(offsetof(struct tripool_header, latest) == 256, "latest begins a cache line");
static_assert(offsetof(struct tripool_header, publish_ns) == 264, "the header is part of the protocol");
static_assert(offsetof(struct tripool_header, capture_ns) == 280, "the header is part of the protocol");
static_assert(offsetof(struct tripool_header, source_sequence) == 296, "the header is part of the protocol");
static_assert(offsetof(struct tripool_header, flags) == 312, "the header is part of the protocol");
static_assert(offsetof(struct tripool_header, bytes_used) == 320, "and what most frames need ends with that line");
static_assert(offsetof(struct tripool_header, crc32c) == 336, "the header is part of the protocol");
static_assert(sizeof(struct tripool_header) == 384, "nothing else lies in these lines");
static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "atomics must work between processes");

/* ---- The lease page: one for each viewer, in all generations --------------------------------------------------- */

/* A frame in a viewer's queue. Writer: producer (relaxed), before `head`. Reader: viewer (relaxed), after `head`. */
struct tripool_queued {
	_Atomic uint64_t sequence;
	_Atomic uint64_t generation;
	_Atomic int64_t publish_ns;
	_Atomic int64_t capture_ns;
	_Atomic uint64_t source_sequence;
	_Atomic uint64_t bytes_used;
	_Atomic uint32_t crc32c;
	_Atomic uint32_t flags;
	_Atomic uint32_t slot;
	uint32_t reserved;
};

struct tripool_lease_page {
	/* Writer: viewer (seq_cst to claim, release to let go). Reader: producer (seq_cst), who believes nothing here.
	 * A cell is 0, or 1 + the slot of the newest pool that may not be written. Frames of older pools need none. */
	_Alignas(TRIPOOL_LINE_BYTES) _Atomic uint32_t cell[TRIPOOL_MAX_LEASES];
	_Atomic uint64_t frames_acquired; /* for people to read, so relaxed */
	_Atomic uint64_t frames_skipped;
	_Atomic uint64_t last_sequence; /* of the frame acquired last from this producer; 0: none */

	/* 1: the viewer sleeps, or is about to. Writers: viewer (seq_cst) sets, producer clears and then wakes. */
	_Alignas(TRIPOOL_LINE_BYTES) _Atomic uint32_t armed;

	/* Of a viewer that gets every frame. Entry n of its queue is at [n % its leases]; those from `tail` on and
	 * before `head` name slots that may not be written. Writer of `tail`: viewer (seq_cst), who lets entries go in
	 * their order. Reader: producer (seq_cst), who believes only what lies between its own tail and head. */
	_Alignas(TRIPOOL_LINE_BYTES) _Atomic uint64_t tail;
	/* Writer: producer (seq_cst), and its words are not heeded by itself. Reader: viewer (seq_cst to fall asleep,
	 * acquire to take), who checks. */
	_Alignas(TRIPOOL_LINE_BYTES) _Atomic uint64_t head;
	/* 1: the producer waits for `tail` to move. Writers: producer (seq_cst) sets, viewer, who looks by seq_cst,
	 * clears and then says so. */
	_Atomic uint32_t wants_room;
	_Alignas(TRIPOOL_LINE_BYTES) struct tripool_queued queue[TRIPOOL_MAX_LEASES];
};

static_assert(offsetof(struct tripool_lease_page, frames_acquired) == 64, "the lease page is part of the protocol");
static_assert(offsetof(struct tripool_lease_page, last_sequence) == 80, "the lease page is part of the protocol");
static_assert(offsetof(struct tripool_lease_page, armed) == 128, "the lease page is part of the protocol");
static_assert(offsetof(struct tripool_lease_page, tail) == 256, "the lease page is part of the protocol");
static_assert(offsetof(struct tripool_lease_page, head) == 384, "the lease page is part of the protocol");
static_assert(offsetof(struct tripool_lease_page, wants_room) == 392, "the lease page is part of the protocol");
static_assert(offsetof(struct tripool_lease_page, queue) == 512, "the lease page is part of the protocol");
static_assert(sizeof(struct tripool_queued) == 64, "the lease page is part of the protocol");
static_assert(sizeof(struct tripool_lease_page) == 1536, "the lease page is part of the protocol");

/* What must be true of shared memory before it is mapped: its size is fixed. */
#define TRIPOOL_SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* And before it is relied on: no new mapping of it can write, nor can holes be punched into it under those who have it
 * mapped. The producer seals a pool like this before anybody else has it, a viewer its lease page when it has mapped
 * it: the producer does not heed a page that is not sealed. */
#define TRIPOOL_SEALS (TRIPOOL_SIZE_SEALS | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL)

/* ---- The socket: SOCK_SEQPACKET, one message a packet ---------------------------------------------------------- */

enum tripool_message_type {
	TRIPOOL_HELLO = 1,   /* viewer: the first thing it says */
	TRIPOOL_REFUSED = 2, /* producer: and hangs up. Of the same shape in every version. */
	TRIPOOL_LEASE = 3,   /* producer: the answer to a hello; with the lease page's fd */
	TRIPOOL_READY = 4,   /* viewer: the page is mapped and sealed; the last thing it says, but for ROOM */
	TRIPOOL_POOL = 5,    /* producer: the answer to that, and again for each new generation; with the pool's fd */
	TRIPOOL_WAKE = 6,    /* producer: to a viewer that was armed; the preamble alone */
	TRIPOOL_ROOM = 7,    /* viewer: it has cleared wants_room; the preamble alone */
	TRIPOOL_ASK = 8,     /* anybody, instead of a hello */
	TRIPOOL_REPORT = 9,  /* producer: the answer to that, and hangs up; a tripool_answer */
};

enum tripool_mode { TRIPOOL_MODE_NEWEST = 0, TRIPOOL_MODE_EVERY = 1 };

struct tripool_preamble {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
};

struct tripool_hello {
	uint32_t mode;
	uint32_t leases;
	char client_name[TRIPOOL_NAME_BYTES + 3];
};

struct tripool_refused {
	int32_t code; /* errno, positive */
	char reason[252];
};

struct tripool_lease_message {
	uint64_t lease_bytes;
};

struct tripool_pool_message {
	uint64_t generation;
	uint64_t pool_bytes;
};

struct tripool_message {
	struct tripool_preamble preamble;
	union {
		struct tripool_hello hello;
		struct tripool_refused refused;
		struct tripool_lease_message lease;
		struct tripool_pool_message pool;
	};
};

/* Sent as far as there are viewers in it. */
struct tripool_answer {
	struct tripool_preamble preamble;
	struct tripool_report report; /* producer_pid is 0: the kernel tells it */
};

#define TRIPOOL_ANSWER_BYTES(viewers)                                                                                  \
	(offsetof(struct tripool_answer, report.viewer) + (viewers) * sizeof(struct tripool_report_viewer))

/* What may come to who asked. */
union tripool_reply {
	struct tripool_preamble preamble;
	struct tripool_message message;
	struct tripool_answer answer;
};

static_assert(sizeof(struct tripool_preamble) == 8, "the preamble is part of the protocol");
static_assert(sizeof(struct tripool_hello) == 76, "the hello is part of the protocol");
static_assert(sizeof(struct tripool_message) == 264, "messages have one size");
static_assert(sizeof(struct tripool_report_viewer) == 104, "the report is part of the protocol");
static_assert(offsetof(struct tripool_report_viewer, name) == 36, "the report is part of the protocol");
static_assert(offsetof(struct tripool_report, slots) == 64, "the report is part of the protocol");
static_assert(offsetof(struct tripool_report, format) == 96, "the report is part of the protocol");
static_assert(offsetof(struct tripool_report, viewer) == 352, "the report is part of the protocol");
static_assert(sizeof(struct tripool_answer) == TRIPOOL_ANSWER_BYTES(TRIPOOL_MAX_SLOTS), "nothing follows the viewers");

#endif
