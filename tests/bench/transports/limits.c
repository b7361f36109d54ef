// SPDX-License-Identifier: MIT
/*
 * The least that two processes of this machine can do for one another: the clock stamped, one word stored, and the
 * other one sees it, by looking all the time (hand-off, and ring, where none is lost) or by being woken (eventfd,
 * futex). In real use the frames lie in memory that both have, three in turn, and nothing keeps them apart.
 */
#include "transport.h"

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FRAMES 3

struct bare {
	/* by the producer: all that goes from one core to the other, in one cache line */
	_Alignas(128) _Atomic uint64_t word; /* the sequence */
	_Atomic int64_t stamp_ns;
	_Atomic uint32_t futex;
	/* by neither, once it is prepared */
	_Alignas(128) int fd;
	uint8_t *frames; /* NULL: none are carried */
	/* each by one side, for itself */
	_Alignas(128) uint64_t begun; /* the producer */
	_Alignas(128) uint64_t seen;  /* the viewer */
	/* by the viewer: of the ring */
	_Alignas(128) _Atomic uint64_t had;
};
static_assert(offsetof(struct bare, begun) - offsetof(struct bare, fd) >= 128, "else the viewer's reads wait for it");
static_assert(offsetof(struct bare, seen) - offsetof(struct bare, begun) >= 128, "else each delays the other");

static int bare_prepare(struct link *link)
{
	struct bare *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		return link_fail(link, "mmap", errno);
	link->own = b;
	b->fd = -1;
	if (!link->real)
		return 0;
	b->frames = mmap(NULL, FRAMES * link->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (b->frames == MAP_FAILED) {
		b->frames = NULL;
		return link_fail(link, "mmap", errno);
	}
	return 0;
}

static void bare_clean(struct link *link)
{
	struct bare *b = link->own;
	if (!b)
		return;
	if (b->fd >= 0)
		close(b->fd);
	if (b->frames)
		munmap(b->frames, FRAMES * link->bytes);
	munmap(b, sizeof(*b));
}

static int wake_prepare(struct link *link)
{
	int r = bare_prepare(link);
	if (r < 0)
		return r;
	struct bare *b = link->own;
	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return b->fd < 0 ? link_fail(link, "eventfd", errno) : 0;
}

static int bare_open(struct link *link)
{
	(void)link;
	return 0;
}

static uint8_t *frame_of(const struct link *link, uint64_t sequence)
{
	const struct bare *b = link->own;
	return b->frames ? b->frames + sequence % FRAMES * link->bytes : NULL;
}

static uint8_t *bare_begin(struct link *link)
{
	struct bare *b = link->own;
	return frame_of(link, ++b->begun);
}

static int bare_publish(struct link *link, const struct stamp *stamp)
{
	struct bare *b = link->own;
	atomic_store_explicit(&b->stamp_ns, stamp->publish_ns, memory_order_relaxed);
	atomic_store_explicit(&b->word, stamp->sequence, memory_order_release);
	return 0;
}

static int bare_take(struct link *link, struct taken *taken)
{
	struct bare *b = link->own;
	uint64_t word = atomic_load_explicit(&b->word, memory_order_acquire);
	if (word == b->seen)
		return 0;
	b->seen = word;
	taken->frame = frame_of(link, word);
	taken->sequence = word;
	taken->publish_ns = atomic_load_explicit(&b->stamp_ns, memory_order_relaxed);
	return 1;
}

/* Three are on the way at most, as in a triple buffer. */
static int ring_publish(struct link *link, const struct stamp *stamp)
{
	struct bare *b = link->own;
	while (stamp->sequence - atomic_load_explicit(&b->had, memory_order_acquire) > 3)
		;
	return bare_publish(link, stamp);
}

static int ring_take(struct link *link, struct taken *taken)
{
	struct bare *b = link->own;
	if (b->seen == atomic_load_explicit(&b->word, memory_order_acquire))
		return 0;
	taken->sequence = ++b->seen;
	atomic_store_explicit(&b->had, b->seen, memory_order_release);
	return 1;
}

static int eventfd_publish(struct link *link, const struct stamp *stamp)
{
	struct bare *b = link->own;
	bare_publish(link, stamp);
	return eventfd_write(b->fd, 1) < 0 ? link_fail(link, "eventfd", errno) : 0;
}

static int eventfd_take(struct link *link, struct taken *taken)
{
	struct bare *b = link->own;
	struct pollfd f = {.fd = b->fd, .events = POLLIN};
	eventfd_t count;
	if (poll(&f, 1, TAKE_MS) <= 0)
		return 0;
	int r = bare_take(link, taken);
	if (eventfd_read(b->fd, &count) < 0)
		return link_fail(link, "eventfd", errno);
	return r;
}

static int futex_publish(struct link *link, const struct stamp *stamp)
{
	struct bare *b = link->own;
	bare_publish(link, stamp);
	atomic_store(&b->futex, (uint32_t)stamp->sequence);
	syscall(SYS_futex, &b->futex, FUTEX_WAKE, 1, NULL, NULL, 0);
	return 0;
}

static int futex_take(struct link *link, struct taken *taken)
{
	struct bare *b = link->own;
	struct timespec t = {.tv_nsec = TAKE_MS * 1000000};
	syscall(SYS_futex, &b->futex, FUTEX_WAIT, (uint32_t)b->seen, &t, NULL, 0);
	return bare_take(link, taken);
}

#define BARE                                                                                                           \
	.kind = TRANSPORT_LIMIT, .clean = bare_clean, .open_producer = bare_open, .begin = bare_begin,                 \
	.open_viewer = bare_open

const struct transport transport_hand_off = {.name = "hand-off",
    .limits = LIMITS_POLLING,
    .what = "one word, looked at all the time",
    BARE,
    .prepare = bare_prepare,
    .publish = bare_publish,
    .take = bare_take};
const struct transport transport_ring = {.name = "ring",
    .limits = LIMITS_FLAT_OUT,
    .what = "one word, each one looked at",
    BARE,
    .prepare = bare_prepare,
    .publish = ring_publish,
    .take = ring_take};
const struct transport transport_eventfd = {.name = "eventfd",
    .limits = LIMITS_SLEEPING,
    .what = "one word, woken by eventfd",
    BARE,
    .prepare = wake_prepare,
    .publish = eventfd_publish,
    .take = eventfd_take};
const struct transport transport_futex = {.name = "futex",
    .limits = LIMITS_SLEEPING,
    .what = "one word, woken by futex",
    BARE,
    .prepare = bare_prepare,
    .publish = futex_publish,
    .take = futex_take};
