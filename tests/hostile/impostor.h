// SPDX-License-Identifier: MIT
/* A producer by hand, in a process of its own. */
#ifndef TRIPOOL_IMPOSTOR_H
#define TRIPOOL_IMPOSTOR_H

#include "layout.h"
#include "memory.h"

#include <sys/types.h>

#define IMPOSTOR_STREAM "bait"

/* Takes the stream and serves each viewer that comes, in one more process, with its connected socket, which blocks. To
 * be called with a fresh directory of streams. */
pid_t impostor_start(void (*serve)(int socket, void *context), void *context);

/* Kills them, and tidies up what a killed producer leaves. */
void impostor_end(pid_t pid);

/* For who serves. Expect reads a message, which may be any. Send: fd -1 for none. */
bool impostor_expect(int socket);
void impostor_send(int socket, enum tripool_message_type type, uint64_t first, uint64_t second, int fd);

/* A lease page, and its fd; and the right hand-shake up to it. NULL: the viewer has gone. */
struct tripool_lease_page *impostor_greet(int socket);

/* A sealed pool whose header stays writable to this process, and so to who is forked from it. */
struct tripool_pool impostor_pool(const char *pix_fmt, uint32_t width_px, uint32_t height_px, uint32_t slots);

/* What there is of open fds, and of mappings of shared memory of ours. */
struct belongings {
	int fds, maps;
};
struct belongings belongings(void);

#endif
