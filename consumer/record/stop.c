// SPDX-License-Identifier: MIT
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MEANT_MS 500 /* a second signal so soon is the same one, sent to the process and to its group */

static volatile sig_atomic_t asked;
static int event = -1;
static struct timespec first;

/* Each second from then on: so that whatever hangs is interrupted, also if it began just after the signal. */
static void on_alarm(int signal)
{
	(void)signal;
	alarm(1);
}

static bool is_meant(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!asked)
		first = now;
	return (now.tv_sec - first.tv_sec) * 1000 + (now.tv_nsec - first.tv_nsec) / 1000000 >= MEANT_MS;
}

static void on_signal(int number)
{
	int kept = errno;
	uint64_t one = 1;
	if (is_meant()) {
		signal(number, SIG_DFL);
		raise(number);
	}
	asked = 1;
	if (write(event, &one, sizeof(one)) < 0)
		asked = 1; /* it is full: readable already */
	alarm(1);
	errno = kept;
}

int stop_open(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction stop = {.sa_handler = on_signal};
	struct sigaction again = {.sa_handler = on_alarm}, old;

	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return -errno;
	sigaction(SIGALRM, &again, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], NULL, &old);
		if (signals[i] != SIGHUP || old.sa_handler != SIG_IGN)
			sigaction(signals[i], &stop, NULL);
	}
	return event;
}

bool stop_asked(void)
{
	return asked;
}
