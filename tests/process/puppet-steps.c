// SPDX-License-Identifier: MIT
/* The puppet's own process. */
#include "puppet-steps.h"

#include "clock.h"
#include "traces.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAMES 16

uint8_t puppet_pixel(uint64_t sequence, uint64_t at)
{
	return (uint8_t)(sequence * 131 + at * 7 + (at >> 8));
}

static int check(const struct tripool_frame *f)
{
	if (!f->lease)
		return -ENOENT;
	for (uint64_t at = 0; at < f->format->size_bytes; at++)
		if (f->memory[at] != puppet_pixel(f->sequence, at))
			return -EBADMSG;
	return 0;
}

static int dispatch_for(struct tripool_producer *producer, int64_t milliseconds)
{
	int64_t end_ns = tripool_now_ns() + milliseconds * 1000000, left_ms = milliseconds;
	int viewers = 0;
	while (left_ms > 0) {
		struct pollfd f = {.fd = tripool_producer_fd(producer), .events = POLLIN};
		poll(&f, 1, (int)left_ms);
		viewers = tripool_producer_dispatch(producer);
		left_ms = (end_ns - tripool_now_ns()) / 1000000;
	}
	return viewers;
}

/* Until there is another order. */
static void host(struct tripool_producer *producer, int socket)
{
	struct pollfd f[2] = {
	    {.fd = socket, .events = POLLIN}, {.fd = tripool_producer_fd(producer), .events = POLLIN}};
	while (poll(f, 2, -1) >= 0 && !f[0].revents)
		tripool_producer_dispatch(producer);
}

struct stage {
	struct tripool_viewer *viewer;
	struct tripool_producer *producer;
	struct tripool_frame frame[FRAMES];
};

static void view_step(struct stage *s, const struct order *o, struct puppet_answer *a)
{
	struct tripool_viewer_options options = {.name = "t",
	    .client_name = "puppet",
	    .leases = (uint32_t)o->a,
	    .wait_for_producer = o->b == 1,
	    .every = o->b == 2};
	struct tripool_frame *f = &s->frame[o->a % FRAMES];
	struct tripool_viewer_stats stats;
	struct pollfd poll_for;
	switch (o->step) {
	case VIEW:
		a->result = tripool_viewer_create(&s->viewer, &options, &a->error);
		break;
	case ACQUIRE:
		a->result = tripool_viewer_acquire(s->viewer, f);
		if (a->result == 0) {
			a->sequence = f->sequence;
			a->generation = f->generation;
			a->info = f->info;
		}
		break;
	case CHECK:
		a->result = check(f);
		break;
	case RELEASE:
		tripool_viewer_release(s->viewer, f);
		break;
	case WAIT:
		a->result = tripool_viewer_wait(s->viewer, (int)o->a);
		break;
	case POLL:
		poll_for = (struct pollfd){.fd = tripool_viewer_fd(s->viewer), .events = POLLIN};
		a->result = tripool_viewer_arm(s->viewer) ? 1 : poll(&poll_for, 1, (int)o->a);
		break;
	case REWIND:
		tripool_viewer_rewind(s->viewer);
		break;
	case RECONNECT:
		a->result = tripool_viewer_reconnect(s->viewer, &a->error);
		break;
	case STATS:
		tripool_viewer_get_stats(s->viewer, &stats);
		a->sequence = stats.frames_skipped;
		a->generation = stats.reconnects;
		break;
	default: /* UNVIEW */
		tripool_viewer_destroy(s->viewer);
		s->viewer = NULL;
	}
}

static void produce_step(struct stage *s, const struct order *o, struct puppet_answer *a)
{
	struct tripool_producer_options options = {.name = "t"};
	struct tripool_format format;
	switch (o->step) {
	case PRODUCE:
		format = puppet_format((uint32_t)o->a);
		a->result = tripool_producer_create(&s->producer, &options, &format, &a->error);
		break;
	case MAKE_FRAMES:
		puppet_publish(s->producer, (unsigned)o->a);
		break;
	case SET_FORMAT:
		format = puppet_format((uint32_t)o->a);
		a->result = tripool_producer_set_format(s->producer, &format, &a->error);
		break;
	default: /* DISPATCH_FOR */
		a->result = dispatch_for(s->producer, o->a);
	}
}

_Noreturn void puppet_main(int socket)
{
	struct stage s = {0};
	int fds = count_fds(), maps = traces_memfds(getpid()); /* the test's own, which it has by being its child */
	struct order o;
	while (recv(socket, &o, sizeof(o), 0) == sizeof(o) && o.step != END) {
		struct puppet_answer a = {0};
		if (o.step == HOST) {
			host(s.producer, socket);
			continue;
		}
		if (o.step < PRODUCE)
			view_step(&s, &o, &a);
		else
			produce_step(&s, &o, &a);
		if (send(socket, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
			break;
	}
	tripool_viewer_destroy(s.viewer);
	tripool_producer_destroy(s.producer);
	_exit(count_fds() == fds && traces_memfds(getpid()) == maps ? 0 : 1);
}
