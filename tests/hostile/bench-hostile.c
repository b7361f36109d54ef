// SPDX-License-Identifier: MIT
/*
 * What each attack costs an honest viewer that sleeps between frames: its latency from publish to lease beside the
 * attacker, against (a) that without anybody, and (b) that beside a process which merely burns as much processor time;
 * and what the library takes of the producer's processor time for a frame. The three take turns, so that noise meets
 * all of them. An attack that is made for lossless streams is upon one. Ratios of medians and of 99th percentiles of
 * one run; nothing is asserted.
 */
#include "attack.h"
#include "awake.h"
#include "bench/samples.h"
#include "clock.h"
#include "scene.h"
#include "scratch.h"
#include "tools/cli.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTLE_US 50000
#define MOST_RATIO 1.5

enum side { ALONE, ATTACKED, BURNED, SIDES };

struct measured {
	size_t samples;
	int64_t sample_ns[SCENE_SAMPLES];
	int64_t cpu_ns, longest_cpu_ns;
	uint64_t cpu_frames;
};

struct plan {
	double hz, seconds; /* of each turn */
	int turns;
};

static const char help[] =
    "usage: bench-hostile [--quick | --turns N] [--hz N] [--halt] [ATTACK]\n"
    "\n"
    "  --turns N  times that each attack is made, of two seconds (8: eight minutes for all). A 99th percentile\n"
    "             of few is that of a few frames: 100 tell more\n"
    "  --quick    one short turn\n"
    "  --hz N     frames a second (240)\n"
    "  --halt     let processors halt when they have nothing to do: the host of a virtual machine\n"
    "             may wake them milliseconds late\n"
    "\n"
    "ATTACK: that one alone, of those that 'attack --list' tells.\n";

static const struct attack burn = {.name = "burn"};
/* The names of those that cost too much, against the viewer alone and beside a busy process. */
static char dear_alone[512], dear_burned[512];
static volatile sig_atomic_t over;

/* The end of the turn, and of all: what was begun is to be tidied up. A second signal ends it at once. */
static void end_is_wanted(int signal)
{
	(void)signal;
	over = 1;
}

/* ---- One turn ---- */

/* An attacker, or what burns. `share` of a processor, 0 to 1, is for the latter. */
static pid_t send_out(const struct attack *k, double seconds, double share)
{
	char time[32], part[32], user[16];
	snprintf(time, sizeof(time), "%.3f", seconds);
	snprintf(part, sizeof(part), "%d", (int)((share > 0.001 ? share : 0.001) * 1e6));
	snprintf(user, sizeof(user), "%d", k->by == ROOT ? 0 : SCENE_STRANGER);
	fflush(NULL);
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!freopen("/dev/null", "w", stderr))
		_exit(1);
	execl(ATTACK, ATTACK, SCENE_STREAM, k->name, "--seconds", time, "--share", part,
	    geteuid() == 0 ? "--user" : NULL, user, NULL);
	_exit(127);
}

/* Ends it. What it took of a processor goes into *share. The status with which it ended by itself, early; 0: it did
 * not, or had done what it could. */
static int call_back(pid_t pid, double seconds, double *share)
{
	struct rusage used;
	int status;
	kill(pid, SIGKILL);
	if (wait4(pid, &status, 0, &used) != pid)
		return 127;
	*share = ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6) /
	         seconds;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void take_turn(struct scene *s, double seconds, struct measured *m)
{
	atomic_store(&s->samples, 0);
	atomic_store(&s->cpu_ns, 0);
	atomic_store(&s->cpu_frames, 0);
	atomic_store(&s->longest_cpu_ns, 0);
	atomic_store(&s->sample, 1);
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&s->sample, 0);
	usleep(20000); /* the frame that was under way */
	for (size_t i = 0; i < atomic_load(&s->samples) && m->samples < SCENE_SAMPLES; i++)
		m->sample_ns[m->samples++] = s->sample_ns[i];
	m->cpu_ns += atomic_load(&s->cpu_ns);
	m->cpu_frames += atomic_load(&s->cpu_frames);
	if (atomic_load(&s->longest_cpu_ns) > m->longest_cpu_ns)
		m->longest_cpu_ns = atomic_load(&s->longest_cpu_ns);
}

