// SPDX-License-Identifier: MIT
/* attack STREAM WHICH: does its worst to a stream, by hand or for a test. */
#include "attack.h"

#include "clock.h"
#include "random.h"
#include "tools/cli.h"

#include <stdio.h>

static const char help[] =
    "usage: attack STREAM WHICH [--seconds S] [--seed N] [--user UID] [--share N]\n"
    "       attack --list | --help\n"
    "\n"
    "Attaches to the stream as no viewer of the library's would, and does its worst.\n"
    "\n"
    "  --seconds S  for so long (1)\n"
    "  --seed N     of what is random (1)\n"
    "  --user UID   as that user; only root can be another\n"
    "  --share N    millionths of a processor that 'burn' takes (1000000), which leaves the stream alone\n"
    "  --list       all attacks, one a line: its name, the kind of stream it is for, what it does\n"
    "\n"
    "Status: 0 all that was tried was in vain, 1 something forbidden could be done, 2 wrong usage, 3 nothing was\n"
    "tried, as the stream has no producer or lets nobody in, 77 not possible here.\n";

static void list(void)
{
	for (const struct attack *k = attacks; k->name; k++)
		printf("%-10s %-9s %s\n", k->name, k->lossless ? "lossless" : "any", k->what);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"seconds", required_argument, NULL, 's'},
	    {"seed", required_argument, NULL, 'n'}, {"user", required_argument, NULL, 'u'},
	    {"share", required_argument, NULL, 'x'}, {"list", no_argument, NULL, 'l'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	struct attacker a = {.share_ppm = 1000000};
	double seconds = 1;
	uint64_t seed = 1, user = UINT64_MAX;
	cli_begin();
	for (int o; (o = getopt_long(argc, argv, ":h", options, NULL)) >= 0;) {
		if (o == 's')
			seconds = cli_seconds("--seconds", optarg);
		else if (o == 'n')
			seed = cli_uint("--seed", optarg, 0, UINT64_MAX);
		else if (o == 'u')
			user = cli_uint("--user", optarg, 0, UINT32_MAX - 1);
		else if (o == 'x')
			a.share_ppm = cli_uint("--share", optarg, 1, 1000000);
		else if (o == 'h')
			cli_print_and_exit(help);
		else if (o == 'l')
			return list(), cli_finish_output() < 0;
		else
			cli_fail_option(o, argv, options);
	}
	if (argc - optind != 2)
		cli_fail("a stream and the name of an attack are needed: see --help");
	const struct attack *k = attack_find(argv[optind + 1]);
	if (!k)
		cli_fail("there is no attack '%s': see --list", argv[optind + 1]);
	if (user != UINT64_MAX && become((uid_t)user) < 0)
		cli_fail("cannot become user %u", (unsigned)user);
	a.stream = argv[optind];
	a.random = random_first(seed);
	a.end_ns = tripool_now_ns() + (int64_t)(seconds * 1e9);
	k->run(&a);
	if (a.tries == 0) {
		fprintf(stderr, "attack %s: nothing was tried: stream '%s' has no producer, or lets nobody in\n",
		    k->name, a.stream);
		return 3;
	}
	fprintf(stderr, "attack %s: %llu tries in vain\n", k->name, (unsigned long long)a.tries);
	return 0;
}
