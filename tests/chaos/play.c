// SPDX-License-Identifier: MIT
#include "play.h"

#include "clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REMARKABLE_NS 500000000

uint32_t play_below(struct play *s, uint32_t limit)
{
	return (uint32_t)rand_r(&s->seed) % limit;
}

void play_nap(struct play *s, uint32_t limit_us)
{
	/* Mostly short: that is where things meet. */
	uint32_t us = play_below(s, limit_us);
	if (play_below(s, 2))
		us /= 16;
	usleep(us);
}

struct party *play_prepare_producer(struct play *s)
{
	struct party *p = &s->viewer[MAX_VIEWERS];
	while (p->pid)
		p++;
	p->life = ++s->lives;
	p->seed = (unsigned)rand_r(&s->seed);
	p->pause_us = s->lives % 8 ? s->pause_us : 0;
	p->contends = false;
	s->births++;
	return p;
}

void play_produce(struct play *s)
{
	struct party *p = play_prepare_producer(s);
	int64_t begun_ns = tripool_now_ns();
	cast_begin(p, party_produce);
	s->producer = p;
	CAST_AWAIT(atomic_load(&p->opened) == 0, "the producer does not get its stream");
	s->birth_ns = (s->birth_ns * 7 + tripool_now_ns() - begun_ns) / 8;
}

void play_view(struct play *s, uint32_t index)
{
	struct party *p = &s->viewer[index];
	bool honest = index < HONEST;
	p->seed = (unsigned)rand_r(&s->seed);
	p->every = honest ? index == 1 : index % 2;
	p->polls = honest ? index == 2 : play_below(s, 2);
	p->busy = honest && index == 3;
	p->leases = honest ? index + 1 : 1 + play_below(s, s->mortal_leases);
	cast_begin(p, party_view);
}

void play_begin_mortals(struct play *s)
{
	for (uint32_t i = HONEST; i < s->viewers; i++)
		play_view(s, i);
}

struct party *play_some_mortal(struct play *s)
{
	return &s->viewer[HONEST + play_below(s, s->viewers - HONEST)];
}

void play_kill(struct play *s, struct party *party)
{
	cast_kill(party);
	s->kills++;
}

void play_open(struct play *s, struct party *parties)
{
	s->viewer = parties;
	s->birth_ns = 1000000;
	cast_say("the beginning");
	for (uint32_t i = 0; i < HONEST; i++) /* before there is a producer */
		play_view(s, i);
	play_produce(s);
	play_await_honest(s);
	play_settle(s);
}

void play_change_formats(struct play *s, uint32_t changes)
{
	struct party *p = s->producer;
	uint32_t wanted = atomic_fetch_add(&p->changes_wanted, changes) + changes;
	CAST_AWAIT(atomic_load(&p->changes_made) == wanted, "the producer does not change its format");
	s->changes += changes;
}

void play_await_honest(struct play *s)
{
	int64_t begun_ns = tripool_now_ns();
	uint64_t next = atomic_load(&s->producer->newest) + 1, first = (uint64_t)s->producer->life << 32 | 1;
	if (next < first)
		next = first;
	for (uint32_t i = 0; i < HONEST; i++)
		CAST_AWAIT(atomic_load(&s->viewer[i].newest) >= next,
		    "honest viewer %u has no frame of the living producer, %llu of life %llu", i,
		    (unsigned long long)(next & UINT32_MAX), (unsigned long long)(next >> 32));
	int64_t took_ns = tripool_now_ns() - begun_ns;
	if (took_ns > s->recovery_ns)
		s->recovery_ns = took_ns;
	if (took_ns < REMARKABLE_NS)
		return;
	printf("after %.1f s all honest viewers have a frame:", (double)took_ns / 1e9);
	for (uint32_t i = 0; i < HONEST; i++)
		printf(" %s;", s->viewer[i].remark);
	printf("\n");
}
