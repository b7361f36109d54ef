// SPDX-License-Identifier: MIT
#include "stage.h"

#include "clock.h"
#include "puppet-steps.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 30000
#define ENOUGH_SECONDS 200 /* for anything; of a child that hangs */

/* Shared with a producer's process. */
struct board {
	int result;
	struct tripool_error error;
	size_t length;
	char said[8192];
};

_Noreturn void stage_give_up(const char *what)
{
	fprintf(stderr, "stage: %s: %s\n", what, strerror(errno));
	_exit(99);
}

void stage_become_person(const void *context)
{
	const struct stage_person *p = context;
	if (setgroups(p->other_gid != 0, &p->other_gid) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
	    setresuid(p->uid, p->uid, p->uid) < 0)
		stage_give_up("cannot become another user");
}

static void *share(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	return memory;
}

/* Returns 0 in the child, which has its role, and not the fd `not_for_it`: its role may leave more processes. */
static pid_t start(struct stage_role role, int not_for_it)
{
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(ENOUGH_SECONDS);
		if (not_for_it >= 0)
			close(not_for_it);
		if (role.become)
			role.become(role.context);
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* last: who becomes another forgets it */
	}
	return pid;
}

int stage_wait(pid_t pid)
{
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status))
		fail_msg("a child was killed by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

pid_t stage_start(struct stage_role role, int (*body)(void))
{
	pid_t pid = start(role, -1);
	if (pid == 0)
		_exit(body());
	return pid;
}

int stage_run(struct stage_role role, int (*body)(void))
{
	return stage_wait(stage_start(role, body));
}

/* ---- Visitors ------------------------------------------------------------------------------------------------- */

static int see_frame(struct tripool_viewer *viewer, struct stage_visit *visit)
{
	struct tripool_frame frame;
	int r, late = PATIENCE_MS / 100;
	while ((r = tripool_viewer_acquire(viewer, &frame)) == -EAGAIN && late-- > 0)
		tripool_viewer_wait(viewer, 100);
	if (r < 0)
		return r;
	visit->sequence = frame.sequence;
	visit->newest_ago_ns = tripool_now_ns() - frame.publish_ns;
	for (uint64_t at = 0; at < frame.format->size_bytes && r == 0; at++)
		if (frame.memory[at] != puppet_pixel(frame.sequence, at))
			r = -EBADMSG;
	tripool_viewer_release(viewer, &frame);
	visit->frames_right += r == 0;
	return r;
}

static void pay_visit(struct stage_visit *visit)
{
	const struct tripool_viewer_options options = {.name = "t", .client_name = "visitor"};
	struct tripool_viewer *viewer;
	int late = PATIENCE_MS / 1000;
	do /* on a busy machine it may come too late for the door */
		visit->result = tripool_viewer_create(&viewer, &options, &visit->error);
	while ((visit->result == -EAGAIN || visit->result == -ETIMEDOUT) && late-- > 0);
	if (visit->result < 0)
		return;
	for (int i = 0; i < 3 && visit->result == 0; i++)
		visit->result = see_frame(viewer, visit);
	if (visit->result == 0)
		visit->result = tripool_report_get("t", PATIENCE_MS, &visit->report, &visit->error);
	tripool_viewer_destroy(viewer);
}

struct stage_visit stage_visit(struct stage_role role)
{
	struct stage_visit *shared = share(sizeof(*shared)), visit;
	shared->result = -ECANCELED;
	pid_t pid = start(role, -1);
	if (pid == 0) {
		pay_visit(shared);
		_exit(0);
	}
	int status = stage_wait(pid);
	visit = *shared;
	munmap(shared, sizeof(*shared));
	if (status != 0)
		fail_msg("a visitor ended with status %d", status);
	return visit;
}

/* ---- Producers ------------------------------------------------------------------------------------------------ */

static void note(void *context, enum tripool_log_level level, const char *text)
{
	struct board *b = context;
	(void)level;
	size_t n = strlen(text);
	if (b->length + n + 2 > sizeof(b->said))
		return;
	memcpy(b->said + b->length, text, n);
	b->said[b->length + n] = '\n';
	b->length += n + 1;
}

static int produce(struct board *b, struct tripool_producer_options options, int line)
{
	struct tripool_format format = puppet_format(64);
	struct tripool_producer *producer;
	options.name = "t";
	options.log = note;
	options.log_context = b;
	b->result = tripool_producer_create(&producer, &options, &format, &b->error);
	if (write(line, "+", 1) != 1 || b->result < 0)
		return 0;
	struct pollfd f = {.fd = line, .events = POLLIN};
	while (poll(&f, 1, 1) == 0)
		puppet_publish(producer, 1);
	tripool_producer_destroy(producer);
	return 0;
}

struct stage_producer stage_open(struct stage_role role, const struct tripool_producer_options *options)
{
	struct board *b = share(sizeof(*b));
	struct tripool_producer_options o = options ? *options : (struct tripool_producer_options){0};
	int ends[2];
	char ready;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	pid_t pid = start(role, ends[0]);
	if (pid == 0)
		_exit(produce(b, o, ends[1]));
	close(ends[1]);
	if (read(ends[0], &ready, 1) != 1)
		fail_msg("a producer's process ended with status %d", stage_wait(pid));
	return (struct stage_producer){
	    .pid = pid, .line = ends[0], .result = b->result, .error = b->error, .said = b->said};
}

static void forget(struct stage_producer *producer)
{
	close(producer->line);
	munmap((char *)producer->said - offsetof(struct board, said), sizeof(struct board));
}

void stage_close(struct stage_producer *producer)
{
	shutdown(producer->line, SHUT_RDWR);
	assert_int_equal(stage_wait(producer->pid), 0);
	forget(producer);
}

void stage_kill(struct stage_producer *producer)
{
	int status;
	assert_int_equal(kill(producer->pid, SIGKILL), 0);
	assert_int_equal(waitpid(producer->pid, &status, 0), producer->pid);
	forget(producer);
}
