// SPDX-License-Identifier: MIT
/* One message a packet over the socket, with file descriptors where the protocol has them. Never waits. */
#ifndef TRIPOOL_WIRE_H
#define TRIPOOL_WIRE_H

#include "layout.h"

#define TRIPOOL_WIRE_FDS 2 /* of a TRIPOOL_POOL message: pool, lease page */

/* Sends the message, whole or not at all; its preamble's magic and version are put in. fds: TRIPOOL_WIRE_FDS of them,
 * or NULL. 0, -EAGAIN (the peer does not read), -EPIPE (it is gone), or what the kernel says. */
int tripool_wire_send(int socket, struct tripool_message *message, const int *fds);

/* Wakes the peer; the shortest message. */
int tripool_wire_wake(int socket);

/*
 * Receives one message: 0, -EAGAIN (none), -EPIPE (the peer hung up), -EPROTO (not a message of ours, or of a wrong
 * size), -EMFILE (no fd is left for those that came). fds: room for TRIPOOL_WIRE_FDS, -1 where none came, then the
 * caller's to close; NULL: none are wanted, and any that come are closed by the kernel. A message of another version is
 * let through with its preamble and type: the caller decides.
 */
int tripool_wire_receive(int socket, struct tripool_message *message, int *fds);

#endif
