// SPDX-License-Identifier: MIT
#include "listing.h"

#include "puppet.h"
#include "scratch.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000

struct tripool_directory *list_open(void)
{
	struct tripool_directory *d = NULL;
	struct tripool_error error = {""};
	if (tripool_directory_create(&d, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(error.text, "");
	return d;
}

const char *list_rest(struct tripool_directory *d)
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

const char *list_anew(struct tripool_directory *d)
{
	struct tripool_error error = {""};
	if (tripool_directory_refresh(d, &error) < 0)
		fail_msg("%s", error.text);
	return list_rest(d);
}

bool list_is_told(const struct tripool_directory *d, int timeout_ms)
{
	struct pollfd f = {.fd = tripool_directory_fd(d), .events = POLLIN};
	return poll(&f, 1, timeout_ms) == 1;
}

void list_settle(struct tripool_directory *d)
{
	for (int i = 0; list_is_told(d, 0); i++) {
		assert_true(i < 3);
		list_anew(d);
	}
}

void list_await(struct tripool_directory *d, const char *should)
{
	for (const char *is = "";;) {
		if (!list_is_told(d, PATIENCE_MS))
			fail_msg("nothing is told, and the list is '%s', not '%s'", is, should);
		is = list_anew(d);
		if (strcmp(is, should) == 0)
			return;
	}
}

struct tripool_producer *list_produce(const char *name, tripool_log_fn log, void *context)
{
	struct tripool_format format = puppet_format(64);
	const struct tripool_producer_options o = {.name = name, .log = log, .log_context = context};
	struct tripool_producer *p = NULL;
	struct tripool_error error = {""};
	if (tripool_producer_create(&p, &o, &format, &error) < 0)
		fail_msg("%s", error.text);
	return p;
}

void in_a_child(int (*body)(void))
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

const char *path_of(const char *file)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/%s", scratch_directory(), file);
	return path;
}

void make_stale_socket(const char *file, int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = path_of(file);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	assert_true(strlen(path) < sizeof(a.sun_path));
	memcpy(a.sun_path, path, strlen(path));
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}
