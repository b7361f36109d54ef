// SPDX-License-Identifier: MIT
#include "options.h"

#include <getopt.h>
#include <stddef.h>

#include "cli.h"

static const char usage[] =
    "Usage: tripool-stat [NAME]... [OPTION]...\n"
    "Shows the video streams of those names, or all there are, and who views them: once a second in a\n"
    "terminal until q or Ctrl-C, else once. Neither producers nor viewers are disturbed.\n"
    "\n"
    "      --once             print it once\n"
    "      --json             print it once, for programs\n"
    "      --wait             print nothing: end when each stream NAME is there and has a frame\n"
    "      --timeout S        wait at most so many seconds\n"
    "  -h, --help             this text\n"
    "      --version          the version\n"
    "\n"
    "Of a stream: FPS since it was shown last (0.2 s before, when once), FRAME the newest one's sequence\n"
    "number, AGE the time since that was published, MEMORY what its pool occupies. Of a viewer: LAG\n"
    "the frames that wait for it (MODE every) or came after the one it took last (newest), SKIPPED and TAKEN\n"
    "frames, as it counts them itself, HELD its leases in use. '-' is not known.\n"
    "Exit status: 0 done, 1 a stream has no producer or does not tell, or the time is over; 2 wrong usage.\n";

enum { OPTION_ONCE = 256, OPTION_JSON, OPTION_WAIT, OPTION_TIMEOUT, OPTION_VERSION };

static const struct option long_options[] = {
    {"once", no_argument, NULL, OPTION_ONCE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"wait", no_argument, NULL, OPTION_WAIT},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static void take_option(struct options *o, int option)
{
	switch (option) {
	case OPTION_ONCE:
		o->once = true;
		break;
	case OPTION_JSON:
		o->json = true;
		break;
	case OPTION_WAIT:
		o->wait = true;
		break;
	case OPTION_TIMEOUT:
		o->timeout_s = cli_seconds("--timeout", optarg);
		break;
	case 'h':
		cli_print_and_exit(usage);
	case OPTION_VERSION:
		cli_print_and_exit("tripool-stat " TRIPOOL_VERSION "\n");
	}
}

void options_parse(struct options *o, int argc, char **argv)
{
	int option;
	*o = (struct options){0};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			cli_fail_option(option, argv, long_options);
		take_option(o, option);
	}
	o->name = argv + optind;
	o->names = argc - optind;
	if (o->wait && (o->once || o->json))
		cli_fail("options '--wait' and '%s' contradict each other: choose one", o->once ? "--once" : "--json");
	if (o->wait && o->names == 0)
		cli_fail("--wait: which stream is to be waited for? tripool-stat --wait NAME; see --help");
	if (o->timeout_s > 0 && !o->wait)
		cli_fail("--timeout is for --wait; see --help");
}
