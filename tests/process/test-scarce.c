// SPDX-License-Identifier: MIT
/* Where file descriptors or memory run out, a clear error says so, and nothing is left behind. */
#include "puppet.h"
#include "viewer.h"

#include <errno.h>
#include <malloc.h>
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

/* ---- Few fds, few addresses: at attach, at a new format, in the list ---- */

/* Kinds of limit: how much is in use, and what is said when there is no more. */
struct limit {
	int resource;
	rlim_t (*used)(void);
	rlim_t step;
	int result;
	const char *words;
};

static rlim_t used_fds(void)
{
	return (rlim_t)count_fds() - 1;
}

static rlim_t used_addresses(void)
{
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	if (!file || fscanf(file, "%lu", &pages) != 1 || fclose(file) != 0)
		_exit(10);
	return (rlim_t)pages * 4096;
}

static const struct limit few_fds = {RLIMIT_NOFILE, used_fds, 1, -EMFILE, "Too many open files|no file descriptor"};
static const struct limit few_addresses = {
    RLIMIT_AS, used_addresses, 64 << 10, -ENOMEM, "Cannot allocate memory|no memory"};
static const struct limit *limit;

static bool says_one_of(const char *text, const char *words)
{
	size_t first = strcspn(words, "|");
	char one[64], other[64];
	snprintf(one, sizeof(one), "%.*s", (int)first, words);
	snprintf(other, sizeof(other), "%s", words + first + 1);
	return strstr(text, one) || strstr(text, other);
}

/*
 * Calls `call` with more and more of what is limited, until it has enough; before, each time the same is said, and
 * nothing is left. What is written down is read back without the limit, as that needs fds, too.
 */
static void with_more_and_more(int (*call)(struct tripool_error *))
{
	struct rlimit before;
	int refused = 0, r;
	getrlimit(limit->resource, &before);
	do {
		struct tripool_error e = {""};
		rlim_t used = limit->used(), fds = used_fds();
		struct rlimit few = {.rlim_cur = used + limit->step * (rlim_t)refused, .rlim_max = before.rlim_max};
		if (setrlimit(limit->resource, &few) < 0)
			_exit(2);
		r = call(&e);
		setrlimit(limit->resource, &before);
		if (r < 0 && (r != limit->result || !says_one_of(e.text, limit->words))) {
			fprintf(stderr, "%d: %s\n", r, e.text);
			_exit(3);
		}
		if (r < 0 && (limit->used() > used || used_fds() > fds))
			_exit(4);
	} while (r < 0 && ++refused < 2000);
	if (refused == 0 || r < 0)
		_exit(5);
}

static struct tripool_producer *some_producer;
static struct tripool_viewer *some_viewer;
static struct tripool_directory *some_directory;
static struct tripool_format large;

static int call_create(struct tripool_error *e)
{
	return tripool_producer_create(&some_producer, &(struct tripool_producer_options){.name = "u"}, &large, e);
}

static int call_set_format(struct tripool_error *e)
{
	return tripool_producer_set_format(some_producer, &large, e);
}

static int call_attach(struct tripool_error *e)
{
	return tripool_viewer_create(&some_viewer, &(struct tripool_viewer_options){.name = "t"}, e);
}

static int call_directory(struct tripool_error *e)
{
	return tripool_directory_create(&some_directory, e);
}

static int call_refresh(struct tripool_error *e)
{
	int r = tripool_directory_refresh(some_directory, e);
	char name[TRIPOOL_NAME_BYTES];
	while (r < 0 && tripool_directory_next(some_directory, name))
		_exit(6);
	return r;
}

/* A heap that has room for all that comes: that it grows is no leak. */
static void grow_heap(void)
{
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_MMAP_THRESHOLD, 8 << 20);
	void *volatile room = malloc(4 << 20); /* not to be optimised away */
	free(room);
}

/* Stream "t" is another process's, of that format; stream "u" is this one's. */
static void make_all_calls(void)
{
	grow_heap();
	with_more_and_more(call_create);
	struct tripool_slot slot;
	large.height_px *= 2;
	large.size_bytes = 0;
	tripool_format_layout(&large, NULL);
	with_more_and_more(call_set_format);
	if (tripool_producer_begin(some_producer, &slot) < 0 || slot.memory[large.size_bytes - 1] != 0)
		_exit(7);
	with_more_and_more(call_attach);
	struct tripool_frame frame;
	if (tripool_viewer_acquire(some_viewer, &frame) < 0)
		_exit(8);
	tripool_viewer_release(some_viewer, &frame);
	tripool_viewer_destroy(some_viewer);
	if (limit->resource == RLIMIT_NOFILE) { /* it takes hardly any memory */
		with_more_and_more(call_directory);
		char name[TRIPOOL_NAME_BYTES];
		while (tripool_directory_next(some_directory, name))
			;
		with_more_and_more(call_refresh);
		tripool_directory_destroy(some_directory);
	}
	tripool_producer_destroy(some_producer);
}

static void few_of_all_at_each_call(const struct limit *which)
{
	struct puppet host = puppet_start();
	limit = which;
	large = puppet_format(32768);
	assert_int_equal(puppet_become_producer(&host, 32768).result, 0);
	assert_int_equal(puppet_make_frames(&host, 1).result, 0);
	puppet_tell_host(&host);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		make_all_calls();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	puppet_end(&host);
	assert_int_equal(count_files(), 0);
}

static void few_fds_are_a_clear_error_at_each_call(void **state)
{
	(void)state;
	few_of_all_at_each_call(&few_fds);
}

static void few_addresses_are_a_clear_error_at_each_call(void **state)
{
	(void)state;
	few_of_all_at_each_call(&few_addresses);
}

/* A viewer's socket is put above its inotify fd where there is room; where there is none, it does where it is. */
static void a_viewer_does_with_the_fds_that_there_are(void **state)
{
	(void)state;
	for (int room = 0; room < 2; room++) {
		struct puppet host = puppet_start();
		const struct tripool_viewer_options o = {.name = "t", .wait_for_producer = true};
		struct tripool_viewer *v;
		struct tripool_frame frame;
		struct rlimit before, few;
		int low[16];
		for (int i = 0; i < 16; i++)
			low[i] = dup(0);
		assert_int_equal(tripool_viewer_create(&v, &o, NULL), 0);
		assert_int_equal(puppet_become_producer(&host, 64).result, 0);
		assert_int_equal(puppet_make_frames(&host, 1).result, 0);
		puppet_tell_host(&host);
		for (int i = 0; i < 16; i++)
			close(low[i]);
		getrlimit(RLIMIT_NOFILE, &before);
		few = before;
		if (!room)
			few.rlim_cur = (rlim_t)v->inotify + 1;
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		int r = tripool_viewer_reconnect(v, NULL);
		setrlimit(RLIMIT_NOFILE, &before);
		assert_int_equal(r, 0);
		assert_int_equal(v->socket > v->inotify, room);
		assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
		tripool_viewer_release(v, &frame);
		tripool_viewer_destroy(v);
		puppet_end(&host);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_producer_without_fds_says_so),
	    TEST(no_fds_is_a_clear_error),
	    TEST(no_memory_is_a_clear_error),
	    TEST(a_viewer_does_with_the_fds_that_there_are),
	    TEST(few_fds_are_a_clear_error_at_each_call),
	    TEST(few_addresses_are_a_clear_error_at_each_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
