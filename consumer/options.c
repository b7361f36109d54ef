// SPDX-License-Identifier: MIT
#include "options.h"

#include <getopt.h>
#include <string.h>

#include "cli.h"

static const char usage[] =
    "usage: tripool-view [NAME] [options]\n"
    "Shows the video stream NAME (\"default\" when it is not given), always its newest frame.\n"
    "\n"
    "  --frames N                   end after N frames were shown\n"
    "  --duration S                 end after S seconds\n"
    "  --renderer auto|gpu|surface  how frames reach the window; auto: gpu where there is one\n"
    "  --fullscreen                 begin with the whole screen\n"
    "  --verify                     check that every frame is whole; exit with 1 when one was not\n"
    "                               (verification and checksums read each pixel once more\n"
    "                               and are not counted as copies)\n"
    "  --json                       print a summary at the end; frames_torn is null without --verify\n"
    "  --screenshot FILE.png        write what the window showed last\n"
    "  -h, --help                   this text\n"
    "      --version\n"
    "\n"
    "Keys: q or Esc quit, f full screen, space freeze, i figures, s screenshot\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum {
	OPTION_FRAMES = 256,
	OPTION_DURATION,
	OPTION_RENDERER,
	OPTION_FULLSCREEN,
	OPTION_VERIFY,
	OPTION_JSON,
	OPTION_SCREENSHOT,
	OPTION_VERSION
};

static const struct option long_options[] = {
    {"frames", required_argument, NULL, OPTION_FRAMES},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"renderer", required_argument, NULL, OPTION_RENDERER},
    {"fullscreen", no_argument, NULL, OPTION_FULLSCREEN},
    {"verify", no_argument, NULL, OPTION_VERIFY},
    {"json", no_argument, NULL, OPTION_JSON},
    {"screenshot", required_argument, NULL, OPTION_SCREENSHOT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

static enum display_kind parse_renderer(const char *text)
{
	if (strcmp(text, "auto") == 0)
		return DISPLAY_AUTO;
	if (strcmp(text, "gpu") == 0)
		return DISPLAY_GPU;
	if (strcmp(text, "surface") == 0)
		return DISPLAY_SURFACE;
	cli_fail("--renderer: '%s' is not a renderer: use auto, gpu or surface", text);
}

void options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){.name = "default", .renderer = DISPLAY_AUTO};
	opterr = 0;
	for (;;) {
		int c = getopt_long(argc, argv, ":h", long_options, NULL);
		if (c == -1)
			break;
		switch (c) {
		case OPTION_FRAMES:
			o->frames = cli_uint("--frames", optarg, 1, UINT64_MAX);
			break;
		case OPTION_DURATION:
			o->duration_s = cli_seconds("--duration", optarg);
			break;
		case OPTION_RENDERER:
			o->renderer = parse_renderer(optarg);
			break;
		case OPTION_FULLSCREEN:
			o->fullscreen = true;
			break;
		case OPTION_VERIFY:
			o->verify = true;
			break;
		case OPTION_JSON:
			o->json = true;
			break;
		case OPTION_SCREENSHOT:
			if (optarg[0] == '\0')
				cli_fail("--screenshot: the file's name is empty: say where to write, as in shot.png");
			o->screenshot = optarg;
			break;
		case 'h':
			cli_print_and_exit(usage);
		case OPTION_VERSION:
			cli_print_and_exit("tripool-view " TRIPOOL_VERSION "\n");
		default:
			cli_fail_option(c, argv, long_options);
		}
	}
	if (optind < argc)
		o->name = argv[optind++];
	if (optind < argc)
		cli_fail("'%s': only one stream can be shown: give one NAME", argv[optind]);
}
