// SPDX-License-Identifier: MIT
/* Who may view a stream: its owner, its group, others, by socket mode, group and directory; and what another user can
 * do who may. Needs root, to be several users. */
#include "attach.h"
#include "layout.h"
#include "place.h"
#include "puppet.h"
#include "scratch.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Ids that nobody has. */
#define OWNER 64001
#define GROUP "games"

static gid_t games;
static char directory[PATH_MAX];
static pid_t producer_pid;

static struct stage_role person(const struct stage_person *p)
{
	return (struct stage_role){.become = stage_become_person, .context = p};
}

/* A directory of OWNER's below the test's own. */
static void make_directory(mode_t mode)
{
	assert_int_equal(chmod(scratch_directory(), 0755), 0);
	snprintf(directory, sizeof(directory), "%s/streams", scratch_directory());
	assert_int_equal(mkdir(directory, mode), 0);
	assert_int_equal(chown(directory, OWNER, OWNER), 0);
	assert_int_equal(chmod(directory, mode), 0);
	assert_int_equal(setenv("TRIPOOL_DIR", directory, 1), 0);
}

static const struct stage_person owner = {OWNER, OWNER, 0};

/* ---- The matrix ----------------------------------------------------------------------------------------------- */

struct visitor {
	const char *who;
	struct stage_person person;
	bool is_of_owners_group, is_of_games;
};

static bool may_search(const struct visitor *v, mode_t mode)
{
	mode_t bit = v->person.uid == OWNER ? S_IXUSR : v->is_of_owners_group ? S_IXGRP : S_IXOTH;
	return v->person.uid == 0 || (mode & bit);
}

static bool may_connect(const struct visitor *v, mode_t mode, bool group)
{
	bool member = group ? v->is_of_games : v->is_of_owners_group;
	mode_t bit = v->person.uid == OWNER ? S_IWUSR : member ? S_IWGRP : S_IWOTH;
	return v->person.uid == 0 || (mode & bit);
}

static void expect(const struct visitor *v, mode_t directory_mode, mode_t mode, bool group)
{
	struct stage_visit seen = stage_visit(person(&v->person));
	const char *words = !may_search(v, directory_mode) ? "the directory of streams is not open to this user"
	                    : !may_connect(v, mode, group) ? "stream 't' is not open to this user (see the producer's "
	                                                     "--mode and --group)"
	                                                   : NULL;
	if (words ? seen.result != -EACCES || !strstr(seen.error.text, words)
		  : seen.result != 0 || seen.frames_right != 3)
		fail_msg("%s, mode %04o%s, directory %04o: %s instead of \"%s\"", v->who, mode,
		    group ? " with group" : "", directory_mode, seen.result ? seen.error.text : "seen",
		    words ? words : "seen");
}

static void the_mode_opens_what_it_says(void **state)
{
	(void)state;
	const struct visitor visitors[] = {
	    {"the owner", {OWNER, OWNER, 0}, true, false},
	    {"another of its group", {OWNER + 1, OWNER, 0}, true, false},
	    {"one whose group is the stream's", {OWNER + 2, games, 0}, false, true},
	    {"one who is in the stream's group as well", {OWNER + 3, OWNER + 3, games}, false, true},
	    {"another user", {OWNER + 4, OWNER + 4, 0}, false, false},
	    {"root", {0, 0, 0}, false, false},
	};
	const mode_t modes[] = {0600, 0660, 0666, 0644, 0622, 0060, 0006, 0200, 0444, 0111};
	const mode_t directories[] = {0700, 0711, 0755};
	const struct stage_person member = {OWNER, OWNER, games};
	int cases = 0;
	for (size_t d = 0; d < sizeof(directories) / sizeof(*directories); d++) {
		make_directory(directories[d]);
		for (size_t m = 0; m < 2 * sizeof(modes) / sizeof(*modes); m++) {
			struct tripool_producer_options o = {
			    .socket_mode = modes[m / 2], .group = m % 2 ? GROUP : NULL};
			struct stage_producer p = stage_open(person(&member), &o);
			if (p.result < 0)
				fail_msg("%s", p.error.text);
			for (size_t v = 0; v < sizeof(visitors) / sizeof(*visitors); v++, cases++)
				expect(&visitors[v], directories[d], modes[m / 2], m % 2);
			stage_close(&p);
		}
		assert_int_equal(rmdir(directory), 0);
	}
	print_message("%d combinations of user, mode, group and directory\n", cases);
}

static void a_group_that_is_not_ours_cannot_be_given(void **state)
{
	(void)state;
	make_directory(0755);
	struct tripool_producer_options o = {.socket_mode = 0660, .group = GROUP};
	struct stage_producer p = stage_open(person(&owner), &o);
	assert_int_equal(p.result, -EPERM);
	assert_string_equal(
	    p.error.text, "cannot give the socket 't.sock' mode 660 and group games: Operation not permitted");
	stage_close(&p);
	assert_int_equal(rmdir(directory), 0); /* nothing is in it */
}

/* ---- What another user can do --------------------------------------------------------------------------------- */

