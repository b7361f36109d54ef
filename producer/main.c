// SPDX-License-Identifier: MIT
/* tripool-capture: publishes frames of a test pattern or a camera as a stream. */
#include "camera.h"
#include "capture.h"
#include "cli.h"

#include <errno.h>
#include <libavutil/log.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int list(void)
{
	struct tripool_error error = {""};
	int r = camera_list(stdout, &error);

	if (r < 0) {
		cli_error("%s", error.text);
		return 1;
	}
	if (ferror(stdout) || fclose(stdout) != 0) {
		cli_error("cannot write to standard output: %s", strerror(errno));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options options;
	struct capture capture;
	struct tripool_error error = {""};

	/* libswscale's remarks on its own speed are nobody's concern. A closed pipe and a file that may not grow are
	 * errors like others. */
	av_log_set_level(AV_LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);

	options_parse(&options, argc, argv);
	if (options.list)
		return list();
	if (capture_open(&capture, &options, &error) < 0) {
		cli_error("%s", error.text);
		return 1;
	}

	int status = 0;
	if (capture_run(&capture, &error) < 0) {
		status_finish(&capture.status);
		cli_error("%s", error.text);
		status = 1;
	}
	status_finish(&capture.status);
	if (options.json) {
		int r = capture_report(&capture);
		if (r < 0) {
			cli_error("cannot write to standard output: %s", strerror(-r));
			status = 1;
		}
	}
	capture_close(&capture);
	return status;
}
