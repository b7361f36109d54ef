// SPDX-License-Identifier: MIT
/* One message a packet over the socket, with a file descriptor where the protocol has one. Never waits. */
#ifndef TRIPOOL_WIRE_H
#define TRIPOOL_WIRE_H

#include "layout.h"

/* Sends the message, whole or not at all; its preamble's magic and version are put in. fd: -1 for
 * none. 0, -EAGAIN (the peer does not read), -EPIPE (it is gone), or what the kernel says. */
int tripool_wire_send(int socket, struct tripool_message *message, int fd);

/* The same for an answer: as much of it as its number of viewers needs. */
int tripool_wire_send_answer(int socket, struct tripool_answer *answer);

/* Ends the talk and closes the socket: the peer hears of it even while a child that was forked has the socket, too. */
void tripool_wire_hang_up(int socket);

/* TRIPOOL_WAKE or TRIPOOL_ROOM: the shortest messages. */
int tripool_wire_nudge(int socket, enum tripool_message_type type);

/*
 * Receives one message: 0, -EAGAIN (none), -EPIPE (the peer hung up), -EPROTO (not a message of ours, or of a wrong
 * size), -EMFILE (no fd is left for the one that came). fd: the caller's to close, -1 where none came; NULL: none is
 * wanted, and any that come are closed by the kernel. A message of another version is let through with its preamble
 * and type: the caller decides.
 */
int tripool_wire_receive(int socket, struct tripool_message *message, int *fd);

/* What follows ASK: an answer or a message, by its type, as receive says, without an fd. */
int tripool_wire_receive_reply(int socket, union tripool_reply *reply);

#endif
