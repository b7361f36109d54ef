// SPDX-License-Identifier: MIT
/*
 * What a producer may say and do to a viewer: a real one, whose producer is an impostor. When the viewer would wait for
 * it, the impostor's next steps are taken, so that both live in one thread. Every byte of a frame that the viewer is
 * given is read.
 */
#include "harness.h"
#include "impostor.h"
#include "input.h"
#include "packets.h"
#include "place.h"
#include "viewer.h"
#include "waiting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ATTACHED, REFUSED, MUTE, NEWEST, EVERY, GENERATIONS, OLDER, LOST, AGAIN, BUSY, PACKETS };
static struct fuzz_goal goal[] = {[ATTACHED] = {"attached", 0},
    [REFUSED] = {"refused", 0},
    [MUTE] = {"not-answered", 0},
    [NEWEST] = {"newest-frames", 0},
    [EVERY] = {"queued-frames", 0},
    [GENERATIONS] = {"new-generations", 0},
    [OLDER] = {"frames-of-older-pools-kept", 0},
    [LOST] = {"producers-lost", 0},
    [AGAIN] = {"reconnects", 0},
    [BUSY] = {"all-leases-in-use", 0},
    [PACKETS] = {"packets-taken", 0},
    {NULL, 0}};

#define MOST_FRAMES 20 /* more than leases: those of older pools do not count */

static int directory, lock, listener;

static struct stage {
	struct input in;
	struct impostor impostor;
	struct tripool_viewer *viewer;
	bool every;
	uint64_t seen; /* the highest sequence of this producer */
	struct tripool_frame frame[MOST_FRAMES];
	uint32_t frames;
} s;

static void check_log(void *context, enum tripool_log_level level, const char *text)
{
	(void)context;
	(void)level;
	CHECK(fuzz_is_printable(text));
}

/* All that a viewer's user may rely on. */
static void read_frame(const struct tripool_frame *frame)
{
	const struct tripool_format *f = frame->format;
	const struct tripool_mapping *m = ((const struct tripool_lease *)frame->lease)->mapping;
	const uint8_t *pool = (const uint8_t *)m->header;
	CHECK(f == &m->shape.format && tripool_format_check(f, NULL) == 0);
	CHECK(frame->memory >= pool + sizeof(struct tripool_header));
	CHECK((uint64_t)(frame->memory - pool) <= m->shape.pool_bytes - f->size_bytes);
	CHECK(frame->info.bytes_used > 0 && frame->info.bytes_used <= f->size_bytes);
	CHECK(!(frame->info.flags & TRIPOOL_FLAG_MORE) && frame->sequence > 0);
	for (uint32_t p = 0; p < f->plane_count; p++)
		CHECK(frame->plane[p] == frame->memory + f->offset_bytes[p]);
	fuzz_read_all(frame->memory, f->size_bytes + 64);
}

/* One lease is one frame. */
static void check_frames(void)
{
	const struct tripool_format *f = tripool_viewer_format(s.viewer);
	CHECK(!f || tripool_format_check(f, NULL) == 0);
	for (uint32_t i = 0; i < s.frames; i++)
		for (uint32_t j = 0; j < i; j++)
			CHECK(s.frame[i].lease != s.frame[j].lease);
}

static void acquire(void)
{
	struct tripool_frame frame;
	if (s.frames == MOST_FRAMES)
		return;
	int r = tripool_viewer_acquire(s.viewer, &frame);
	CHECK(r == 0 || r == -EAGAIN || r == -ESTALE || r == -EPIPE || r == -EBUSY || r == -EPROTO);
	goal[GENERATIONS].times += r == -ESTALE;
	goal[BUSY].times += r == -EBUSY;
	goal[OLDER].times += s.viewer->older != NULL;
	if (r < 0)
		return;
	CHECK(frame.sequence > s.seen || (!s.every && frame.sequence == s.seen));
	s.seen = frame.sequence;
	s.frame[s.frames++] = frame;
	read_frame(&frame);
	goal[s.every ? EVERY : NEWEST].times++;
}

