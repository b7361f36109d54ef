// SPDX-License-Identifier: MIT
/* The list of streams where their directory comes late, goes, is moved or cannot be had, and where fds or memory run
 * out. */
#include "listing.h"
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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A directory that comes and goes -------------------------------------------------------------------------- */

static void await_made_later(const char *chosen, const char *first, const char *second)
{
	setenv("TRIPOOL_DIR", chosen, 1);
	struct tripool_directory *d = list_open();
	for (int round = 0; round < 2; round++) {
		assert_string_equal(list_anew(d), "");
		assert_int_equal(access(first, F_OK), -1); /* not made by looking for it */
		assert_int_equal(mkdir(first, 0700), 0);
		assert_true(list_is_told(d, 0));
		if (round == 0)
			assert_string_equal(list_anew(d), "");
		assert_int_equal(mkdir(second, 0700), 0);
		assert_true(list_is_told(d, 0));
		if (round == 0)
			assert_string_equal(list_anew(d), "");
		struct tripool_producer *p = list_produce("t", NULL, NULL);
		list_await(d, "t");
		tripool_producer_destroy(p);
		list_await(d, "");
		list_settle(d);
		assert_int_equal(rmdir(second), 0);
		assert_true(list_is_told(d, 0));
		assert_string_equal(list_anew(d), "");
		list_settle(d);
		assert_int_equal(rmdir(first), 0);
		assert_true(list_is_told(d, 0));
	}
	assert_string_equal(list_anew(d), "");
	tripool_directory_destroy(d);
}

static void a_directory_may_be_made_later(void **state)
{
	(void)state;
	char home[PATH_MAX], first[256], second[256], odd[256];
	snprintf(first, sizeof(first), "%s/first", scratch_directory());
	snprintf(second, sizeof(second), "%s/first/second", scratch_directory());
	snprintf(odd, sizeof(odd), "%s//first///second//", scratch_directory());
	await_made_later(second, first, second);
	await_made_later(odd, first, second);
	assert_non_null(getcwd(home, sizeof(home)));
	assert_int_equal(chdir(scratch_directory()), 0);
	await_made_later("first/second", first, second);
	await_made_later("first/../first/second", first, second);
	assert_int_equal(chdir(home), 0);
}

static void a_directory_may_be_moved(void **state)
{
	(void)state;
	char here[256], there[256];
	snprintf(here, sizeof(here), "%s/here", scratch_directory());
	snprintf(there, sizeof(there), "%s/there", scratch_directory());
	setenv("TRIPOOL_DIR", here, 1);
	struct tripool_producer *p = list_produce("t", NULL, NULL);
	struct tripool_directory *d = list_open();
	assert_string_equal(list_rest(d), "t");
	assert_int_equal(rename(here, there), 0);
	list_await(d, "");
	list_settle(d);
	assert_int_equal(rename(there, here), 0);
	list_await(d, "t");
	/* what goes on in another one is not told */
	assert_int_equal(rename(here, there), 0);
	assert_int_equal(mkdir(here, 0700), 0);
	list_await(d, "");
	list_settle(d);
	tripool_producer_destroy(p);
	assert_false(list_is_told(d, 0));
	assert_int_equal(rmdir(here), 0);
	assert_int_equal(rmdir(there), 0);
	tripool_directory_destroy(d);
}

static void what_is_above_may_be_moved(void **state)
{
	(void)state;
	char here[256], there[256], deeper[256];
	snprintf(here, sizeof(here), "%s/here", scratch_directory());
	snprintf(there, sizeof(there), "%s/there", scratch_directory());
	snprintf(deeper, sizeof(deeper), "%s/here/deeper", scratch_directory());
	setenv("TRIPOOL_DIR", deeper, 1);
	assert_int_equal(mkdir(here, 0700), 0);
	struct tripool_directory *d = list_open();
	assert_int_equal(rename(here, there), 0);
	list_await(d, "");
	list_settle(d);
	assert_int_equal(mkdir(here, 0700), 0);
	list_await(d, "");
	list_settle(d);
	struct tripool_producer *p = list_produce("t", NULL, NULL);
	list_await(d, "t");
	tripool_producer_destroy(p);
	tripool_directory_destroy(d);
	assert_int_equal(rmdir(deeper), 0);
	assert_int_equal(rmdir(here), 0);
	assert_int_equal(rmdir(there), 0);
}

/* Another process makes it, as fast as it can, each time it is told. */
static void make_and_produce(int orders, const char *first, const char *second)
{
	char order;
	while (read(orders, &order, 1) == 1) {
		mkdir(first, 0700);
		mkdir(second, 0700);
		struct tripool_producer *p = list_produce("t", NULL, NULL);
		if (read(orders, &order, 1) != 1)
			break;
		tripool_producer_destroy(p);
		rmdir(second);
		rmdir(first);
	}
	_exit(0);
}

