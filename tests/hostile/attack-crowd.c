// SPDX-License-Identifier: MIT
/* Many at once, and again and again. */
#include "attack.h"

#include "clock.h"
#include "wire.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_LINES 4000

/* Lines that are kept, the oldest to make room for new ones. */
struct lines {
	int socket[MOST_LINES];
	unsigned next, most;
};

static void keep(struct lines *l, int socket)
{
	if (l->most == 0) {
		struct rlimit limit;
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		l->most = limit.rlim_cur < MOST_LINES + 64 ? (unsigned)limit.rlim_cur - 64 : MOST_LINES;
	}
	if (l->socket[l->next])
		close(l->socket[l->next]);
	l->socket[l->next] = socket;
	l->next = (l->next + 1) % l->most;
}

static void hello_to(int socket, bool every)
{
	struct tripool_message m = message(TRIPOOL_HELLO);
	m.hello.mode = every;
	(void)tripool_wire_send(socket, &m, -1);
}

void attack_knocks(struct attacker *a)
{
	for (int socket; (socket = knock(a)) >= 0; a->tries++)
		close(socket);
}

void attack_mutes(struct attacker *a)
{
	static struct lines lines;
	for (int socket; (socket = knock(a)) >= 0; a->tries++)
		keep(&lines, socket);
}

/* Takes the page, and never says that it is ready. */
void attack_hellos(struct attacker *a)
{
	static struct lines lines;
	struct intruder i;
	while (time_is_left(a)) {
		if (!greet(a, &i, false, 1))
			continue;
		keep(&lines, dup(i.socket));
		leave(&i);
		a->tries++;
	}
}

/* What was sent stays in its socket, and counts as under way for as long as it is kept there. */
void attack_unread(struct attacker *a)
{
	static struct lines lines;
	for (int socket; (socket = knock(a)) >= 0; a->tries++) {
		hello_to(socket, a->tries % 2);
		keep(&lines, socket);
	}
}

void attack_turnover(struct attacker *a)
{
	struct intruder i;
	while (attach(a, &i, below(a, 2), 1 + (uint32_t)below(a, 8))) {
		/* A word out of place: the producer hangs up, and its answers lie unread. */
		if (below(a, 2))
			hello_to(i.socket, false);
		leave(&i);
		a->tries++;
	}
}

static _Noreturn void doomed(struct attacker *a, _Atomic uint64_t *times_in)
{
	struct intruder i;
	signal(SIGALRM, SIG_DFL);
	ualarm(1 + (useconds_t)below(a, 20000), 0);
	while (attach(a, &i, below(a, 2), 1 + (uint32_t)below(a, 8))) {
		atomic_fetch_add(times_in, 1);
		for (uint32_t c = 0; c < i.leases; c++)
			atomic_store(&i.page->cell[c], 1 + (uint32_t)below(a, 8));
		leave(&i);
	}
	_exit(0);
}

void attack_deaths(struct attacker *a)
{
	_Atomic uint64_t *times_in =
	    mmap(NULL, sizeof(*times_in), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (times_in == MAP_FAILED)
		not_here("no memory to share");
	while (time_is_left(a)) {
		(void)any_number(a);
		pid_t pid = fork();
		if (pid == 0)
			doomed(a, times_in);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	a->tries = atomic_load(times_in);
}

void attack_questions(struct attacker *a)
{
	static struct lines lines;
	for (int socket; (socket = knock(a)) >= 0; a->tries++) {
		struct tripool_message m = message(TRIPOOL_ASK);
		(void)tripool_wire_send(socket, &m, -1);
		keep(&lines, socket);
	}
}

/* Each wake-up of this viewer has to wake them all. */
void attack_watches(struct attacker *a)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	struct intruder i;
	if (!attach(a, &i, false, 1))
		return;
	for (int sets = 0; sets < 4000 && time_is_left(a); sets++) {
		int set = epoll_create1(EPOLL_CLOEXEC);
		if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, i.socket, &event) < 0)
			break;
		a->tries++;
	}
	while (time_is_left(a) && is_in(&i)) {
		char word[64];
		atomic_store(&i.page->armed, 1);
		while (recv(i.socket, word, sizeof(word), MSG_DONTWAIT) > 0)
			a->tries++;
		usleep(100);
	}
}

void attack_burn(struct attacker *a)
{
	int64_t slice_ns = 1000000, begin_ns = tripool_now_ns();
	while (time_is_left(a)) {
		int64_t into_ns = (tripool_now_ns() - begin_ns) % slice_ns;
		if (into_ns >= slice_ns * (int64_t)a->share_ppm / 1000000)
			usleep((useconds_t)((slice_ns - into_ns) / 1000));
		a->tries++;
	}
}
