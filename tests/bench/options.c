// SPDX-License-Identifier: MIT
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const char usage[] =
    "usage: tripool-bench [options]\n"
    "Measures tripool beside other ways to bring raw video frames from one process to another, and beside what the\n"
    "machine can do at best, all in one run. Takes about ten minutes; leave the machine alone meanwhile. Then tripool\n"
    "by itself: more viewers, more streams, viewers in trouble, always at 1920x1080.\n"
    "\n"
    "  --quick             less than a minute: 1920x1080 alone, at fewer rates\n"
    "  --only NAME         this transport alone, beside the limits; can be given several times (--list)\n"
    "  --sizes WxH[,WxH]   these sizes alone, not 640x480, 1280x720, 1920x1080, 3840x2160 and 7680x4320\n"
    "  --seconds S         measure each transport for S seconds at each point: p99.9 needs a thousand frames\n"
    "  --json              print all figures as JSON instead of tables\n"
    "  --csv               print the transports' figures as CSV instead of tables\n"
    "  --charts DIRECTORY  write all figures (JSON, CSV) and charts of them (SVG, PNG) there; needs gnuplot\n"
    "  --list              print the transports' names\n"
    "  -h, --help          this text\n"
    "Exit status: 0 done, 1 something could not be measured, 2 wrong usage.\n";

enum {
	OPTION_QUICK = 256,
	OPTION_ONLY,
	OPTION_SIZES,
	OPTION_SECONDS,
	OPTION_JSON,
	OPTION_CSV,
	OPTION_CHARTS,
	OPTION_LIST
};

static const struct option long_options[] = {
    {"quick", no_argument, NULL, OPTION_QUICK},
    {"only", required_argument, NULL, OPTION_ONLY},
    {"sizes", required_argument, NULL, OPTION_SIZES},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"csv", no_argument, NULL, OPTION_CSV},
    {"charts", required_argument, NULL, OPTION_CHARTS},
    {"list", no_argument, NULL, OPTION_LIST},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static _Noreturn void list(void)
{
	for (const struct transport *const *t = transports; *t; t++)
		printf("%-14s %s\n", (*t)->name, (*t)->what);
	for (const struct missing_transport *m = missing_transports; m->name; m++)
		printf("%-14s not built in: the package %s was missing\n", m->name, m->package);
	cli_print_and_exit("");
}

static void add_only(struct options *o, const char *name)
{
	if (o->only == MOST_ONLY)
		cli_fail("--only: more than %d transports", MOST_ONLY);
	for (const struct transport *const *t = transports; *t; t++)
		if (strcmp((*t)->name, name) == 0) {
			o->transport[o->only++] = *t;
			return;
		}
	for (const struct missing_transport *m = missing_transports; m->name; m++)
		if (strcmp(m->name, name) == 0)
			cli_fail("--only: '%s' is not built in: install %s and build again", name, m->package);
	cli_fail("--only: '%s' is not a transport: see --list", name);
}

/* The smallest first, whatever the order: charts go along them. */
static void add_size(struct options *o, const char *text)
{
	uint32_t w, h;
	int i = o->sizes;
	if (i == MOST_SIZES)
		cli_fail("--sizes: more than %d sizes", MOST_SIZES);
	cli_size("--sizes", text, &w, &h);
	if (w % 2 || h % 2 || w < 16 || h < 16)
		cli_fail("--sizes: '%s': NV12 frames have an even width and height, 16 at least", text);
	for (; i > 0 && (uint64_t)o->size[i - 1][0] * o->size[i - 1][1] >= (uint64_t)w * h; i--) {
		if (o->size[i - 1][0] == w && o->size[i - 1][1] == h)
			cli_fail("--sizes: '%s' is there twice", text);
		memcpy(o->size[i], o->size[i - 1], sizeof(o->size[i]));
	}
	o->size[i][0] = w;
	o->size[i][1] = h;
	o->sizes++;
}

static void add_sizes(struct options *o, const char *text)
{
	char one[64];
	for (const char *end = text; *end != '\0'; text = end + 1) {
		end = strchrnul(text, ',');
		if (snprintf(one, sizeof(one), "%.*s", (int)(end - text), text) >= (int)sizeof(one))
			cli_fail("--sizes: '%s' is not a size such as 1280x720", text);
		add_size(o, one);
	}
	if (o->sizes == 0)
		cli_fail("--sizes: none is given");
}

void options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){0};
	for (int c; (c = getopt_long(argc, argv, ":h", long_options, NULL)) != -1;)
		switch (c) {
		case OPTION_QUICK:
			o->quick = true;
			break;
		case OPTION_ONLY:
			add_only(o, optarg);
			break;
		case OPTION_SIZES:
			add_sizes(o, optarg);
			break;
		case OPTION_SECONDS:
			o->seconds = cli_seconds("--seconds", optarg);
			break;
		case OPTION_JSON:
			o->json = true;
			break;
		case OPTION_CSV:
			o->csv = true;
			break;
		case OPTION_CHARTS:
			o->charts = optarg;
			break;
		case OPTION_LIST:
			list();
		case 'h':
			cli_print_and_exit(usage);
		default:
			cli_fail_option(c, argv, long_options);
		}
	if (optind < argc)
		cli_fail("'%s' is too much: no arguments beside options", argv[optind]);
	if (o->json && o->csv)
		cli_fail("--json and --csv: one of them");
	if (o->seconds > 600)
		cli_fail("--seconds: at most 600");
}
