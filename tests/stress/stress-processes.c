// SPDX-License-Identifier: MIT
/*
 * The whole library between real processes, flat out: a producer, a viewer that polls, one that sleeps between frames,
 * and one that holds three frames at a time. The producer has one core, the viewers another. Every word of every frame
 * is checked when it is leased and again before it is released; sequences must rise, and the last one seen must be the
 * last published.
 */
#include "clock.h"
#include "scratch.h"
#include "tripool.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAMES ROUNDS
#define VIEWERS 3
#define HELD 3

struct report {
	uint64_t leased, wrong, last, skipped;
};

static void fill(uint8_t *memory, size_t size, uint64_t sequence)
{
	uint64_t *word = (uint64_t *)(void *)memory;
	for (size_t i = 0; i < size / sizeof(*word); i++)
		word[i] = sequence * 0x9e3779b97f4a7c15u + i;
}

static uint64_t wrong_words(const struct tripool_frame *f)
{
	const uint64_t *word = (const uint64_t *)(const void *)f->memory;
	uint64_t wrong = 0;
	for (size_t i = 0; i < f->format->size_bytes / sizeof(*word); i++)
		wrong += word[i] != f->sequence * 0x9e3779b97f4a7c15u + i;
	return wrong;
}

static void let_go(struct tripool_viewer *v, struct tripool_frame *f, struct report *report)
{
	if (!f->lease)
		return;
	report->wrong += wrong_words(f);
	tripool_viewer_release(v, f);
}

static void view(int kind, struct report *report)
{
	struct tripool_viewer_options o = {.name = "stress", .leases = kind == 2 ? HELD : 1, .client_name = "stress"};
	struct tripool_viewer *v;
	struct tripool_frame frame[HELD] = {{0}};
	struct tripool_error e;
	if (tripool_viewer_create(&v, &o, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		_exit(1);
	}
	unsigned seed = 1;
	for (unsigned empty = 0;;) {
		struct tripool_frame *f = &frame[kind == 2 ? rand_r(&seed) % HELD : 0];
		let_go(v, f, report);
		int r = tripool_viewer_acquire(v, f);
		if (r == 0) {
			report->wrong += wrong_words(f) + (f->sequence <= report->last);
			report->last = f->sequence;
			report->leased++;
			if (kind != 2)
				let_go(v, f, report);
		} else if (r == -EPIPE) {
			break;
		} else if (r != -EAGAIN) {
			fprintf(stderr, "acquire: %s\n", strerror(-r));
			report->wrong++;
			break;
		} else if (kind == 1) {
			if (tripool_viewer_wait(v, 20000) == 0) {
				fprintf(
				    stderr, "a wake-up was lost after frame %llu\n", (unsigned long long)report->last);
				report->wrong++;
				break;
			}
		} else if (++empty % 1024 == 0) {
			tripool_viewer_wait(v, 0);
		}
	}
	for (int i = 0; i < HELD; i++)
		let_go(v, &frame[i], report);
	struct tripool_viewer_stats stats;
	tripool_viewer_get_stats(v, &stats);
	report->skipped = stats.frames_skipped;
	tripool_viewer_destroy(v);
}

static int produce(void)
{
	struct tripool_format f = {.pix_fmt = "gray", .width_px = 64, .height_px = 16};
	struct tripool_producer_options o = {.name = "stress", .max_viewers = VIEWERS, .max_leases = 2 + HELD};
	struct tripool_producer *p;
	struct tripool_error e;
	if (tripool_format_layout(&f, &e) < 0 || tripool_producer_create(&p, &o, &f, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	int ready = 0;
	while (ready < VIEWERS) {
		ready = tripool_producer_dispatch(p);
		usleep(100);
	}
	struct tripool_producer_stats stats;
	for (uint64_t n = 1; n <= FRAMES; n++) {
		struct tripool_slot slot;
		if (tripool_producer_begin(p, &slot) < 0)
			return 1;
		fill(slot.memory, f.size_bytes, n);
		tripool_producer_publish(p, &slot, NULL);
	}
	tripool_producer_get_stats(p, &stats);
	printf("%llu frames published in %u slots of %u\n", (unsigned long long)stats.frames_published,
	    stats.slots_touched, stats.slots);
	tripool_producer_destroy(p);
	return stats.slots_touched > 2 + 2 + HELD;
}

int main(void)
{
	struct report *report =
	    mmap(NULL, sizeof(*report) * VIEWERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED || scratch_make() < 0)
		return 1;
	pid_t pid[VIEWERS];
	pin_to_core(0);
	for (int i = 0; i < VIEWERS; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			pin_to_core(1);
			/* The producer opens its door in a moment. */
			for (int tries = 0; tries < 10000 && access(scratch_directory(), R_OK) == 0; tries++) {
				char socket[PATH_MAX];
				snprintf(socket, sizeof(socket), "%s/stress.sock", scratch_directory());
				if (access(socket, F_OK) == 0)
					break;
				usleep(1000);
			}
			view(i, &report[i]);
			_exit(0);
		}
	}
	int failed = produce();
	for (int i = 0; i < VIEWERS; i++) {
		static const char *const kind[VIEWERS] = {"polling", "sleeping", "holding three"};
		int status;
		waitpid(pid[i], &status, 0);
		printf("%s: %llu leased, %llu skipped, last %llu, wrong %llu\n", kind[i],
		    (unsigned long long)report[i].leased, (unsigned long long)report[i].skipped,
		    (unsigned long long)report[i].last, (unsigned long long)report[i].wrong);
		failed |= status != 0 || report[i].wrong || report[i].last != FRAMES;
	}
	return failed | (scratch_remove() != 0);
}
