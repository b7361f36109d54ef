// SPDX-License-Identifier: MIT
/* The viewer's side of the hand-shake. */
#ifndef TRIPOOL_ATTACH_H
#define TRIPOOL_ATTACH_H

#include "layout.h"
#include "wire.h"

/*
 * Finds the stream's producer in the directory and asks to be let in. Returns the connected socket; what was granted
 * is in `granted`, and its fds (pool, lease page) are the caller's to check, map and close.
 * Errors: as tripool_viewer_create. Waits for the answer, at most two seconds.
 */
int tripool_attach(int directory, const char *name, const char *client_name, uint32_t leases,
    struct tripool_pool_message *granted, int fds[TRIPOOL_WIRE_FDS], struct tripool_error *error);

#endif
