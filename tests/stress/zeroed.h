// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_ZEROED_H
#define TRIPOOL_ZEROED_H

#include "layout.h"

#include <stdlib.h>
#include <string.h>

/* Memory as a pool or a lease page begins: of zeros, in cache lines of its own. The caller's, to free. */
static inline void *zeroed(size_t size)
{
	size = (size + TRIPOOL_LINE_BYTES - 1) / TRIPOOL_LINE_BYTES * TRIPOOL_LINE_BYTES;
	void *memory = aligned_alloc(TRIPOOL_LINE_BYTES, size);
	if (!memory)
		abort();
	return memset(memory, 0, size);
}

#endif