/* All that it is given, as tripool_attach gets it. */
static struct tripool_grant attach(void)
{
	struct tripool_grant grant;
	struct tripool_error error = {""};
	int there = tripool_place_open(false, &error);
	if (there < 0 || tripool_attach(there, "t", "stranger", TRIPOOL_MODE_NEWEST, 1, &grant, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		_exit(90);
	}
	close(there);
	return grant;
}

/* Each way to write into the pool, through what the stranger was given. Returns which one was open; 0: none. */
static int write_into_pool(void)
{
	struct tripool_grant g = attach();
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", g.pool_fd);
	char *map = mmap(NULL, g.pool.pool_bytes, PROT_READ, MAP_SHARED, g.pool_fd, 0);
	if (map == MAP_FAILED)
		return 91;
	if (mprotect(map, 4096, PROT_READ | PROT_WRITE) == 0)
		return 1;
	for (int again = 0; again < 2; again++) {
		int fd = again ? open(path, O_RDWR | O_CLOEXEC) : g.pool_fd;
		if (fd < 0)
			continue;
		if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
			return 2;
		if (pwrite(fd, "x", 1, 5000) >= 0)
			return 3;
		if (ftruncate(fd, 4096) == 0)
			return 4;
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0)
			return 5;
	}
	if (open(path, O_WRONLY | O_TRUNC | O_CLOEXEC) >= 0 && lseek(g.pool_fd, 0, SEEK_END) == 0)
		return 6;
	if (fchmod(g.pool_fd, 0777) == 0 || fchown(g.pool_fd, getuid(), getgid()) == 0)
		return 7;
	return 0;
}

/* Each way to the process itself. Returns which one was open; 0: none. */
static int reach_producer(void)
{
	char path[64], byte;
	struct iovec here = {&byte, 1}, there = {(void *)(uintptr_t)&games, 1};
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)producer_pid);
	if (kill(producer_pid, 0) == 0)
		return 1;
	if (open(path, O_RDONLY | O_CLOEXEC) >= 0)
		return 2;
	if (ptrace(PTRACE_SEIZE, producer_pid, NULL, NULL) == 0)
		return 3;
	if (process_vm_readv(producer_pid, &here, 1, &there, 1, 0) >= 0)
		return 4;
	int pidfd = (int)syscall(SYS_pidfd_open, producer_pid, 0);
	if (pidfd >= 0 && syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0)
		return 5;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)producer_pid);
	if (open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0)
		return 6;
	return 0;
}

/* Each way to the files. Returns which one was open; 0: none. */
static int reach_files(void)
{
	int there = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct tripool_error error;
	if (openat(there, "t.lock", O_RDONLY | O_CLOEXEC) >= 0) /* who can open it can lock it */
		return 1;
	if (unlinkat(there, "t.sock", 0) == 0 || unlinkat(there, "t.lock", 0) == 0)
		return 2;
	if (renameat(there, "t.sock", there, "u.sock") == 0)
		return 3;
	if (fchmodat(there, "t.sock", 0777, 0) == 0)
		return 4;
	if (tripool_place_open(true, &error) >= 0)
		return 5;
	return 0;
}

static void another_user_has_what_it_was_given_and_no_more(void **state)
{
	(void)state;
	const struct stage_person stranger = {OWNER + 4, OWNER + 4, 0};
	make_directory(0755);
	struct tripool_producer_options o = {.socket_mode = 0666};
	struct stage_producer p = stage_open(person(&owner), &o);
	assert_int_equal(p.result, 0);
	producer_pid = p.pid;
	assert_int_equal(stage_run(person(&stranger), write_into_pool), 0);
	assert_int_equal(stage_run(person(&stranger), reach_producer), 0);
	assert_int_equal(stage_run(person(&stranger), reach_files), 0);
	/* Of the same user the kernel keeps nothing back: seals bind who has the fds alone. */
	assert_int_equal(stage_run(person(&owner), reach_producer), 1);
	assert_int_equal(stage_visit(person(&stranger)).result, 0);
	stage_close(&p);
	assert_int_equal(rmdir(directory), 0);
}

static void the_log_says_who_was_refused(void **state)
{
	(void)state;
	const struct stage_person first = {OWNER + 4, OWNER + 4, 0}, second = {OWNER + 5, OWNER + 5, 0};
	make_directory(0755);
	struct tripool_producer_options o = {.socket_mode = 0666, .max_viewers = 1};
	struct stage_producer p = stage_open(person(&owner), &o);
	assert_int_equal(p.result, 0);
	pid_t pid = fork();
	if (pid == 0) { /* has the one place there is */
		stage_become_person(&first);
		attach();
		raise(SIGSTOP);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	struct stage_visit seen = stage_visit(person(&second));
	assert_int_equal(seen.result, -ECONNREFUSED);
	assert_non_null(strstr(seen.error.text, "has its 1 viewers"));
	assert_non_null(strstr(p.said, "(user 64006): stream 't' has its 1 viewers"));
	kill(pid, SIGCONT);
	assert_int_equal(stage_wait(pid), 0);
	stage_close(&p);
	assert_int_equal(rmdir(directory), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_mode_opens_what_it_says),
	    TEST(a_group_that_is_not_ours_cannot_be_given),
	    TEST(another_user_has_what_it_was_given_and_no_more),
	    TEST(the_log_says_who_was_refused),
	};
	const struct group *entry = getgrnam(GROUP);
	if (geteuid() != 0 || !entry) {
		fputs(entry ? "test-users: not root: cannot be several users\n"
			    : "test-users: there is no group " GROUP "\n",
		    stderr);
		return 77;
	}
	games = entry->gr_gid;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
