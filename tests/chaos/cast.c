// SPDX-License-Identifier: MIT
#include "cast.h"

#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A viewer that ends closes an inotify fd, last of all. For that the kernel waits until nobody in the whole system is
 * looking at such fds: some 10 ms, but half a minute was seen where the processors have too much to do. */
#define ENDING_S 300

static struct party *parties;
static char saying[256];
static volatile sig_atomic_t over;

/* ---- Within a party ---- */

static void end_is_wanted(int signal)
{
	(void)signal;
	over = 1;
}

bool party_is_over(void)
{
	return over;
}

void party_give_up(struct party *self, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(self->error, sizeof(self->error), format, list);
	va_end(list);
	_exit(3);
}

/* ---- From outside ---- */

struct party *cast_make(void)
{
	size_t bytes = MAX_PARTIES * sizeof(*parties);
	parties = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (parties == MAP_FAILED) {
		perror("no memory to share");
		exit(1);
	}
	/* For this process too, and in place before there is anybody to be asked. Without SA_RESTART: it ends a sleep.
	 */
	struct sigaction wanted = {.sa_handler = end_is_wanted};
	sigaction(SIGTERM, &wanted, NULL);
	sigaction(SIGINT, &wanted, NULL);
	return parties;
}

void cast_say(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(saying, sizeof(saying), format, list);
	va_end(list);
}

static char state_of(pid_t pid)
{
	char path[64], state = '?';
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return state;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	fclose(file);
	return state;
}

/* Where in the kernel it is, as far as we may know. */
static void print_stack(pid_t pid)
{
	char path[64], line[256];
	snprintf(path, sizeof(path), "/proc/%d/stack", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		fprintf(stderr, "      %s", line);
	fclose(file);
}

static void describe(const struct party *p)
{
	unsigned long long newest = atomic_load(&p->newest);
	fprintf(stderr, "  %s %d: pid %d, state %c, life %llu, frame %llu, %llu frames, opened %d%s%s%s%s\n",
	    p - parties < MAX_VIEWERS ? (p->every ? "viewer (every)" : "viewer") : "producer", (int)(p - parties),
	    (int)p->pid, state_of(p->pid), newest >> 32, newest & UINT32_MAX,
	    (unsigned long long)atomic_load(&p->frames), atomic_load(&p->opened), p->error[0] ? ": " : "", p->error,
	    p->remark[0] ? "; " : "", p->remark);
	print_stack(p->pid);
}

static void kill_all(void)
{
	for (int i = 0; i < MAX_PARTIES; i++)
		if (parties[i].pid)
			kill(parties[i].pid, SIGKILL);
	while (wait(NULL) > 0)
		;
}

void cast_fail(const char *format, ...)
{
	va_list list;
	fflush(stdout);
	if (over) { /* whatever it is that did not go on */
		fprintf(stderr, "interrupted (%s)\n", saying);
		kill_all();
		exit(1);
	}
	fprintf(stderr, "FAILED (%s): ", saying);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	for (int i = 0; i < MAX_PARTIES; i++)
		if (parties[i].pid)
			describe(&parties[i]);
	kill_all();
	exit(1);
}

void cast_begin(struct party *p, void (*play)(struct party *self))
{
	atomic_store(&p->opened, NOT_YET);
	atomic_store(&p->refused, 0);
	atomic_store(&p->frames, 0);
	atomic_store(&p->newest, 0);
	atomic_store(&p->highest_slot, 0);
	atomic_store(&p->changes_wanted, 0);
	atomic_store(&p->changes_made, 0);
	p->error[0] = p->remark[0] = '\0';
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		cast_fail("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		play(p);
	}
	p->pid = pid;
}

void cast_signal(struct party *p, int signal)
{
	if (kill(p->pid, signal) < 0)
		cast_fail("cannot send signal %d to %d: %s", signal, (int)p->pid, strerror(errno));
}

/* One that ends unbidden has found something. */
static void look_after_all(void)
{
	siginfo_t info = {.si_pid = 0};
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
		return;
	for (int i = 0; i < MAX_PARTIES; i++)
		if (parties[i].pid == info.si_pid)
			cast_fail("%s %d ended by itself (%s %d): %s", i < MAX_VIEWERS ? "viewer" : "producer", i,
			    info.si_code == CLD_EXITED ? "status" : "signal", info.si_status, parties[i].error);
	cast_fail("a process ended that nobody began (%d)", (int)info.si_pid);
}

void cast_kill(struct party *p)
{
	int status;
	cast_signal(p, SIGKILL);
	if (waitpid(p->pid, &status, 0) != p->pid)
		cast_fail("waitpid: %s", strerror(errno));
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		cast_fail("%d ended by itself (wait status %#x): %s", (int)p->pid, (unsigned)status, p->error);
	p->pid = 0;
}

void cast_end(struct party *p)
{
	int status;
	pid_t ended;
	int64_t late_ns = tripool_now_ns() + ENDING_S * INT64_C(1000000000);
	/* Again and again: the first may come just before it falls asleep. */
	do {
		cast_signal(p, SIGTERM);
		usleep(500);
		ended = waitpid(p->pid, &status, WNOHANG);
	} while (ended == 0 && tripool_now_ns() < late_ns);
	if (ended != p->pid)
		cast_fail("%d does not end when asked", (int)p->pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		cast_fail("%d did not end well (wait status %#x): %s", (int)p->pid, (unsigned)status, p->error);
	p->pid = 0;
}

int64_t cast_deadline(void)
{
	return tripool_now_ns() + PATIENCE_S * INT64_C(1000000000);
}

bool cast_pause(int64_t deadline_ns)
{
	if (over)
		cast_fail("interrupted");
	look_after_all();
	usleep(200);
	return tripool_now_ns() < deadline_ns;
}

bool cast_is_empty(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}
