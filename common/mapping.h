// SPDX-License-Identifier: MIT
/* One generation of a stream as a viewer has it mapped: the pool, and the leases that stand in it. */
#ifndef TRIPOOL_MAPPING_H
#define TRIPOOL_MAPPING_H

#include "memory.h"
#include "reader.h"

struct tripool_lease {
	struct tripool_mapping *mapping;
	uint32_t cell;
};

struct tripool_mapping {
	struct tripool_mapping *next;
	struct tripool_pool_shape shape; /* checked; what the mapped one says now does not matter */
	const struct tripool_header *header;
	struct tripool_reader reader;
	uint32_t leases;
	uint32_t free_cells; /* mask */
	int socket; /* the mapping's, to be closed with it: while it is open what is leased is not written. Or -1. */
	struct tripool_lease lease[TRIPOOL_MAX_LEASES];
};

/* Checks and maps the pool that the producer granted. The fd and the lease page stay the caller's: the fd is not needed
 * afterwards; the page must stay mapped until retire, or until nothing but destroy will be called. */
int tripool_mapping_create(struct tripool_mapping **mapping, const struct tripool_pool_message *granted, int fd,
    struct tripool_lease_page *page, uint32_t leases, struct tripool_error *error);

/* Unmaps the pool: frames still leased are dead. NULL is fine. */
void tripool_mapping_destroy(struct tripool_mapping *mapping);

/* Closes the mapping's socket, if it has one: what is in the pool may be written from now on. */
void tripool_mapping_hang_up(struct tripool_mapping *mapping);

/* Another pool or another producer has come: nobody writes to this one any more, so its leases need no cells. The lease
 * page is not touched any more; only release, is_idle and destroy may be called from here on. */
void tripool_mapping_retire(struct tripool_mapping *mapping);
bool tripool_mapping_is_idle(const struct tripool_mapping *mapping);

/* Leases the newest frame. As tripool_reader_acquire, and -EBUSY. */
int tripool_mapping_acquire(struct tripool_mapping *mapping, struct tripool_frame *frame);

/* Leases the frame that a queue has in `place`, which is free. -EPROTO: there is no such slot, or frame. */
int tripool_mapping_lease(struct tripool_mapping *mapping, uint32_t slot, uint32_t place, struct tripool_claim *claim,
    struct tripool_frame *frame);

void tripool_mapping_release(struct tripool_lease *lease);

#endif
