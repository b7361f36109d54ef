// SPDX-License-Identifier: MIT
/* The viewers that were admitted: what they say, what they are told, waiting for them, and how they leave. */
#include "clock.h"
#include "producer.h"
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define LONGEST_SLEEP_NS 100000000
#define WAKES_AVERAGED 64       /* who was held up once comes before who always takes long */
#define UNKNOWN_WAKE_NS 1000000 /* longer than wake-ups take */
#define MESSAGES_AT_ONCE 4      /* so that a flood of words does not keep the producer from its frames */

static void log_viewer(const struct tripool_producer *p, const struct tripool_client *v, const char *why)
{
	/* Its own figures (relaxed: for people only). */
	unsigned long long acquired = atomic_load_explicit(&v->page->frames_acquired, memory_order_relaxed);
	unsigned long long skipped = atomic_load_explicit(&v->page->frames_skipped, memory_order_relaxed);
	tripool_log(&p->logger, TRIPOOL_LOG_INFO, "viewer '%s' (pid %d) %s: %llu frames, %llu skipped", v->name,
	    (int)v->pid, why, acquired, skipped);
}

void tripool_audience_drop(struct tripool_producer *p, uint32_t index, const char *why)
{
	struct tripool_client *v = &p->viewer[index];
	log_viewer(p, v, why);
	tripool_door_hang_up(p, v);
	tripool_writer_remove(&p->writer, index);
	tripool_lease_unmap(v->page);
	p->leases -= v->leases;
	*v = p->viewer[--p->viewers];
}

/* It gets no more frames, and is told so. But what it has is not written before it hangs up: it may just be slow. */
static void close_viewer(struct tripool_producer *p, uint32_t index, const char *why)
{
	log_viewer(p, &p->viewer[index], why);
	tripool_writer_close(&p->writer, index);
	shutdown(p->viewer[index].socket, SHUT_WR);
}

int tripool_audience_send_pool(struct tripool_producer *p, int socket)
{
	struct tripool_message m = {
	    .preamble.type = TRIPOOL_POOL,
	    .pool = {.generation = p->generation, .pool_bytes = p->pool.bytes},
	};
	return tripool_wire_send(socket, &m, p->pool.fd_readonly);
}

/* So many places a viewer needs for the frames that are written at once: with fewer, begin would wait for ever. */
uint32_t tripool_audience_least_leases(const struct tripool_producer *p)
{
	return p->writer.lossless ? p->write_depth : 1;
}

/* It has nothing to say but, once each time that it was asked, that there is room. One that says more is heard again
 * by the next dispatch. */
void tripool_audience_hear(struct tripool_producer *p, uint32_t index)
{
	struct tripool_client *v = &p->viewer[index];
	struct tripool_message m;
	int r;
	for (int i = 0; i < MESSAGES_AT_ONCE && (r = tripool_wire_receive(v->socket, &m, NULL)) != -EAGAIN; i++) {
		bool room = r == 0 && m.preamble.version == TRIPOOL_PROTOCOL && m.preamble.type == TRIPOOL_ROOM;
		if (!room || v->room_due == 0) {
			tripool_audience_drop(p, index, r == -EPIPE ? "left" : "broke the protocol");
			return;
		}
		v->room_due--;
	}
}

static void wake(struct tripool_client *v)
{
	int r = tripool_wire_nudge(v->socket, TRIPOOL_WAKE);
	/* Who is gone is found by dispatch, whose queue is full has wake-ups enough. But where the kernel was short of
	 * memory the next frame is to try again (relaxed: as good as if it had not been cleared). */
	if (r < 0 && r != -EAGAIN && r != -EPIPE)
		atomic_store_explicit(&v->page->armed, 1, memory_order_relaxed);
}

/* A viewer can make its wake-up take long, by watches of its own on its socket. So that the others need not wait for
 * it, they are woken in the order of what that takes on average. A newcomer comes after those that are known: else who
 * comes again and again would be first. */
void tripool_audience_wake(struct tripool_producer *p, uint64_t viewers)
{
	struct tripool_client *order[TRIPOOL_MAX_SLOTS];
	uint32_t count = 0;
	for (; viewers; viewers &= viewers - 1) {
		struct tripool_client *v = &p->viewer[__builtin_ctzll(viewers)];
		uint32_t place = count++;
		if (v->wake_ns == 0)
			v->wake_ns = UNKNOWN_WAKE_NS;
		for (; place > 0 && order[place - 1]->wake_ns > v->wake_ns; place--)
			order[place] = order[place - 1];
		order[place] = v;
	}
	int64_t begin_ns = tripool_now_ns();
	for (uint32_t i = 0; i < count; i++) {
		wake(order[i]);
		int64_t end_ns = tripool_now_ns();
		order[i]->wake_ns += (end_ns - begin_ns - order[i]->wake_ns) / WAKES_AVERAGED;
		begin_ns = end_ns;
	}
}

/* True: somebody has no room yet, and was asked to say when there is. */
static bool ask_for_room(struct tripool_producer *p)
{
	bool wanted = false;
	for (uint32_t i = 0; i < p->viewers; i++) {
		bool asked = false;
		if (tripool_writer_has_room(&p->writer, i))
			continue;
		wanted |= tripool_writer_want_room(&p->writer, i, &asked);
		p->viewer[i].room_due += asked;
	}
	return wanted;
}

/* In short sleeps, each of which counts for no longer than it was to be: where the clock jumps ahead, as that of a
 * machine that was stopped, nobody had the time. */
void tripool_audience_wait_for_room(struct tripool_producer *p)
{
	int64_t left_ns = p->stall_ns;
	while (left_ns > 0 && ask_for_room(p)) {
		int64_t most_ns = left_ns < LONGEST_SLEEP_NS ? left_ns : LONGEST_SLEEP_NS, begin_ns = tripool_now_ns();
		struct pollfd f = {.fd = p->epoll, .events = POLLIN};
		(void)poll(&f, 1, (int)((most_ns + 999999) / 1000000));
		tripool_door_dispatch(p);
		int64_t slept_ns = tripool_now_ns() - begin_ns;
		left_ns -= slept_ns < most_ns ? slept_ns : most_ns;
	}
	if (left_ns > 0)
		return;
	for (uint32_t i = p->viewers; i-- > 0;)
		if (!tripool_writer_has_room(&p->writer, i))
			close_viewer(p, i, "took no frame for too long");
}

void tripool_audience_announce_pool(struct tripool_producer *p)
{
	for (uint32_t i = p->viewers; i-- > 0;)
		if (p->viewer[i].every && p->viewer[i].leases < tripool_audience_least_leases(p))
			tripool_audience_drop(p, i, "has too few leases for the new write depth");
		else if (tripool_audience_send_pool(p, p->viewer[i].socket) < 0)
			tripool_audience_drop(p, i, "could not be told of the new format");
}
