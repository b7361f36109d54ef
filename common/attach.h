// SPDX-License-Identifier: MIT
/* The viewer's side of the hand-shake. */
#ifndef TRIPOOL_ATTACH_H
#define TRIPOOL_ATTACH_H

#include "layout.h"
#include "wire.h"

/* What a viewer is granted. All of it is the caller's: to unmap, to check and map, to close. */
struct tripool_grant {
	int socket;
	struct tripool_lease_page *page; /* sealed, and heeded by the producer */
	struct tripool_pool_message pool;
	int pool_fd;
};

/*
 * Finds the stream's producer in the directory and asks to be let in. Errors: as tripool_viewer_create.
 * Waits until it can connect and for two answers, at most two seconds for each.
 */
int tripool_attach(int directory, const char *name, const char *client_name, enum tripool_mode mode, uint32_t leases,
    struct tripool_grant *grant, struct tripool_error *error);

#endif