static void a_directory_may_come_at_any_moment(void **state)
{
	(void)state;
	char first[256], second[256];
	int ends[2], status;
	snprintf(first, sizeof(first), "%s/first", scratch_directory());
	snprintf(second, sizeof(second), "%s/first/second", scratch_directory());
	setenv("TRIPOOL_DIR", second, 1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		make_and_produce(ends[1], first, second);
	}
	close(ends[1]);
	struct tripool_directory *d = list_open();
	for (int round = 0; round < 500; round++) {
		assert_int_equal(write(ends[0], "+", 1), 1);
		list_await(d, "t");
		assert_int_equal(write(ends[0], "-", 1), 1);
		/* gone for good, or going up the missing ones while they come again */
		if (round % 2 == 0)
			list_await(d, "");
	}
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	tripool_directory_destroy(d);
}

/* ---- Errors --------------------------------------------------------------------------------------------------- */

static void an_unsafe_directory_is_refused(void **state)
{
	(void)state;
	struct tripool_error error = {""};
	struct tripool_directory *d = NULL, *kept;
	struct tripool_producer *p = list_produce("t", NULL, NULL);
	kept = list_open();
	assert_int_equal(chmod(scratch_directory(), 0777), 0);
	assert_int_equal(tripool_directory_create(&d, &error), -EPERM);
	assert_non_null(strstr(error.text, "others may write in directory"));
	assert_null(d);
	assert_int_equal(tripool_directory_refresh(kept, &error), -EPERM);
	assert_string_equal(list_rest(kept), "t"); /* as it was */
	assert_int_equal(chmod(scratch_directory(), 0700), 0);
	assert_string_equal(list_anew(kept), "t");
	tripool_directory_destroy(kept);
	tripool_producer_destroy(p);

	setenv("TRIPOOL_DIR", "/dev/null", 1);
	assert_int_equal(tripool_directory_create(&d, &error), -ENOTDIR);
	assert_non_null(strstr(error.text, "cannot open directory '/dev/null': Not a directory"));
	setenv("TRIPOOL_DIR", "/dev/null/deeper", 1);
	assert_int_equal(tripool_directory_create(&d, &error), -ENOTDIR);
	assert_null(d);
}

static bool is_out_of_fds(int result, const struct tripool_error *error)
{
	return result == -EMFILE && strstr(error->text, "Too many open files");
}

static int list_with_few_fds(void)
{
	struct tripool_producer *p = list_produce("t", NULL, NULL);
	struct tripool_directory *kept = list_open(), *d;
	const int used = count_fds() - 1;
	int created = 0, refreshed = 0;
	for (int more = 0; more < 10; more++) {
		struct rlimit limit = {.rlim_cur = (rlim_t)(used + more), .rlim_max = (rlim_t)(used + 100)};
		struct tripool_error error = {""};
		setrlimit(RLIMIT_NOFILE, &limit);
		d = NULL;
		int r = tripool_directory_create(&d, &error);
		if (r == 0 ? !d : !is_out_of_fds(r, &error) || d)
			return 10 + more;
		created += r == 0;
		tripool_directory_destroy(d);
		r = tripool_directory_refresh(kept, &error);
		if (r < 0 ? !is_out_of_fds(r, &error) : strcmp(list_rest(kept), "t") != 0)
			return 20 + more;
		refreshed += r >= 0;
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		if (count_fds() - 1 != used || strcmp(list_anew(kept), "t") != 0)
			return 30 + more;
	}
	tripool_directory_destroy(kept);
	tripool_producer_destroy(p);
	/* six and two are needed, but where the numbers have gaps fewer more will do */
	return created < 4 || created > 8 || refreshed < 8 || refreshed > 9;
}

static void no_fds_is_a_clear_error(void **state)
{
	(void)state;
	in_a_child(list_with_few_fds);
}

static bool out_of_memory;

/* Stands before the C library's. */
void *reallocarray(void *old, size_t count, size_t size)
{
	if (!out_of_memory)
		return realloc(old, count * size);
	errno = ENOMEM;
	return NULL;
}

static void no_memory_is_a_clear_error(void **state)
{
	(void)state;
	struct tripool_error error = {""};
	struct tripool_directory *d = NULL, *kept;
	struct tripool_producer *p = list_produce("t", NULL, NULL);
	kept = list_open();
	out_of_memory = true;
	assert_int_equal(tripool_directory_create(&d, &error), -ENOMEM);
	assert_null(d);
	assert_int_equal(tripool_directory_refresh(kept, &error), -ENOMEM);
	assert_non_null(strstr(error.text, "no memory"));
	out_of_memory = false;
	assert_string_equal(list_rest(kept), "t");
	tripool_directory_destroy(kept);
	tripool_producer_destroy(p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_directory_may_be_made_later),
	    TEST(a_directory_may_be_moved),
	    TEST(what_is_above_may_be_moved),
	    TEST(a_directory_may_come_at_any_moment),
	    TEST(an_unsafe_directory_is_refused),
	    TEST(no_fds_is_a_clear_error),
	    TEST(no_memory_is_a_clear_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
