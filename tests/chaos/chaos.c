// SPDX-License-Identifier: MIT
/*
 * Chaos: a producer and its viewers are killed, stopped, continued and begun anew at random, while formats change.
 * After each act the honest viewers must have a whole frame of the living producer, by themselves; now and then, and at
 * the end, those who are gone must have left nothing.
 *
 *     chaos few|many [ROUNDS [SEED]]
 *
 * `few` has eight viewers, `many` as many as a stream takes. The same seed gives the same acts; what these meet is up
 * to the machine.
 */
#include "play.h"

#include "clock.h"
#include "scratch.h"
#include "tools/cli.h"
#include "traces.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SETTLE_EVERY 100 /* rounds */

/* ---- Acts ---- */

static uint32_t a_while_us(struct play *s)
{
	return play_below(s, 40) == 0 ? 300000 : 20000;
}

static void kill_the_producer(struct play *s)
{
	play_nap(s, 4000);
	play_kill(s, s->producer);
	play_produce(s);
}

/* Begins the next one, and returns at a random instant of its opening the stream. */
static struct party *produce_halfway(struct play *s)
{
	struct party *p = play_prepare_producer(s);
	int64_t until_ns = tripool_now_ns() + s->birth_ns * play_below(s, 1500) / 1000;
	cast_begin(p, party_produce);
	while (tripool_now_ns() < until_ns)
		;
	return p;
}

static void kill_producers_at_their_birth(struct play *s)
{
	play_kill(s, s->producer);
	for (uint32_t n = 1 + play_below(s, 4); n > 0; n--)
		play_kill(s, produce_halfway(s));
	play_produce(s);
}

static void stop_a_producer_at_its_birth(struct play *s)
{
	play_kill(s, s->producer);
	s->producer = produce_halfway(s);
	cast_signal(s->producer, SIGSTOP);
	s->stops++;
	play_nap(s, a_while_us(s));
	cast_signal(s->producer, SIGCONT);
	CAST_AWAIT(atomic_load(&s->producer->opened) == 0, "one that was stopped does not get its stream");
}

static void restart_the_producer(struct play *s)
{
	char names[200];
	cast_end(s->producer);
	if (traces_files(scratch_directory(), names, sizeof(names)) != 0)
		cast_fail("a producer that ended left:%s", names);
	play_nap(s, 2000);
	play_produce(s);
}

static struct party *winner(struct party *const contender[CONTENDERS])
{
	for (int i = 0; i < CONTENDERS; i++)
		if (atomic_load(&contender[i]->opened) == 0)
			return contender[i];
	return NULL;
}

/* Several want the name, at the moment when it becomes free: one of them gets it. */
static void hand_over(struct play *s)
{
	struct party *contender[CONTENDERS], *old = s->producer;
	for (int i = 0; i < CONTENDERS; i++) {
		contender[i] = play_prepare_producer(s);
		contender[i]->contends = true;
		cast_begin(contender[i], party_produce);
	}
	for (int i = 0; i < CONTENDERS; i++)
		CAST_AWAIT(atomic_load(&contender[i]->refused) > 0, "who comes second is not refused");
	if (play_below(s, 4))
		cast_end(old);
	else
		play_kill(s, old);
	CAST_AWAIT(winner(contender), "nobody gets the name that became free");
	struct party *won = winner(contender);
	for (int i = 0; i < CONTENDERS; i++) {
		struct party *p = contender[i];
		uint32_t refused = atomic_load(&p->refused);
		if (p == won)
			continue;
		CAST_AWAIT(atomic_load(&p->refused) > refused + 1 || atomic_load(&p->opened) == 0,
		    "contender %d does not try any more", i);
		if (atomic_load(&p->opened) == 0)
			cast_fail("two producers have the name");
	}
	for (int i = 0; i < CONTENDERS; i++)
		if (contender[i] != won)
			cast_end(contender[i]);
	s->producer = won;
}

