// SPDX-License-Identifier: MIT
#include "awake.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t keeper[CPU_SETSIZE];
static int keepers;

static _Noreturn void keep_awake(int processor, pid_t parent)
{
	cpu_set_t only;
	CPU_ZERO(&only);
	CPU_SET(processor, &only);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || sched_setaffinity(0, sizeof(only), &only) < 0)
		_exit(1);
	/* One that never calls the kernel can starve its threads: seen for a minute, on Linux 6.18. */
	for (;;)
		sched_yield();
}

int awake_begin(void)
{
	cpu_set_t allowed;
	pid_t parent = getpid();
	struct sched_param none = {0};
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -errno;
	fflush(NULL);
	for (int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &allowed))
			continue;
		pid_t pid = fork();
		if (pid == 0)
			keep_awake(c, parent);
		if (pid > 0)
			keeper[keepers++] = pid;
		/* By us: so it is so before anything is measured. */
		if (pid < 0 || sched_setscheduler(pid, SCHED_IDLE, &none) < 0) {
			int r = -errno;
			awake_end();
			return r;
		}
	}
	return 0;
}

void awake_end(void)
{
	while (keepers > 0) {
		pid_t pid = keeper[--keepers];
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}