static void release(void)
{
	uint32_t index = input_digit(&s.in, MOST_FRAMES);
	if (index >= s.frames)
		return;
	read_frame(&s.frame[index]); /* still there */
	tripool_viewer_release(s.viewer, &s.frame[index]);
	tripool_viewer_release(s.viewer, &s.frame[index]); /* ignored */
	s.frame[index] = s.frame[--s.frames];
}

static void check_attached(int r, const struct tripool_error *error)
{
	CHECK(r <= 0 && (r == 0 || (error->text[0] && fuzz_is_printable(error->text))));
	CHECK(r == 0 || r == -EAGAIN || r == -ECONNREFUSED || r == -EPROTO || r == -EPROTONOSUPPORT ||
	      r == -ETIMEDOUT || r == -EALREADY);
	goal[ATTACHED].times += r == 0;
	goal[REFUSED].times += r == -ECONNREFUSED;
	goal[MUTE].times += r == -ETIMEDOUT;
	if (r == 0)
		s.seen = 0;
}

static void reconnect(void)
{
	struct tripool_error error = {""};
	int r = tripool_viewer_reconnect(s.viewer, &error);
	check_attached(r, &error);
	goal[AGAIN].times += r == 0;
}

static const char viewer_steps[] = "arwycz";

static void viewer_step(char step)
{
	switch (step) {
	case 'a':
		acquire();
		break;
	case 'r':
		release();
		break;
	case 'w':
		(void)tripool_viewer_wait(s.viewer, 10);
		break;
	case 'y':
		(void)tripool_viewer_arm(s.viewer);
		break;
	case 'c':
		reconnect();
		break;
	case 'z':
		tripool_viewer_rewind(s.viewer);
		break;
	}
}

/* The viewer would sleep. */
static bool meanwhile(void)
{
	if (s.in.left == 0 || !strchr(IMPOSTOR_STEPS, *s.in.at))
		return false;
	impostor_step(&s.impostor, input_choice(&s.in, IMPOSTOR_STEPS), &s.in);
	return true;
}

static void play(void)
{
	char steps[sizeof(IMPOSTOR_STEPS) + sizeof(viewer_steps)];
	strcat(strcpy(steps, IMPOSTOR_STEPS), viewer_steps);
	while (s.in.left > 0) {
		char step = input_choice(&s.in, steps);
		bool connected = tripool_viewer_connected(s.viewer);
		if (strchr(IMPOSTOR_STEPS, step))
			impostor_step(&s.impostor, step, &s.in);
		else
			viewer_step(step);
		goal[LOST].times += connected && !tripool_viewer_connected(s.viewer);
		check_frames();
	}
}

static void unlisten(void)
{
	tripool_place_unlisten(directory, "t", lock);
	tripool_place_unlock(directory, "t", lock);
}

void fuzz_begin(void)
{
	fuzz_set_goals(goal);
	fuzz_make_directory();
	directory = tripool_place_open(true, NULL);
	lock = tripool_place_lock(directory, "t", NULL);
	CHECK(lock >= 0);
	listener = tripool_place_listen(directory, "t", 0600, NULL, NULL);
	CHECK(listener >= 0);
	atexit(unlisten);
}

static void try_viewer(bool every)
{
	struct tripool_error error = {""};
	s.every = every;
	struct tripool_viewer_options o = {.name = "t", .every = s.every, .log = check_log};
	o.leases = 1 + input_digit(&s.in, TRIPOOL_MAX_LEASES);
	o.wait_for_producer = input_choice(&s.in, "iw") == 'w';
	impostor_init(&s.impostor, listener, o.leases);
	int r = tripool_viewer_create(&s.viewer, &o, &error);
	if (r < 0 || tripool_viewer_connected(s.viewer))
		check_attached(r, &error);
	if (r == 0)
		play();
	tripool_viewer_destroy(s.viewer);
	impostor_finish(&s.impostor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fds = fuzz_count_fds();
	s = (struct stage){.in = {data, size}};
	waiting_begin(meanwhile);
	char mode = input_choice(&s.in, "nep");
	if (mode == 'p')
		goal[PACKETS].times += packets_try(&s.in);
	else
		try_viewer(mode == 'e');
	CHECK(fuzz_count_fds() == fds);
	return 0;
}
