// SPDX-License-Identifier: MIT
#include "impostor.h"

#include "place.h"
#include "scratch.h"
#include "traces.h"
#include "wire.h"

#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int lock;

pid_t impostor_start(void (*serve)(int socket, void *context), void *context)
{
	/* Here, so that it is there when this returns. */
	int directory = tripool_place_open(true, NULL);
	lock = tripool_place_lock(directory, IMPOSTOR_STREAM, NULL);
	int listener = tripool_place_listen(directory, IMPOSTOR_STREAM, 0600, NULL, NULL);
	assert_true(listener >= 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		signal(SIGCHLD, SIG_IGN);
		fcntl(listener, F_SETFL, 0);
		for (;;) {
			int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
			if (socket < 0)
				_exit(1);
			if (fork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				serve(socket, context);
				_exit(0);
			}
			close(socket);
		}
	}
	close(listener);
	close(directory);
	return pid;
}

void impostor_end(pid_t pid)
{
	int directory = tripool_place_open(true, NULL);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	tripool_place_unlisten(directory, IMPOSTOR_STREAM, lock);
	tripool_place_unlock(directory, IMPOSTOR_STREAM, lock);
	close(directory);
}

bool impostor_expect(int socket)
{
	struct tripool_message m;
	return recv(socket, &m, sizeof(m), 0) > 0;
}

void impostor_send(int socket, enum tripool_message_type type, uint64_t first, uint64_t second, int fd)
{
	struct tripool_message m = {.preamble.type = (uint16_t)type, .pool = {first, second}};
	(void)tripool_wire_send(socket, &m, fd);
}

struct tripool_lease_page *impostor_greet(int socket)
{
	struct tripool_lease_page *page;
	int fd;
	if (!impostor_expect(socket) || tripool_lease_create(&page, &fd, NULL) < 0)
		return NULL;
	impostor_send(socket, TRIPOOL_LEASE, tripool_lease_bytes(), 0, fd);
	close(fd);
	if (impostor_expect(socket))
		return page;
	tripool_lease_unmap(page);
	return NULL;
}

struct tripool_pool impostor_pool(const char *pix_fmt, uint32_t width_px, uint32_t height_px, uint32_t slots)
{
	struct tripool_format f = {.width_px = width_px, .height_px = height_px};
	struct tripool_pool pool;
	snprintf(f.pix_fmt, sizeof(f.pix_fmt), "%s", pix_fmt);
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	assert_int_equal(tripool_pool_create(&pool, &f, slots, slots, 1, NULL, NULL), 0);
	return pool;
}

struct belongings belongings(void)
{
	struct belongings b = {traces_fds(getpid()), traces_memfds(getpid())};
	assert_true(b.fds > 0 && b.maps >= 0);
	return b;
}
