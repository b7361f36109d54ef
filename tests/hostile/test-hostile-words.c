// SPDX-License-Identifier: MIT
/*
 * A producer that changes its words under the viewer's eyes, at full speed: random and nearly right ones, in the
 * header, the lease page and the queue. The viewer gets documented errors, or frames that lie in the pool.
 *
 * usage: test-hostile-words [SEED [ROUNDS]]
 */
#include "clock.h"
#include "impostor.h"
#include "mapping.h"
#include "random.h"
#include "scratch.h"
#include "tools/cli.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOTS 6
#define LEASES 4
#define MOST_NS INT64_C(300000000000)

static uint64_t seed = 1, generator, rounds = 200000;

static uint64_t any_number(void)
{
	return random_next(&generator);
}

static uint64_t below(uint64_t limit)
{
	return (any_number() >> 16) % limit;
}

/* ---- What the impostor writes ---- */

struct plot {
	/* One word of each kind that a producer writes; `n` rises. */
	void (*scribble)(struct tripool_header *h, struct tripool_lease_page *page, uint64_t n);
	unsigned pause; /* one in so many: a rest for the viewer */
	bool talks;     /* and wakes, and sends the pool again */
	unsigned share; /* one in so many of all rounds is enough: most are spent on coming in again */
};

static void at_random(struct tripool_header *h, struct tripool_lease_page *page, uint64_t n)
{
	uint64_t *words[] = {(uint64_t *)(void *)h, (uint64_t *)(void *)page};
	const size_t count[] = {sizeof(*h) / 8, sizeof(*page) / 8};
	__atomic_store_n(&words[n % 2][below(count[n % 2])], any_number(), __ATOMIC_RELAXED);
}

/* Right but for some. */
static uint64_t nearly(uint64_t right, unsigned seldom)
{
	if (below(seldom))
		return right;
	static const uint64_t far[] = {0, 1, UINT64_MAX, UINT64_MAX / 2, UINT64_C(1) << 63, 4096};
	return below(2) ? right + below(5) - 2 : far[below(6)];
}

static void describe_nearly(struct tripool_header *h, uint64_t n)
{
	int at = n % 2;
	bool more = below(2);
	atomic_store(&h->bytes_used[at], nearly(below(1025), 20));
	atomic_store(&h->flags[at], (uint32_t)below(2) | (more ? TRIPOOL_FLAG_MORE : 0));
	__atomic_store_n(&h->shape.slot_count, (uint32_t)nearly(SLOTS, 3), __ATOMIC_RELAXED);
	__atomic_store_n(&h->shape.format.size_bytes, nearly(1024, 3), __ATOMIC_RELAXED);
	__atomic_store_n(&h->shape.slots_offset_bytes, nearly(4096, 3), __ATOMIC_RELAXED);
	atomic_store(&h->latest, nearly(n << TRIPOOL_LATEST_SLOT_BITS | nearly(below(SLOTS), 200), 200));
}

static void queue_nearly(struct tripool_lease_page *page, uint64_t n)
{
	struct tripool_queued *q = &page->queue[n % LEASES];
	atomic_store(&q->sequence, nearly(n + 1, 100));
	atomic_store(&q->generation, nearly(1, 100));
	atomic_store(&q->bytes_used, nearly(below(1024), 100));
	atomic_store(&q->flags, (uint32_t)any_number());
	atomic_store(&q->slot, (uint32_t)nearly(below(SLOTS), 100));
	uint64_t tail = atomic_load(&page->tail);
	atomic_store(&page->head, nearly(tail + below(LEASES + 1), 50));
	atomic_store(&page->wants_room, (uint32_t)below(3));
}

static void nearly_right(struct tripool_header *h, struct tripool_lease_page *page, uint64_t n)
{
	describe_nearly(h, n);
	queue_nearly(page, n);
	if (below(10) == 0)
		atomic_store(&page->cell[below(TRIPOOL_MAX_LEASES)], (uint32_t)any_number());
	if (below(10) == 0)
		atomic_store(&page->armed, (uint32_t)below(3));
}

/* Nothing wrong, but never the same for two looks. */
static void too_fast(struct tripool_header *h, struct tripool_lease_page *page, uint64_t n)
{
	(void)page;
	for (uint64_t i = 0; i < 1000; i++)
		atomic_store(&h->latest, (n * 1000 + i + 1) << TRIPOOL_LATEST_SLOT_BITS | i % SLOTS);
}

static void serve(int socket, void *context)
{
	struct plot *plot = context;
	struct tripool_pool pool = impostor_pool("gray", 64, 16, SLOTS);
	struct tripool_header *h = pool.header;
	struct tripool_pool_shape sound = h->shape;
	struct tripool_lease_page *page = impostor_greet(socket);
	struct pollfd f = {.fd = socket, .events = POLLRDHUP};
	if (!page)
		return;
	impostor_send(socket, TRIPOOL_POOL, 1, pool.bytes, pool.fd_readonly);
	for (uint64_t n = 1; n % 64 || poll(&f, 1, 0) == 0; n++) {
		plot->scribble(h, page, n);
		if (plot->talks && below(64) == 0)
			(void)tripool_wire_nudge(socket, TRIPOOL_WAKE);
		if (plot->talks && below(4096) == 0) {
			h->shape = sound;
			impostor_send(socket, TRIPOOL_POOL, below(3), pool.bytes, pool.fd_readonly);
		}
		if (plot->pause && below(plot->pause) == 0)
			usleep(1);
	}
}

/* ---- What the viewer makes of it ---- */

struct count {
	uint64_t frames, eagain, estale, epipe, ebusy, eproto, connections;
	uint32_t sum;
};

