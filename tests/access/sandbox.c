// SPDX-License-Identifier: MIT
#include "sandbox.h"

#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* Inside it is root, outside what it was. */
static int new_user_namespace(int more)
{
	char users[64], groups[64];
	snprintf(users, sizeof(users), "0 %u 1\n", (unsigned)geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1\n", (unsigned)getegid());
	prctl(PR_SET_DUMPABLE, 1); /* who became another user may not even write his own map */
	if (unshare(CLONE_NEWUSER | more) < 0 || write_file("/proc/self/setgroups", "deny") < 0 ||
	    write_file("/proc/self/uid_map", users) < 0)
		return -1;
	return write_file("/proc/self/gid_map", groups);
}

void sandbox_become_user_namespace(void)
{
	if (new_user_namespace(0) < 0)
		stage_give_up("cannot make a user namespace");
}

void sandbox_enter_by_fork(void)
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		stage_give_up("cannot fork");
	if (pid == 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		stage_give_up("the process inside was killed");
	_exit(WEXITSTATUS(status));
}

static void make_directories(const char *path)
{
	char part[PATH_MAX];
	for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			stage_give_up(part);
	}
}

/* Mounts it below the new root; returns whether it is a directory. */
static bool pass_in(const struct sandbox *s, const char *root)
{
	char at[PATH_MAX];
	struct stat st;
	snprintf(at, sizeof(at), "%s%s", root, s->at);
	make_directories(at);
	if (stat(s->passed_in, &st) < 0)
		stage_give_up(s->passed_in);
	if (S_ISDIR(st.st_mode) ? mkdir(at, 0755) < 0 : mknod(at, S_IFREG | 0600, 0) < 0)
		stage_give_up(at);
	if (mount(s->passed_in, at, NULL, MS_BIND, NULL) < 0)
		stage_give_up("cannot mount what is passed in");
	return S_ISDIR(st.st_mode);
}

/* While the old one is still there: the kernel mounts none where none is to be seen. */
static void mount_proc(const char *root)
{
	char at[PATH_MAX];
	snprintf(at, sizeof(at), "%s/proc", root);
	if (mkdir(at, 0755) < 0 || mount("proc", at, "proc", 0, NULL) < 0)
		stage_give_up("cannot mount /proc");
}

static void enter_root(const struct sandbox *s, const char *root)
{
	if (chdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		stage_give_up("cannot change the root");
	if (!s->writable && mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
		stage_give_up("cannot make the root read-only");
	if (!s->proc && access("/proc", F_OK) == 0)
		stage_give_up("/proc is there");
}

void sandbox_become(const void *context)
{
	const struct sandbox *s = context;
	char root[PATH_MAX - 128], directory[PATH_MAX];
	if (s->person)
		stage_become_person(s->person);
	snprintf(root, sizeof(root), "%s/%s", scratch_directory(), SANDBOX_ROOT);
	if (new_user_namespace(CLONE_NEWNS | (s->own_pids ? CLONE_NEWPID : 0)) < 0)
		stage_give_up("cannot make namespaces");
	if (s->own_pids)
		sandbox_enter_by_fork();
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("none", root, "tmpfs", 0, "mode=755") < 0)
		stage_give_up("cannot mount a new root");
	bool is_directory = pass_in(s, root);
	if (s->proc)
		mount_proc(root);
	enter_root(s, root);
	snprintf(directory, sizeof(directory), "%s", s->at);
	if (!is_directory)
		*strrchr(directory, '/') = '\0';
	setenv("TRIPOOL_DIR", directory, 1);
}

bool sandbox_is_possible(void)
{
	int status;
	pid_t pid = fork();
	if (pid == 0)
		_exit(new_user_namespace(CLONE_NEWNS | CLONE_NEWPID) < 0 ? errno : 0);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return false;
	if (WEXITSTATUS(status) != 0)
		fprintf(stderr, "no user namespaces can be had here: %s\n", strerror(WEXITSTATUS(status)));
	return WEXITSTATUS(status) == 0;
}
