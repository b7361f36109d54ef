// SPDX-License-Identifier: MIT
/* Peers of another version of the protocol are told so, or left, whichever of the two is older; and so are those whose
 * words have no sense where they come. */
#include "layout.h"
#include "memory.h"
#include "place.h"
#include "puppet.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void say(int socket, struct tripool_message m)
{
	m.preamble.magic = TRIPOOL_MAGIC;
	assert_int_equal(send(socket, &m, sizeof(m), MSG_NOSIGNAL), sizeof(m));
}

/* ---- The producer's side ---- */

static int knock(void)
{
	int directory = tripool_place_open(false, NULL);
	int socket = tripool_place_connect(directory, "t", NULL);
	close(directory);
	assert_true(socket >= 0);
	return socket;
}

/* What the producer answers. */
static struct tripool_message hear(struct tripool_producer *p, int socket, int *fd)
{
	struct tripool_message m;
	tripool_producer_dispatch(p);
	assert_int_equal(tripool_wire_receive(socket, &m, fd), 0);
	return m;
}

static void a_viewer_that_changes_its_version_is_refused(void **state)
{
	(void)state;
	struct tripool_producer *p = puppet_produce(NULL, 64);
	for (int admitted = 0; admitted < 2; admitted++) {
		int socket = knock(), lease_fd, pool_fd;
		struct tripool_message m = {.preamble.type = TRIPOOL_HELLO, .hello = {.leases = 1}};
		assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
		m = hear(p, socket, &lease_fd);
		assert_int_equal(m.preamble.type, TRIPOOL_LEASE);
		assert_int_equal(fcntl(lease_fd, F_ADD_SEALS, TRIPOOL_SEALS), 0);
		close(lease_fd);
		if (admitted) {
			m = (struct tripool_message){.preamble.type = TRIPOOL_READY};
			assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
			assert_int_equal(hear(p, socket, &pool_fd).preamble.type, TRIPOOL_POOL);
			close(pool_fd);
			assert_int_equal(tripool_producer_viewers(p), 1);
		}
		say(socket, (struct tripool_message){.preamble = {.version = 9, .type = TRIPOOL_READY}});
		if (admitted)
			tripool_producer_dispatch(p);
		else
			assert_non_null(strstr(hear(p, socket, NULL).refused.reason, "not ready"));
		assert_int_equal(tripool_wire_receive(socket, &m, NULL), -EPIPE);
		assert_int_equal(tripool_producer_viewers(p), 0);
		close(socket);
	}
	puppet_produce_end();
}

/* Its leases were enough when it came. */
static void a_viewer_that_has_too_few_leases_by_now_is_refused(void **state)
{
	(void)state;
	struct tripool_producer *p = puppet_produce(&(struct tripool_producer_options){.lossless = true}, 64);
	const struct tripool_format f = puppet_format(64);
	int socket = knock(), lease_fd;
	struct tripool_message m = {.preamble.type = TRIPOOL_HELLO, .hello = {.mode = TRIPOOL_MODE_EVERY, .leases = 1}};
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
	assert_int_equal(hear(p, socket, &lease_fd).preamble.type, TRIPOOL_LEASE);
	assert_int_equal(fcntl(lease_fd, F_ADD_SEALS, TRIPOOL_SEALS), 0);
	close(lease_fd);
	assert_int_equal(tripool_producer_set_write_depth(p, 2), 0);
	assert_int_equal(tripool_producer_set_format(p, &f, NULL), 0);
	m = (struct tripool_message){.preamble.type = TRIPOOL_READY};
	assert_int_equal(tripool_wire_send(socket, &m, -1), 0);
	m = hear(p, socket, NULL);
	assert_int_equal(m.preamble.type, TRIPOOL_REFUSED);
	assert_non_null(strstr(m.refused.reason, "1 leases do not do any more"));
	close(socket);
	puppet_produce_end();
}

static void words_without_sense_leave_no_fd(void **state)
{
	(void)state;
	int pair[2], fd = -1;
	struct tripool_message m = {.preamble.type = TRIPOOL_WAKE}; /* which is shorter */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(tripool_wire_send(pair[0], &m, pair[0]), 0);
	int fds = count_fds();
	assert_int_equal(tripool_wire_receive(pair[1], &m, &fd), -EPROTO);
	assert_int_equal(fd, -1);
	assert_int_equal(count_fds(), fds);
	/* Nor do words with more fds than one. */
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(fd))] = {0};
	struct iovec data = {.iov_base = &m, .iov_len = sizeof(m)};
	struct msghdr header = {
	    .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	*CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(2 * sizeof(fd)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), pair, 2 * sizeof(fd));
	m.preamble = (struct tripool_preamble){TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_POOL};
	assert_int_equal(sendmsg(pair[0], &header, MSG_NOSIGNAL), sizeof(m));
	assert_int_equal(tripool_wire_receive(pair[1], &m, &fd), -EPROTO);
	assert_int_equal(fd, -1);
	assert_int_equal(count_fds(), fds);
	close(pair[0]);
	close(pair[1]);
}

