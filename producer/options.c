// SPDX-License-Identifier: MIT
#include "options.h"

#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_VIEWERS (TRIPOOL_MAX_SLOTS - 2) /* one slot is the newest, one is being written */

static const char help[] =
    "Usage: tripool-capture [SOURCE] [OPTION]...\n"
    "Publishes raw video frames in shared memory, for any number of viewers.\n"
    "\n"
    "SOURCE is one of\n"
    "  pattern[:KIND]         a test pattern: bars (the default), box, zone, gradient, noise\n"
    "  camera[:DEVICE]        a V4L2 camera by its path or name, by default the first\n"
    "  movie:FILE             a file or URL, whatever FFmpeg reads, at its own pace\n"
    "  -                      the same on standard input: Y4M, a container, or raw frames where\n"
    "                         -s and -f say which\n"
    "\n"
    "  -n, --name NAME        of the stream (\"default\")\n"
    "  -s, --size WxH         in pixels (1280x720); a camera takes the nearest that it has,\n"
    "                         a movie is scaled\n"
    "  -r, --rate FPS         60, 29.97 or 30000/1001 (pattern: 60; camera: 30, or faster);\n"
    "                         a camera takes the nearest of that size, a movie is played so\n"
    "  -f, --pix-fmt PIXFMT   as ffmpeg calls it: nv12, yuyv422, bgra ... (pattern: nv12)\n"
    "                         camera: also native (as it comes), or decoded\n"
    "                         (MJPEG, where it has that); a movie is converted\n"
    "      --frames N         end after that many frames\n"
    "      --duration S       end after that many seconds\n"
    "      --max-viewers N    at once (16; 4 where each costs memory: path dmabuf)\n"
    "      --mode OCTAL       who may connect, as for chmod (0600)\n"
    "      --group NAME       the group that --mode speaks of\n"
    "      --on-demand        the camera is on only while somebody views\n"
    "      --lossless         wait for viewers that get every frame (tripool-record), two seconds\n"
    "                         at most; newest-frame viewers are never waited for\n"
    "                         a movie is then played as fast as it can be\n"
    "      --loop             play the movie again and again\n"
    "      --once             end when the camera fails, instead of waiting for it to come back\n"
    "      --checksum         put a CRC-32C into each frame\n"
    "      --json             print what was done to standard output at the end\n"
    "  -q, --quiet            no status line and no remarks, only errors\n"
    "  -v, --verbose          say what happens; twice: all of it\n"
    "      --list             show the cameras and what they can do; with --json as JSON\n"
    "      --controls         show the camera's controls; with --json as JSON\n"
    "      --set NAME=VALUE   of a control, such as brightness=120; may be repeated,\n"
    "                         and they are set in that order\n"
    "  -h, --help             this text\n"
    "      --version          the version\n"
    "\n"
    "Ctrl-C ends it. Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum {
	OPTION_FRAMES = 256,
	OPTION_DURATION,
	OPTION_MAX_VIEWERS,
	OPTION_MODE,
	OPTION_GROUP,
	OPTION_ON_DEMAND,
	OPTION_LOSSLESS,
	OPTION_LOOP,
	OPTION_ONCE,
	OPTION_CHECKSUM,
	OPTION_JSON,
	OPTION_LIST,
	OPTION_CONTROLS,
	OPTION_SET,
	OPTION_VERSION,
};

static const struct option long_options[] = {
    {"name", required_argument, NULL, 'n'},
    {"size", required_argument, NULL, 's'},
    {"rate", required_argument, NULL, 'r'},
    {"pix-fmt", required_argument, NULL, 'f'},
    {"frames", required_argument, NULL, OPTION_FRAMES},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"max-viewers", required_argument, NULL, OPTION_MAX_VIEWERS},
    {"mode", required_argument, NULL, OPTION_MODE},
    {"group", required_argument, NULL, OPTION_GROUP},
    {"on-demand", no_argument, NULL, OPTION_ON_DEMAND},
    {"lossless", no_argument, NULL, OPTION_LOSSLESS},
    {"loop", no_argument, NULL, OPTION_LOOP},
    {"once", no_argument, NULL, OPTION_ONCE},
    {"checksum", no_argument, NULL, OPTION_CHECKSUM},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"verbose", no_argument, NULL, 'v'},
    {"list", no_argument, NULL, OPTION_LIST},
    {"controls", no_argument, NULL, OPTION_CONTROLS},
    {"set", required_argument, NULL, OPTION_SET},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static uint32_t parse_mode(const char *text)
{
	char *end = NULL;
	unsigned long mode = 0;

	if (text[0] != '\0' && text[strspn(text, "01234567")] == '\0') {
		errno = 0;
		mode = strtoul(text, &end, 8);
	}
	if (!end || *end != '\0' || errno || mode < 1 || mode > 0777)
		cli_fail("--mode: '%s' is not an octal mode from 0001 to 0777, such as 0660", text);
	return (uint32_t)mode;
}

