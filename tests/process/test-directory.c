// SPDX-License-Identifier: MIT
/* The list of streams: who is on it and who is not, what its fd tells, and that no producer notices it. */
#include "clock.h"
#include "listing.h"
#include "producer.h"
#include "puppet.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void remove_files(const char *const *files)
{
	for (; *files; files++)
		assert_int_equal(remove(path_of(*files)), 0);
}

/* ---- Who is listed -------------------------------------------------------------------------------------------- */

static void there_may_be_none(void **state)
{
	(void)state;
	char name[TRIPOOL_NAME_BYTES] = "untouched";
	struct tripool_directory *d = list_open();
	assert_false(tripool_directory_next(d, name));
	assert_string_equal(name, "untouched");
	assert_false(list_is_told(d, 0));
	assert_int_equal(tripool_directory_refresh(d, NULL), 0);
	assert_false(tripool_directory_next(d, name));
	tripool_directory_destroy(d);
	tripool_directory_destroy(NULL);
}

static void names_are_sorted(void **state)
{
	(void)state;
	static const char *const names[] = {"z", "b.sock", "a", "B", "a-1", "_", "b", "10", "9", "a.b"};
	enum { COUNT = sizeof(names) / sizeof(*names) };
	char longest[TRIPOOL_NAME_BYTES], name[TRIPOOL_NAME_BYTES];
	struct tripool_producer *p[COUNT + 1];
	memset(longest, 'y', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (int i = 0; i < COUNT; i++)
		p[i] = list_produce(names[i], NULL, NULL);
	struct tripool_directory *d = list_open();
	assert_string_equal(list_rest(d), "10 9 B _ a a-1 a.b b b.sock z");
	p[COUNT] = list_produce(longest, NULL, NULL);
	assert_int_equal(tripool_directory_refresh(d, NULL), COUNT + 1);
	for (int i = 0; i < COUNT; i++)
		assert_true(tripool_directory_next(d, name));
	assert_string_equal(name, longest);
	/* a refresh begins anew, in the middle of the list as well */
	assert_true(strncmp(list_anew(d), "10 9 ", 5) == 0);
	assert_string_equal(list_rest(d), "");
	for (int i = 0; i <= COUNT; i++)
		tripool_producer_destroy(p[i]);
	assert_string_equal(list_anew(d), "");
	tripool_directory_destroy(d);
}

/* More than any first guess of how many there are. */
static void there_may_be_many(void **state)
{
	(void)state;
	enum { COUNT = 100 };
	struct tripool_producer *p[COUNT];
	char name[TRIPOOL_NAME_BYTES], should[16];
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%02d", i * 37 % COUNT);
		p[i] = list_produce(name, NULL, NULL);
	}
	struct tripool_directory *d = list_open();
	for (int i = 0; i < COUNT; i++) {
		snprintf(should, sizeof(should), "%02d", i);
		assert_true(tripool_directory_next(d, name));
		assert_string_equal(name, should);
		tripool_producer_destroy(p[i]);
	}
	assert_false(tripool_directory_next(d, name));
	tripool_directory_destroy(d);
}

