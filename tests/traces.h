// SPDX-License-Identifier: MIT
/* What processes have and leave: memory, fds, files. */
#ifndef TRIPOOL_TRACES_H
#define TRIPOOL_TRACES_H

#include <stdint.h>
#include <sys/types.h>

/* Of a few processes together. */
struct traces {
	int pools, pages; /* different ones that any of them has, mapped or by an fd */
};

struct traces traces_of(const pid_t *pid, int count);

/* Of one. What it opens for this counts, where it looks at itself. -1: there is no such process. */
int traces_fds(pid_t pid);
int traces_mappings(pid_t pid);
int traces_memfds(pid_t pid);       /* those of its mappings that are of shared memory without a file */
long traces_private_kib(pid_t pid); /* RssAnon */
long traces_shmem_kib(void);        /* of the whole system */

/* Writes the names in a directory, separated by blanks, if there is room for any, and returns how many there are. */
int traces_files(const char *directory, char *names, size_t bytes);

#endif
