// SPDX-License-Identifier: MIT
#include "scratch.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[PATH_MAX - 512];
static pid_t owner; /* 0: there is none. Its children leave the directory alone. */
static int left;

static int fail(const char *what)
{
	int r = -errno;
	fprintf(stderr, "scratch: %s %s: %s\n", what, directory, strerror(errno));
	return r;
}

static void at_exit(void)
{
	if (owner == getpid())
		scratch_remove();
}

int scratch_make(void)
{
	static bool registered;
	const char *parent = getenv("TMPDIR");
	int n = snprintf(directory, sizeof(directory), "%s/tripool-test-XXXXXX", parent && *parent ? parent : "/tmp");
	if (n >= (int)sizeof(directory))
		errno = ENAMETOOLONG;
	if (n >= (int)sizeof(directory) || !mkdtemp(directory) || setenv("TRIPOOL_DIR", directory, 1) < 0)
		return fail("cannot make");
	owner = getpid();
	if (!registered)
		atexit(at_exit);
	registered = true;
	return 0;
}

const char *scratch_directory(void)
{
	return directory;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	if (at->level > 0) {
		fprintf(stderr, "scratch: left behind: %s\n", path);
		left++;
	}
	return remove(path);
}

int scratch_remove(void)
{
	owner = 0;
	left = 0;
	return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS) < 0 ? fail("cannot remove") : left;
}