static void add_assignment(struct options *options, const char *text)
{
	struct source_request *request = &options->request;
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		cli_fail("--set: '%s' is not NAME=VALUE, such as brightness=120", text);
	if (request->assignment_count == OPTIONS_MOST_ASSIGNMENTS)
		cli_fail("--set: '%s' is one too many: at most %d", text, OPTIONS_MOST_ASSIGNMENTS);
	options->assignments[request->assignment_count++] = text;
	request->assignments = options->assignments;
}

/* "pattern:box" */
static void parse_source(struct options *options, const char *text)
{
	static const struct source_class *const classes[] = {&pattern_source, &camera_source, &movie_source};
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);

	if (strcmp(text, "-") == 0) {
		options->source = &movie_source;
		options->request.argument = text;
		return;
	}
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strlen(classes[i]->scheme) != length || strncmp(classes[i]->scheme, text, length) != 0)
			continue;
		if (classes[i] == &movie_source && (!colon || colon[1] == '\0'))
			cli_fail("source '%s': which? Say movie:FILE or movie:URL", text);
		if (colon && colon[1] == '\0')
			cli_fail("source '%s': nothing follows the colon; leave both away, or say pattern:box or "
				 "camera:/dev/video0",
			    text);
		options->source = classes[i];
		options->request.argument = colon ? colon + 1 : NULL;
		return;
	}
	if (text[0] == '/')
		cli_fail(
		    "unknown source '%s'; say %s:%s", text, strncmp(text, "/dev/", 5) == 0 ? "camera" : "movie", text);
	cli_fail("unknown source '%s'; it is pattern[:KIND], camera[:DEVICE], movie:FILE or -", text);
}

static void take_option(struct options *options, int option)
{
	struct source_request *request = &options->request;

	switch (option) {
	case 'n':
		options->name = optarg;
		break;
	case 's':
		cli_size("--size", optarg, &request->width_px, &request->height_px);
		break;
	case 'r':
		cli_rate("--rate", optarg, &request->rate_num, &request->rate_den);
		break;
	case 'f':
		request->pix_fmt = optarg;
		break;
	case 'q':
		options->quiet = true;
		break;
	case 'v':
		options->verbose++;
		break;
	case OPTION_FRAMES:
		options->frames = cli_uint("--frames", optarg, 1, UINT64_MAX);
		break;
	case OPTION_DURATION:
		options->duration_s = cli_seconds("--duration", optarg);
		break;
	case OPTION_MAX_VIEWERS:
		options->max_viewers = (uint32_t)cli_uint("--max-viewers", optarg, 1, MOST_VIEWERS);
		break;
	case OPTION_MODE:
		options->socket_mode = parse_mode(optarg);
		break;
	case OPTION_GROUP:
		options->group = optarg;
		break;
	case OPTION_ON_DEMAND:
		options->on_demand = true;
		break;
	case OPTION_LOSSLESS:
		options->lossless = options->request.flat_out = true;
		break;
	case OPTION_LOOP:
		options->request.loop = true;
		break;
	case OPTION_ONCE:
		options->once = true;
		break;
	case OPTION_CHECKSUM:
		options->checksum = true;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_LIST:
		options->list = true;
		break;
	case OPTION_CONTROLS:
		options->controls = true;
		break;
	case OPTION_SET:
		add_assignment(options, optarg);
		break;
	case 'h':
		cli_print_and_exit(help);
	case OPTION_VERSION:
		cli_print_and_exit("tripool-capture " TRIPOOL_VERSION "\n");
	}
}

static void check_movie(const struct options *options, bool is_movie)
{
	const struct source_request *request = &options->request;

	if (request->loop && !is_movie)
		cli_fail("--loop: source '%s' does not end; it is for movie:FILE", options->source->scheme);
	if (request->loop && strcmp(request->argument, "-") == 0)
		cli_fail("--loop: standard input cannot be read again; it is for movie:FILE");
	if (options->on_demand && is_movie)
		cli_fail("--on-demand: a movie would begin anew with each viewer; it is for cameras");
}

void options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){.source = &pattern_source, .name = "default"};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":n:s:r:f:qvh", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			cli_fail_option(option, argv, long_options);
		take_option(options, option);
	}
	if (options->quiet && options->verbose)
		cli_fail("options '-q' and '-v' contradict each other: choose one");
	if (argc - optind > 1 && strcmp(argv[optind], "camera") == 0)
		cli_fail(
		    "source '%s' '%s' is two words; say 'camera:%s'", argv[optind], argv[optind + 1], argv[optind + 1]);
	if (argc - optind > 1)
		cli_fail("there is one source, and '%s' is a second one", argv[optind + 1]);
	if (optind < argc)
		parse_source(options, argv[optind]);
	if (options->source != &camera_source && (options->controls || options->request.assignment_count))
		cli_fail("%s: source '%s' has no controls; the source must be camera[:DEVICE]",
		    options->controls ? "--controls" : "--set", options->source->scheme);
	check_movie(options, options->source == &movie_source);
	if (options->list && options->controls)
		cli_fail("options '--list' and '--controls' contradict each other: choose one");
	if ((options->list || options->controls) && options->request.assignment_count)
		cli_fail("options '%s' and '--set' contradict each other: choose one",
		    options->list ? "--list" : "--controls");
}
