// SPDX-License-Identifier: MIT
#include "puppet.h"

#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAMES 16

enum step {
	VIEW,
	ACQUIRE,
	CHECK,
	RELEASE,
	WAIT,
	POLL,
	REWIND,
	RECONNECT,
	UNVIEW,
	STATS,
	PRODUCE,
	MAKE_FRAMES,
	DISPATCH_FOR,
	END
};

struct order {
	enum step step;
	int64_t a, b;
};

static int fds_before;
static struct tripool_producer *own;

/* ---- Frames ---- */

struct tripool_format puppet_format(uint32_t width_px)
{
	struct tripool_format f = {.pix_fmt = "gray", .width_px = width_px, .height_px = 16};
	assert_int_equal(tripool_format_layout(&f, NULL), 0);
	return f;
}

static uint8_t pixel(uint64_t sequence, uint64_t at)
{
	return (uint8_t)(sequence * 131 + at * 7 + (at >> 8));
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
			slot.memory[at] = pixel(sequence, at);
		struct tripool_frame_info info = {.source_sequence = sequence * 3, .capture_ns = 42};
		assert_int_equal(tripool_producer_publish(producer, &slot, &info), 0);
	}
}

static int check(const struct tripool_frame *f)
{
	if (!f->lease)
		return -ENOENT;
	for (uint64_t at = 0; at < f->format->size_bytes; at++)
		if (f->memory[at] != pixel(f->sequence, at))
			return -EBADMSG;
	return 0;
}

/* ---- The puppet's own process ---- */

static int dispatch_for(struct tripool_producer *producer, int64_t milliseconds)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	int64_t end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + milliseconds, left = milliseconds;
	int viewers = 0;
	while (left > 0) {
		struct pollfd f = {.fd = tripool_producer_fd(producer), .events = POLLIN};
		poll(&f, 1, (int)left);
		viewers = tripool_producer_dispatch(producer);
		clock_gettime(CLOCK_MONOTONIC, &t);
		left = end - (t.tv_sec * 1000 + t.tv_nsec / 1000000);
	}
	return viewers;
}

struct stage {
	struct tripool_viewer *viewer;
	struct tripool_producer *producer;
	struct tripool_frame frame[FRAMES];
};

static void view_step(struct stage *s, const struct order *o, struct puppet_answer *a)
{
	struct tripool_viewer_options options = {.name = "t",
	    .client_name = "puppet",
	    .leases = (uint32_t)o->a,
	    .wait_for_producer = o->b == 1,
	    .every = o->b == 2};
	struct tripool_frame *f = &s->frame[o->a % FRAMES];
	struct tripool_viewer_stats stats;
	struct pollfd poll_for;
	switch (o->step) {
	case VIEW:
		a->result = tripool_viewer_create(&s->viewer, &options, &a->error);
		break;
	case ACQUIRE:
		a->result = tripool_viewer_acquire(s->viewer, f);
		if (a->result == 0) {
			a->sequence = f->sequence;
			a->generation = f->generation;
			a->info = f->info;
		}
		break;
	case CHECK:
		a->result = check(f);
		break;
	case RELEASE:
		tripool_viewer_release(s->viewer, f);
		break;
	case WAIT:
		a->result = tripool_viewer_wait(s->viewer, (int)o->a);
		break;
	case POLL:
		poll_for = (struct pollfd){.fd = tripool_viewer_fd(s->viewer), .events = POLLIN};
		a->result = tripool_viewer_arm(s->viewer) ? 1 : poll(&poll_for, 1, (int)o->a);
		break;
	case REWIND:
		tripool_viewer_rewind(s->viewer);
		break;
	case RECONNECT:
		a->result = tripool_viewer_reconnect(s->viewer, &a->error);
		break;
	case STATS:
		tripool_viewer_get_stats(s->viewer, &stats);
		a->sequence = stats.frames_skipped;
		a->generation = stats.reconnects;
		break;
	default: /* UNVIEW */
		tripool_viewer_destroy(s->viewer);
		s->viewer = NULL;
	}
}

static void produce_step(struct stage *s, const struct order *o, struct puppet_answer *a)
{
	struct tripool_producer_options options = {.name = "t"};
	struct tripool_format format;
	switch (o->step) {
	case PRODUCE:
		format = puppet_format((uint32_t)o->a);
		a->result = tripool_producer_create(&s->producer, &options, &format, &a->error);
		break;
	case MAKE_FRAMES:
		puppet_publish(s->producer, (unsigned)o->a);
		break;
	default: /* DISPATCH_FOR */
		a->result = dispatch_for(s->producer, o->a);
	}
}

/* Shared memory of ours that is mapped. */
static int count_maps(void)
{
	char line[512];
	int count = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof(line), maps))
		count += strstr(line, "memfd:tripool") != NULL;
	if (maps)
		fclose(maps);
	return count;
}

static void puppet_main(int socket)
{
	struct stage s = {0};
	int fds = count_fds(), maps = count_maps(); /* the test's own, which it has by being its child */
	struct order o;
	while (recv(socket, &o, sizeof(o), 0) == sizeof(o) && o.step != END) {
		struct puppet_answer a = {0};
		if (o.step < PRODUCE)
			view_step(&s, &o, &a);
		else
			produce_step(&s, &o, &a);
		if (send(socket, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
			break;
	}
	tripool_viewer_destroy(s.viewer);
	tripool_producer_destroy(s.producer);
	_exit(count_fds() == fds && count_maps() == maps ? 0 : 1);
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

void puppet_tell_dispatch_for(struct puppet *p, int milliseconds)
{
	tell(p, DISPATCH_FOR, milliseconds, 0);
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

/* ---- Around each test ---- */

static int count_entries(const char *path)
{
	DIR *d = opendir(path);
	assert_non_null(d);
	int n = 0;
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

int count_fds(void)
{
	return count_entries("/proc/self/fd");
}

int count_files(void)
{
	return count_entries(scratch_directory());
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
