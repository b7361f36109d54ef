// SPDX-License-Identifier: MIT
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static int event = -1;

/* Each second from then on: so that whatever hangs is interrupted, also if it began just after the signal. */
static void on_alarm(int signal)
{
	(void)signal;
	alarm(1);
}

static void on_signal(int signal)
{
	int kept = errno;
	uint64_t one = 1;
	(void)signal;
	asked = 1;
	if (write(event, &one, sizeof(one)) < 0)
		asked = 1; /* it is full: readable already */
	alarm(1);
	errno = kept;
}

int stop_open(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};
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
