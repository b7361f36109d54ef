// SPDX-License-Identifier: MIT
/* Sealed shared memory: made by the producer, distrusted and mapped by the viewer. */
#ifndef TRIPOOL_MEMORY_H
#define TRIPOOL_MEMORY_H

#include "layout.h"

/* A pool as the producer has it. */
struct tripool_pool {
	int fd;          /* for fallocate and fstat */
	int fd_readonly; /* what viewers are sent */
	struct tripool_header *header;
	uint64_t bytes;
	uint64_t reserved_bytes;
};

uint64_t tripool_round_to_pages(uint64_t bytes);

/* What is to be called for a pool before it is sealed against writing. */
struct tripool_preparation {
	tripool_prepare_fn call;
	void *context;
};

/* Makes and seals a pool for slots of format->size_bytes; its first `reserved_slots` have their memory already.
 * `preparation` may be NULL, or its `call`. */
int tripool_pool_create(struct tripool_pool *pool, const struct tripool_format *format, uint32_t slot_count,
    uint32_t reserved_slots, uint64_t generation, const struct tripool_preparation *preparation,
    struct tripool_error *error);

/* Where the pool's slots are, for its producer. */
struct tripool_pool_memory tripool_pool_memory(const struct tripool_pool *pool);

/* Reserves the memory of the first `slots` slots, so that writing them cannot fail; of what is missing, `most_bytes` at
 * most. Returns 0, or 1 when more is missing yet. */
int tripool_pool_reserve(struct tripool_pool *pool, uint32_t slots, uint64_t most_bytes, struct tripool_error *error);

uint8_t *tripool_pool_slot(const struct tripool_pool *pool, uint32_t slot);
uint64_t tripool_pool_resident_bytes(const struct tripool_pool *pool);
void tripool_pool_destroy(struct tripool_pool *pool);

/* Makes and maps a zeroed lease page of fixed size. The fd is the caller's: to send, and when the viewer says that it
 * has sealed the page, to check. */
int tripool_lease_create(struct tripool_lease_page **page, int *fd, struct tripool_error *error);

/* Whether the page's memory can be relied on from now on: it is there, and stays. */
int tripool_lease_check(int fd, struct tripool_error *error);
void tripool_lease_unmap(struct tripool_lease_page *page);
uint64_t tripool_lease_bytes(void);

/*
 * The viewer's side of both: nothing is mapped before the kernel vouches for seals and size. The fds stay the caller's.
 * `shape` is a checked copy: nobody can change it any more.
 */
int tripool_pool_map(int fd, uint64_t bytes, const struct tripool_header **header, struct tripool_pool_shape *shape,
    struct tripool_error *error);
void tripool_pool_unmap(const struct tripool_header *header, uint64_t bytes);

/* Maps the page and seals it. */
int tripool_lease_map(int fd, uint64_t bytes, struct tripool_lease_page **page, struct tripool_error *error);

#endif
