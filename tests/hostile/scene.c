// SPDX-License-Identifier: MIT
#include "scene.h"

#include "attack.h"
#include "clock.h"
#include "scratch.h"

#include <errno.h>
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

#define PATIENCE_NS INT64_C(30000000000)
#define STAMP_BYTES 64

static uint64_t word_of(uint64_t sequence, size_t at)
{
	return sequence * UINT64_C(0x9e3779b97f4a7c15) + at;
}

static size_t words(const struct scene *s, uint64_t bytes)
{
	return (s->options.stamps && bytes > STAMP_BYTES ? STAMP_BYTES : bytes) / sizeof(uint64_t);
}

static struct tripool_format format_of(const struct scene_options *o, uint32_t change)
{
	struct tripool_format f = {.width_px = o->width_px + change % 2 * 2, .height_px = o->height_px};
	snprintf(f.pix_fmt, sizeof(f.pix_fmt), "%s", o->pix_fmt);
	tripool_format_layout(&f, NULL);
	return f;
}

/* ---- The producer ---- */

static int64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void count_cpu(struct scene *s, int64_t ns)
{
	if (!atomic_load(&s->sample))
		return;
	atomic_fetch_add(&s->cpu_ns, ns);
	atomic_fetch_add(&s->cpu_frames, 1);
	if (ns > atomic_load(&s->longest_cpu_ns))
		atomic_store(&s->longest_cpu_ns, ns);
}

static void one_frame(struct scene *s, struct tripool_producer *p, uint64_t size_bytes)
{
	struct tripool_slot slot;
	int64_t began_ns = tripool_now_ns(), cpu_began_ns = cpu_ns();
	if (tripool_producer_begin(p, &slot) < 0) {
		atomic_fetch_add(&s->failures, 1);
		return;
	}
	int64_t took_ns = tripool_now_ns() - began_ns, begin_cpu_ns = cpu_ns() - cpu_began_ns;
	if (took_ns > atomic_load(&s->longest_begin_ns))
		atomic_store(&s->longest_begin_ns, took_ns);
	uint64_t *word = (uint64_t *)(void *)slot.memory, sequence = tripool_producer_sequence(p) + 1;
	/* All of it, as a source would: what the door had to do is over when the frame is published. */
	for (size_t i = 0; i < size_bytes / sizeof(*word); i++)
		word[i] = word_of(sequence, i);
	cpu_began_ns = cpu_ns();
	if (tripool_producer_publish(p, &slot, NULL) < 0)
		atomic_fetch_add(&s->failures, 1);
	count_cpu(s, begin_cpu_ns + cpu_ns() - cpu_began_ns);
	atomic_store(&s->published, tripool_producer_sequence(p));
}

static void tell(struct scene *s, const struct tripool_producer *p)
{
	struct tripool_producer_stats stats;
	struct tripool_pool_memory m;
	tripool_producer_get_stats(p, &stats);
	tripool_producer_memory(p, &m);
	atomic_store(&s->resident_bytes, stats.pool_resident_bytes);
	atomic_store(&s->pool_bytes, m.offset_bytes + m.slot_bytes * m.slots);
	atomic_store(&s->viewers, stats.viewers);
}

static void change(struct scene *s, struct tripool_producer *p, struct tripool_format *format)
{
	uint32_t changed = atomic_load(&s->changed) + 1;
	*format = format_of(&s->options, changed);
	if (tripool_producer_set_format(p, format, NULL) < 0)
		atomic_fetch_add(&s->failures, 1);
	atomic_store(&s->changed, changed);
}

static void produce(struct scene *s)
{
	/* So few fds, open or under way, that a second is enough to use them up. */
	struct rlimit few = {256, 256};
	setrlimit(RLIMIT_NOFILE, &few);
	struct tripool_format format = format_of(&s->options, 0);
	struct tripool_producer_options o = {.name = SCENE_STREAM,
	    .max_viewers = s->options.max_viewers,
	    .max_leases = s->options.max_leases,
	    .socket_mode = 0666,
	    .lossless = s->options.lossless,
	    .stall_ms = SCENE_STALL_MS};
	struct tripool_producer *p;
	struct tripool_error e;
	if (tripool_producer_create(&p, &o, &format, &e) < 0) {
		fprintf(stderr, "producer: %s\n", e.text);
		_exit(1);
	}
	int64_t period_ns = (int64_t)(1e9 / s->options.hz), next_ns = tripool_now_ns();
	uint64_t changed_at = 0; /* the last frame of the format before */
	for (int order; (order = atomic_load(&s->order)) != SCENE_END;) {
		if (order == SCENE_GO_ON)
			one_frame(s, p, format.size_bytes);
		else
			tripool_producer_dispatch(p);
		/* Not before the viewer has this format: frames of one that is replaced before their turn are skipped.
		 */
		if (order == SCENE_GO_ON && atomic_load(&s->changes) != atomic_load(&s->changed) &&
		    atomic_load(&s->last) > changed_at) {
			change(s, p, &format);
			changed_at = tripool_producer_sequence(p);
		}
		tell(s, p);
		atomic_store(&s->silent, order == SCENE_FALL_SILENT);
		next_ns += period_ns;
		int64_t now_ns = tripool_now_ns();
		if (next_ns < now_ns)
			next_ns = now_ns;
		struct timespec t = {.tv_sec = next_ns / 1000000000, .tv_nsec = next_ns % 1000000000};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	}
	tripool_producer_destroy(p);
	_exit(0);
}

