// SPDX-License-Identifier: MIT
/*
 * What the memory of this machine can do at a frame's size: the bound of everything that writes or reads pixels.
 *
 * Two kinds of memory, as the size of its pages counts. PRIVATE is what malloc gives, nothing advised: 4 KiB pages
 * where /sys/kernel/mm/transparent_hugepage/enabled says "madvise" or "never", mostly 2 MiB ones where it says
 * "always"; huge_bytes is what there really was. SHARED is a mapping of a memfd, as a transport's pool is: 4 KiB pages,
 * as long as shmem_enabled beside it says "never" or "advise".
 *
 * Each core goes through three frames of its own in turn, 0 and 1 being those of clock.h; all six have been touched
 * before. GB are 10^9 bytes, each counted once: a copy of n bytes is n.
 */
#ifndef TRIPOOL_BENCH_BANDWIDTH_H
#define TRIPOOL_BENCH_BANDWIDTH_H

#include <stddef.h>
#include <stdint.h>

enum bandwidth_memory { BANDWIDTH_PRIVATE, BANDWIDTH_SHARED };

struct bandwidth {
	double memset_gbs, memcpy_gbs, read_gbs;             /* on core 0 alone */
	double memset_two_gbs, memcpy_two_gbs, read_two_gbs; /* on both at once: the sum */
	double read_other_gbs; /* on core 1, what core 0 has just written; the reading alone */
	/* Two threads of one process, each on its core, write and read the same three frames in turn, every pixel
	 * (pixels.h): the writer is at work on the next one while the reader is at this one. */
	double turns_fps;
	uint64_t turns;      /* frames that were read so */
	uint64_t wrong;      /* frames read, here and for read_other, that were not what had been written */
	uint64_t huge_bytes; /* of the six frames, in 2 MiB pages */
};

/*
 * Takes about `seconds` for each of the eight figures. The work is done in a process of its own, which is gone
 * afterwards. Returns 0, or -errno with a line in `why` (WHY_BYTES of transport.h) and `out` untouched.
 */
int bandwidth_measure(
    size_t frame_bytes, double seconds, enum bandwidth_memory memory, struct bandwidth *out, char *why);

#endif
