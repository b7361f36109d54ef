// SPDX-License-Identifier: MIT
/* A viewer's side of the socket: finding the producer, being admitted, hearing of new pools and of its end. */
#include "attach.h"
#include "place.h"
#include "viewer.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define MOST_MESSAGES 128 /* more than the send buffer in door.c lets wait at once */

static int watch(struct tripool_viewer *v, int fd, struct tripool_error *error)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	if (epoll_ctl(v->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return tripool_fail(error, -errno, "cannot watch an fd: %s", strerror(errno));
	return 0;
}

/* Whether the fd hears of producers that come: as long as there is none. What is watched already can be changed without
 * asking for anything, so this cannot fail. */
static void heed_directory(struct tripool_viewer *v, bool heed)
{
	struct epoll_event event = {.events = heed ? EPOLLIN : 0, .data.fd = v->inotify};
	epoll_ctl(v->epoll, EPOLL_CTL_MOD, v->inotify, &event);
}

int tripool_connection_init(struct tripool_viewer *v, struct tripool_error *error)
{
	int r = v->inotify = tripool_place_inotify(error);
	if (r < 0)
		return r;
	v->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (v->epoll < 0) {
		r = tripool_fail(error, -errno, "cannot make an epoll fd: %s", strerror(errno));
		goto close_inotify;
	}
	v->socket = -1;
	if ((r = watch(v, v->inotify, error)) == 0)
		return 0;
	close(v->epoll);
close_inotify:
	close(v->inotify);
	return r;
}

void tripool_connection_finish(struct tripool_viewer *v)
{
	if (v->socket >= 0)
		tripool_wire_hang_up(v->socket);
	close(v->epoll);
	close(v->inotify);
}

/* When a process dies the kernel closes the highest fds first, and takes its time for inotify's (it waits until nobody
 * in the system looks at such fds). The producer is to hear of the death at once. */
static int put_above(int socket, int inotify)
{
	int higher = socket > inotify ? socket : fcntl(socket, F_DUPFD_CLOEXEC, inotify + 1);
	if (higher < 0 || higher == socket)
		return socket; /* no fd is left: so be it */
	close(socket);
	return higher;
}

static int attach_once(struct tripool_viewer *v, struct tripool_error *error)
{
	int directory = tripool_place_open(false, error);
	if (directory < 0)
		return directory;
	/* Watched from here on: a producer that is not found now will be noticed when it comes. One that is there does
	 * without. */
	struct tripool_error unwatched = {""};
	int watched = tripool_place_watch(directory, v->inotify, IN_MOVED_TO, &unwatched);
	struct tripool_grant grant;
	int r = tripool_attach(directory, v->name, v->client_name, v->every ? TRIPOOL_MODE_EVERY : TRIPOOL_MODE_NEWEST,
	    v->leases, &grant, error);
	close(directory);
	if (r == -ENOENT && watched < 0)
		return tripool_fail(error, watched, "%s", unwatched.text);
	if (r < 0)
		return r;
	grant.socket = put_above(grant.socket, v->inotify);
	struct tripool_mapping *mapping = NULL;
	r = tripool_mapping_create(&mapping, &grant.pool, grant.pool_fd, grant.page, v->leases, error);
	close(grant.pool_fd);
	if (r == 0)
		r = watch(v, grant.socket, error);
	if (r < 0) {
		tripool_mapping_destroy(mapping);
		tripool_lease_unmap(grant.page);
		tripool_wire_hang_up(grant.socket);
		return r;
	}
	heed_directory(v, false);
	tripool_viewer_replace_current(v, mapping);
	if (v->page)
		tripool_lease_unmap(v->page);
	v->page = grant.page;
	if (v->every) {
		tripool_queue_init(&v->queue, v->page, v->leases);
		mapping->reader.queue = &v->queue;
	}
	v->socket = grant.socket;
	v->was_attached = true;
	v->failure = 0;
	v->last_sequence = 0;
	return 0;
}

int tripool_connection_open(struct tripool_viewer *v, struct tripool_error *error)
{
	int r = attach_once(v, error);
	v->try_again = r < 0 && r != -ENOENT;
	return r;
}

void tripool_connection_close(struct tripool_viewer *v, int failure)
{
	if (v->socket < 0)
		return;
	/* Out of the set first: a child that was forked may keep the socket open, and in it. */
	epoll_ctl(v->epoll, EPOLL_CTL_DEL, v->socket, NULL);
	/* With every a producer that lives may have closed the queue: it frees what waits and is held when we hang
	 * up. */
	if (v->every && v->current)
		v->current->socket = v->socket;
	else
		tripool_wire_hang_up(v->socket);
	v->socket = -1;
	v->failure = failure;
	heed_directory(v, true);
}

/* One message from the producer, taken in. 0, -EAGAIN, or why it is no producer any more. */
static int hear(struct tripool_viewer *v)
{
	struct tripool_message m;
	int fd;
	int r = tripool_wire_receive(v->socket, &m, &fd);
	if (r < 0)
		return r;
	struct tripool_error why = {"its message makes no sense"};
	struct tripool_mapping *mapping = NULL;
	if (m.preamble.version == TRIPOOL_PROTOCOL && m.preamble.type == TRIPOOL_POOL)
		r = tripool_mapping_create(&mapping, &m.pool, fd, v->page, v->leases, &why);
	else if (m.preamble.version != TRIPOOL_PROTOCOL || m.preamble.type != TRIPOOL_WAKE)
		r = -EPROTO;
	if (fd >= 0)
		close(fd);
	if (r == -EPROTONOSUPPORT)
		r = -EPROTO; /* its first pool was of our version: this is no older producer, but nonsense */
	if (r < 0)
		tripool_log(&v->logger, TRIPOOL_LOG_ERROR, "leaving the producer of '%s': %s", v->name, why.text);
	if (mapping) {
		mapping->reader.queue = v->every ? &v->queue : NULL;
		tripool_mapping_destroy(v->news);
		v->news = mapping;
	}
	return r;
}

/* One that never stops talking is no producer. */
void tripool_connection_listen(struct tripool_viewer *v)
{
	int r = 0;
	for (int i = 0; v->socket >= 0 && r != -EAGAIN; i++) {
		r = i < MOST_MESSAGES ? hear(v) : -EPROTO;
		if (r < 0 && r != -EAGAIN)
			tripool_connection_close(v, r);
	}
}