/* ---- One attack ---- */

static double ratio(struct measured *a, struct measured *b, double q)
{
	if (a->samples == 0 || b->samples == 0)
		return 0;
	return quantile(a->sample_ns, a->samples, q) / quantile(b->sample_ns, b->samples, q);
}

static double us(struct measured *m, double q)
{
	return m->samples ? quantile(m->sample_ns, m->samples, q) / 1e3 : 0;
}

static double cpu_us(const struct measured *m)
{
	return m->cpu_frames ? (double)m->cpu_ns / 1e3 / (double)m->cpu_frames : 0;
}

static void name_if_dear(char *names, size_t size, const char *name, double times)
{
	size_t length = strlen(names);
	if (times > MOST_RATIO)
		snprintf(names + length, size - length, " %s (%.1f)", name, times);
}

static void print_line(const char *name, double share, struct measured m[SIDES])
{
	printf("%-10s %4.0f%% %6.0f %7.0f %6.0f %7.0f %6.0f %7.0f  %5.2f %6.2f  %5.2f %6.2f %7.1f %7.1f %8.0f\n", name,
	    share * 100, us(&m[ALONE], 0.5), us(&m[ALONE], 0.99), us(&m[BURNED], 0.5), us(&m[BURNED], 0.99),
	    us(&m[ATTACKED], 0.5), us(&m[ATTACKED], 0.99), ratio(&m[ATTACKED], &m[ALONE], 0.5),
	    ratio(&m[ATTACKED], &m[ALONE], 0.99), ratio(&m[ATTACKED], &m[BURNED], 0.5),
	    ratio(&m[ATTACKED], &m[BURNED], 0.99), cpu_us(&m[ALONE]), cpu_us(&m[ATTACKED]),
	    (double)m[ATTACKED].longest_cpu_ns / 1e3);
	fflush(stdout);
	name_if_dear(dear_alone, sizeof(dear_alone), name, ratio(&m[ATTACKED], &m[ALONE], 0.99));
	name_if_dear(dear_burned, sizeof(dear_burned), name, ratio(&m[ATTACKED], &m[BURNED], 0.99));
}