static void strange_files_are_ignored(void **state)
{
	(void)state;
	char too_long[TRIPOOL_NAME_BYTES + 5 + 1];
	static const char *const directories[] = {"dir.sock", ".sock", "deep.sock.d", NULL};
	static const char *const pipes[] = {"fifo.sock", "two\nlines.sock", NULL};
	static const char *const links[] = {"link.sock", "new\nline.sock", ".hidden.sock", "a b.sock", "x.sock.new",
	    "t.sockx", "tsock", "s", "\xff.sock", NULL};
	static const char *const sockets[] = {"stale.sock", "datagram.sock", "stream.sock", NULL};
	struct tripool_producer *p = list_produce("t", NULL, NULL);
	for (int i = 0; directories[i]; i++)
		assert_int_equal(mkdir(path_of(directories[i]), 0700), 0);
	for (int i = 0; pipes[i]; i++)
		assert_int_equal(mkfifo(path_of(pipes[i]), 0600), 0);
	for (int i = 0; i < 3; i++)
		make_stale_socket(sockets[i], (int[]){SOCK_SEQPACKET, SOCK_DGRAM, SOCK_STREAM}[i]);
	close(open(path_of("file.sock"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(symlink("t.sock", path_of(links[0])), 0);
	/* the same living socket under names that no stream has */
	char living[512];
	strcpy(living, path_of("t.sock"));
	for (int i = 1; links[i]; i++)
		assert_int_equal(link(living, path_of(links[i])), 0);
	memset(too_long, 'n', sizeof(too_long));
	strcpy(too_long + TRIPOOL_NAME_BYTES, ".sock");
	assert_int_equal(link(living, path_of(too_long)), 0);

	/* a socket that can be connected to, but not as a stream's */
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int gram = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strcpy(a.sun_path, path_of("living.sock"));
	assert_int_equal(bind(gram, (struct sockaddr *)&a, sizeof(a)), 0);

	struct tripool_directory *d = list_open();
	assert_string_equal(list_rest(d), "t");
	tripool_directory_destroy(d);
	tripool_producer_destroy(p);
	close(gram);
	unlink(a.sun_path);
	remove_files(directories);
	remove_files(pipes);
	remove_files(links);
	remove_files(sockets);
	remove_files((const char *const[]){"file.sock", too_long, NULL});
}

/* As root one may connect to anything: so as nobody. */
static int see_what_is_open_to_us(void)
{
	if (geteuid() == 0 && (chown(scratch_directory(), 65534, 65534) < 0 || setresgid(65534, 65534, 65534) < 0 ||
				  setresuid(65534, 65534, 65534) < 0))
		return 1;
	struct tripool_producer *p = list_produce("t", NULL, NULL), *q = list_produce("u", NULL, NULL);
	struct tripool_directory *d = list_open();
	int r = 0;
	chmod(path_of("t.sock"), 0);
	if (strcmp(list_anew(d), "u") != 0)
		r = 2;
	chmod(path_of("t.sock"), 0600);
	if (strcmp(list_anew(d), "t u") != 0)
		r = 3;
	tripool_directory_destroy(d);
	tripool_producer_destroy(q);
	tripool_producer_destroy(p);
	return r;
}

static void closed_streams_are_not_listed(void **state)
{
	(void)state;
	in_a_child(see_what_is_open_to_us);
}

/* ---- What the fd tells ---------------------------------------------------------------------------------------- */

static void the_fd_tells_who_comes_and_goes(void **state)
{
	(void)state;
	struct tripool_directory *d = list_open();
	for (int round = 0; round < 3; round++) {
		struct tripool_producer *a = list_produce("a", NULL, NULL);
		assert_true(list_is_told(d, 0));
		list_await(d, "a");
		assert_false(list_is_told(d, 0));
		struct tripool_producer *b = list_produce("b", NULL, NULL);
		list_await(d, "a b");
		assert_false(list_is_told(d, 50));
		tripool_producer_destroy(a);
		assert_true(list_is_told(d, 0));
		assert_string_equal(list_anew(d), "b");
		/* an end in good order leaves no doubt who is there */
		assert_false(list_is_told(d, 50));
		tripool_producer_destroy(b);
		assert_true(list_is_told(d, 0));
		assert_string_equal(list_anew(d), "");
		assert_false(list_is_told(d, 0));
	}
	tripool_directory_destroy(d);
}

static void viewers_are_not_told_of(void **state)
{
	(void)state;
	puppet_produce(NULL, 64);
	struct tripool_directory *d = list_open();
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_end(&v);
	assert_false(list_is_told(d, 0));
	puppet_produce_end();
	tripool_directory_destroy(d);
}

static void a_killed_producer_is_missed(void **state)
{
	(void)state;
	static const char *const left[] = {"t.sock", "t.lock", NULL};
	struct tripool_directory *d = list_open();
	for (int round = 0; round < 20; round++) {
		struct puppet p = puppet_start();
		assert_int_equal(puppet_become_producer(&p, 64).result, 0);
		list_await(d, "t");
		puppet_kill(&p, SIGKILL);
		list_await(d, "");
		assert_int_equal(count_files(), 2);
	}
	/* nor by one who comes later */
	tripool_directory_destroy(d);
	d = list_open();
	assert_string_equal(list_rest(d), "");
	/* and where it was, the next one is */
	struct tripool_producer *p = list_produce("t", NULL, NULL);
	list_await(d, "t");
	tripool_producer_destroy(p);
	list_await(d, "");
	tripool_directory_destroy(d);
	assert_int_equal(access(path_of(left[0]), F_OK), -1);
}

/* As of one that dies slowly: nothing tells when its socket goes, after the lock. */
static void a_socket_may_go_after_the_lock(void **state)
{
	(void)state;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct tripool_producer *p = list_produce("t", NULL, NULL), *q = list_produce("u", NULL, NULL);
	struct tripool_directory *d = list_open();
	dup2(nothing, p->lock);
	assert_true(list_is_told(d, 0));
	assert_string_equal(list_anew(d), "t u");
	dup2(nothing, p->listener);
	list_await(d, "u");
	/* one looks again for some seconds, and then no more */
	int64_t end_ns = tripool_now_ns() + INT64_C(15000000000);
	while (list_is_told(d, 4000)) {
		assert_true(tripool_now_ns() < end_ns);
		assert_string_equal(list_anew(d), "u");
	}
	tripool_directory_destroy(d);
	tripool_producer_destroy(q);
	tripool_producer_destroy(p);
	close(nothing);
	/* it cannot tell that the name is still its own: what lies there may be another's */
	remove_files((const char *const[]){"t.sock", "t.lock", NULL});
}

/* ---- What producers notice: nothing --------------------------------------------------------------------------- */

static void count_words(void *context, enum tripool_log_level level, const char *text)
{
	(void)level;
	(void)text;
	++*(int *)context;
}

static void a_producer_does_not_notice(void **state)
{
	(void)state;
	int words = 0;
	struct tripool_producer *p = list_produce("t", count_words, &words);
	struct pollfd f = {.fd = tripool_producer_fd(p), .events = POLLIN};
	for (int i = 0; i < 10; i++) {
		struct tripool_directory *d = list_open();
		for (int j = 0; j < 100; j++)
			assert_string_equal(list_anew(d), "t");
		tripool_directory_destroy(d);
		assert_int_equal(poll(&f, 1, 0), 0);
	}
	tripool_producer_dispatch(p);
	assert_int_equal(words, 0);
	tripool_producer_destroy(p);
}

static pid_t start_listing(_Atomic uint64_t *lists)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct tripool_directory *d = list_open();
	for (;;) {
		const char *is = list_anew(d);
		if (strcmp(is, "t") != 0 && is[0])
			_exit(1);
		atomic_fetch_add(&lists[is[0] != '\0'], 1);
	}
}

/* Producers that start and end while others list without a pause; most of them where one was killed before. */
static void a_producer_that_starts_is_never_refused(void **state)
{
	(void)state;
	enum { LISTING = 3 };
	pid_t pid[LISTING];
	_Atomic uint64_t *lists = /* without it, and with it */
	    mmap(NULL, 2 * sizeof(*lists), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(lists, MAP_FAILED);
	for (int i = 0; i < LISTING; i++)
		pid[i] = start_listing(lists);
	char stale[512], there[512];
	make_stale_socket("stale", SOCK_SEQPACKET);
	strcpy(stale, path_of("stale"));
	strcpy(there, path_of("t.sock"));
	for (int i = 0; i < 3000 || lists[0] < 100 || lists[1] < 100; i++) {
		if (i % 4) {
			assert_int_equal(link(stale, there), 0);
			close(open(path_of("t.lock"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		}
		tripool_producer_destroy(list_produce("t", NULL, NULL));
	}
	assert_int_equal(unlink(stale), 0);
	for (int i = 0; i < LISTING; i++) {
		int status;
		kill(pid[i], SIGKILL);
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFSIGNALED(status));
	}
	munmap(lists, 2 * sizeof(*lists));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(there_may_be_none),
	    TEST(names_are_sorted),
	    TEST(there_may_be_many),
	    TEST(strange_files_are_ignored),
	    TEST(closed_streams_are_not_listed),
	    TEST(the_fd_tells_who_comes_and_goes),
	    TEST(viewers_are_not_told_of),
	    TEST(a_killed_producer_is_missed),
	    TEST(a_socket_may_go_after_the_lock),
	    TEST(a_producer_does_not_notice),
	    TEST(a_producer_that_starts_is_never_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
