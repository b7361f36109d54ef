// SPDX-License-Identifier: MIT
#include "status.h"

#include "cli.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define PERIOD_NS INT64_C(1000000000)

void status_init(struct status *status, bool quiet, int verbose)
{
	*status = (struct status){.level = TRIPOOL_LOG_ERROR};
	if (verbose > 0) {
		status->mode = STATUS_LINES;
		status->level = verbose > 1 ? TRIPOOL_LOG_DEBUG : TRIPOOL_LOG_INFO;
	} else if (!quiet && isatty(STDERR_FILENO)) {
		status->mode = STATUS_LINE;
	}
}

void status_start(struct status *status, int64_t now_ns)
{
	status->last_ns = now_ns;
	status->next_ns = now_ns + PERIOD_NS;
}

void status_first_frame(struct status *status, int64_t now_ns)
{
	status->last_ns = now_ns;
	status->last_frames = 1;
}

int64_t status_due_ns(const struct status *status)
{
	return status->mode == STATUS_NONE ? INT64_MAX : status->next_ns;
}

void status_show(struct status *status, const struct tripool_producer_stats *stats, uint64_t dropped, const char *state,
    int64_t now_ns)
{
	if (now_ns < status_due_ns(status))
		return;

	double fps = (double)(stats->frames_published - status->last_frames) * 1e9 / (double)(now_ns - status->last_ns);
	bool line = status->mode == STATUS_LINE;
	/* The end of the line is erased: the one before may have been longer. */
	fprintf(stderr, "%s%.1f fps  dropped %" PRIu64 "  viewers %" PRIu32 "  frames %" PRIu64 "%s%s%s",
	    line ? "\r" : "", fps, dropped, stats->viewers, stats->frames_published, state[0] ? "  " : "", state,
	    line ? "\033[K" : "\n");
	fflush(stderr);
	status->line_open = line;
	status->last_frames = stats->frames_published;
	status->last_ns = now_ns;
	status->next_ns += PERIOD_NS;
	if (status->next_ns <= now_ns)
		status->next_ns = now_ns + PERIOD_NS;
}

void status_say(struct status *status, const char *format, ...)
{
	va_list arguments;

	if (status->level < TRIPOOL_LOG_INFO)
		return;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

void status_log(void *context, enum tripool_log_level level, const char *text)
{
	struct status *status = context;

	if (level > status->level)
		return;
	status_finish(status);
	if (level == TRIPOOL_LOG_ERROR)
		cli_error("%s", text);
	else
		fprintf(stderr, "%s\n", text);
}

void status_finish(struct status *status)
{
	if (status->line_open)
		fputc('\n', stderr);
	status->line_open = false;
}
