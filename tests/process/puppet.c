// SPDX-License-Identifier: MIT
#include "puppet-steps.h"

#include "clock.h"
#include "scratch.h"
#include "traces.h"

#include <errno.h>
#include <poll.h>
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

static int fds_before;
static struct tripool_producer *own;

/* ---- Frames ---- */

struct tripool_format puppet_format(uint32_t width_px)
{
	struct tripool_format f = {.pix_fmt = "gray", .width_px = width_px, .height_px = 16};
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	return f;
}

void puppet_publish(struct tripool_producer *producer, unsigned frames)
{
	struct tripool_pool_memory memory;
	tripool_producer_memory(producer, &memory);
	for (unsigned i = 0; i < frames; i++) {
		struct tripool_slot slot;
		assert_int_equal(tripool_producer_begin(producer, &slot), 0);
		uint64_t sequence = tripool_producer_sequence(producer) + 1;
		for (uint64_t at = 0; at < memory.slot_bytes; at++)
			slot.memory[at] = puppet_pixel(sequence, at);
		struct tripool_frame_info info = {.source_sequence = sequence * 3, .capture_ns = 42};
		assert_int_equal(tripool_producer_publish(producer, &slot, &info), 0);
	}
}

/* ---- The strings ---- */

struct puppet puppet_start(void)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		puppet_main(pair[1]);
	}
	close(pair[1]);
	return (struct puppet){.pid = pid, .socket = pair[0]};
}

static void tell(struct puppet *p, enum step step, int64_t a, int64_t b)
{
	struct order o = {.step = step, .a = a, .b = b};
	assert_int_equal(send(p->socket, &o, sizeof(o), MSG_NOSIGNAL), sizeof(o));
}

struct puppet_answer puppet_hear(struct puppet *p)
{
	struct puppet_answer answer;
	for (;;) {
		struct pollfd f[2] = {
		    {.fd = p->socket, .events = POLLIN}, {.fd = own ? tripool_producer_fd(own) : -1, .events = POLLIN}};
		int n = poll(f, 2, 20000);
		if (n == 0)
			fail_msg("the puppet does not answer");
		if (f[1].revents)
			tripool_producer_dispatch(own);
		if (f[0].revents) {
			assert_int_equal(recv(p->socket, &answer, sizeof(answer), 0), sizeof(answer));
			return answer;
		}
	}
}

static struct puppet_answer ask(struct puppet *p, enum step step, int64_t a, int64_t b)
{
	tell(p, step, a, b);
	return puppet_hear(p);
}

struct puppet_answer puppet_view(struct puppet *p, uint32_t leases, bool wait_for_producer)
{
	return ask(p, VIEW, leases, wait_for_producer);
}

struct puppet_answer puppet_view_every(struct puppet *p, uint32_t leases)
{
	return ask(p, VIEW, leases, 2);
}

struct puppet_answer puppet_acquire(struct puppet *p, uint32_t slot)
{
	return ask(p, ACQUIRE, slot, 0);
}

struct puppet_answer puppet_check(struct puppet *p, uint32_t slot)
{
	return ask(p, CHECK, slot, 0);
}

struct puppet_answer puppet_release(struct puppet *p, uint32_t slot)
{
	return ask(p, RELEASE, slot, 0);
}

struct puppet_answer puppet_wait(struct puppet *p, int timeout_ms)
{
	return ask(p, WAIT, timeout_ms, 0);
}

void puppet_tell_poll(struct puppet *p, int timeout_ms)
{
	tell(p, POLL, timeout_ms, 0);
}

void puppet_tell_wait(struct puppet *p, int timeout_ms)
{
	tell(p, WAIT, timeout_ms, 0);
}

void puppet_tell_view(struct puppet *p, uint32_t leases, bool every)
{
	tell(p, VIEW, leases, every ? 2 : 0);
}

struct puppet_answer puppet_rewind(struct puppet *p)
{
	return ask(p, REWIND, 0, 0);
}

struct puppet_answer puppet_reconnect(struct puppet *p)
{
	return ask(p, RECONNECT, 0, 0);
}

struct puppet_answer puppet_unview(struct puppet *p)
{
	return ask(p, UNVIEW, 0, 0);
}

struct puppet_answer puppet_stats(struct puppet *p)
{
	return ask(p, STATS, 0, 0);
}

struct puppet_answer puppet_become_producer(struct puppet *p, uint32_t width_px)
{
	return ask(p, PRODUCE, width_px, 0);
}

struct puppet_answer puppet_make_frames(struct puppet *p, unsigned frames)
{
	return ask(p, MAKE_FRAMES, frames, 0);
}

struct puppet_answer puppet_dispatch_for(struct puppet *p, int milliseconds)
{
	return ask(p, DISPATCH_FOR, milliseconds, 0);
}

struct puppet_answer puppet_set_format(struct puppet *p, uint32_t width_px)
{
	return ask(p, SET_FORMAT, width_px, 0);
}

void puppet_tell_host(struct puppet *p)
{
	tell(p, HOST, 0, 0);
}

void puppet_kill(struct puppet *p, int signal)
{
	assert_int_equal(kill(p->pid, signal), 0);
	int status;
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	close(p->socket);
}

void puppet_end(struct puppet *p)
{
	tell(p, END, 0, 0);
	int status;
	assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
	assert_int_equal(status, 0);
	close(p->socket);
}

void puppet_expect(struct puppet *v, uint32_t slot, uint64_t sequence)
{
	struct puppet_answer a = puppet_acquire(v, slot);
	assert_int_equal(a.result, 0);
	assert_int_equal(a.sequence, sequence);
	assert_int_equal(a.info.source_sequence, sequence * 3);
	assert_int_equal(a.info.capture_ns, 42);
	assert_int_equal(puppet_check(v, slot).result, 0);
}

/* ---- Around each test ---- */

int count_fds(void)
{
	int fds = traces_fds(getpid());
	assert_true(fds >= 0);
	return fds;
}

int count_files(void)
{
	int files = traces_files(scratch_directory(), NULL, 0);
	assert_true(files >= 0);
	return files;
}

int puppet_setup(void **state)
{
	(void)state;
	assert_int_equal(scratch_make(), 0);
	fds_before = count_fds();
	return 0;
}

int puppet_teardown(void **state)
{
	(void)state;
	int files = scratch_remove(), fds = count_fds();
	if (fds != fds_before)
		print_error("left behind: %d fds\n", fds - fds_before);
	return files != 0 || fds != fds_before ? -1 : 0;
}

struct tripool_producer *puppet_produce(const struct tripool_producer_options *options, uint32_t width_px)
{
	struct tripool_producer_options o = options ? *options : (struct tripool_producer_options){0};
	struct tripool_format format = puppet_format(width_px);
	struct tripool_error error = {""};
	o.name = "t";
	if (tripool_producer_create(&own, &o, &format, &error) < 0)
		fail_msg("%s", error.text);
	return own;
}

void puppet_produce_end(void)
{
	tripool_producer_destroy(own);
	own = NULL;
}

void puppet_await_viewers(struct tripool_producer *producer, int viewers)
{
	int64_t late_ns = tripool_now_ns() + INT64_C(10000000000);
	while (tripool_producer_dispatch(producer) < viewers && tripool_now_ns() < late_ns)
		usleep(1000);
	assert_int_equal(tripool_producer_dispatch(producer), viewers);
}
