// SPDX-License-Identifier: MIT
#include "stage.h"

#include "clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REMARKABLE_NS 500000000

uint32_t stage_below(struct stage *s, uint32_t limit)
{
	return (uint32_t)rand_r(&s->seed) % limit;
}

void stage_nap(struct stage *s, uint32_t limit_us)
{
	/* Mostly short: that is where things meet. */
	uint32_t us = stage_below(s, limit_us);
	if (stage_below(s, 2))
		us /= 16;
	usleep(us);
}

struct party *stage_prepare_producer(struct stage *s)
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

void stage_produce(struct stage *s)
{
	struct party *p = stage_prepare_producer(s);
	int64_t begun_ns = tripool_now_ns();
	cast_begin(p, party_produce);
	s->producer = p;
	CAST_AWAIT(atomic_load(&p->opened) == 0, "the producer does not get its stream");
	s->birth_ns = (s->birth_ns * 7 + tripool_now_ns() - begun_ns) / 8;
}

void stage_view(struct stage *s, uint32_t index)
{
	struct party *p = &s->viewer[index];
	bool honest = index < HONEST;
	p->seed = (unsigned)rand_r(&s->seed);
	p->every = honest ? index == 1 : index % 2;
	p->polls = honest ? index == 2 : stage_below(s, 2);
	p->busy = honest && index == 3;
	p->leases = honest ? index + 1 : 1 + stage_below(s, s->mortal_leases);
	cast_begin(p, party_view);
}

void stage_begin_mortals(struct stage *s)
{
	for (uint32_t i = HONEST; i < s->viewers; i++)
		stage_view(s, i);
}

struct party *stage_some_mortal(struct stage *s)
{
	return &s->viewer[HONEST + stage_below(s, s->viewers - HONEST)];
}

void stage_kill(struct stage *s, struct party *party)
{
	cast_kill(party);
	s->kills++;
}

void stage_open(struct stage *s, struct party *parties)
{
	s->viewer = parties;
	s->birth_ns = 1000000;
	cast_say("the beginning");
	for (uint32_t i = 0; i < HONEST; i++) /* before there is a producer */
		stage_view(s, i);
	stage_produce(s);
	stage_await_honest(s);
	stage_settle(s);
}

void stage_change_formats(struct stage *s, uint32_t changes)
{
	struct party *p = s->producer;
	uint32_t wanted = atomic_fetch_add(&p->changes_wanted, changes) + changes;
	CAST_AWAIT(atomic_load(&p->changes_made) == wanted, "the producer does not change its format");
	s->changes += changes;
}

void stage_await_honest(struct stage *s)
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