/* ---- The viewer's side ---- */

/* A producer that says one thing to each who comes. */
static void answer(int listener, const struct tripool_message *words)
{
	for (;;) {
		int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (socket < 0) {
			usleep(1000);
			continue;
		}
		say(socket, *words);
	}
}

struct other {
	int directory, lock, listener;
	pid_t pid;
};

static struct other start_other(const struct tripool_message *words)
{
	struct other o = {.directory = tripool_place_open(true, NULL)};
	o.lock = tripool_place_lock(o.directory, "t", NULL);
	o.listener = tripool_place_listen(o.directory, "t", 0600, NULL, NULL);
	assert_true(o.listener >= 0);
	o.pid = fork();
	assert_true(o.pid >= 0);
	if (o.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		answer(o.listener, words);
	}
	return o;
}

static void end_other(struct other *o)
{
	assert_int_equal(kill(o->pid, SIGKILL), 0);
	assert_int_equal(waitpid(o->pid, NULL, 0), o->pid);
	tripool_place_unlisten(o->directory, "t", o->lock);
	tripool_place_unlock(o->directory, "t", o->lock);
	close(o->listener);
	close(o->directory);
}

static void a_producer_of_another_version_is_named(void **state)
{
	(void)state;
	const struct {
		struct tripool_message words;
		const char *to_a_viewer, *to_who_asks;
		int result;
	} cases[] = {
	    {{.preamble = {.version = 9, .type = TRIPOOL_LEASE}}, "speaks version 9", "speaks version 9",
		-EPROTONOSUPPORT},
	    {{.preamble = {.version = 9, .type = TRIPOOL_REFUSED}, .refused = {.code = EPROTO, .reason = "too old"}},
		"refused: too old", "refused: too old", -EPROTONOSUPPORT},
	    {{.preamble = {.version = TRIPOOL_PROTOCOL, .type = TRIPOOL_WAKE}}, "sent no proper answer",
		"message of type 6", -EPROTO},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct tripool_viewer_options options = {.name = "t"};
		struct tripool_viewer *v = NULL;
		struct tripool_report report;
		struct tripool_error error = {""};
		struct other o = start_other(&cases[i].words);
		assert_int_equal(tripool_viewer_create(&v, &options, &error), cases[i].result);
		assert_non_null(strstr(error.text, cases[i].to_a_viewer));
		assert_int_equal(tripool_report_get("t", 30000, &report, &error), cases[i].result);
		assert_non_null(strstr(error.text, cases[i].to_who_asks));
		end_other(&o);
	}
}

/* Lets one viewer in as it should be, and then says something. */
static void admit(int listener, const struct tripool_message *words)
{
	int socket;
	struct tripool_message m;
	struct tripool_pool pool;
	struct tripool_lease_page *page;
	int lease_fd;
	const struct tripool_format f = puppet_format(64);
	while ((socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
		usleep(1000);
	if (tripool_pool_create(&pool, &f, 3, 3, 1, NULL, NULL) < 0 || tripool_lease_create(&page, &lease_fd, NULL) < 0)
		_exit(1);
	m = (struct tripool_message){.preamble.type = TRIPOOL_LEASE, .lease.lease_bytes = tripool_lease_bytes()};
	tripool_wire_send(socket, &m, lease_fd);
	m = (struct tripool_message){.preamble.type = TRIPOOL_POOL, .pool = {1, pool.bytes}};
	tripool_wire_send(socket, &m, pool.fd_readonly);
	say(socket, *words);
	pause();
}

static void a_producer_that_says_something_else_is_left(void **state)
{
	(void)state;
	const struct tripool_message cases[] = {
	    {.preamble = {.version = 9, .type = TRIPOOL_POOL}},
	    {.preamble = {.version = 9, .type = TRIPOOL_WAKE}},
	    {.preamble = {.version = TRIPOOL_PROTOCOL, .type = TRIPOOL_READY}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct tripool_viewer_options options = {.name = "t"};
		struct tripool_viewer *v = NULL;
		struct tripool_frame frame;
		struct other o = {.directory = tripool_place_open(true, NULL)};
		o.lock = tripool_place_lock(o.directory, "t", NULL);
		o.listener = tripool_place_listen(o.directory, "t", 0600, NULL, NULL);
		o.pid = fork();
		if (o.pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			admit(o.listener, &cases[i]);
		}
		assert_int_equal(tripool_viewer_create(&v, &options, NULL), 0);
		for (int waits = 0; tripool_viewer_connected(v) && waits < 3000; waits++)
			tripool_viewer_wait(v, 10);
		assert_int_equal(tripool_viewer_acquire(v, &frame), -EPROTO);
		assert_int_equal(tripool_viewer_acquire(v, &frame), -EPIPE);
		tripool_viewer_destroy(v);
		end_other(&o);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_viewer_that_changes_its_version_is_refused),
	    TEST(a_viewer_that_has_too_few_leases_by_now_is_refused),
	    TEST(words_without_sense_leave_no_fd),
	    TEST(a_producer_of_another_version_is_named),
	    TEST(a_producer_that_says_something_else_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
