// SPDX-License-Identifier: MIT
/* What answers a question cannot harm who asked. */
#include "layout.h"
#include "place.h"
#include "puppet.h"
#include "wire.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A sound answer, spoiled; returns how many bytes of it are to be sent. */
typedef size_t (*spoil_fn)(union tripool_reply *r, size_t size);

static struct tripool_answer sound_answer(void)
{
	struct tripool_answer a;
	memset(&a, 0, sizeof(a));
	a.preamble = (struct tripool_preamble){TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_REPORT};
	a.report = (struct tripool_report){.viewers = 2,
	    .generation = 1,
	    .sequence = 100,
	    .publish_ns = 900,
	    .interval_ns = 20,
	    .report_ns = 1000,
	    .slots = 18,
	    .slots_touched = 3,
	    .write_depth = 1,
	    .max_viewers = 16,
	    .leases = 5,
	    .max_leases = 16,
	    .format = puppet_format(64)};
	a.report.viewer[0] = (struct tripool_report_viewer){.lag = 1, .leases = 1, .held = 1, .name = "a"};
	a.report.viewer[1] = (struct tripool_report_viewer){.lag = TRIPOOL_UNKNOWN, .leases = 4, .name = "b"};
	return a;
}

static bool with_fd;

/* Answers the first who asks. */
static void answer(int listener, spoil_fn spoil)
{
	union tripool_reply r = {.answer = sound_answer()};
	struct tripool_message m;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	int socket = -1;
	for (int tries = 0; socket < 0 && tries < 5000; tries++) {
		usleep(1000);
		socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	}
	while (tripool_wire_receive(socket, &m, NULL) == -EAGAIN)
		usleep(1000);
	struct iovec data = {.iov_base = &r, .iov_len = spoil(&r, TRIPOOL_ANSWER_BYTES(2))};
	struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
	if (with_fd) {
		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		*CMSG_FIRSTHDR(&header) = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	}
	if (data.iov_len == SIZE_MAX)
		pause();
	sendmsg(socket, &header, MSG_NOSIGNAL);
	_exit(0);
}

