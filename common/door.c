// SPDX-License-Identifier: MIT
/*
 * Who comes and goes. A peer connects and is a *guest*. Its hello is answered with a lease page; when it says that it
 * has sealed the page, it is admitted as a *viewer*. One that asks instead is told, and shown out. What is wrong is
 * refused with a reason. A viewer has nothing to say, but that there is room where it was asked for: whatever else it
 * sends, and its hang-up, ends it. Nothing here waits for a peer.
 */
#include "clock.h"
#include "place.h"
#include "producer.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define PATIENCE_NS 3000000000     /* with a guest, for each thing it has to say: its machine may be busy */
#define LOOK_AGAIN_NS 1000000000   /* a viewer waits two seconds for an answer */
#define SEND_BUFFER_BYTES 4096     /* some ten messages: each unread one keeps a pool alive; or one answer */
#define RESERVE_AT_ONCE (2u << 20) /* bytes, a millisecond's worth, so that no frame waits for a viewer's memory */
#define SELDOM_NS 100000000        /* between frames: then one does not wait long for all of it */
#define RESERVE_PARTS 32           /* but of a large pool enough to come to an end */
#define ACCEPTS_AT_ONCE 4          /* so that a flood of connections does not keep the producer from its frames */

static_assert(
    sizeof(struct tripool_answer) <= 2 * SEND_BUFFER_BYTES - 256, "the kernel doubles the size, and needs some");

