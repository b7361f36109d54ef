// SPDX-License-Identifier: MIT
#include "tripool.h"

#include <isa-l/crc.h>

uint32_t tripool_crc32c(const void *data, size_t size_bytes)
{
	const unsigned char *at = data;
	unsigned int crc = 0xffffffff;
	while (size_bytes > 0) {
		/* ISA-L counts in int. */
		int chunk = size_bytes < (1 << 30) ? (int)size_bytes : 1 << 30;
		crc = crc32_iscsi((unsigned char *)at, chunk, crc);
		at += chunk;
		size_bytes -= (size_t)chunk;
	}
	return ~crc;
}
