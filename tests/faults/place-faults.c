// SPDX-License-Identifier: MIT
/* Without /proc the directory is reached by its own path, as far as that leads. */
#include "faults.h"
#include "place.h"
#include "puppet.h"
#include "scenarios.h"
#include "scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(int r, int result, const struct tripool_error *error, const char *words)
{
	if (r != result || !strstr(error->text, words))
		fail_msg("%d, '%s'", r, error->text);
}

void without_proc_a_socket_of_too_long_a_path_is_told(void **state)
{
	(void)state;
	const struct tripool_producer_options o = {.name = "t"};
	const struct tripool_viewer_options vo = {.name = "t"};
	const struct tripool_format f = puppet_format(64);
	const char *words = "and without /proc a socket's has 107 at most: mount /proc, or set TRIPOOL_DIR";
	struct tripool_producer *p;
	struct tripool_viewer *v;
	struct tripool_error error = {""};
	char deep[1024];
	snprintf(deep, sizeof(deep), "%s/%0100d", scratch_directory(), 0);
	setenv("TRIPOOL_DIR", deep, 1);
	faults_no_proc(true);
	expect(tripool_producer_create(&p, &o, &f, &error), -ENAMETOOLONG, &error, words);
	assert_int_equal(rmdir(deep), 0); /* empty */
	faults_no_proc(false);
	assert_int_equal(tripool_producer_create(&p, &o, &f, &error), 0);
	faults_no_proc(true);
	expect(tripool_viewer_create(&v, &vo, &error), -ENAMETOOLONG, &error, words);
	faults_no_proc(false);
	tripool_producer_destroy(p);
	assert_int_equal(rmdir(deep), 0);
}

void without_proc_a_directory_that_was_moved_is_told(void **state)
{
	(void)state;
	struct tripool_error error = {""};
	static char longest[2 * PATH_MAX];
	char path[PATH_MAX];
	int directory = tripool_place_open(true, NULL);
	memset(longest, 'x', sizeof(longest) - 1);
	faults_no_proc(true);
	assert_int_equal(tripool_place_reach(path, directory, &error), 0);
	assert_string_equal(path, scratch_directory());
	setenv("TRIPOOL_DIR", "/", 1);
	expect(tripool_place_reach(path, directory, &error), -EIO, &error, "was moved (is /proc mounted?)");
	setenv("TRIPOOL_DIR", longest, 1);
	expect(tripool_place_reach(path, directory, &error), -ENAMETOOLONG, &error, "has too long a path");
	faults_no_proc(false);
	close(directory);
}
