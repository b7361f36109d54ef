// SPDX-License-Identifier: MIT
/* tripool-capture: publishes frames of a test pattern, a camera or a movie as a stream. */
#include "camera.h"
#include "capture.h"
#include "cli.h"
#include "remarks.h"

#include <errno.h>
#include <libavformat/avformat.h>
#include <stdio.h>

/* A list goes out at once: where it cannot, the reason is still known then. */
static void gather_output(void)
{
	static char buffer[256 * 1024];

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
}

static int list(bool json)
{
	struct tripool_error error = {""};
	int r = camera_list(stdout, json, &error);

	if (r < 0) {
		cli_error("%s", error.text);
		return 1;
	}
	return cli_finish_output() < 0 ? 1 : 0;
}

static int controls(const struct options *options)
{
	struct tripool_error error = {""};
	int r = camera_controls_list(stdout, options->request.argument, options->json, &error);

	if (r < 0) {
		cli_error("%s", error.text);
		return r == -EINVAL ? 2 : 1;
	}
	return cli_finish_output() < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct options options;
	struct capture capture;
	struct tripool_error error = {""};

	cli_begin();
	remarks_open();
	avformat_network_init();
	options_parse(&options, argc, argv);
	if (options.list || options.controls)
		gather_output();
	if (options.list)
		return list(options.json);
	if (options.controls)
		return controls(&options);
	int r = capture_open(&capture, &options, &error);
	if (r < 0) {
		cli_error("%s", error.text);
		return r == -EINVAL ? 2 : 1;
	}

	int status = 0;
	if (capture_run(&capture, &error) < 0) {
		status_finish(&capture.status);
		cli_error("%s", error.text);
		status = 1;
	}
	status_finish(&capture.status);
	if (options.json && capture_report(&capture) < 0)
		status = 1;
	capture_close(&capture);
	return status;
}
