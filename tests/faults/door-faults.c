// SPDX-License-Identifier: MIT
/* What a producer asks the system for on behalf of those who come, and who are there, fails: in the midst of its
 * frames. It goes on, whoever has to come again. */
#include "clock.h"
#include "faults.h"
#include "producer.h"
#include "puppet.h"
#include "scenarios.h"
#include "tripool_report.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_NS INT64_C(30000000000)

/* Answers the door under the walk's failure until the puppet answers. */
static struct puppet_answer hear(struct faults_walk *walk, struct tripool_producer *p, struct puppet *v)
{
	struct puppet_answer a;
	struct pollfd f[2] = {{.fd = v->socket, .events = POLLIN}, {.fd = tripool_producer_fd(p), .events = POLLIN}};
	faults_arm(walk);
	faults_pause();
	do {
		assert_true(poll(f, 2, 30000) > 0);
		faults_resume();
		tripool_producer_dispatch(p);
		faults_pause();
	} while (!f[0].revents);
	faults_disarm(walk);
	assert_int_equal(recv(v->socket, &a, sizeof(a), 0), sizeof(a));
	return a;
}

static void await_viewers(struct tripool_producer *p, uint32_t viewers)
{
	int64_t late_ns = tripool_now_ns() + PATIENCE_NS;
	do
		tripool_producer_dispatch(p);
	while ((tripool_producer_viewers(p) != viewers || p->guests > 0) && tripool_now_ns() < late_ns);
	assert_int_equal(tripool_producer_viewers(p), viewers);
	assert_int_equal(p->guests, 0);
}

/* Frames reach one who was there before, whatever becomes of another. */
static void expect_a_frame(struct tripool_producer *p, struct puppet *v)
{
	puppet_publish(p, 1);
	puppet_expect(v, 0, tripool_producer_sequence(p));
	puppet_release(v, 0);
}

void who_cannot_be_let_in_is_told_and_can_come_again(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "a viewer comes", .lasting = 3};
	struct tripool_producer *p = puppet_produce(NULL, 64);
	struct puppet v = puppet_start(), w = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	/* For this many leases memory is there from now on, so that the stock does not change. */
	assert_int_equal(puppet_view(&w, 1, false).result, 0);
	puppet_unview(&w);
	await_viewers(p, 1);
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		puppet_tell_view(&w, 1, false);
		struct puppet_answer a = hear(&walk, p, &w);
		if (a.result < 0) {
			if (!walk.hit || !a.error.text[0])
				fail_msg("a viewer could not come: '%s'", a.error.text);
			await_viewers(p, 1);
			faults_expect_stock(&walk, &before);
			a = puppet_view(&w, 1, false);
			if (a.result < 0)
				fail_msg("after %s had failed: %s", walk.function, a.error.text);
		}
		expect_a_frame(p, &v);
		expect_a_frame(p, &w);
		puppet_unview(&w);
		await_viewers(p, 1);
		faults_expect_stock(&walk, &before);
	}
	puppet_end(&v);
	puppet_end(&w);
	puppet_produce_end();
}

/* Each in its turn is the first whose leases need a slot more than has its memory. */
void who_needs_more_memory_is_told_if_there_is_none(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "a viewer with many leases comes", .lasting = 3};
	struct puppet v = puppet_start();
	while (faults_next(&walk)) {
		struct tripool_producer *p = puppet_produce(NULL, 4096);
		const struct faults_stock before = faults_take_stock();
		puppet_tell_view(&v, 8, false);
		struct puppet_answer a = hear(&walk, p, &v);
		assert_int_equal(tripool_producer_viewers(p), a.result == 0);
		if (a.result < 0) {
			assert_true(walk.hit && a.error.text[0]);
			faults_expect_stock(&walk, &before);
			a = puppet_view(&v, 8, false);
			if (a.result < 0)
				fail_msg("after %s had failed: %s", walk.function, a.error.text);
		}
		expect_a_frame(p, &v);
		puppet_unview(&v);
		await_viewers(p, 0);
		faults_expect_stock(&walk, &before);
		puppet_produce_end();
	}
	puppet_end(&v);
}

/* Takes all fds that there may be, but for `left`. */
static int fill_fds(int filler[256], int left)
{
	int n = 0;
	while ((filler[n] = dup(0)) >= 0)
		n++;
	while (left-- > 0)
		close(filler[--n]);
	return n;
}

/* A producer that has no fd left but the spare one, which may be lost for a moment. */
void who_comes_when_no_fd_is_left_is_told(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "a viewer comes, and there is no fd", .lasting = 3};
	struct tripool_producer *p = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	struct rlimit before, few;
	const struct faults_stock stock = faults_take_stock();
	getrlimit(RLIMIT_NOFILE, &before);
	few = before;
	few.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while (faults_next(&walk)) {
		int filler[256], n = fill_fds(filler, 0);
		puppet_tell_view(&v, 1, false);
		struct puppet_answer a = hear(&walk, p, &v);
		assert_true(a.result < 0 && a.error.text[0]);
		/* Should it have lost the spare one, it has it back by now. */
		tripool_producer_dispatch(p);
		n += fill_fds(filler + n, 0);
		a = puppet_view(&v, 1, false);
		while (n > 0)
			close(filler[--n]);
		if (a.result != -ECONNREFUSED || !strstr(a.error.text, "no file descriptor left"))
			fail_msg("after %s had failed: %s", walk.hit ? walk.function : "nothing", a.error.text);
		await_viewers(p, 0);
		faults_expect_stock(&walk, &stock);
	}
	setrlimit(RLIMIT_NOFILE, &before);
	puppet_end(&v);
	puppet_produce_end();
}