/* ---- The honest viewer ---- */

static bool is_whole(const struct scene *s, const struct tripool_frame *f)
{
	const uint64_t *word = (const uint64_t *)(const void *)f->memory;
	for (size_t i = 0; i < words(s, f->format->size_bytes); i++)
		if (word[i] != word_of(f->sequence, i))
			return false;
	return true;
}

static void look_at(struct scene *s, struct tripool_viewer *v, struct tripool_frame *f)
{
	int64_t latency_ns = tripool_now_ns() - f->publish_ns;
	uint64_t last = atomic_load(&s->last), n = atomic_load(&s->taken);
	size_t samples = atomic_load(&s->samples);
	if (atomic_load(&s->sample) && samples < SCENE_SAMPLES) {
		s->sample_ns[samples] = latency_ns;
		atomic_store(&s->samples, samples + 1);
	}
	bool whole = is_whole(s, f);
	if (!s->options.stamps && n % 8 == 0) /* some are held while others are published */
		usleep(5000);
	whole &= is_whole(s, f);
	if (!whole)
		atomic_fetch_add(&s->wrong, 1);
	if (f->sequence <= last)
		atomic_fetch_add(&s->disordered, 1);
	if (last && f->sequence > last + 1)
		atomic_fetch_add(&s->missed, f->sequence - last - 1);
	tripool_viewer_release(v, f);
	atomic_store(&s->last, f->sequence);
	atomic_store(&s->taken, n + 1);
}

static void view(struct scene *s)
{
	struct tripool_viewer_options o = {
	    .name = SCENE_STREAM, .client_name = "honest", .every = s->options.lossless, .wait_for_producer = true};
	struct tripool_viewer *v;
	struct tripool_frame f;
	struct tripool_error e;
	if (tripool_viewer_create(&v, &o, &e) < 0) {
		fprintf(stderr, "viewer: %s\n", e.text);
		_exit(1);
	}
	while (atomic_load(&s->order) != SCENE_END) {
		int r = tripool_viewer_acquire(v, &f);
		if (r == 0) {
			look_at(s, v, &f);
		} else if (r == -EAGAIN) {
			tripool_viewer_wait(v, 100);
		} else if (r == -EPIPE && atomic_load(&s->taken) == 0) { /* the producer has not come yet */
			if (tripool_viewer_reconnect(v, &e) < 0)
				tripool_viewer_wait(v, 100);
		} else if (r != -ESTALE) {
			atomic_store(&s->error, r);
			usleep(1000);
		}
	}
	tripool_viewer_destroy(v);
	_exit(0);
}

/* ---- Both ---- */

static pid_t start(struct scene *s, void (*part)(struct scene *))
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (s->options.user != 0 && become(s->options.user) < 0)
			_exit(2);
		part(s);
		_exit(0);
	}
	return pid;
}

bool scene_wait(struct scene *s, bool (*reached)(const struct scene *scene))
{
	int64_t late_ns = tripool_now_ns() + PATIENCE_NS;
	while (!reached(s)) {
		if (tripool_now_ns() > late_ns)
			return false;
		usleep(2000);
	}
	return true;
}

static bool has_begun(const struct scene *s)
{
	return atomic_load(&s->taken) > 0;
}

int scene_make_directory(void)
{
	if (scratch_make() < 0)
		return -1;
	const char *path = scratch_directory();
	if (geteuid() != 0 || (chown(path, SCENE_USER, SCENE_USER) == 0 && chmod(path, 0755) == 0))
		return 0;
	perror(path);
	return -1;
}

struct scene *scene_begin(const struct scene_options *options)
{
	struct scene *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return NULL;
	s->options = *options;
	s->producer = start(s, produce);
	s->viewer = start(s, view);
	if (s->producer > 0 && s->viewer > 0 && scene_wait(s, has_begun))
		return s;
	fprintf(stderr, "the stream has not begun\n");
	scene_end(s);
	return NULL;
}

static int ended_badly(pid_t pid, const char *who)
{
	int status = 0;
	int64_t late_ns = tripool_now_ns() + PATIENCE_NS;
	if (pid <= 0)
		return 1;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (tripool_now_ns() > late_ns) {
			fprintf(stderr, "the %s hangs\n", who);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return 1;
		}
		usleep(2000);
	}
	if (status != 0)
		fprintf(stderr, "the %s ended with status %#x\n", who, (unsigned)status);
	return status != 0;
}

int scene_end(struct scene *s)
{
	atomic_store(&s->order, SCENE_END);
	int failed = ended_badly(s->viewer, "viewer") + ended_badly(s->producer, "producer");
	munmap(s, sizeof(*s));
	return failed;
}
