// SPDX-License-Identifier: MIT
/*
 * Peers that were let go of before they had read what they were sent. An fd counts as under way until it is read or its
 * receiver's socket is closed, whatever the sender does; and the kernel lets a user have no more of them under way than
 * a process may have open (RLIMIT_NOFILE): beyond, no viewer could be let in, nor any be told of a new format. So these
 * sockets are kept, which tells what is under way still, and who has too many gets no more.
 */
#include "producer.h"
#include "wire.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static bool has_read_all(int socket)
{
	int bytes;
	return ioctl(socket, SIOCOUTQ, &bytes) < 0 || bytes == 0;
}

void tripool_unread_add(struct tripool_producer *p, const struct tripool_client *peer)
{
	if (p->unreads == TRIPOOL_MOST_UNREAD || has_read_all(peer->socket)) {
		tripool_wire_hang_up(peer->socket);
		return;
	}
	shutdown(peer->socket, SHUT_RDWR);
	p->unread[p->unreads++] = (struct tripool_unread){.socket = peer->socket, .uid = peer->uid, .pid = peer->pid};
	/* No event tells what is read: the next dispatch sees to it that it is looked at again. */
	struct itimerspec at_once = {.it_value.tv_nsec = 1};
	timerfd_settime(p->timer, 0, &at_once, NULL);
}

void tripool_unread_sweep(struct tripool_producer *p)
{
	for (uint32_t i = p->unreads; i-- > 0;) {
		if (!has_read_all(p->unread[i].socket))
			continue;
		close(p->unread[i].socket);
		p->unread[i] = p->unread[--p->unreads];
	}
}

void tripool_unread_close(struct tripool_producer *p)
{
	while (p->unreads > 0)
		close(p->unread[--p->unreads].socket);
}

int tripool_unread_check(struct tripool_producer *p, uid_t uid, struct tripool_error *why)
{
	tripool_unread_sweep(p);
	uint32_t of_user = 0;
	pid_t one = -1;
	for (uint32_t i = 0; i < p->unreads; i++) {
		if (p->unread[i].uid == uid) {
			of_user++;
			one = p->unread[i].pid;
		}
	}
	if (of_user >= TRIPOOL_MAX_UNREAD_OF_USER)
		return tripool_fail(why, -EAGAIN,
		    "%u processes of user %u, pid %ld for one, have not read what they were sent (are they stopped?): "
		    "end them",
		    of_user, (unsigned)uid, (long)one);
	if (p->unreads >= TRIPOOL_MAX_UNREAD)
		return tripool_fail(
		    why, -EAGAIN, "too many processes of other users have not read what they were sent");
	return 0;
}
