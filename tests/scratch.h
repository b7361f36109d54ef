// SPDX-License-Identifier: MIT
/* A directory of streams for one test, so that it meets no other's and can see what is left behind. */
#ifndef TRIPOOL_SCRATCH_H
#define TRIPOOL_SCRATCH_H

/* Makes a new directory in $TMPDIR, else in /tmp, and names it in $TRIPOOL_DIR. At exit() it is removed, if it still is
 * there then. Returns 0 or -errno, having said why. */
int scratch_make(void);

/* Its path: at least 512 bytes shorter than PATH_MAX. */
const char *scratch_directory(void);

/* Removes it, whatever is in it: how many files and directories that was, each of them named on stderr. Or -errno. */
int scratch_remove(void);

#endif
