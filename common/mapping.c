// SPDX-License-Identifier: MIT
#include "mapping.h"

#include "error.h"
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static uint32_t all_cells(const struct tripool_mapping *m)
{
	return (1u << m->leases) - 1;
}

int tripool_mapping_create(struct tripool_mapping **mapping, const struct tripool_pool_message *granted, int fd,
    struct tripool_lease_page *page, uint32_t leases, struct tripool_error *error)
{
	struct tripool_mapping *m = calloc(1, sizeof(*m));
	if (!m)
		return tripool_fail(error, -ENOMEM, "no memory for a pool");
	int r = tripool_pool_map(fd, granted->pool_bytes, &m->header, &m->shape, error);
	if (r < 0) {
		free(m);
		return r;
	}
	tripool_reader_init(&m->reader, m->header, page, m->shape.slot_count);
	m->socket = -1;
	m->leases = leases;
	m->free_cells = all_cells(m);
	for (uint32_t i = 0; i < leases; i++)
		m->lease[i] = (struct tripool_lease){.mapping = m, .cell = i};
	*mapping = m;
	return 0;
}

void tripool_mapping_destroy(struct tripool_mapping *m)
{
	if (!m)
		return;
	tripool_pool_unmap(m->header, m->shape.pool_bytes);
	tripool_mapping_hang_up(m); /* last: it frees the slots */
	free(m);
}

void tripool_mapping_hang_up(struct tripool_mapping *m)
{
	if (m->socket >= 0)
		tripool_wire_hang_up(m->socket);
	m->socket = -1;
}

void tripool_mapping_retire(struct tripool_mapping *m)
{
	m->reader.page = NULL;
}

bool tripool_mapping_is_idle(const struct tripool_mapping *m)
{
	return m->free_cells == all_cells(m);
}

int tripool_mapping_acquire(struct tripool_mapping *m, struct tripool_frame *frame)
{
	if (m->free_cells == 0) {
		/* The next pool brings cells of its own. */
		if (tripool_reader_is_retired(&m->reader))
			return -ESTALE;
		return tripool_reader_has_news(&m->reader) ? -EBUSY : -EAGAIN;
	}
	uint32_t cell = (uint32_t)__builtin_ctz(m->free_cells);
	struct tripool_claim claim;
	int slot = tripool_reader_acquire(&m->reader, cell, &claim);
	if (slot < 0)
		return slot;
	int r = tripool_mapping_lease(m, (uint32_t)slot, cell, &claim, frame);
	if (r < 0)
		tripool_reader_release(&m->reader, cell);
	return r;
}

int tripool_mapping_lease(
    struct tripool_mapping *m, uint32_t slot, uint32_t place, struct tripool_claim *claim, struct tripool_frame *frame)
{
	const struct tripool_format *format = &m->shape.format;
	if (slot >= m->shape.slot_count || claim->info.bytes_used > format->size_bytes)
		return -EPROTO;
	if (claim->info.bytes_used == 0)
		claim->info.bytes_used = format->size_bytes;
	m->free_cells &= ~(1u << place);
	const uint8_t *memory = (const uint8_t *)m->header + m->shape.slots_offset_bytes + slot * m->shape.slot_bytes;
	*frame = (struct tripool_frame){
	    .format = format,
	    .memory = memory,
	    .sequence = claim->sequence,
	    .generation = m->shape.generation,
	    .publish_ns = claim->publish_ns,
	    .info = claim->info,
	    .lease = &m->lease[place],
	};
	for (uint32_t p = 0; p < format->plane_count; p++)
		frame->plane[p] = memory + format->offset_bytes[p];
	return 0;
}

void tripool_mapping_release(struct tripool_lease *lease)
{
	struct tripool_mapping *m = lease->mapping;
	if (m->reader.page)
		tripool_reader_release(&m->reader, lease->cell);
	m->free_cells |= 1u << lease->cell;
}