static int watch(struct tripool_producer *p, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	return epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_spare_fd(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int tripool_door_open(
    struct tripool_producer *p, const struct tripool_producer_options *options, struct tripool_error *error)
{
	int r;
	p->spare_fd = open_spare_fd();
	if (p->spare_fd < 0)
		return tripool_fail(error, -errno, "cannot open /dev/null: %s", strerror(errno));
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll < 0) {
		r = tripool_fail(error, -errno, "cannot make an epoll fd: %s", strerror(errno));
		goto close_spare;
	}
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (p->timer < 0) {
		r = tripool_fail(error, -errno, "cannot make a timer: %s", strerror(errno));
		goto close_epoll;
	}
	uint32_t mode = options->socket_mode ? options->socket_mode : 0600;
	p->listener = tripool_place_listen(p->directory, p->name, mode, options->group, error);
	if (p->listener < 0) {
		r = p->listener;
		goto close_timer;
	}
	if ((r = watch(p, p->listener, EPOLLIN)) < 0 || (r = watch(p, p->timer, EPOLLIN)) < 0) {
		tripool_fail(error, r, "cannot watch the socket: %s", strerror(-r));
		goto unlisten;
	}
	return 0;
unlisten:
	tripool_place_unlisten(p->directory, p->name, p->lock);
	close(p->listener);
close_timer:
	close(p->timer);
close_epoll:
	close(p->epoll);
close_spare:
	close(p->spare_fd);
	return r;
}

/* Out of the set first: a child that was forked may keep the socket open, and in it. */
void tripool_door_hang_up(struct tripool_producer *p, const struct tripool_client *peer)
{
	epoll_ctl(p->epoll, EPOLL_CTL_DEL, peer->socket, NULL);
	if (peer->page) /* else it was sent no fd */
		tripool_unread_add(p, peer);
	else
		tripool_wire_hang_up(peer->socket);
}

static void forget_guest(struct tripool_producer *p, uint32_t index)
{
	p->guests--;
	memmove(&p->guest[index], &p->guest[index + 1], (p->guests - index) * sizeof(p->guest[0]));
}

static void drop_guest(struct tripool_producer *p, uint32_t index)
{
	struct tripool_client *g = &p->guest[index];
	tripool_door_hang_up(p, g);
	if (g->page) {
		tripool_lease_unmap(g->page);
		close(g->lease_fd);
	}
	forget_guest(p, index);
}

void tripool_door_close(struct tripool_producer *p)
{
	/* The name goes first, so that nobody comes any more. */
	tripool_place_unlisten(p->directory, p->name, p->lock);
	close(p->listener);
	while (p->guests > 0)
		drop_guest(p, p->guests - 1);
	while (p->viewers > 0)
		tripool_audience_drop(p, p->viewers - 1, "was let go");
	tripool_unread_close(p);
	close(p->timer);
	close(p->epoll);
	close(p->spare_fd);
}

static void refuse(struct tripool_producer *p, const struct tripool_client *c, int code, const char *reason)
{
	struct tripool_message m = {.preamble.type = TRIPOOL_REFUSED, .refused.code = code};
	snprintf(m.refused.reason, sizeof(m.refused.reason), "%s", reason);
	tripool_log(
	    &p->logger, TRIPOOL_LOG_INFO, "refused pid %d (user %u): %s", (int)c->pid, (unsigned)c->uid, reason);
	(void)tripool_wire_send(c->socket, &m, -1); /* who does not listen is not told */
}

/* Whether there is room for a viewer with so many leases; writes why not. */
static int have_room(const struct tripool_producer *p, uint32_t leases, struct tripool_error *why)
{
	uint32_t viewers = p->viewers, taken = p->leases;
	for (uint32_t i = 0; i < p->guests; i++) {
		if (p->guest[i].ready) { /* it has its place, and waits for memory only */
			viewers++;
			taken += p->guest[i].leases;
		}
	}
	if (viewers >= p->max_viewers)
		return tripool_fail(why, -EUSERS,
		    "stream '%s' has its %u viewers: end one, or let the producer allow more (--max-viewers)", p->name,
		    p->max_viewers);
	if (leases > p->max_leases - taken)
		return tripool_fail(why, -EUSERS,
		    "stream '%s' has %u of %u leases left, %u are needed: end a viewer, or let the producer "
		    "allow more (--max-viewers)",
		    p->name, p->max_leases - taken, p->max_leases, leases);
	return 0;
}

/* Whether the hello can be granted; writes why not. */
static int consider(const struct tripool_producer *p, const struct tripool_message *m, struct tripool_error *why)
{
	if (m->preamble.version != TRIPOOL_PROTOCOL)
		return tripool_fail(why, -EPROTONOSUPPORT,
		    "the producer of '%s' speaks version %d of the protocol, the viewer %u: update one", p->name,
		    TRIPOOL_PROTOCOL, m->preamble.version);
	if (m->preamble.type != TRIPOOL_HELLO)
		return tripool_fail(why, -EPROTO, "the first message was of type %u, not a hello", m->preamble.type);
	if (m->hello.mode != TRIPOOL_MODE_NEWEST && m->hello.mode != TRIPOOL_MODE_EVERY)
		return tripool_fail(why, -EOPNOTSUPP, "stream '%s' has no delivery mode %u", p->name, m->hello.mode);
	if (m->hello.leases == 0 || m->hello.leases > TRIPOOL_MAX_LEASES)
		return tripool_fail(
		    why, -EINVAL, "a viewer may have 1 to %d leases, not %u", TRIPOOL_MAX_LEASES, m->hello.leases);
	if (m->hello.mode == TRIPOOL_MODE_EVERY && m->hello.leases < tripool_audience_least_leases(p))
		return tripool_fail(why, -EINVAL,
		    "stream '%s' is lossless and writes %u frames at once: a viewer that gets each needs as many "
		    "leases, not %u",
		    p->name, p->write_depth, m->hello.leases);
	return have_room(p, m->hello.leases, why);
}

/* The guest said hello: it gets a lease page to map and to seal. */
static int greet(
    struct tripool_producer *p, struct tripool_client *g, const struct tripool_message *m, struct tripool_error *why)
{
	int r = consider(p, m, why);
	if (r < 0)
		return r;
	if ((r = tripool_unread_check(p, g->uid, why)) < 0)
		return r;
	if ((r = tripool_lease_create(&g->page, &g->lease_fd, why)) < 0)
		return r;
	g->leases = m->hello.leases;
	g->every = m->hello.mode == TRIPOOL_MODE_EVERY;
	snprintf(g->name, sizeof(g->name), "%.*s", (int)sizeof(g->name) - 1, m->hello.client_name);
	tripool_make_printable(g->name);
	struct tripool_message welcome = {.preamble.type = TRIPOOL_LEASE, .lease.lease_bytes = tripool_lease_bytes()};
	if ((r = tripool_wire_send(g->socket, &welcome, g->lease_fd)) < 0)
		return tripool_fail(why, r, "the lease page could not be sent: %s", strerror(-r));
	g->deadline_ns = tripool_now_ns() + PATIENCE_NS;
	return 0;
}

/* The guest is ready: it becomes a viewer as soon as there is memory for its leases. Returns 0, or 1: not yet. */
static int admit(struct tripool_producer *p, struct tripool_client *g, uint64_t most_bytes, struct tripool_error *why)
{
	/* Others, or another format, may have come meanwhile. */
	if (g->every && g->leases < tripool_audience_least_leases(p))
		return tripool_fail(why, -EAGAIN, "%u leases do not do any more", g->leases);
	if (g->deadline_ns <= tripool_now_ns())
		most_bytes = UINT64_MAX; /* it waits for an answer, and not for ever */
	int r = tripool_pool_reserve(
	    &p->pool, tripool_slots_needed(p->write_depth, p->leases + g->leases), most_bytes, why);
	if (r != 0)
		return r;
	if ((r = tripool_audience_send_pool(p, g->socket)) < 0)
		return tripool_fail(why, r, "the pool could not be sent: %s", strerror(-r));
	close(g->lease_fd);
	tripool_writer_add(&p->writer, g->page, g->leases, g->every);
	p->leases += g->leases;
	p->viewer[p->viewers++] = *g;
	if (p->viewers > p->viewers_peak)
		p->viewers_peak = p->viewers;
	tripool_log(&p->logger, TRIPOOL_LOG_INFO, "viewer '%s' (pid %d) came, %u of %u", g->name, (int)g->pid,
	    p->viewers, p->max_viewers);
	return 0;
}

/* The guest says that it is ready, and nothing after that. */
static int check_in(
    struct tripool_producer *p, struct tripool_client *g, const struct tripool_message *m, struct tripool_error *why)
{
	if (g->ready)
		return tripool_fail(why, -EPROTO, "it said more than that it is ready");
	if (m->preamble.version != TRIPOOL_PROTOCOL || m->preamble.type != TRIPOOL_READY)
		return tripool_fail(why, -EPROTO, "the second message was of type %u, not ready", m->preamble.type);
	int r = tripool_lease_check(g->lease_fd, why);
	if (r < 0)
		return r;
	if ((r = have_room(p, g->leases, why)) < 0)
		return r;
	g->ready = true;
	g->deadline_ns = tripool_now_ns() + LOOK_AGAIN_NS;
	return 0;
}

/* Hears what the guest has to say, if anything; it may be no guest any more then. */
static void hear_guest(struct tripool_producer *p, uint32_t index)
{
	struct tripool_client *g = &p->guest[index];
	bool greeted = g->page;
	struct tripool_message m;
	struct tripool_error why;
	int r = tripool_wire_receive(g->socket, &m, NULL);
	if (r == -EAGAIN)
		return;
	if (r == 0 && !greeted && m.preamble.version == TRIPOOL_PROTOCOL && m.preamble.type == TRIPOOL_ASK) {
		tripool_answer(p, g->socket);
		drop_guest(p, index);
		return;
	}
	if (r < 0)
		tripool_fail(&why, r, r == -EPIPE ? "it hung up" : "it does not speak this protocol");
	else
		r = greeted ? check_in(p, g, &m, &why) : greet(p, g, &m, &why);
	if (r < 0) {
		refuse(p, g, -r, why.text);
		drop_guest(p, index);
	}
}

/* How much memory may be reserved now: whole pages. */
static uint64_t part_bytes(const struct tripool_producer *p)
{
	uint64_t part = p->pool.bytes / RESERVE_PARTS, page = tripool_round_to_pages(1);
	/* Where frames are so far apart it would take too long, and none of them is in a hurry. */
	if (p->published_ns != 0 && (p->interval_ns > SELDOM_NS || tripool_now_ns() - p->published_ns > SELDOM_NS))
		return p->pool.bytes;
	return part > RESERVE_AT_ONCE ? part / page * page : RESERVE_AT_ONCE;
}

/* Those that are ready, in the order in which they came, as far as memory is there or was reserved now. */
static void admit_guests(struct tripool_producer *p)
{
	if (p->guests == 0)
		return;
	uint64_t end = p->pool.reserved_bytes + part_bytes(p);
	int r = 0;
	for (uint32_t i = 0; i < p->guests && r != 1 && p->pool.reserved_bytes < end;) {
		struct tripool_client *g = &p->guest[i];
		struct tripool_error why;
		if (!g->ready) {
			i++;
			continue;
		}
		r = admit(p, g, end - p->pool.reserved_bytes, &why);
		if (r < 0) {
			refuse(p, g, -r, why.text);
			drop_guest(p, i);
		} else if (r == 0) {
			forget_guest(p, i);
		}
	}
}

static struct tripool_client meet(int socket)
{
	/* The kernel knows who it is; what the peer says of itself is only a label. */
	struct ucred peer = {.pid = -1};
	socklen_t size = sizeof(peer);
	getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	return (struct tripool_client){
	    .socket = socket,
	    .deadline_ns = tripool_now_ns() + PATIENCE_NS,
	    .pid = peer.pid,
	    .uid = peer.uid,
	};
}

/* When no fd is left the peer cannot be accepted, nor would it ever go away: the spare fd makes room to say so. */
static bool turn_one_away(struct tripool_producer *p)
{
	close(p->spare_fd);
	int socket = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (socket >= 0) {
		struct tripool_client peer = meet(socket);
		refuse(p, &peer, EMFILE, "the producer has no file descriptor left (ulimit -n)");
		close(socket);
	}
	p->spare_fd = open_spare_fd();
	return socket >= 0;
}

/* For the one that came last. Those that are ready have their places as viewers already. Of the others a crowd of mute
 * ones keeps nobody out who is about to come in: the first mute one has to go, if there is any; else the first. */
static void make_room_for_a_guest(struct tripool_producer *p)
{
	uint32_t ready = 0, index = 0;
	for (uint32_t i = 0; i < p->guests; i++)
		ready += p->guest[i].ready;
	if (p->guests - ready <= TRIPOOL_MAX_GUESTS)
		return;
	while (index + 1 < p->guests && p->guest[index].page)
		index++;
	if (index + 1 == p->guests)
		for (index = 0; p->guest[index].ready; index++)
			;
	drop_guest(p, index);
}

static void accept_guests(struct tripool_producer *p)
{
	for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
		int socket = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (socket < 0 && (errno == EMFILE || errno == ENFILE)) {
			if (!turn_one_away(p))
				return;
			continue;
		}
		if (socket < 0)
			return;
		int size = SEND_BUFFER_BYTES;
		(void)setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		if (watch(p, socket, EPOLLIN | EPOLLRDHUP) < 0) {
			close(socket);
			continue;
		}
		p->guest[p->guests++] = meet(socket);
		hear_guest(p, p->guests - 1); /* an honest one has spoken by now, and who only asked has gone */
		make_room_for_a_guest(p);
	}
}