static void kill_a_viewer(struct play *s)
{
	struct party *p = play_some_mortal(s);
	play_nap(s, 4000);
	play_kill(s, p);
	play_view(s, (uint32_t)(p - s->viewer));
}

static void kill_and_stop_viewers_at_their_birth(struct play *s)
{
	struct party *p = play_some_mortal(s);
	for (uint32_t n = 1 + play_below(s, 6); n > 0; n--) {
		play_kill(s, p);
		play_view(s, (uint32_t)(p - s->viewer));
		play_nap(s, 2000);
		if (play_below(s, 2))
			continue;
		cast_signal(p, SIGSTOP);
		play_nap(s, 2000);
		cast_signal(p, SIGCONT);
		s->stops++;
	}
}

static void let_a_viewer_leave(struct play *s)
{
	struct party *p = play_some_mortal(s);
	cast_end(p);
	play_nap(s, 1000);
	play_view(s, (uint32_t)(p - s->viewer));
}

static void change_formats(struct play *s)
{
	play_change_formats(s, 1 + play_below(s, 12));
}

static void stop_the_producer(struct play *s)
{
	play_nap(s, 1000);
	cast_signal(s->producer, SIGSTOP);
	if (play_below(s, 2))
		kill_a_viewer(s);
	play_nap(s, a_while_us(s));
	s->stops++;
	if (play_below(s, 4) == 0) {
		play_kill(s, s->producer);
		play_produce(s);
	} else {
		cast_signal(s->producer, SIGCONT);
	}
}

/* The honest ones as well. */
static void stop_a_viewer(struct play *s)
{
	struct party *p = &s->viewer[play_below(s, s->viewers)];
	play_nap(s, 1000);
	cast_signal(p, SIGSTOP);
	s->stops++;
	switch (play_below(s, 4)) {
	case 0:
		play_change_formats(s, 1 + play_below(s, 20)); /* more than its socket holds, at times */
		break;
	case 1:
		kill_the_producer(s);
		break;
	default:
		play_nap(s, a_while_us(s));
	}
	if (p >= &s->viewer[HONEST] && play_below(s, 3) == 0) {
		play_kill(s, p);
		play_view(s, (uint32_t)(p - s->viewer));
	} else {
		cast_signal(p, SIGCONT);
	}
}

/* Where it is lossless it waits for them, but not for ever. */
static void stop_all_mortals(struct play *s)
{
	for (uint32_t i = HONEST; i < s->viewers; i++)
		cast_signal(&s->viewer[i], SIGSTOP);
	s->stops += s->viewers - HONEST;
	uint64_t until = atomic_load(&s->producer->frames) + 2 * TRIPOOL_MAX_LEASES;
	CAST_AWAIT(atomic_load(&s->producer->frames) >= until, "the producer waits for viewers that are stopped");
	for (uint32_t i = HONEST; i < s->viewers; i++)
		cast_signal(&s->viewer[i], SIGCONT);
}

static const struct act {
	const char *name;
	void (*play)(struct play *s);
	uint32_t weight;
} acts[] = {
    {"a producer is killed", kill_the_producer, 20},
    {"producers are killed as they open the stream", kill_producers_at_their_birth, 10},
    {"a producer is stopped as it opens the stream", stop_a_producer_at_its_birth, 4},
    {"a producer ends and the next begins", restart_the_producer, 8},
    {"several want the name that becomes free", hand_over, 8},
    {"a viewer is killed", kill_a_viewer, 20},
    {"viewers are killed and stopped as they come", kill_and_stop_viewers_at_their_birth, 6},
    {"a viewer leaves", let_a_viewer_leave, 6},
    {"formats change", change_formats, 10},
    {"the producer is stopped", stop_the_producer, 10},
    {"a viewer is stopped", stop_a_viewer, 16},
    {"all mortal viewers are stopped", stop_all_mortals, 1},
};

