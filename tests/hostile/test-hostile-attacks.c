// SPDX-License-Identifier: MIT
/*
 * Each attack of the table upon a stream with an honest viewer: nobody crashes or hangs, no pixel is wrong, the newest
 * frame still comes, and what the producer has of fds and memory is bounded, and afterwards what it was before.
 *
 * usage: test-hostile-attacks [SEED [ATTACK]]; $TRIPOOL_HOSTILE_SECONDS (1): how long each attack lasts.
 */
#include "attack.h"
#include "clock.h"
#include "scene.h"
#include "scratch.h"
#include "tools/cli.h"
#include "traces.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ATTACKERS 2
#define MAX_VIEWERS 6
#define MAX_LEASES 24
#define GUESTS 16 /* and one more while it is heard */

#define UNREAD (ATTACKERS * (8 + GUESTS + 1)) /* who were let go of before they had read all they were sent */

/* The producer's: a socket for each viewer, a socket and a lease page for each guest, a socket for each of the others.
 */
#define MOST_FDS (MAX_VIEWERS + 2 * (GUESTS + 1) + UNREAD)
/* And a lease page for each, of two pages at most. */
#define MOST_MAPS (MAX_VIEWERS + GUESTS + 1)
/* Of the heap and the stack: it takes no memory for anybody. But a sanitizer keeps what was given back for a while. */
#ifdef __SANITIZE_ADDRESS__
#define MOST_ANON_KIB (16 * 1024)
#else
#define MOST_ANON_KIB 1024
#endif

static uint64_t seed = 1;
static const char *seconds = "1";
static int not_possible; /* attackers that could not even try here */
static int idle;         /* attackers of this stream that were not let in, and tried nothing */

/* ---- What the producer has ---- */

struct usage {
	int fds, maps;
	long anon_kib;
};

static struct usage usage_of(pid_t pid)
{
	return (struct usage){traces_fds(pid), traces_memfds(pid), traces_private_kib(pid)};
}

static void take_most(struct usage *most, struct usage now)
{
	most->fds = now.fds > most->fds ? now.fds : most->fds;
	most->maps = now.maps > most->maps ? now.maps : most->maps;
	most->anon_kib = now.anon_kib > most->anon_kib ? now.anon_kib : most->anon_kib;
}

/* ---- The attack ---- */

static pid_t send_attacker(const struct attack *k, uid_t user, int number)
{
	char as[16], with[32];
	snprintf(as, sizeof(as), "%u", (unsigned)user);
	snprintf(with, sizeof(with), "%llu", (unsigned long long)(seed + (uint64_t)number));
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (geteuid() == 0)
		execl(ATTACK, ATTACK, SCENE_STREAM, k->name, "--seconds", seconds, "--seed", with, "--user", as, NULL);
	else
		execl(ATTACK, ATTACK, SCENE_STREAM, k->name, "--seconds", seconds, "--seed", with, NULL);
	_exit(127);
}