static void handle(struct tripool_producer *p, int fd)
{
	for (uint32_t i = 0; i < p->guests; i++) {
		if (p->guest[i].socket == fd) {
			hear_guest(p, i);
			return;
		}
	}
	for (uint32_t i = 0; i < p->viewers; i++) {
		if (p->viewer[i].socket == fd) {
			tripool_audience_hear(p, i);
			return;
		}
	}
}

/* Lets go of those whose time is over, or who have read all; the fd tells when to look again. */
static void mind_guests(struct tripool_producer *p)
{
	int64_t now_ns = tripool_now_ns(), next_ns = INT64_MAX;
	for (uint32_t i = p->guests; i-- > 0;) {
		if (p->guest[i].ready)
			next_ns = now_ns; /* there is more to be done for it */
		else if (p->guest[i].deadline_ns <= now_ns)
			drop_guest(p, i);
		else if (p->guest[i].deadline_ns < next_ns)
			next_ns = p->guest[i].deadline_ns;
	}
	tripool_unread_sweep(p);
	if (p->unreads > 0 && next_ns > now_ns + LOOK_AGAIN_NS)
		next_ns = now_ns + LOOK_AGAIN_NS; /* no event tells what is read */
	if (next_ns == INT64_MAX)
		next_ns = 0; /* none */
	struct itimerspec when = {.it_value = {next_ns / 1000000000, next_ns % 1000000000}};
	timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &when, NULL); /* which also takes back what it has told */
}

void tripool_door_dispatch(struct tripool_producer *p)
{
	struct epoll_event events[32];
	if (p->spare_fd < 0) /* another was faster when it was given up last */
		p->spare_fd = open_spare_fd();
	int n = epoll_wait(p->epoll, events, 32, 0);
	bool knock = false;
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == p->listener)
			knock = true;
		else
			handle(p, events[i].data.fd);
	}
	if (knock) /* last: who left has made room */
		accept_guests(p);
	admit_guests(p);
	if (p->guests > 0 || p->unreads > 0 || n > 0)
		mind_guests(p);
}