static void read_frame(struct count *c, const struct tripool_frame *f)
{
	const struct tripool_mapping *m = ((const struct tripool_lease *)f->lease)->mapping;
	const uint8_t *pool = (const uint8_t *)m->header;
	assert_true(f->memory >= pool + sizeof(struct tripool_header));
	assert_true(f->memory + f->format->size_bytes <= pool + m->shape.pool_bytes);
	assert_true(f->format->size_bytes <= m->shape.slot_bytes);
	assert_in_range(f->info.bytes_used, 1, f->format->size_bytes);
	for (uint64_t i = 0; i < f->format->size_bytes; i++)
		c->sum += f->memory[i];
	c->frames++;
}

static void count_error(struct count *c, int r)
{
	c->eagain += r == -EAGAIN;
	c->estale += r == -ESTALE;
	c->epipe += r == -EPIPE;
	c->ebusy += r == -EBUSY;
	c->eproto += r == -EPROTO;
	if (r != -EAGAIN && r != -ESTALE && r != -EPIPE && r != -EBUSY && r != -EPROTO)
		fail_msg("acquire says %d", r);
}

/* Any of what a viewer may do. */
static void one_round(struct tripool_viewer *v, struct tripool_frame frame[LEASES], struct count *c)
{
	struct tripool_frame *f = &frame[below(LEASES)];
	struct tripool_error e;
	if (f->lease) {
		tripool_viewer_release(v, f);
		return;
	}
	int r = tripool_viewer_acquire(v, f);
	if (r == 0) {
		read_frame(c, f);
		return;
	}
	count_error(c, r);
	if (r == -EAGAIN && below(64) == 0)
		(void)tripool_viewer_wait(v, (int)below(2));
	if (below(64) == 0)
		(void)tripool_viewer_arm(v);
	if (below(64) == 0)
		tripool_viewer_rewind(v);
	if ((r == -EPIPE || r == -EPROTO) && !tripool_viewer_connected(v)) {
		r = tripool_viewer_reconnect(v, &e);
		if (r < 0 && r != -EPROTO && r != -EPROTONOSUPPORT && r != -EAGAIN)
			fail_msg("reconnect says %d: %s", r, e.text);
		c->connections += r == 0;
	}
}

static void a_viewer_lives_with(struct plot plot, bool every)
{
	struct tripool_viewer_options o = {
	    .name = IMPOSTOR_STREAM, .leases = LEASES, .every = every, .wait_for_producer = true};
	struct tripool_frame frame[LEASES] = {{0}};
	struct tripool_viewer *v;
	struct tripool_error e;
	struct count c = {0};
	struct belongings before = belongings();
	assert_int_equal(scratch_make(), 0);
	pid_t pid = impostor_start(serve, &plot);
	int64_t late_ns = tripool_now_ns() + MOST_NS;
	int r;
	/* It may be wrong already when it is looked at for the first time. */
	while ((r = tripool_viewer_create(&v, &o, &e)) == -EPROTO || r == -EPROTONOSUPPORT)
		assert_true(tripool_now_ns() < late_ns);
	if (r < 0)
		fail_msg("%d: %s", r, e.text);
	uint64_t done = 0, due = rounds / plot.share;
	for (; done < due && tripool_now_ns() < late_ns; done++)
		one_round(v, frame, &c);
	tripool_viewer_destroy(v);
	impostor_end(pid);
	print_message("%s: %llu rounds: %llu frames, EAGAIN %llu, ESTALE %llu, EPIPE %llu, EBUSY %llu, EPROTO %llu, "
		      "%llu connections more\n",
	    every ? "every" : "newest", (unsigned long long)done, (unsigned long long)c.frames,
	    (unsigned long long)c.eagain, (unsigned long long)c.estale, (unsigned long long)c.epipe,
	    (unsigned long long)c.ebusy, (unsigned long long)c.eproto, (unsigned long long)c.connections);
	assert_int_equal(done, due); /* else it was kept from some for minutes */
	assert_true(c.frames > 0 || plot.scribble == at_random);
	struct belongings after = belongings();
	assert_int_equal(after.fds, before.fds);
	assert_int_equal(after.maps, before.maps);
	assert_int_equal(scratch_remove(), 0);
}

static void random_words_are_survived(void **state)
{
	(void)state;
	for (int every = 0; every < 2; every++)
		a_viewer_lives_with((struct plot){.scribble = at_random, .pause = 256, .share = 4}, every);
}

static void words_that_are_nearly_right_are_survived(void **state)
{
	(void)state;
	for (int every = 0; every < 2; every++) {
		a_viewer_lives_with((struct plot){.scribble = nearly_right, .pause = 256, .share = 1}, every);
		a_viewer_lives_with(
		    (struct plot){.scribble = nearly_right, .pause = 256, .talks = true, .share = 1}, every);
	}
}

static void a_newest_that_never_stays_keeps_nobody(void **state)
{
	(void)state;
	a_viewer_lives_with((struct plot){.scribble = too_fast, .share = 1}, false);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = cli_uint("SEED", argv[1], 0, UINT64_MAX);
	if (argc > 2)
		rounds = cli_uint("ROUNDS", argv[2], 1, UINT64_MAX);
	if (argc > 3)
		cli_fail("usage: test-hostile-words [SEED [ROUNDS]]");
	generator = random_first(seed);
	print_message("seed %llu, %llu rounds each\n", (unsigned long long)seed, (unsigned long long)rounds);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_words_are_survived),
	    cmocka_unit_test(words_that_are_nearly_right_are_survived),
	    cmocka_unit_test(a_newest_that_never_stays_keeps_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
