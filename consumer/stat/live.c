// SPDX-License-Identifier: MIT
#include "live.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "screen.h"
#include "signals.h"
#include "table.h"

#define MS INT64_C(1000000)
#define ROUND_NS (1000 * MS)
#define SOON_NS (100 * MS)      /* after which a stream that came is shown, and answers are waited for no longer */
#define LONG_ENOUGH_NS (MS / 2) /* so that poll's milliseconds do not end a little before */

struct live {
	struct survey *survey;
	struct screen screen;
	struct tripool_error why; /* the list of streams could not be read */
	int ends, changes;        /* signals that end it, and those that change the terminal */
	int64_t asked_ns, ask_ns; /* when the last round was, and the next one is */
	int64_t draw_ns;          /* 0: nothing new is to be shown */
	bool listing;             /* the directory's fd is to be waited for */
};

/* Others than those that end every program. */
static int open_changes(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int draw(struct live *l)
{
	char *text = NULL, clock[16] = "";
	size_t bytes;
	time_t now = time(NULL);
	struct tm tm;
	FILE *out = open_memstream(&text, &bytes);
	if (!out)
		return -ENOMEM;
	if (localtime_r(&now, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	fprintf(out, "tripool-stat  %s  fps since the last look  q ends\n%s%s", clock, l->why.text,
	    l->why.text[0] ? "\n" : "");
	table_write(out, l->survey, screen_columns());
	int r = fclose(out) == 0 ? screen_show(text) : -ENOMEM;
	free(text);
	return r;
}

static void ask(struct live *l, int64_t now_ns)
{
	l->why.text[0] = '\0';
	(void)survey_ask(l->survey, &l->why); /* what is wrong is shown, and tried again */
	l->asked_ns = now_ns;
	l->ask_ns = now_ns + ROUND_NS;
	l->draw_ns = now_ns + SOON_NS;
	l->listing = true;
}

/* As the terminal would have done it: where nobody could continue the program (its process group is orphaned), or
 * whoever started it ignored the signal, it goes on. */
static void stop(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The terminal is given back while the program is stopped. False: it is to end. */
static bool heed_changes(struct live *l)
{
	struct signalfd_siginfo info;
	while (read(l->changes, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGQUIT)
			return false;
		if (info.ssi_signo == SIGTSTP) {
			screen_close(&l->screen);
			stop();
			(void)screen_open(&l->screen);
		}
		l->draw_ns = tripool_now_ns();
	}
	return true;
}

/* Whatever is due. 0, or -errno: the terminal is gone. */
static int do_what_is_due(struct live *l)
{
	int64_t now_ns = tripool_now_ns();
	if (now_ns >= l->ask_ns)
		ask(l, now_ns);
	bool expected = survey_hear(l->survey);
	if (l->draw_ns == 0 || (expected && now_ns < l->draw_ns))
		return 0;
	l->draw_ns = 0;
	return draw(l);
}

/* Sleeps until something is. False: it is to end. */
static bool wait(struct live *l)
{
	int64_t due_ns = l->draw_ns && l->draw_ns < l->ask_ns ? l->draw_ns : l->ask_ns;
	int64_t left_ns = due_ns - tripool_now_ns();
	struct pollfd f[] = {
	    {.fd = l->ends, .events = POLLIN},
	    {.fd = l->changes, .events = POLLIN},
	    {.fd = l->screen.has_keys ? STDIN_FILENO : -1, .events = POLLIN},
	    {.fd = survey_fd(l->survey), .events = POLLIN},
	    {.fd = l->listing ? survey_directory_fd(l->survey) : -1, .events = POLLIN},
	};
	poll(f, sizeof(f) / sizeof(*f), left_ns > 0 ? (int)((left_ns + LONG_ENOUGH_NS) / MS) + 1 : 0);
	if (f[0].revents || (f[2].revents && screen_wants_to_end(&l->screen)))
		return false;
	if (f[4].revents) { /* not at once: a producer that comes and goes is to cost little */
		l->listing = false;
		l->ask_ns = l->asked_ns + SOON_NS;
	}
	return !f[1].revents || heed_changes(l);
}

int live_run(struct survey *survey, struct tripool_error *error)
{
	struct live l = {.survey = survey};
	int r = l.ends = signals_open();
	if (r < 0)
		goto no_signals;
	r = l.changes = open_changes();
	if (r < 0)
		goto close_ends;
	r = screen_open(&l.screen);
	while (r == 0 && (r = do_what_is_due(&l)) == 0 && wait(&l))
		;
	screen_close(&l.screen);
	if (r < 0)
		snprintf(error->text, sizeof(error->text), "cannot write to the terminal: %s", strerror(-r));
	close(l.changes);
	close(l.ends);
	return r;

close_ends:
	close(l.ends);
no_signals:
	snprintf(error->text, sizeof(error->text), "cannot wait for signals: %s", strerror(-r));
	return r;
}