/* Watches the producer until the attacker has ended, or stopped itself until its time was over. */
static void watch_attacker(struct scene *s, pid_t pid, struct usage *most)
{
	int status, r;
	int64_t begin_ns = tripool_now_ns(), end_ns = begin_ns + (int64_t)(strtod(seconds, NULL) * 1e9);
	int64_t late_ns = end_ns + INT64_C(60000000000);
	bool stopped = false;
	while ((r = waitpid(pid, &status, WNOHANG | WUNTRACED)) == 0 || (r == pid && WIFSTOPPED(status))) {
		stopped |= r == pid;
		take_most(most, usage_of(s->producer));
		if (tripool_now_ns() > late_ns)
			fail_msg("the attacker hangs");
		/* Another format, at the beginning and when it has had time to do what it can. */
		if (tripool_now_ns() > begin_ns + (end_ns - begin_ns) * 3 / 4)
			atomic_store(&s->changes, 2);
		if (stopped && tripool_now_ns() > end_ns)
			kill(pid, SIGKILL);
		usleep(5000);
	}
	assert_int_equal(r, pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		not_possible++;
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
		idle++;
	else if (!stopped && status != 0)
		fail_msg("an attacker had success, or failed: status %#x", (unsigned)status);
}

static struct usage before;

static bool all_have_gone(const struct scene *s)
{
	return atomic_load(&s->viewers) == 1 && traces_fds(s->producer) == before.fds &&
	       traces_memfds(s->producer) == before.maps;
}

static uint64_t goal;

static bool has_gone_on(const struct scene *s)
{
	return atomic_load(&s->published) > goal && atomic_load(&s->last) > goal;
}

static bool has_the_newest(const struct scene *s)
{
	return atomic_load(&s->silent) && atomic_load(&s->last) == atomic_load(&s->published);
}

static bool has_changed(const struct scene *s)
{
	return atomic_load(&s->changed) == atomic_load(&s->changes);
}

static void go_on_a_while(struct scene *s)
{
	goal = atomic_load(&s->published) + 10;
	assert_true(scene_wait(s, has_gone_on));
}

/* Whether the door is open to who comes after them. */
static void a_newcomer_gets_a_frame(void)
{
	struct tripool_viewer_options o = {.name = SCENE_STREAM};
	struct tripool_viewer *v;
	struct tripool_frame f;
	struct tripool_error e;
	int r = -EAGAIN;
	if (tripool_viewer_create(&v, &o, &e) < 0)
		fail_msg("a newcomer is not let in: %s", e.text);
	for (int tries = 0; r == -EAGAIN && tries < 300; tries++)
		if ((r = tripool_viewer_acquire(v, &f)) == -EAGAIN)
			tripool_viewer_wait(v, 100);
	assert_int_equal(r, 0);
	tripool_viewer_release(v, &f);
	tripool_viewer_destroy(v);
}

static void survives(const struct attack *k, bool lossless)
{
	struct scene_options o = {.pix_fmt = "gray",
	    .width_px = 128,
	    .height_px = 64,
	    .hz = 500,
	    .lossless = lossless,
	    .user = geteuid() == 0 ? SCENE_USER : 0,
	    .max_viewers = MAX_VIEWERS,
	    .max_leases = MAX_LEASES};
	struct scene *s = scene_begin(&o);
	assert_non_null(s);
	go_on_a_while(s);
	before = usage_of(s->producer);
	struct usage most = before;
	uint64_t first = atomic_load(&s->published);

	pid_t pid[ATTACKERS];
	for (int i = 0; i < ATTACKERS; i++) {
		bool stranger = k->by == STRANGERS || i == 1;
		pid[i] = send_attacker(k, k->by == ROOT ? 0 : stranger ? SCENE_STRANGER : SCENE_USER, i);
	}
	go_on_a_while(s);
	atomic_store(&s->changes, 1);
	idle = 0;
	for (int i = 0; i < ATTACKERS; i++)
		watch_attacker(s, pid[i], &most);
	/* Two may want the same place; but one must have had it. */
	assert_in_range(idle, 0, ATTACKERS - 1);
	assert_true(scene_wait(s, has_changed));
	assert_in_range(most.fds, before.fds, before.fds + MOST_FDS);
	assert_in_range(most.maps, before.maps, before.maps + MOST_MAPS);
	assert_true(most.anon_kib <= before.anon_kib + MOST_ANON_KIB);
	assert_true(atomic_load(&s->resident_bytes) <= atomic_load(&s->pool_bytes));

	go_on_a_while(s);
	if (!scene_wait(s, all_have_gone))
		fail_msg(
		    "the producer has %d fds, had %d; %u viewers", traces_fds(s->producer), before.fds, s->viewers);
	a_newcomer_gets_a_frame();
	atomic_store(&s->order, SCENE_FALL_SILENT);
	assert_true(scene_wait(s, has_the_newest));
	assert_true(scene_wait(s, all_have_gone));
	print_message("%-10s %s: %llu frames, %llu taken, longest begin %.1f ms, most fds %d of %d, anon +%ld KiB\n",
	    k->name, lossless ? "lossless" : "newest", (unsigned long long)(s->published - first),
	    (unsigned long long)s->taken, (double)s->longest_begin_ns / 1e6, most.fds - before.fds, MOST_FDS,
	    most.anon_kib - before.anon_kib);
	assert_int_equal(atomic_load(&s->failures), 0);
	assert_int_equal(atomic_load(&s->wrong), 0);
	assert_int_equal(atomic_load(&s->disordered), 0);
	assert_int_equal(atomic_load(&s->error), 0);
	assert_true(!lossless || atomic_load(&s->missed) == 0);
	assert_true(traces_private_kib(s->producer) <= before.anon_kib + MOST_ANON_KIB);
	assert_int_equal(scene_end(s), 0);
}

static void a_stream_survives(void **state)
{
	survives(*state, false);
}

static void a_lossless_stream_survives(void **state)
{
	survives(*state, true);
}

static int set_up(void **state)
{
	(void)state;
	return scene_make_directory();
}

static int tear_down(void **state)
{
	(void)state;
	return scratch_remove() != 0;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[128];
	size_t count = 0;
	if (argc > 1)
		seed = cli_uint("SEED", argv[1], 0, UINT64_MAX - ATTACKERS);
	if (argc > 3)
		cli_fail("usage: test-hostile-attacks [SEED [ATTACK]]");
	if (argc > 2 && !attack_find(argv[2]))
		cli_fail("there is no attack '%s'", argv[2]);
	if (getenv("TRIPOOL_HOSTILE_SECONDS"))
		seconds = getenv("TRIPOOL_HOSTILE_SECONDS");
	(void)cli_seconds("$TRIPOOL_HOSTILE_SECONDS", seconds);
	print_message("%s s for each attack, seed %llu\n", seconds, (unsigned long long)seed);
	for (const struct attack *k = attacks; k->name; k++) {
		void *state = (void *)(uintptr_t)k;
		if (argc > 2 && strcmp(argv[2], k->name) != 0)
			continue;
		tests[count++] = (struct CMUnitTest){k->name, a_stream_survives, set_up, tear_down, state};
		if (k->lossless)
			tests[count++] =
			    (struct CMUnitTest){k->name, a_lossless_stream_survives, set_up, tear_down, state};
	}
	int failed = _cmocka_run_group_tests("attacks", tests, count, NULL, NULL);
	return failed == 0 && not_possible > 0 ? 77 : failed;
}