static int measure_attack(const struct attack *k, const struct plan *plan, struct measured m[SIDES])
{
	struct scene_options o = {.pix_fmt = "nv12",
	    .width_px = 1920,
	    .height_px = 1080,
	    .hz = plan->hz,
	    .lossless = k->lossless,
	    .stamps = true,
	    .user = geteuid() == 0 ? SCENE_USER : 0};
	double share = 0, used, unused, long_enough = plan->seconds + 60;
	int status = 0;
	struct scene *s = scene_begin(&o);
	if (!s)
		return -1;
	memset(m, 0, SIDES * sizeof(*m));
	for (int turn = 0; turn < plan->turns && !status && !over; turn++) {
		take_turn(s, plan->seconds, &m[ALONE]);
		pid_t pid = send_out(k, long_enough, 1);
		usleep(SETTLE_US);
		take_turn(s, plan->seconds, &m[ATTACKED]);
		status = call_back(pid, plan->seconds + SETTLE_US / 1e6 + 0.02, &used);
		share += used / plan->turns;
		usleep(SETTLE_US);
		pid = send_out(&burn, long_enough, used < 1 ? used : 1);
		usleep(SETTLE_US);
		take_turn(s, plan->seconds, &m[BURNED]);
		(void)call_back(pid, 1, &unused);
		usleep(SETTLE_US);
	}
	if (status == 77)
		printf("%-10s not possible here\n", k->name);
	else if (status)
		printf("%-10s failed with status %d: see 'attack %s'\n", k->name, status, k->name);
	else if (!over)
		print_line(k->name, share, m);
	int failed = scene_end(s);
	return failed || (status && status != 77);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"quick", no_argument, NULL, 'q'}, {"hz", required_argument, NULL, 'r'},
	    {"turns", required_argument, NULL, 't'}, {"halt", no_argument, NULL, 'a'}, {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	struct plan plan = {.hz = 240, .seconds = 0.65, .turns = 8};
	uint32_t rate_num, rate_den;
	bool halt = false;
	int failed = 0, r;
	cli_begin();
	for (int o; (o = getopt_long(argc, argv, ":h", options, NULL)) >= 0;) {
		if (o == 'q')
			plan = (struct plan){.hz = plan.hz, .seconds = 0.5, .turns = 1};
		else if (o == 't')
			plan.turns = (int)cli_uint("--turns", optarg, 1, 1000);
		else if (o == 'r')
			cli_rate("--hz", optarg, &rate_num, &rate_den), plan.hz = (double)rate_num / rate_den;
		else if (o == 'a')
			halt = true;
		else if (o == 'h')
			cli_print_and_exit(help);
		else
			cli_fail_option(o, argv, options);
	}
	const struct attack *only = optind < argc ? attack_find(argv[optind]) : NULL;
	if (argc - optind > 1)
		cli_fail("one attack at most, not '%s' as well; see --help", argv[optind + 1]);
	if (optind < argc && !only)
		cli_fail("there is no attack '%s': see 'attack --list'", argv[optind]);
	if (only && strcmp(only->name, burn.name) == 0)
		cli_fail("'%s' is what the others are compared with", burn.name);
	if (plan.turns * plan.seconds * plan.hz > SCENE_SAMPLES)
		cli_fail("%d turns at %.0f frames a second are too many: %d frames of each side can be kept",
		    plan.turns, plan.hz, SCENE_SAMPLES);
	struct sigaction wanted = {.sa_handler = end_is_wanted, .sa_flags = (int)SA_RESETHAND};
	sigaction(SIGINT, &wanted, NULL);
	sigaction(SIGTERM, &wanted, NULL);
	size_t bytes = SIDES * sizeof(struct measured);
	struct measured *m = malloc(bytes);
	if (!m) {
		fprintf(stderr, "bench-hostile: no memory\n");
		return 1;
	}
	if (!halt && (r = awake_begin()) < 0) {
		fprintf(stderr, "bench-hostile: the processors cannot be kept awake: %s; see --halt\n", strerror(-r));
		return 1;
	}
	if (scene_make_directory() < 0)
		return 1;
	printf("NV12 1920x1080, %.0f frames a second, a sleeping viewer, processors that %s; us from publish to lease, "
	       "and of the producer's processor a frame\n"
	       "%-10s %5s %6s %7s %6s %7s %6s %7s  %12s  %12s %15s %8s\n"
	       "%-10s %5s %6s %7s %6s %7s %6s %7s  %5s %6s  %5s %6s %7s %7s %8s\n",
	    plan.hz, halt ? "halt when idle" : "are kept awake", "", "its", "alone", "", "burned", "", "attack", "",
	    "attack/alone", "attack/burn", "cpu", "cpu", "attack", "cpu", "p50", "p99", "p50", "p99", "p50", "p99",
	    "p50", "p99", "p50", "p99", "alone", "attack", "longest");
	for (const struct attack *k = attacks; k->name && !over; k++)
		if (strcmp(k->name, burn.name) != 0 && (!only || only == k))
			failed += measure_attack(k, &plan, m) != 0;
	if (!over)
		printf("99th percentile beyond %.1f times that\n  of the viewer alone:%s\n  beside a busy process:%s\n",
		    MOST_RATIO, dear_alone[0] ? dear_alone : " none", dear_burned[0] ? dear_burned : " none");
	awake_end();
	free(m);
	return scratch_remove() != 0 || failed || over;
}
