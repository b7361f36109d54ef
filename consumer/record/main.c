// SPDX-License-Identifier: MIT
/* tripool-record: records each frame of a stream with FFmpeg. */
#include <errno.h>
#include <inttypes.h>
#include <libavformat/avformat.h>

#include "cli.h"
#include "recorder.h"
#include "remarks.h"

/* What a person should know of a recording that is done. */
static void remark(const struct recorder *r)
{
	if (r->lost)
		cli_error("%" PRIu64 " frames of %" PRIu64 " are missing: the encoder or the output was too slow "
			  "(a faster --preset or -c:v; a stream opened --lossless waits)",
		    r->lost, r->lost + r->output.frames);
	if (r->options->quiet)
		return;
	if (r->output.frames == 0)
		cli_error("no frame came: '%s' is empty", r->options->output);
	else if (r->ended_by[0] == 'p')
		cli_error("the producer of '%s' is gone: '%s' ends after %" PRIu64 " frames", r->options->name,
		    r->options->output, r->output.frames);
}

int main(int argc, char **argv)
{
	struct options options;
	struct recorder recorder;
	struct tripool_error error = {""};

	cli_begin();
	remarks_open();
	options_parse(&options, argc, argv);
	avformat_network_init();
	int r = recorder_open(&recorder, &options, &error);
	if (r < 0) {
		cli_error("%s", error.text);
		return r == -EINVAL ? 2 : 1;
	}
	r = recorder_run(&recorder, &error);
	/* a change of format ends the recording, but does not spoil it */
	int closed = recorder_close(&recorder, r < 0 && recorder.ended_by[0] == 'e', r < 0 ? NULL : &error);
	if (r < 0 || closed < 0)
		cli_error("%s", error.text);
	remark(&recorder);
	if (options.json && recorder_report(&recorder) < 0)
		return 1;
	return r < 0 || closed < 0;
}
