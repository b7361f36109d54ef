// SPDX-License-Identifier: MIT
/* Where streams are: which directory, and whose. */
#include "puppet.h"
#include "scratch.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void set_or_unset(const char *name, int set)
{
	if (set)
		setenv(name, "", 1);
	else
		unsetenv(name);
}

/* $TRIPOOL_DIR, else $XDG_RUNTIME_DIR/tripool, else /tmp/tripool-<uid>; an empty one counts as none. */
static void the_directory_is_the_first_that_is_named(void **state)
{
	(void)state;
	char path[PATH_MAX], fallback[64], longest[PATH_MAX + 100];
	struct tripool_directory *d;
	struct tripool_producer *p;
	struct tripool_error error;
	struct stat st;
	const struct tripool_format f = puppet_format(64);
	const struct tripool_producer_options o = {.name = "t-of-a-test"};
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *before = runtime ? strdup(runtime) : NULL;
	setenv("XDG_RUNTIME_DIR", scratch_directory(), 1);
	snprintf(path, sizeof(path), "%s/tripool", scratch_directory());
	for (int empty = 0; empty < 2; empty++) {
		set_or_unset("TRIPOOL_DIR", empty);
		assert_int_equal(tripool_producer_create(&p, &o, &f, NULL), 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
		tripool_producer_destroy(p);
		assert_int_equal(rmdir(path), 0);
	}
	snprintf(fallback, sizeof(fallback), "/tmp/tripool-%u", (unsigned)geteuid());
	bool was_there = stat(fallback, &st) == 0;
	for (int empty = 0; empty < 2; empty++) {
		set_or_unset("XDG_RUNTIME_DIR", empty);
		if (tripool_producer_create(&p, &o, &f, &error) < 0)
			fail_msg("%s", error.text);
		snprintf(path, sizeof(path), "%s/t-of-a-test.sock", fallback);
		assert_int_equal(stat(path, &st), 0);
		tripool_producer_destroy(p);
	}
	assert_true(was_there || rmdir(fallback) == 0 || errno == ENOTEMPTY);

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	setenv("TRIPOOL_DIR", longest, 1);
	assert_int_equal(tripool_producer_create(&p, &o, &f, &error), -ENAMETOOLONG);
	assert_non_null(strstr(error.text, "too long a path"));
	assert_int_equal(tripool_directory_create(&d, &error), -ENAMETOOLONG);
	unsetenv("XDG_RUNTIME_DIR");
	if (before)
		setenv("XDG_RUNTIME_DIR", before, 1);
	free(before);
}

/* In somebody else's directory a name may be anybody's: only $TRIPOOL_DIR says that this is meant. */
static void nobody_looks_into_a_strangers_directory_unasked(void **state)
{
	(void)state;
	char path[PATH_MAX];
	struct tripool_directory *d;
	struct tripool_error error;
	if (geteuid() != 0)
		return; /* who else could give one away? */
	snprintf(path, sizeof(path), "%s/tripool", scratch_directory());
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chown(path, 65534, 65534), 0);
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *before = runtime ? strdup(runtime) : NULL;
	unsetenv("TRIPOOL_DIR");
	setenv("XDG_RUNTIME_DIR", scratch_directory(), 1);
	assert_int_equal(tripool_directory_create(&d, &error), -EPERM);
	assert_non_null(strstr(error.text, "belongs to user 65534, not to us (0)"));
	setenv("TRIPOOL_DIR", path, 1);
	assert_int_equal(tripool_directory_create(&d, &error), 0);
	tripool_directory_destroy(d);
	unsetenv("XDG_RUNTIME_DIR");
	if (before)
		setenv("XDG_RUNTIME_DIR", before, 1);
	free(before);
	assert_int_equal(rmdir(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_directory_is_the_first_that_is_named),
	    TEST(nobody_looks_into_a_strangers_directory_unasked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
