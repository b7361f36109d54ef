// SPDX-License-Identifier: MIT
/* What is left when those who were killed are gone: what there was before they came. */
#include "play.h"

#include "scratch.h"
#include "traces.h"
#include "tripool_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHMEM_TOLERANCE_KIB 65536 /* of the whole system, where others live as well; a thousand pools have far more */
#define PRIVATE_TOLERANCE_KIB 512
#define WARM_UP_CHANGES 50 /* so many formats, and the heap has the size it keeps */
#define FRAMES_WATCHED 20

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true /* it keeps freed memory, and finds by itself what is lost */
#else
#define SANITIZED false
#endif

struct finding {
	char text[256];
};

/* Notes what is wrong. Always false. */
__attribute__((format(printf, 2, 3))) static bool complain(struct finding *f, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	vsnprintf(f->text, sizeof(f->text), format, list);
	va_end(list);
	return false;
}

static void await_frames(struct play *s, uint64_t more)
{
	uint64_t until = atomic_load(&s->producer->frames) + more;
	CAST_AWAIT(atomic_load(&s->producer->frames) >= until, "the producer does not go on");
}

static uint32_t honest_leases(const struct play *s)
{
	uint32_t leases = 0;
	for (uint32_t i = 0; i < HONEST; i++)
		leases += s->viewer[i].leases;
	return leases;
}

/* By what it tells of itself, and by what it does: of the slots it always takes the lowest that is free. */
static bool producer_is_alone_with_the_honest(struct play *s, struct finding *f)
{
	struct tripool_report r;
	struct tripool_error e;
	uint32_t leases = honest_leases(s);
	if (tripool_report_get(STREAM, PATIENCE_S * 1000, &r, &e) < 0)
		return complain(f, "no report: %s", e.text);
	if (r.viewers != HONEST || r.leases != leases)
		return complain(f, "the producer has %u viewers with %u leases, not %d with %u", r.viewers, r.leases,
		    HONEST, leases);
	await_frames(s, 2);
	atomic_store(&s->producer->highest_slot, 0);
	await_frames(s, FRAMES_WATCHED);
	uint32_t highest = atomic_load(&s->producer->highest_slot);
	if (highest > 1 + leases)
		return complain(f, "slot %u was taken, %u is the highest that may be needed", highest, 1 + leases);
	return true;
}

/* Pools and lease pages that anybody has: the newest one, and one of each honest viewer. */
static bool memory_is_only_the_newest(struct play *s, struct finding *f)
{
	pid_t pid[HONEST + 1];
	for (int i = 0; i < HONEST; i++)
		pid[i] = s->viewer[i].pid;
	pid[HONEST] = s->producer->pid;
	struct traces t = traces_of(pid, HONEST + 1);
	if (t.pools == 1 && t.pages == HONEST)
		return true;
	return complain(f, "there are %d pools and %d lease pages, not 1 and %d", t.pools, t.pages, HONEST);
}

static struct possessions look(const struct play *s)
{
	struct possessions now = {.known = true};
	for (int i = 0; i < HONEST; i++) {
		now.fds[i] = traces_fds(s->viewer[i].pid);
		now.mappings[i] = traces_mappings(s->viewer[i].pid);
		now.private_kib[i] = traces_private_kib(s->viewer[i].pid);
	}
	now.fds[HONEST] = traces_fds(s->producer->pid);
	return now;
}

static bool nobody_has_more(const struct play *s, struct finding *f)
{
	struct possessions now = look(s);
	for (int i = 0; i <= HONEST; i++)
		if (now.fds[i] != s->first.fds[i])
			return complain(f, "%s %d has %d fds, it had %d", i < HONEST ? "honest viewer" : "producer", i,
			    now.fds[i], s->first.fds[i]);
	for (int i = 0; i < HONEST && !SANITIZED; i++) {
		if (now.mappings[i] > s->first.mappings[i] + 2)
			return complain(
			    f, "honest viewer %d has %d mappings, it had %d", i, now.mappings[i], s->first.mappings[i]);
		if (now.private_kib[i] > s->first.private_kib[i] + PRIVATE_TOLERANCE_KIB)
			return complain(f, "honest viewer %d has %ld KiB, it had %ld", i, now.private_kib[i],
			    s->first.private_kib[i]);
	}
	return true;
}

static bool only_two_files_are_there(struct finding *f)
{
	char names[200];
	int files = traces_files(scratch_directory(), names, sizeof(names));
	if (files == 2 && strstr(names, " " STREAM ".lock") && strstr(names, " " STREAM ".sock") &&
	    !strstr(names, ".new"))
		return true;
	return complain(f, "in the streams' directory are%s", names);
}

static bool is_settled(struct play *s, struct finding *f)
{
	return producer_is_alone_with_the_honest(s, f) && memory_is_only_the_newest(s, f) &&
	       (!s->first.known || nobody_has_more(s, f)) && only_two_files_are_there(f);
}

void play_settle(struct play *s)
{
	struct finding f;
	cast_say("what those who are gone leave");
	for (uint32_t i = HONEST; i < s->viewers; i++) {
		if (!s->viewer[i].pid)
			continue;
		if (play_below(s, 2))
			play_kill(s, &s->viewer[i]);
		else
			cast_end(&s->viewer[i]);
	}
	play_await_honest(s);
	CAST_AWAIT(is_settled(s, &f), "%s", f.text);
	if (!s->first.known) {
		play_change_formats(s, WARM_UP_CHANGES);
		play_await_honest(s);
		CAST_AWAIT(is_settled(s, &f), "%s", f.text);
		s->first = look(s);
	}
}

void play_close(struct play *s)
{
	char names[200];
	play_settle(s);
	cast_say("the end");
	cast_end(s->producer);
	if (traces_files(scratch_directory(), names, sizeof(names)) != 0)
		cast_fail("after the producer's end there are left:%s", names);
	for (int i = 0; i < HONEST; i++)
		cast_end(&s->viewer[i]);
	if (!cast_is_empty())
		cast_fail("a process is left");
	CAST_AWAIT(traces_shmem_kib() <= s->shmem_kib + SHMEM_TOLERANCE_KIB,
	    "the system has %ld KiB of shared memory, it had %ld (or did something else begin?)", traces_shmem_kib(),
	    s->shmem_kib);
}
