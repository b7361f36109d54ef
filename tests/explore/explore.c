// SPDX-License-Identifier: MIT
/*
 * Runs the data path in schedules that seeds decide, until one breaks a promise:
 *     explore SCHEDULES [FIRST-SEED]          of each scenario
 *     explore --trace SCENARIO SEED           one again, each step told
 */
#include "machine.h"
#include "scenarios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What broke, or NULL. */
static const char *run(const struct scenario *s, uint64_t seed, bool trace)
{
	machine_reset(seed, trace);
	scenario_set_up(s);
	return machine_run() ? scenario_check() : machine_violation();
}

static int usage(void)
{
	fprintf(stderr, "usage: explore SCHEDULES [FIRST-SEED]\n       explore --trace SCENARIO SEED\n");
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--trace") == 0) {
		for (unsigned i = 0; i < scenario_count; i++) {
			if (strcmp(argv[2], scenarios[i].name) != 0)
				continue;
			const char *broken = run(&scenarios[i], strtoull(argv[3], NULL, 10), true);
			printf("%s\n", broken ? broken : "nothing broke");
			return broken != NULL;
		}
		return usage();
	}
	uint64_t schedules = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)time(NULL) * 1000000;
	if (schedules == 0 || argc > 3)
		return usage();
	for (uint64_t seed = first; seed < first + schedules; seed++) {
		for (unsigned i = 0; i < scenario_count; i++) {
			const char *broken = run(&scenarios[i], seed, false);
			if (!broken)
				continue;
			printf("%s, seed %llu: %s\n", scenarios[i].name, (unsigned long long)seed, broken);
			return 1;
		}
	}
	printf("%llu schedules of each of %u scenarios, from seed %llu on\n", (unsigned long long)schedules,
	    scenario_count, (unsigned long long)first);
	return 0;
}
