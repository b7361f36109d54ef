// SPDX-License-Identifier: MIT
/*
 * Runs the data path in schedules that seeds decide, until one breaks a promise:
 *     explore SCHEDULES [FIRST-SEED]          of each scenario
 *     explore --trace SCENARIO SEED           one again, each step told
 */
#include "machine.h"
#include "scenarios.h"

#include <errno.h>
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
	fprintf(stderr, "usage: explore SCHEDULES [FIRST-SEED]\n       explore --trace SCENARIO SEED\nscenarios:");
	for (unsigned i = 0; i < scenario_count; i++)
		fprintf(stderr, " %s", scenarios[i].name);
	fprintf(stderr, "\n");
	return 2;
}

/* Digits only. */
static bool is_number(const char *text, uint64_t *value)
{
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	errno = 0;
	*value = strtoull(text, NULL, 10);
	return errno == 0;
}

int main(int argc, char **argv)
{
	uint64_t schedules, first = (uint64_t)time(NULL) * 1000000;
	if (argc == 4 && strcmp(argv[1], "--trace") == 0 && is_number(argv[3], &first)) {
		for (unsigned i = 0; i < scenario_count; i++) {
			if (strcmp(argv[2], scenarios[i].name) != 0)
				continue;
			const char *broken = run(&scenarios[i], first, true);
			printf("%s\n", broken ? broken : "nothing broke");
			return broken != NULL;
		}
		return usage();
	}
	if (argc < 2 || argc > 3 || !is_number(argv[1], &schedules) || schedules == 0)
		return usage();
	if (argc == 3 && !is_number(argv[2], &first))
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
