// SPDX-License-Identifier: MIT
#include "options.h"

#include <getopt.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "grid.h"

#define MOST_WINDOW_PX 16384
#define MOST_TITLE_BYTES 200

static const char usage[] =
    "Usage: tripool-view [NAME...] [options]\n"
    "Shows the video stream NAME (\"default\" when none is given), always its newest frame; several side by side.\n"
    "\n"
    "  --all                        show every stream there is, and those that come\n"
    "  --frames N                   end after N frames were shown, those of all streams together\n"
    "  --duration S                 end after S seconds\n"
    "  --renderer auto|gpu|surface  how frames reach the window; auto: gpu where there is one\n"
    "  --geometry WxH+X+Y           the window's size and place, or one of them\n"
    "  --title TEXT                 the window's title\n"
    "  --no-vsync                   show each frame at once, not as often as the screen does\n"
    "  --fullscreen                 begin with the whole screen\n"
    "  --verify                     check that every frame is whole; exit with 1 when one was not\n"
    "                               (verification and checksums read each pixel once more\n"
    "                               and are not counted as copies)\n"
    "  --json                       print a summary at the end; frames_torn is null without --verify\n"
    "  --screenshot FILE.png        write what the window showed last\n"
    "  -h, --help                   this text\n"
    "      --version                the version\n"
    "\n"
    "Keys: h shows them all; q quit, f full screen, space freeze, i figures, s screenshot, p pixel values,\n"
    "m mirror, r turn, c cover, wheel and z zoom, 1 to 9 and click enlarge one of several\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

enum {
	OPTION_ALL = 256,
	OPTION_FRAMES,
	OPTION_DURATION,
	OPTION_RENDERER,
	OPTION_GEOMETRY,
	OPTION_TITLE,
	OPTION_NO_VSYNC,
	OPTION_FULLSCREEN,
	OPTION_VERIFY,
	OPTION_JSON,
	OPTION_SCREENSHOT,
	OPTION_VERSION
};

static const struct option long_options[] = {
    {"all", no_argument, NULL, OPTION_ALL},
    {"frames", required_argument, NULL, OPTION_FRAMES},
    {"duration", required_argument, NULL, OPTION_DURATION},
    {"renderer", required_argument, NULL, OPTION_RENDERER},
    {"geometry", required_argument, NULL, OPTION_GEOMETRY},
    {"title", required_argument, NULL, OPTION_TITLE},
    {"no-vsync", no_argument, NULL, OPTION_NO_VSYNC},
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

static int number(const char *text, regmatch_t match)
{
	return match.rm_so < 0 ? 0 : (int)strtol(text + match.rm_so, NULL, 10);
}

/* "640x480", "+10+20", "640x480+10+20". */
static SDL_Rect parse_geometry(const char *text)
{
	SDL_Rect r = {SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, 0, 0};
	regex_t form;
	regmatch_t m[7];
	if (regcomp(&form, "^(([0-9]{1,5})x([0-9]{1,5}))?(\\+([0-9]{1,5})\\+([0-9]{1,5}))?$", REG_EXTENDED) != 0)
		cli_fail("--geometry: no memory");
	bool sound = *text != '\0' && regexec(&form, text, 7, m, 0) == 0;
	regfree(&form);
	if (sound && m[1].rm_so >= 0) {
		r.w = number(text, m[2]);
		r.h = number(text, m[3]);
		sound = r.w >= 1 && r.w <= MOST_WINDOW_PX && r.h >= 1 && r.h <= MOST_WINDOW_PX;
	}
	if (!sound)
		cli_fail("--geometry: '%s' is not a geometry: write 640x480, +100+50 or 640x480+100+50", text);
	if (m[4].rm_so >= 0) {
		r.x = number(text, m[5]);
		r.y = number(text, m[6]);
	}
	return r;
}

void options_parse(struct options *o, int argc, char **argv)
{
	*o =
	    (struct options){.renderer = DISPLAY_AUTO, .place = {SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, 0, 0}};
	opterr = 0;
	for (;;) {
		int c = getopt_long(argc, argv, ":h", long_options, NULL);
		if (c == -1)
			break;
		switch (c) {
		case OPTION_ALL:
			o->all = true;
			break;
		case OPTION_FRAMES:
			o->frames = cli_uint("--frames", optarg, 1, UINT64_MAX);
			break;
		case OPTION_DURATION:
			o->duration_s = cli_seconds("--duration", optarg);
			break;
		case OPTION_RENDERER:
			o->renderer = parse_renderer(optarg);
			break;
		case OPTION_GEOMETRY:
			o->place = parse_geometry(optarg);
			break;
		case OPTION_TITLE:
			if (strlen(optarg) > MOST_TITLE_BYTES)
				cli_fail("--title: the title has %zu bytes: up to %d are shown", strlen(optarg),
				    MOST_TITLE_BYTES);
			o->title = optarg;
			break;
		case OPTION_NO_VSYNC:
			o->no_vsync = true;
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
	o->names = (const char **)argv + optind;
	o->name_count = argc - optind;
	if (o->all && o->name_count > 0)
		cli_fail("'%s': --all shows every stream: give no NAME with it", o->names[0]);
	if (o->name_count > GRID_MOST_TILES)
		cli_fail("%d streams are too many for one window: %d can be shown", o->name_count, GRID_MOST_TILES);
	for (int i = 0; i < o->name_count; i++)
		for (int j = 0; j < i; j++)
			if (strcmp(o->names[i], o->names[j]) == 0)
				cli_fail("'%s' is given twice", o->names[i]);
}
