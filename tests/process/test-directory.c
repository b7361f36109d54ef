// SPDX-License-Identifier: MIT
/* The list of streams: who is on it and who is not, what its fd tells, and that no producer notices it. */
#include "clock.h"
#include "producer.h"
#include "puppet.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000

/* ---- Helpers -------------------------------------------------------------------------------------------------- */

static struct tripool_directory *list_open(void)
{
	struct tripool_directory *d = NULL;
	struct tripool_error error = {""};
	if (tripool_directory_create(&d, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
	return d;
}

/* The rest of the list, with blanks between. */
static const char *rest(struct tripool_directory *d)
{
	static char all[4096];
	char name[TRIPOOL_NAME_BYTES];
	all[0] = '\0';
	while (tripool_directory_next(d, name)) {
		assert_true(strlen(all) + strlen(name) + 2 < sizeof(all));
		strcat(strcat(all, all[0] ? " " : ""), name);
	}
	return all;
}

static const char *listed(struct tripool_directory *d)
{
	struct tripool_error error = {""};
	if (tripool_directory_refresh(d, &error) < 0)
		fail_msg("%s", error.text);
	return rest(d);
}

static bool is_readable(const struct tripool_directory *d, int timeout_ms)
{
	struct pollfd f = {.fd = tripool_directory_fd(d), .events = POLLIN};
	return poll(&f, 1, timeout_ms) == 1;
}

/* Until the fd says nothing more: it may do so once too often where what is watched is another directory. */
static void settle(struct tripool_directory *d)
{
	for (int i = 0; is_readable(d, 0); i++) {
		assert_true(i < 3);
		listed(d);
	}
}

/* Refreshes when the fd says so, and only then, until the list is as it should be. */
static void await(struct tripool_directory *d, const char *should)
{
	for (const char *is = "";;) {
		if (!is_readable(d, PATIENCE_MS))
			fail_msg("nothing is told, and the list is '%s', not '%s'", is, should);
		is = listed(d);
		if (strcmp(is, should) == 0)
			return;
	}
}

static struct tripool_producer *produce(const char *name, tripool_log_fn log, void *context)
{
	struct tripool_format format = puppet_format(64);
	const struct tripool_producer_options o = {.name = name, .log = log, .log_context = context};
	struct tripool_producer *p = NULL;
	struct tripool_error error = {""};
	if (tripool_producer_create(&p, &o, &format, &error) < 0)
		fail_msg("%s", error.text);
	return p;
}

static const char *path_of(const char *file)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/%s", scratch_directory(), file);
	return path;
}

static void remove_files(const char *const *files)
{
	for (; *files; files++)
		assert_int_equal(remove(path_of(*files)), 0);
}

/* For what cannot be undone in this process. */
static void in_a_child(int (*body)(void))
{
	int status;
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- Who is listed -------------------------------------------------------------------------------------------- */

static void there_may_be_none(void **state)
{
	(void)state;
	char name[TRIPOOL_NAME_BYTES] = "untouched";
	struct tripool_directory *d = list_open();
	assert_false(tripool_directory_next(d, name));
	assert_string_equal(name, "untouched");
	assert_false(is_readable(d, 0));
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
		p[i] = produce(names[i], NULL, NULL);
	struct tripool_directory *d = list_open();
	assert_string_equal(rest(d), "10 9 B _ a a-1 a.b b b.sock z");
	p[COUNT] = produce(longest, NULL, NULL);
	assert_int_equal(tripool_directory_refresh(d, NULL), COUNT + 1);
	for (int i = 0; i < COUNT; i++)
		assert_true(tripool_directory_next(d, name));
	assert_string_equal(name, longest);
	/* a refresh begins anew, in the middle of the list as well */
	assert_true(strncmp(listed(d), "10 9 ", 5) == 0);
	assert_string_equal(rest(d), "");
	for (int i = 0; i <= COUNT; i++)
		tripool_producer_destroy(p[i]);
	assert_string_equal(listed(d), "");
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
		p[i] = produce(name, NULL, NULL);
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

static void make_socket(const char *file, int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path_of(file));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void strange_files_are_ignored(void **state)
{
	(void)state;
	char too_long[TRIPOOL_NAME_BYTES + 5 + 1];
	static const char *const directories[] = {"dir.sock", ".sock", "deep.sock.d", NULL};
	static const char *const pipes[] = {"fifo.sock", "two\nlines.sock", NULL};
	static const char *const links[] = {"link.sock", "new\nline.sock", ".hidden.sock", "a b.sock", "x.sock.new",
	    "t.sockx", "tsock", "\xff.sock", NULL};
	static const char *const sockets[] = {"stale.sock", "datagram.sock", "stream.sock", NULL};
	struct tripool_producer *p = produce("t", NULL, NULL);
	for (int i = 0; directories[i]; i++)
		assert_int_equal(mkdir(path_of(directories[i]), 0700), 0);
	for (int i = 0; pipes[i]; i++)
		assert_int_equal(mkfifo(path_of(pipes[i]), 0600), 0);
	for (int i = 0; i < 3; i++)
		make_socket(sockets[i], (int[]){SOCK_SEQPACKET, SOCK_DGRAM, SOCK_STREAM}[i]);
	close(open(path_of("file.sock"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(symlink("t.sock", path_of(links[0])), 0);
	/* the same living socket under names that no stream has */
	char socket[512];
	strcpy(socket, path_of("t.sock"));
	for (int i = 1; links[i]; i++)
		assert_int_equal(link(socket, path_of(links[i])), 0);
	memset(too_long, 'n', sizeof(too_long));
	strcpy(too_long + TRIPOOL_NAME_BYTES, ".sock");
	assert_int_equal(link(socket, path_of(too_long)), 0);

	struct tripool_directory *d = list_open();
	assert_string_equal(rest(d), "t");
	tripool_directory_destroy(d);
	tripool_producer_destroy(p);
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
	struct tripool_producer *p = produce("t", NULL, NULL), *q = produce("u", NULL, NULL);
	struct tripool_directory *d = list_open();
	int r = 0;
	chmod(path_of("t.sock"), 0);
	if (strcmp(listed(d), "u") != 0)
		r = 2;
	chmod(path_of("t.sock"), 0600);
	if (strcmp(listed(d), "t u") != 0)
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
		struct tripool_producer *a = produce("a", NULL, NULL);
		assert_true(is_readable(d, 0));
		await(d, "a");
		assert_false(is_readable(d, 0));
		struct tripool_producer *b = produce("b", NULL, NULL);
		await(d, "a b");
		assert_false(is_readable(d, 50));
		tripool_producer_destroy(a);
		assert_true(is_readable(d, 0));
		assert_string_equal(listed(d), "b");
		/* an end in good order leaves no doubt who is there */
		assert_false(is_readable(d, 50));
		tripool_producer_destroy(b);
		assert_true(is_readable(d, 0));
		assert_string_equal(listed(d), "");
		assert_false(is_readable(d, 0));
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
	assert_false(is_readable(d, 0));
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
		await(d, "t");
		puppet_kill(&p, SIGKILL);
		await(d, "");
		assert_int_equal(count_files(), 2);
	}
	/* nor by one who comes later */
	tripool_directory_destroy(d);
	d = list_open();
	assert_string_equal(rest(d), "");
	/* and where it was, the next one is */
	struct tripool_producer *p = produce("t", NULL, NULL);
	await(d, "t");
	tripool_producer_destroy(p);
	await(d, "");
	tripool_directory_destroy(d);
	assert_int_equal(access(path_of(left[0]), F_OK), -1);
}

/* As of one that dies slowly: nothing tells when its socket goes, after the lock. */
static void a_socket_may_go_after_the_lock(void **state)
{
	(void)state;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct tripool_producer *p = produce("t", NULL, NULL), *q = produce("u", NULL, NULL);
	struct tripool_directory *d = list_open();
	dup2(nothing, p->lock);
	assert_true(is_readable(d, 0));
	assert_string_equal(listed(d), "t u");
	dup2(nothing, p->listener);
	await(d, "u");
	/* one looks again for some seconds, and then no more */
	int64_t end_ns = tripool_now_ns() + INT64_C(15000000000);
	while (is_readable(d, 4000)) {
		assert_true(tripool_now_ns() < end_ns);
		assert_string_equal(listed(d), "u");
	}
	tripool_directory_destroy(d);
	tripool_producer_destroy(q);
	tripool_producer_destroy(p);
	close(nothing);
}

/* ---- A directory that comes and goes -------------------------------------------------------------------------- */

static void await_made_later(const char *chosen, const char *first, const char *second)
{
	setenv("TRIPOOL_DIR", chosen, 1);
	struct tripool_directory *d = list_open();
	for (int round = 0; round < 2; round++) {
		assert_string_equal(listed(d), "");
		assert_int_equal(access(first, F_OK), -1); /* not made by looking for it */
		assert_int_equal(mkdir(first, 0700), 0);
		assert_true(is_readable(d, 0));
		if (round == 0)
			assert_string_equal(listed(d), "");
		assert_int_equal(mkdir(second, 0700), 0);
		assert_true(is_readable(d, 0));
		if (round == 0)
			assert_string_equal(listed(d), "");
		struct tripool_producer *p = produce("t", NULL, NULL);
		await(d, "t");
		tripool_producer_destroy(p);
		await(d, "");
		settle(d);
		assert_int_equal(rmdir(second), 0);
		assert_true(is_readable(d, 0));
		assert_string_equal(listed(d), "");
		settle(d);
		assert_int_equal(rmdir(first), 0);
		assert_true(is_readable(d, 0));
	}
	assert_string_equal(listed(d), "");
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
	struct tripool_producer *p = produce("t", NULL, NULL);
	struct tripool_directory *d = list_open();
	assert_string_equal(rest(d), "t");
	assert_int_equal(rename(here, there), 0);
	await(d, "");
	assert_int_equal(rename(there, here), 0);
	await(d, "t");
	/* what goes on in another one is not told */
	assert_int_equal(rename(here, there), 0);
	assert_int_equal(mkdir(here, 0700), 0);
	await(d, "");
	settle(d);
	tripool_producer_destroy(p);
	assert_false(is_readable(d, 0));
	tripool_directory_destroy(d);
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
		struct tripool_producer *p = produce("t", NULL, NULL);
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
		await(d, "t");
		assert_int_equal(write(ends[0], "-", 1), 1);
		/* gone for good, or going up the missing ones while they come again */
		if (round % 2 == 0)
			await(d, "");
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
	struct tripool_producer *p = produce("t", NULL, NULL);
	kept = list_open();
	assert_int_equal(chmod(scratch_directory(), 0777), 0);
	assert_int_equal(tripool_directory_create(&d, &error), -EPERM);
	assert_non_null(strstr(error.text, "others may write in directory"));
	assert_null(d);
	assert_int_equal(tripool_directory_refresh(kept, &error), -EPERM);
	assert_string_equal(rest(kept), "t"); /* as it was */
	assert_int_equal(chmod(scratch_directory(), 0700), 0);
	assert_string_equal(listed(kept), "t");
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
	struct tripool_producer *p = produce("t", NULL, NULL);
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
		if (r < 0 ? !is_out_of_fds(r, &error) : strcmp(rest(kept), "t") != 0)
			return 20 + more;
		refreshed += r >= 0;
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		if (count_fds() - 1 != used || strcmp(listed(kept), "t") != 0)
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
	struct tripool_producer *p = produce("t", NULL, NULL);
	kept = list_open();
	out_of_memory = true;
	assert_int_equal(tripool_directory_create(&d, &error), -ENOMEM);
	assert_null(d);
	assert_int_equal(tripool_directory_refresh(kept, &error), -ENOMEM);
	assert_non_null(strstr(error.text, "no memory"));
	out_of_memory = false;
	assert_string_equal(rest(kept), "t");
	tripool_directory_destroy(kept);
	tripool_producer_destroy(p);
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
	struct tripool_producer *p = produce("t", count_words, &words);
	struct pollfd f = {.fd = tripool_producer_fd(p), .events = POLLIN};
	for (int i = 0; i < 10; i++) {
		struct tripool_directory *d = list_open();
		for (int j = 0; j < 100; j++)
			assert_string_equal(listed(d), "t");
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
		const char *is = listed(d);
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
	make_socket("stale", SOCK_SEQPACKET);
	strcpy(stale, path_of("stale"));
	strcpy(there, path_of("t.sock"));
	for (int i = 0; i < 3000 || lists[0] < 1000 || lists[1] < 1000; i++) {
		if (i % 4) {
			assert_int_equal(link(stale, there), 0);
			close(open(path_of("t.lock"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		}
		tripool_producer_destroy(produce("t", NULL, NULL));
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
	    TEST(a_directory_may_be_made_later),
	    TEST(a_directory_may_be_moved),
	    TEST(a_directory_may_come_at_any_moment),
	    TEST(an_unsafe_directory_is_refused),
	    TEST(no_fds_is_a_clear_error),
	    TEST(no_memory_is_a_clear_error),
	    TEST(a_producer_does_not_notice),
	    TEST(a_producer_that_starts_is_never_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
