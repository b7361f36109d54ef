// SPDX-License-Identifier: MIT
/* A role for stage.h: a process that sees next to nothing, as sandboxes make it, in namespaces of its own. */
#ifndef TRIPOOL_SANDBOX_H
#define TRIPOOL_SANDBOX_H

#include "stage.h"

#include <stdbool.h>

struct sandbox {
	const struct stage_person *person; /* whom to become before; NULL: stay */
	const char *passed_in;             /* a file or directory */
	const char *at;                    /* where it is inside, and $TRIPOOL_DIR: its directory, or itself */
	bool own_pids;
	bool proc;     /* mounted inside: with own_pids only */
	bool writable; /* else everything is read-only */
};

/* The test makes an empty directory SANDBOX_ROOT in its own, which `person` can search. */
void sandbox_become(const void *sandbox);

/* In the test's own directory, to be made and removed by the test. */
#define SANDBOX_ROOT "root"

/* Whether such namespaces can be had here; says why not. */
bool sandbox_is_possible(void);

/* A new user namespace in which only this process's own user and group are known. */
void sandbox_become_user_namespace(void);

/* Into a new pid or time namespace, which children alone enter: this process ends with the status of the one inside, in
 * which it returns. */
void sandbox_enter_by_fork(void);

#endif
