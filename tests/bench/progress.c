// SPDX-License-Identifier: MIT
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"

#define LINE "\r\033[K" /* from its beginning, empty */
#define CUT "\033[?7l"  /* a line that is too long is cut: one that went on below could not be taken back */
#define WRAP "\033[?7h"

void progress_begin(struct progress *p, int all)
{
	*p = (struct progress){.all = all, .begin_ns = now_ns(), .terminal = isatty(STDERR_FILENO)};
}

double progress_seconds(const struct progress *p)
{
	return (double)(now_ns() - p->begin_ns) / 1e9;
}

void progress_step(struct progress *p, int round, const char *part, const char *step, bool first)
{
	double passed = progress_seconds(p);
	if (p->terminal) {
		int left = p->done ? (int)(passed * (p->all - p->done) / p->done) : 0;
		fprintf(stderr, LINE CUT "%3d%%  %d:%02d left  round %d, %s%s%s" WRAP, 100 * p->done / p->all,
		    left / 60, left % 60, round + 1, part, step ? ": " : "", step ? step : "");
	} else if (first) {
		fprintf(stderr, "%4.0f s  round %d, %s\n", passed, round + 1, part);
	}
	p->done++;
}

void progress_end(struct progress *p)
{
	if (p->terminal)
		fputs(LINE, stderr);
}
