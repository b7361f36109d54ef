// SPDX-License-Identifier: MIT
/* What faults.c and wraps.c share: a function that can be made to fail. */
#ifndef TRIPOOL_WRAPS_H
#define TRIPOOL_WRAPS_H

#include <stdbool.h>

#define FAULTS_WAYS 8

struct faults_kind {
	const char *name;
	int error[FAULTS_WAYS]; /* the ways in which it fails; 0 ends them */
	int passing[2];         /* those that never last: what makes them comes to an end */
	bool known;
	unsigned injected;
	struct faults_kind *next;
};

/* Counts the call. What it is to fail with, or 0. */
int faults_put_in(struct faults_kind *kind);
bool faults_is_old_kernel(void);
bool faults_has_no_proc(void);

/* Of all that is linked into the test: blocks and bytes that were had and not given back. */
long faults_heap(void);
long faults_mapped_bytes(void);

#endif
