// SPDX-License-Identifier: MIT
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define MOST_BIT_RATE INT64_C(10000000000)

static const char usage[] =
    "Usage: tripool-record NAME OUTPUT [OPTION]...\n"
    "Records each frame of the video stream NAME, in order, to whatever FFmpeg can write:\n"
    "a file (out.mkv, out.mp4, out.nut), a URL (srt://HOST:PORT, rtsp://..., udp://...), or '-',\n"
    "standard output as Y4M (planar YUV of 8 bits) or NUT with raw pixels (the others).\n"
    "\n"
    "  -c:v, --codec ENCODER  as ffmpeg calls it: ffv1, rawvideo, libx264 ...; by default the container's\n"
    "  -b:v, --bit-rate RATE  bits a second: 8M, 2500k\n"
    "      --preset NAME      of the encoder, such as veryfast\n"
    "  -f, --format NAME      the container, as ffmpeg calls it; by default by OUTPUT's name\n"
    "  -t, --duration S       end after so many seconds\n"
    "      --frames N         end after so many frames\n"
    "  -y, --overwrite        replace a file that exists\n"
    "      --json             print what was done to standard output at the end\n"
    "  -q, --quiet            no progress line, only errors and how many frames are missing\n"
    "  -h, --help             this text\n"
    "      --version          the version\n"
    "\n"
    "Ctrl-C ends it with a whole file, a second one at once. It ends as well when the producer does, or\n"
    "the size or pixel format changes. Frames that could not be kept up with are counted and told;\n"
    "none are lost of a stream that is opened lossless (tripool-capture --lossless).\n"
    "Exit status: 0 done, 1 failed, or ended by a change of format, 2 wrong usage.\n";

enum { OPTION_PRESET = 256, OPTION_FRAMES, OPTION_JSON, OPTION_VERSION };

static const struct option long_options[] = {
    {"codec", required_argument, NULL, 'c'},
    {"bit-rate", required_argument, NULL, 'b'},
    {"preset", required_argument, NULL, OPTION_PRESET},
    {"format", required_argument, NULL, 'f'},
    {"duration", required_argument, NULL, 't'},
    {"frames", required_argument, NULL, OPTION_FRAMES},
    {"overwrite", no_argument, NULL, 'y'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static int64_t parse_bit_rate(const char *text)
{
	char *end = NULL;
	double value = 0;
	if (text[0] >= '0' && text[0] <= '9' && text[strspn(text, "0123456789.kM")] == '\0')
		value = strtod(text, &end);
	if (end && *end == 'k')
		value *= 1e3, end++;
	else if (end && *end == 'M')
		value *= 1e6, end++;
	if (!end || *end != '\0' || value < 1000 || value > MOST_BIT_RATE)
		cli_fail("-b:v: '%s' is not a bit rate from 1k to 10000M, such as 8M or 2500k", text);
	return (int64_t)value;
}

static void take_option(struct options *o, int option)
{
	switch (option) {
	case 'c':
		o->codec = optarg;
		break;
	case 'b':
		o->bit_rate = parse_bit_rate(optarg);
		break;
	case 'f':
		o->container = optarg;
		break;
	case 't':
		o->duration_s = cli_seconds("--duration", optarg);
		break;
	case 'y':
		o->overwrite = true;
		break;
	case 'q':
		o->quiet = true;
		break;
	case OPTION_PRESET:
		o->preset = optarg;
		break;
	case OPTION_FRAMES:
		o->frames = cli_uint("--frames", optarg, 1, UINT64_MAX);
		break;
	case OPTION_JSON:
		o->json = true;
		break;
	case 'h':
		cli_print_and_exit(usage);
	case OPTION_VERSION:
		cli_print_and_exit("tripool-record " TRIPOOL_VERSION "\n");
	}
}

/* ffmpeg's own spelling, which getopt has no word for. */
static void respell(int argc, char **argv)
{
	static char codec[] = "--codec", bit_rate[] = "--bit-rate", preset[] = "--preset";
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "-c:v") == 0)
			argv[i] = codec;
		else if (strcmp(argv[i], "-b:v") == 0)
			argv[i] = bit_rate;
		else if (strcmp(argv[i], "-preset") == 0)
			argv[i] = preset;
	}
}

void options_parse(struct options *o, int argc, char **argv)
{
	int option;
	*o = (struct options){0};
	opterr = 0;
	respell(argc, argv);
	while ((option = getopt_long(argc, argv, ":c:b:f:t:yqh", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			cli_fail_option(option, argv, long_options);
		take_option(o, option);
	}
	if (argc - optind < 2)
		cli_fail("the stream's name and the output are needed: tripool-record NAME OUTPUT; see --help");
	if (argc - optind > 2)
		cli_fail("there is one output, and '%s' is a second one", argv[optind + 2]);
	o->name = argv[optind];
	o->output = argv[optind + 1];
	if (o->output[0] == '\0')
		cli_fail("the output's name is empty: say where to write, as in out.mkv");
	if (o->json && strcmp(o->output, "-") == 0)
		cli_fail("output '-' and '--json' both want standard output: choose one");
}