void who_cannot_be_answered_can_ask_again(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "somebody asks", .lasting = 3};
	struct tripool_producer *p = puppet_produce(NULL, 64);
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_report report;
		struct tripool_error error = {""};
		int fd = tripool_report_ask("t", &error), r;
		assert_true(fd >= 0);
		faults_arm(&walk);
		for (int i = 0; i < 5; i++)
			tripool_producer_dispatch(p);
		faults_disarm(&walk);
		r = tripool_report_take(fd, &report, &error);
		close(fd);
		/* Once without, so that what was left at the door goes. */
		await_viewers(p, 0);
		faults_expect_stock(&walk, &before);
		if (r < 0) {
			assert_true(walk.hit);
			assert_true(error.text[0]);
			fd = tripool_report_ask("t", &error);
			await_viewers(p, 0);
			assert_int_equal(tripool_report_take(fd, &report, &error), 0);
			close(fd);
		}
		puppet_publish(p, 1);
		faults_expect_stock(&walk, &before);
	}
	puppet_produce_end();
}

/* Leads a viewer into the new generation; or, where it could not be told of it, to the producer again. */
static void follow(struct tripool_producer *p, struct puppet *v)
{
	struct puppet_answer a;
	int64_t late_ns = tripool_now_ns() + PATIENCE_NS;
	do {
		a = puppet_acquire(v, 0);
		if (a.result == 0)
			puppet_release(v, 0);
		else if (a.result == -EPIPE)
			assert_int_equal(puppet_reconnect(v).result, 0);
		else if (a.result != -ESTALE)
			puppet_wait(v, 1);
		if (a.result == 0 && a.sequence < tripool_producer_sequence(p))
			continue;
		if (a.result == -EPIPE) /* there is a frame that it has not seen */
			puppet_publish(p, 1);
	} while ((a.result != 0 || a.generation != p->generation) && tripool_now_ns() < late_ns);
	assert_int_equal(a.result, 0);
	assert_int_equal(a.generation, p->generation);
}

void viewers_outlive_a_new_format_or_can_come_again(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "set_format with viewers", .lasting = 3};
	struct tripool_producer *p = puppet_produce(NULL, 64);
	struct puppet v = puppet_start(), w = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	assert_int_equal(puppet_view_every(&w, 2).result, 0);
	const struct tripool_format f[2] = {puppet_format(64), puppet_format(128)};
	const struct faults_stock before = faults_take_stock();
	unsigned next = 1;
	while (faults_next(&walk)) {
		struct tripool_error error = {""};
		uint64_t generation = p->generation;
		faults_arm(&walk);
		int r = tripool_producer_set_format(p, &f[next], &error);
		faults_disarm(&walk);
		if (!walk.hit || strcmp(walk.function, "sendmsg") != 0)
			faults_judge(&walk, r, &error);
		assert_int_equal(p->generation, generation + (r == 0));
		next = r == 0 ? !next : next;
		puppet_publish(p, 1);
		follow(p, &v);
		follow(p, &w);
		await_viewers(p, 2);
		faults_expect_stock(&walk, &before);
	}
	puppet_end(&v);
	puppet_end(&w);
	puppet_produce_end();
}

static void await_armed(struct tripool_producer *p)
{
	int64_t late_ns = tripool_now_ns() + PATIENCE_NS;
	while (atomic_load(&p->viewer[0].page->armed) == 0 && tripool_now_ns() < late_ns)
		usleep(100);
}

void a_frame_wakes_whatever_fails(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "publish", .lasting = 3};
	struct tripool_producer *p = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	while (faults_next(&walk)) {
		struct tripool_slot slot;
		puppet_tell_wait(&v, 30000);
		await_armed(p);
		assert_int_equal(tripool_producer_begin(p, &slot), 0);
		faults_arm(&walk);
		assert_int_equal(tripool_producer_publish(p, &slot, NULL), 0);
		/* Where the kernel was short of memory, as long as that lasts the next frame is to try again. */
		for (unsigned i = 1; walk.round > 0 && i < walk.lasting; i++)
			puppet_publish(p, 1);
		faults_disarm(&walk);
		/* Where it has wake-ups enough, or is gone, it is not woken again: this one has been deceived. */
		if (walk.hit && (walk.error == EAGAIN || walk.error == EPIPE))
			atomic_store(&p->viewer[0].page->armed, 1);
		if (walk.hit && walk.error != EINTR)
			puppet_publish(p, 1);
		assert_int_equal(puppet_hear(&v).result, 1);
		assert_int_equal(puppet_acquire(&v, 0).sequence, tripool_producer_sequence(p));
		puppet_release(&v, 0);
	}
	puppet_end(&v);
	puppet_produce_end();
}

void a_lossless_stream_waits_whatever_fails(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "begin, lossless", .lasting = 3};
	const struct tripool_producer_options o = {.lossless = true, .stall_ms = 10, .manual_dispatch = true};
	struct tripool_producer *p = puppet_produce(&o, 64);
	struct puppet v = puppet_start();
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_slot slot;
		assert_int_equal(puppet_view_every(&v, 1).result, 0);
		puppet_publish(p, 1);
		faults_arm(&walk);
		int r = tripool_producer_begin(p, &slot); /* v takes nothing */
		faults_disarm(&walk);
		assert_int_equal(r, 0);
		assert_int_equal(tripool_producer_publish(p, &slot, NULL), 0);
		puppet_unview(&v);
		await_viewers(p, 0);
		faults_expect_stock(&walk, &before);
	}
	puppet_end(&v);
	puppet_produce_end();
}