static const struct act *some_act(struct play *s)
{
	uint32_t sum = 0, i = 0;
	for (size_t a = 0; a < sizeof(acts) / sizeof(*acts); a++)
		sum += acts[a].weight;
	for (uint32_t n = play_below(s, sum); n >= acts[i].weight; i++)
		n -= acts[i].weight;
	return &acts[i];
}

/* ---- The play ---- */

static void one_by_one(struct play *s, uint32_t rounds)
{
	play_begin_mortals(s);
	for (uint32_t round = 1; round <= rounds; round++) {
		const struct act *act = some_act(s);
		cast_say("round %u: %s", round, act->name);
		act->play(s);
		play_await_honest(s);
		if (round % SETTLE_EVERY == 0) {
			play_settle(s);
			play_begin_mortals(s);
		}
	}
	play_close(s);
}

/* In the storm many come and go at once, and each change of format meets all of them. */
static void storm(struct play *s, uint32_t rounds)
{
	play_begin_mortals(s);
	for (uint32_t round = 1; round <= rounds; round++) {
		cast_say("round %u of the storm", round);
		for (uint32_t n = play_below(s, 4); n > 0; n--)
			kill_a_viewer(s);
		if (play_below(s, 2))
			let_a_viewer_leave(s);
		if (play_below(s, 2))
			stop_a_viewer(s);
		if (play_below(s, 20) == 0)
			some_act(s)->play(s);
		play_change_formats(s, 1 + play_below(s, 4));
		play_await_honest(s);
		if (round % SETTLE_EVERY == 0) {
			play_settle(s);
			play_begin_mortals(s);
		}
	}
	/* Those who live at the end are as good as the honest ones. */
	cast_say("after the storm");
	uint64_t next = atomic_load(&s->producer->newest) + 1;
	for (uint32_t i = 0; i < s->viewers; i++)
		CAST_AWAIT(!s->viewer[i].pid || atomic_load(&s->viewer[i].newest) >= next,
		    "viewer %u has no frame after the storm", i);
	play_close(s);
}

int main(int argc, char **argv)
{
	bool many = argc > 1 && strcmp(argv[1], "many") == 0;
	if (argc < 2 || argc > 4 || (!many && strcmp(argv[1], "few") != 0)) {
		fprintf(stderr, "usage: chaos few|many [ROUNDS [SEED]]\n");
		return 2;
	}
	uint32_t rounds = argc > 2 ? (uint32_t)cli_uint("ROUNDS", argv[2], 1, UINT32_MAX) : 100;
	unsigned seed = argc > 3 ? (unsigned)cli_uint("SEED", argv[3], 0, UINT_MAX) : (unsigned)tripool_now_ns();
	printf("chaos %s %u %u\n", argv[1], rounds, seed);
	struct play s = {
	    .viewers = many ? MAX_VIEWERS : 8,
	    .mortal_leases = many ? 1 : 6,
	    .pause_us = many ? 4000 : 1500,
	    .seed = seed,
	    .shmem_kib = traces_shmem_kib(),
	};
	/* In memory, as directories of streams mostly are: files on a busy disk may take half a minute to close. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	if (scratch_make() < 0)
		return 1;
	int fds = traces_fds(getpid());
	int64_t begun_ns = tripool_now_ns();
	play_open(&s, cast_make());
	(many ? storm : one_by_one)(&s, rounds);
	if (traces_fds(getpid()) != fds)
		cast_fail("%d fds are open, there were %d", traces_fds(getpid()), fds);
	printf(
	    "%u rounds in %.1f s: %llu killed, %llu stopped, %llu producers, %llu changes of format; an honest viewer "
	    "needed %.0f ms at most\n",
	    rounds, (double)(tripool_now_ns() - begun_ns) / 1e9, (unsigned long long)s.kills,
	    (unsigned long long)s.stops, (unsigned long long)s.births, (unsigned long long)s.changes,
	    (double)s.recovery_ns / 1e6);
	printf("shared memory of the system: %ld KiB before, %ld KiB after\n", s.shmem_kib, traces_shmem_kib());
	return scratch_remove() != 0;
}
