// SPDX-License-Identifier: MIT
/* Where file descriptors or memory run out, a clear error says so, and nothing is left behind. */
#include "puppet.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void a_producer_without_fds_says_so(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start(), w = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	struct rlimit before, few;
	getrlimit(RLIMIT_NOFILE, &before);
	for (int spare = 0; spare < 2; spare++) {
		few = before;
		few.rlim_cur = 256;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		int filler[256], n = 0;
		while ((filler[n] = dup(0)) >= 0)
			n++;
		for (int i = 0; i < spare; i++)
			close(filler[--n]);
		struct puppet_answer a = puppet_view(&w, 1, false);
		while (n > 0)
			close(filler[--n]);
		setrlimit(RLIMIT_NOFILE, &before);
		assert_int_equal(a.result, -ECONNREFUSED);
		assert_true(
		    strstr(a.error.text, "no file descriptor left") || strstr(a.error.text, "Too many open files"));
	}
	/* Who was there stays, and there is a place again when there are fds again. */
	assert_int_equal(puppet_view(&w, 1, false).result, 0);
	puppet_publish(producer, 2);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 2);
	assert_int_equal(puppet_acquire(&w, 0).sequence, 2);
	puppet_end(&v);
	puppet_end(&w);
	puppet_produce_end();
}

/* In a child, as a limit once lowered stays. */
static void in_a_child(void (*body)(void))
{
	pid_t pid = fork();
	if (pid == 0) {
		body();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count_files(), 0);
}

static void create_with_few_fds(void)
{
	struct tripool_format f = puppet_format(64);
	struct tripool_producer_options o = {.name = "t"};
	struct tripool_viewer_options vo = {.name = "t", .wait_for_producer = true};
	int used = count_fds() - 1;
	for (int more = 0; more < 12; more++) {
		struct rlimit limit = {.rlim_cur = (rlim_t)(used + more), .rlim_max = (rlim_t)(used + 100)};
		struct tripool_error e = {""};
		struct tripool_producer *p = NULL;
		struct tripool_viewer *v = NULL;
		setrlimit(RLIMIT_NOFILE, &limit);
		int r = tripool_producer_create(&p, &o, &f, &e);
		if (more == 11 ? r != 0 : r != 0 && (r != -EMFILE || !strstr(e.text, "Too many open files")))
			_exit(1);
		tripool_producer_destroy(p);
		r = tripool_viewer_create(&v, &vo, &e);
		if (more == 11 ? r != 0 : r != 0 && (r != -EMFILE || !strstr(e.text, "Too many open files")))
			_exit(2);
		tripool_viewer_destroy(v);
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		if (count_fds() - 1 != used)
			_exit(3);
	}
}

static void no_fds_is_a_clear_error(void **state)
{
	(void)state;
	in_a_child(create_with_few_fds);
}

static void create_with_little_room(void)
{
	struct tripool_format f = {.pix_fmt = "rgba", .width_px = 16384, .height_px = 16384};
	struct tripool_producer_options o = {.name = "t"};
	struct tripool_producer *p;
	struct tripool_error e;
	struct rlimit limit = {.rlim_cur = 1 << 30, .rlim_max = 1 << 30};
	tripool_format_layout(&f, NULL);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (tripool_producer_create(&p, &o, &f, &e) != -EFBIG ||
	    !strstr(e.text, "cannot size shared memory to 18432 MiB"))
		_exit(1);
}

static void create_more_than_there_is(void)
{
	/* Should it be tried all the same, the kernel is to kill this process and no other. */
	FILE *file = fopen("/proc/self/oom_score_adj", "we");
	if (!file || fputs("1000", file) < 0 || fclose(file) != 0)
		_exit(2);
	struct tripool_format f = {.pix_fmt = "gray", .width_px = 64, .height_px = 64, .size_bytes = UINT64_C(1) << 34};
	struct tripool_producer_options o = {.name = "t", .max_viewers = 1, .write_depth = 60};
	struct tripool_producer *p;
	struct tripool_error e;
	tripool_format_layout(&f, NULL);
	if (tripool_producer_create(&p, &o, &f, &e) != -ENOMEM || !strstr(e.text, "1015808 MiB are needed"))
		_exit(1);
}

static void no_memory_is_a_clear_error(void **state)
{
	(void)state;
	in_a_child(create_with_little_room);
	in_a_child(create_more_than_there_is);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_producer_without_fds_says_so),
	    TEST(no_fds_is_a_clear_error),
	    TEST(no_memory_is_a_clear_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