/* `words` are in the reason, or the second viewer's name. */
static void expect(spoil_fn spoil, int result, const char *words)
{
	struct tripool_report r = {.sequence = 77};
	struct tripool_error error = {""};
	int directory = tripool_place_open(true, NULL);
	int lock = tripool_place_lock(directory, "t", NULL);
	int listener = tripool_place_listen(directory, "t", 0600, NULL, NULL);
	int fds = count_fds();
	assert_true(listener >= 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		answer(listener, spoil);
	int found = tripool_report_get("t", result == -ETIMEDOUT ? 200 : 10000, &r, &error);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (found != result || (result < 0 && !strstr(error.text, words)))
		fail_msg("%d '%s' instead of %d '%s'", found, error.text, result, words);
	assert_int_equal(r.sequence, result == 0 ? 100 : 77);
	if (result == 0) {
		assert_int_equal(r.producer_pid, getpid()); /* who listens, whatever is said */
		assert_string_equal(error.text, "");
		assert_string_equal(r.viewer[1].name, words);
	}
	assert_int_equal(count_fds(), fds);
	tripool_place_unlisten(directory, "t", lock);
	tripool_place_unlock(directory, "t", lock);
	close(listener);
	close(directory);
}

/* Each is written as what it does to the report `r` of a sound answer of `size` bytes. */
#define SPOIL(name, action)                                                                                            \
	static size_t name(union tripool_reply *reply, size_t size)                                                    \
	{                                                                                                              \
		struct tripool_report *r = &reply->answer.report;                                                      \
		(void)r;                                                                                               \
		action;                                                                                                \
		return size;                                                                                           \
	}

SPOIL(nothing, )
SPOIL(fd_along, with_fd = true)
SPOIL(other_pid, r->producer_pid = 1)
SPOIL(mute, size = SIZE_MAX)
SPOIL(hang_up, size = 0)
SPOIL(one_byte, size = 1)
SPOIL(preamble_alone, size = sizeof(reply->preamble))
SPOIL(too_short, size--)
SPOIL(too_long, size++)
SPOIL(far_too_long, size = sizeof(*reply))
SPOIL(bad_magic, reply->preamble.magic++)
SPOIL(other_version, reply->preamble.version = 9)
SPOIL(a_pool, (reply->preamble.type = TRIPOOL_POOL, size = sizeof(struct tripool_message)))
SPOIL(more_viewers_than_sent, r->viewers = 3)
SPOIL(too_many_viewers, (r->viewers = 65, r->max_viewers = 65))
SPOIL(huge_count, r->viewers = UINT32_MAX)
SPOIL(more_than_the_most, r->max_viewers = 1)
SPOIL(too_many_slots, r->slots = 65)
SPOIL(more_held_than_leases, r->viewer[1].held = 5)
SPOIL(too_many_leases, r->viewer[1].leases = 17)
SPOIL(lag_beyond, r->viewer[0].lag = 101)
SPOIL(no_pid, r->viewer[0].pid = -5)
SPOIL(no_mode, r->viewer[0].every = 2)
SPOIL(from_the_future, r->publish_ns = 1001)
SPOIL(before_all_time, r->publish_ns = INT64_MIN)
SPOIL(interval_beyond, r->interval_ns = 901)
SPOIL(interval_of_less_than_nothing, r->interval_ns = -1)
SPOIL(more_touched_than_slots, r->slots_touched = 19)
SPOIL(more_written_than_slots, r->slots_writing = 19)
SPOIL(deeper_than_slots, r->write_depth = 19)
SPOIL(more_viewers_than_slots, r->max_viewers = 19)
SPOIL(more_leases_than_slots, r->max_leases = 19)
SPOIL(more_leases_than_the_most, r->leases = 17)
SPOIL(more_memory_than_there_is, r->pool_resident_bytes = UINT64_MAX)
SPOIL(more_addresses_than_there_are, r->pool_bytes = UINT64_MAX)
SPOIL(more_than_lossless, r->lossless = 2)
SPOIL(more_than_closed, r->viewer[1].closed = 2)
SPOIL(no_format, r->format.width_px = 0)
SPOIL(endless_format, memset(r->format.pix_fmt, 'a', sizeof(r->format.pix_fmt)))
SPOIL(endless_name, memset(r->viewer[1].name, 'a', sizeof(r->viewer[1].name)))
SPOIL(escapes, strcpy(r->viewer[1].name, "\x1b]0;oops\x07\n\xff"))
SPOIL(endless_source, memset(r->source, 0x1b, sizeof(r->source)))

static size_t refusal(union tripool_reply *reply, int code)
{
	reply->message = (struct tripool_message){
	    .preamble = {TRIPOOL_MAGIC, TRIPOOL_PROTOCOL, TRIPOOL_REFUSED}, .refused = {.code = code}};
	memset(reply->message.refused.reason, '\x1b', sizeof(reply->message.refused.reason));
	return sizeof(reply->message);
}

SPOIL(older, size = refusal(reply, EPROTO))
SPOIL(refused, size = refusal(reply, EMFILE))

static void an_answer_cannot_harm_who_asks(void **state)
{
	(void)state;
	expect(nothing, 0, "b");
	expect(other_pid, 0, "b");
	expect(mute, -ETIMEDOUT, "does not answer");
	expect(hang_up, -EPIPE, "hung up");
	const spoil_fn unsound[] = {fd_along, one_byte, preamble_alone, too_short, too_long, far_too_long, bad_magic,
	    more_viewers_than_sent, too_many_viewers, huge_count};
	for (size_t i = 0; i < sizeof(unsound) / sizeof(*unsound); i++)
		expect(unsound[i], -EPROTO, "no proper answer");
	const spoil_fn senseless[] = {more_than_the_most, too_many_slots, more_held_than_leases, too_many_leases,
	    lag_beyond, no_pid, no_mode, from_the_future, before_all_time, interval_beyond, no_format, endless_format,
	    interval_of_less_than_nothing, more_touched_than_slots, more_written_than_slots, deeper_than_slots,
	    more_viewers_than_slots, more_leases_than_slots, more_leases_than_the_most, more_memory_than_there_is,
	    more_addresses_than_there_are, more_than_lossless, more_than_closed};
	for (size_t i = 0; i < sizeof(senseless) / sizeof(*senseless); i++)
		expect(senseless[i], -EPROTO, "makes no sense");
	expect(other_version, -EPROTONOSUPPORT, "speaks version 9");
	expect(a_pool, -EPROTO, "message of type 5");
	expect(older, -EPROTONOSUPPORT, "is older");
	expect(refused, -ECONNREFUSED, "refused: ???");
	expect(endless_source, 0, "b");
}

static void names_are_fit_to_be_shown(void **state)
{
	(void)state;
	struct {
		spoil_fn spoil;
		char name[TRIPOOL_NAME_BYTES];
	} cases[] = {{escapes, "?]0;oops???"}, {endless_name, ""}};
	memset(cases[1].name, 'a', TRIPOOL_NAME_BYTES - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(cases[i].spoil, 0, cases[i].name);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_answer_cannot_harm_who_asks),
	    TEST(names_are_fit_to_be_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
