// SPDX-License-Identifier: MIT
/* Who is let in and who is not, with which words; and what a peer that does not keep the protocol can achieve. */
#include "layout.h"
#include "memory.h"
#include "place.h"
#include "puppet.h"
#include "wire.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int knock(void)
{
	int directory = tripool_place_open(false, NULL);
	assert_true(directory >= 0);
	int socket = tripool_place_connect(directory, "t", NULL);
	assert_true(socket >= 0);
	close(directory);
	return socket;
}

static struct tripool_message hello(void)
{
	return (struct tripool_message){.preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_HELLO},
	    .hello = {.leases = 1, .client_name = "by hand"}};
}

static void say(int socket, const void *data, size_t size)
{
	assert_int_equal(send(socket, data, size, MSG_NOSIGNAL), size);
}

/* What the producer answers, after it has looked. */
static int answer(struct tripool_producer *producer, int socket, struct tripool_message *m)
{
	int fds[TRIPOOL_WIRE_FDS] = {-1, -1};
	tripool_producer_dispatch(producer);
	int r = tripool_wire_receive(socket, m, fds);
	for (int i = 0; i < TRIPOOL_WIRE_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return r;
}

static void expect_refusal(
    struct tripool_producer *producer, const struct tripool_message *said, size_t size, const char *words)
{
	int socket = knock();
	struct tripool_message m;
	say(socket, said, size);
	assert_int_equal(answer(producer, socket, &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	if (!strstr(m.refused.reason, words))
		fail_msg("'%s' does not say '%s'", m.refused.reason, words);
	assert_int_equal(tripool_wire_receive(socket, &m, NULL), -EPIPE); /* and the door is closed */
	close(socket);
}

static void each_wrong_hello_is_refused_in_words(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct tripool_message m = hello();
	m.preamble.version = 77;
	expect_refusal(producer, &m, sizeof(m), "the viewer 77");
	m = hello();
	m.preamble.type = TRIPOOL_POOL;
	expect_refusal(producer, &m, sizeof(m), "not a hello");
	m = hello();
	m.hello.mode = 9;
	expect_refusal(producer, &m, sizeof(m), "no delivery mode 9");
	m = hello();
	m.hello.leases = 0;
	expect_refusal(producer, &m, sizeof(m), "not 0");
	m.hello.leases = 17;
	expect_refusal(producer, &m, sizeof(m), "not 17");
	m = hello();
	m.preamble.magic++;
	expect_refusal(producer, &m, sizeof(m), "does not speak this protocol");
	m = hello();
	expect_refusal(producer, &m, sizeof(m) - 1, "does not speak this protocol");
	expect_refusal(producer, &m, 1, "does not speak this protocol");
	struct {
		struct tripool_message m;
		char more[1000];
	} too_long = {.m = hello()};
	expect_refusal(producer, &too_long.m, sizeof(too_long), "does not speak this protocol");
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	puppet_produce_end();
}

static void a_full_house_is_refused_in_words(void **state)
{
	(void)state;
	struct tripool_producer *producer =
	    puppet_produce(&(struct tripool_producer_options){.max_viewers = 2, .max_leases = 4}, 64);
	struct puppet a = puppet_start(), b = puppet_start(), c = puppet_start();
	assert_int_equal(puppet_view(&a, 2, false).result, 0);
	struct puppet_answer r = puppet_view(&b, 3, false);
	assert_int_equal(r.result, -ECONNREFUSED);
	assert_non_null(strstr(r.error.text, "2 of 4 leases left, 3 are needed"));
	assert_int_equal(puppet_view(&b, 1, false).result, 0);
	r = puppet_view(&c, 1, true); /* waiting is for a producer, not for a place */
	assert_int_equal(r.result, -ECONNREFUSED);
	assert_non_null(strstr(r.error.text, "has its 2 viewers"));
	puppet_unview(&a);
	assert_int_equal(puppet_view(&c, 1, false).result, 0);
	puppet_publish(producer, 10);
	assert_int_equal(puppet_acquire(&c, 0).sequence, 10);
	puppet_end(&a);
	puppet_end(&b);
	puppet_end(&c);
	puppet_produce_end();
}

static void more_slots_than_there_are_is_an_error(void **state)
{
	(void)state;
	struct tripool_format f = puppet_format(64);
	struct tripool_producer *p;
	struct tripool_error e;
	struct tripool_producer_options o = {.name = "t", .max_viewers = 63};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	assert_non_null(strstr(e.text, "63 leases would need 65 slots"));
	o = (struct tripool_producer_options){.name = "t", .max_viewers = 8, .max_leases = 7};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	o = (struct tripool_producer_options){.name = "t", .socket_mode = 01777};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	o = (struct tripool_producer_options){.name = "t", .group = "no-such-group"};
	assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	assert_string_equal(e.text, "there is no group 'no-such-group'");
	for (const char *const *name = (const char *const[]){"", ".t", "a/b", "a b", "caf\xc3\xa9", "../t", NULL};
	     *name; name++) {
		o = (struct tripool_producer_options){.name = *name};
		assert_int_equal(tripool_producer_create(&p, &o, &f, &e), -EINVAL);
	}
}

static void the_socket_is_open_to_whom_it_says(void **state)
{
	(void)state;
	char path[96];
	struct stat st;
	snprintf(path, sizeof(path), "%s/t.sock", puppet_directory());
	puppet_produce(NULL, 64);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	puppet_produce_end();
	mode_t mask = umask(0);
	puppet_produce(&(struct tripool_producer_options){.socket_mode = 0660, .group = "tty"}, 64);
	assert_int_equal(umask(mask), 0); /* a library leaves the process's mask alone */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	if (geteuid() == 0)
		assert_int_not_equal(st.st_gid, getegid());
	puppet_produce_end();
}

static void a_viewer_that_talks_is_shown_out(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int socket = knock();
	struct tripool_message m = hello();
	say(socket, &m, sizeof(m));
	assert_int_equal(answer(producer, socket, &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_POOL);
	assert_int_equal(tripool_producer_dispatch(producer), 1);
	m = hello();
	say(socket, &m, sizeof(m));
	assert_int_equal(tripool_producer_dispatch(producer), 0);
	close(socket);
	puppet_produce_end();
}

static void unasked_fds_are_not_kept(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int fds = count_fds();
	for (int i = 0; i < 50; i++) {
		int socket = knock();
		struct tripool_message m = hello();
		/* The kernel does not let them through, or (before Linux 6.16) the producer lets nobody in who sends
		 * any. */
		int r = tripool_wire_send(socket, &m, (int[]){0, 1});
		if (r == 0) {
			assert_int_equal(answer(producer, socket, &m), 0);
			assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
		} else {
			assert_int_equal(r, -EPERM);
		}
		close(socket);
	}
	assert_int_equal(count_fds(), fds);
	puppet_produce_end();
}

static void a_crowd_of_mutes_keeps_nobody_out(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int fds = count_fds(), mute[200];
	for (int i = 0; i < 200; i++) {
		mute[i] = knock();
		tripool_producer_dispatch(producer);
	}
	/* At most sixteen of them are borne with at a time. */
	assert_in_range(count_fds(), fds + 200, fds + 200 + 16);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 3);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 3);
	for (int i = 0; i < 200; i++)
		close(mute[i]);
	tripool_producer_dispatch(producer);
	puppet_end(&v);
	puppet_produce_end();
}

static void who_comes_first_is_heard_longest(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int peer[18];
	for (int i = 0; i < 17; i++) {
		peer[i] = knock();
		tripool_producer_dispatch(producer);
	}
	/* The first had to go for the 17th; the 16th, interrupted between its connect and its hello, did not. */
	struct tripool_message m = hello();
	say(peer[15], &m, sizeof(m));
	peer[17] = knock();
	assert_int_equal(answer(producer, peer[15], &m), 0);
	assert_int_equal(m.preamble.type, TRIPOOL_POOL);
	assert_int_equal(tripool_wire_receive(peer[0], &m, NULL), -EPIPE);
	for (int i = 0; i < 18; i++)
		close(peer[i]);
	puppet_produce_end();
}

static void a_mute_has_a_second(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	int socket = knock();
	tripool_producer_dispatch(producer);
	int fds = count_fds();
	usleep(1100000);
	tripool_producer_dispatch(producer);
	assert_int_equal(count_fds(), fds - 1);
	close(socket);
	puppet_produce_end();
}

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
	    TEST(each_wrong_hello_is_refused_in_words),
	    TEST(a_full_house_is_refused_in_words),
	    TEST(more_slots_than_there_are_is_an_error),
	    TEST(the_socket_is_open_to_whom_it_says),
	    TEST(a_viewer_that_talks_is_shown_out),
	    TEST(unasked_fds_are_not_kept),
	    TEST(a_crowd_of_mutes_keeps_nobody_out),
	    TEST(who_comes_first_is_heard_longest),
	    TEST(a_mute_has_a_second),
	    TEST(a_producer_without_fds_says_so),
	    TEST(no_fds_is_a_clear_error),
	    TEST(no_memory_is_a_clear_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
