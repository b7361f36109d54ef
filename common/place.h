// SPDX-License-Identifier: MIT
/* Where a stream is found: the directory, the socket's path in it, and the lock that makes a producer the only one. */
#ifndef TRIPOOL_PLACE_H
#define TRIPOOL_PLACE_H

#include "tripool.h"

#include <limits.h>

#define TRIPOOL_FILE_BYTES (TRIPOOL_NAME_BYTES + 16) /* name + ".sock.new" */

int tripool_name_check(const char *name, struct tripool_error *error);

/* Opens (and makes, where missing) the directory of streams. Returns an O_PATH fd. A producer must own it; a viewer may
 * be sent to somebody else's by $TRIPOOL_DIR. Nobody else may write there. */
int tripool_place_open(bool producer, struct tripool_error *error);

/* The same for one who looks only: what is missing is not made. -ENOENT: there is none at `path`. */
int tripool_place_find(char path[PATH_MAX], struct tripool_error *error);

const char *tripool_place_file(char file[TRIPOOL_FILE_BYTES], const char *name, const char *suffix);

/* A path to what the fd has open. False: /proc is not mounted, as in some sandboxes, or is another pid namespace's. */
bool tripool_place_path_of_fd(char path[PATH_MAX], int fd);

/* A path to the directory: by way of its fd, as a socket's path has 107 bytes only and directories may be deep. Without
 * /proc its own path, where that still leads there. */
int tripool_place_reach(char path[PATH_MAX], int directory, struct tripool_error *error);

/* Takes the name. Returns the lock's fd, or -EADDRINUSE with the pid of who has it. */
int tripool_place_lock(int directory, const char *name, struct tripool_error *error);

/* Whether the lock file is still the one that was locked: it may have been removed, and made again by another. */
bool tripool_place_is_ours(int directory, const char *name, int lock);

/* Removes the lock file, if it still is the one, and lets go. */
void tripool_place_unlock(int directory, const char *name, int lock);

/* A listening socket with that mode and group, in the name's place once it is ready: who finds it can connect. */
int tripool_place_listen(
    int directory, const char *name, uint32_t mode, const char *group, struct tripool_error *error);
/* While the lock is held. Where its file was taken away, and another may have the name, the socket stays. */
void tripool_place_unlisten(int directory, const char *name, int lock);

/* A connected non-blocking socket. -ENOENT: there is no producer. -EAGAIN: it is too busy to be asked now. */
int tripool_place_connect(int directory, const char *name, struct tripool_error *error);

/*
 * Whether a producer listens there that this user may connect to, without its notice. `probe` is a Unix datagram
 * socket: the kernel finds the listener first and only then that it is of another kind; where nobody listens it says
 * something else. Connecting would take a place in the producer's queue. The lock's state cannot be read: locks of
 * flock are not shown by F_OFD_GETLK, and who tries to take one, shared or not, may have it in the very moment in which
 * a producer wants it.
 */
bool tripool_place_is_live(int directory, const char *name, int probe);

/* Adds to an inotify fd what tells that something happened in the directory, of inotify's events, or to itself. Returns
 * the watch. Producers come with IN_MOVED_TO. Drain says whether it was this name's, or the directory is not what it
 * was. */
int tripool_place_inotify(struct tripool_error *error);
int tripool_place_watch(int directory, int inotify, uint32_t events, struct tripool_error *error);
bool tripool_place_drain(int inotify, const char *name);

#endif
