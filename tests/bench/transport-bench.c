// SPDX-License-Identifier: MIT
/*
 * What the transport costs beside the least that two processes on this machine can do for one another. Everything is
 * measured in the same run, at the same rate, between the same two cores, in turns; what counts are the ratios.
 *
 *   hand-off  the clock stamped, one shared word stored; the other process spins on the word and reads the clock
 *   wake      the clock stamped, one shared word stored, an eventfd written; the other sleeps in poll on it
 */
#include "samples.h"
#include "scratch.h"
#include "tripool.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLLING_HZ 2000
#define SLEEPING_HZ 240
#define MOST_SAMPLES 4000
#define REPEATS 7
#define FRAMES_FLAT_OUT 2000000
#define LIMIT_S 600 /* it takes one or two minutes */

/* Between the two processes, beside what is measured. */
struct shared {
	_Alignas(128) _Atomic uint64_t word;
	int64_t stamp_ns;
	_Alignas(128) _Atomic uint32_t ready;
	_Atomic uint32_t stop;
	_Alignas(128) _Atomic uint64_t leases;
	size_t taken;
	int64_t sample[MOST_SAMPLES];
};

static struct shared *shared;

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "transport-bench: %s: %s\n", what, why);
	exit(1);
}

/* Nearly every loop here waits for the other process, which may have died. */
static char too_late[PATH_MAX + 200];

static void give_up(int signal)
{
	(void)signal;
	ssize_t written = write(STDERR_FILENO, too_late, strlen(too_late));
	_exit(written < 0 ? 2 : 1);
}

static void limit_time(void)
{
	snprintf(too_late, sizeof(too_late),
	    "transport-bench: not done after %d s: a viewer has died, or two cores are not to be had; %s stays\n",
	    LIMIT_S, scratch_directory());
	signal(SIGALRM, give_up);
	alarm(LIMIT_S);
}

/* ---- The other process ---- */

static pid_t start(void (*body)(void *), void *argument)
{
	atomic_store(&shared->word, 0);
	atomic_store(&shared->ready, 0);
	atomic_store(&shared->stop, 0);
	pid_t pid = fork();
	if (pid < 0)
		die("fork", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pin_to_core(1);
		body(argument);
		_exit(0);
	}
	return pid;
}

static void finish(pid_t pid)
{
	int status;
	waitpid(pid, &status, 0);
	if (status != 0)
		die("the other process", "did not end well");
}

struct job {
	size_t samples;
	bool sleeping;
	int wake_fd;
};

static void bare_viewer(void *argument)
{
	const struct job *job = argument;
	size_t taken = 0;
	atomic_store(&shared->ready, 1);
	for (uint64_t seen = 0; seen < job->samples;) {
		if (job->sleeping) {
			struct pollfd f = {.fd = job->wake_fd, .events = POLLIN};
			uint64_t count;
			poll(&f, 1, -1);
			shared->sample[taken] = now_ns() - shared->stamp_ns;
			if (read(job->wake_fd, &count, sizeof(count)) < 0)
				_exit(1);
		}
		uint64_t word = atomic_load(&shared->word);
		if (word != seen && !job->sleeping)
			shared->sample[taken] = now_ns() - shared->stamp_ns;
		taken += word != seen;
		seen = word;
	}
	shared->taken = taken;
}

static struct tripool_viewer *open_viewer(uint32_t leases)
{
	struct tripool_viewer_options o = {.name = "bench", .client_name = "bench", .leases = leases};
	struct tripool_viewer *v;
	struct tripool_error e;
	if (tripool_viewer_create(&v, &o, &e) < 0)
		die("viewer", e.text);
	return v;
}

static void tripool_viewer(void *argument)
{
	const struct job *job = argument;
	struct tripool_viewer *v = open_viewer(1);
	atomic_store(&shared->ready, 1);
	size_t n = 0;
	while (n < job->samples && !atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
		struct tripool_frame f;
		int r = tripool_viewer_acquire(v, &f);
		if (r == 0) {
			shared->sample[n++] = now_ns() - f.publish_ns;
			tripool_viewer_release(v, &f);
		} else if (r != -EAGAIN) {
			die("acquire", strerror(-r));
		} else if (job->sleeping) {
			tripool_viewer_wait(v, 100);
		}
	}
	shared->taken = n; /* a viewer that was kept off its core for a while skips frames */
	tripool_viewer_destroy(v);
}

/* ---- Latencies ---- */

static struct tripool_producer *open_producer(uint32_t width_px, uint32_t height_px)
{
	struct tripool_format format = {.pix_fmt = "nv12", .width_px = width_px, .height_px = height_px};
	struct tripool_producer_options o = {.name = "bench", .max_viewers = 16};
	struct tripool_producer *p;
	struct tripool_error e;
	if (tripool_format_layout(&format, &e) < 0 || tripool_producer_create(&p, &o, &format, &e) < 0)
		die("producer", e.text);
	return p;
}

static double bare(struct job *job, double hz, double *p99)
{
	job->wake_fd = eventfd(0, EFD_CLOEXEC);
	pid_t pid = start(bare_viewer, job);
	while (!atomic_load(&shared->ready))
		;
	int64_t next_ns = now_ns() + 5000000;
	for (uint64_t n = 1; n <= job->samples; n++) {
		sleep_until_ns(next_ns);
		next_ns += (int64_t)(1e9 / hz);
		shared->stamp_ns = now_ns();
		atomic_store(&shared->word, n);
		if (job->sleeping && eventfd_write(job->wake_fd, 1) < 0)
			die("eventfd", strerror(errno));
	}
	finish(pid);
	close(job->wake_fd);
	*p99 = quantile(shared->sample, shared->taken, 0.99);
	return quantile(shared->sample, shared->taken, 0.5);
}

static double transported(struct tripool_producer *p, struct job *job, double hz, double *p99)
{
	struct tripool_slot slot;
	pid_t pid = start(tripool_viewer, job);
	while (!atomic_load(&shared->ready))
		tripool_producer_dispatch(p);
	int64_t next_ns = now_ns() + 5000000;
	for (uint64_t n = 1; n <= job->samples; n++) {
		sleep_until_ns(next_ns);
		next_ns += (int64_t)(1e9 / hz);
		if (tripool_producer_begin(p, &slot) < 0)
			die("begin", "no slot");
		tripool_producer_publish(p, &slot, NULL);
	}
	sleep_until_ns(next_ns);
	atomic_store(&shared->stop, 1);
	finish(pid);
	while (tripool_producer_dispatch(p) > 0)
		;
	*p99 = quantile(shared->sample, shared->taken, 0.99);
	return quantile(shared->sample, shared->taken, 0.5);
}

static void say_latency(
    const char *name, double bare_ns[], double bare_p99[], double ours_ns[], double ours_p99[], double at_most)
{
	double ratio[REPEATS];
	for (int i = 0; i < REPEATS; i++)
		ratio[i] = ours_ns[i] / bare_ns[i];
	double middle = median(ratio, REPEATS);
	printf("%-44s %9.0f ns %9.0f ns   %9.0f %9.0f   %5.2f (%.2f to %.2f, at most %.2f)\n", name,
	    median(bare_ns, REPEATS), median(ours_ns, REPEATS), median(bare_p99, REPEATS), median(ours_p99, REPEATS),
	    middle, ratio[0], ratio[REPEATS - 1], at_most);
}

static void measure_latencies(struct tripool_producer *p)
{
	printf("%-44s %12s %12s   %9s %9s   %s\n", "publish to lease", "bare p50", "tripool p50", "bare p99",
	    "ours p99", "ratio of p50: median (spread over repeats)");
	for (int sleeping = 0; sleeping < 2; sleeping++) {
		struct job job = {.samples = sleeping ? 300 : 2000, .sleeping = sleeping != 0};
		double hz = sleeping ? SLEEPING_HZ : POLLING_HZ;
		double b[REPEATS], b99[REPEATS], t[REPEATS], t99[REPEATS];
		for (int i = 0; i < REPEATS; i++) {
			b[i] = bare(&job, hz, &b99[i]);
			t[i] = transported(p, &job, hz, &t99[i]);
		}
		say_latency(sleeping ? "sleeping viewer (bare: eventfd wake), 240/s"
				     : "polling viewer (bare: hand-off), 2000/s",
		    b, b99, t, t99, sleeping ? 1.15 : 1.25);
	}
}

static void measure_sizes(struct tripool_producer *vga)
{
	struct job job = {.samples = 2000};
	double small[REPEATS], large[REPEATS], ratio[REPEATS], p99;
	/* One stream at a time has the name. */
	for (int i = 0; i < REPEATS; i++) {
		struct tripool_format f = {.pix_fmt = "nv12", .width_px = 640, .height_px = 480};
		struct tripool_error e;
		tripool_format_layout(&f, NULL);
		if (tripool_producer_set_format(vga, &f, &e) < 0)
			die("640x480", e.text);
		small[i] = transported(vga, &job, POLLING_HZ, &p99);
		f = (struct tripool_format){.pix_fmt = "nv12", .width_px = 3840, .height_px = 2160};
		tripool_format_layout(&f, NULL);
		if (tripool_producer_set_format(vga, &f, &e) < 0)
			die("3840x2160", e.text);
		large[i] = transported(vga, &job, POLLING_HZ, &p99);
		ratio[i] = large[i] / small[i];
	}
	double middle = median(ratio, REPEATS);
	printf("640x480 against 3840x2160, polling: %.0f ns, %.0f ns, ratio %.2f (%.2f to %.2f, at most 1.10)\n",
	    median(small, REPEATS), median(large, REPEATS), middle, ratio[0], ratio[REPEATS - 1]);
}

/* ---- Flat out ---- */

static void greedy_viewer(void *argument)
{
	(void)argument;
	struct tripool_viewer *v = open_viewer(1);
	uint64_t leases = 0;
	atomic_store(&shared->leases, 0);
	atomic_store(&shared->ready, 1);
	while (!atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
		struct tripool_frame f;
		if (tripool_viewer_acquire(v, &f) == 0) {
			tripool_viewer_release(v, &f);
			atomic_store_explicit(&shared->leases, ++leases, memory_order_release);
		}
	}
	tripool_viewer_destroy(v);
}

/* Leases one frame and keeps it, as the most trying of viewers that cost no processor time. */
static void holding_viewer(void *argument)
{
	(void)argument;
	struct tripool_viewer *v = open_viewer(1);
	struct tripool_frame f;
	(void)tripool_viewer_acquire(v, &f);
	atomic_fetch_add(&shared->ready, 1);
	pause();
}

/* Nanoseconds a frame, and in *failures how often begin found no slot. In turns: the next frame is begun when the
 * viewer has leased this one and released it. */
static double publish_all(struct tripool_producer *p, uint64_t frames, bool in_turns, uint64_t *failures)
{
	int64_t begin_ns = now_ns();
	uint64_t before = atomic_load(&shared->leases);
	for (uint64_t n = before + 1; n <= before + frames; n++) {
		struct tripool_slot slot;
		if (tripool_producer_begin(p, &slot) < 0)
			++*failures;
		else
			tripool_producer_publish(p, &slot, NULL);
		while (in_turns && atomic_load_explicit(&shared->leases, memory_order_acquire) < n)
			;
	}
	return (double)(now_ns() - begin_ns) / (double)frames;
}

/* Millions a second. */
static void with_a_greedy_viewer(
    struct tripool_producer *p, bool in_turns, double *published, double *leased, uint64_t *failures)
{
	pid_t pid = start(greedy_viewer, NULL);
	while (!atomic_load(&shared->ready))
		tripool_producer_dispatch(p);
	publish_all(p, 1, false, failures);
	sleep_until_ns(now_ns() + 5000000); /* it has leased that by now, and nothing else is left for it */
	double ns = publish_all(p, FRAMES_FLAT_OUT, in_turns, failures);
	atomic_store(&shared->stop, 1);
	finish(pid);
	while (tripool_producer_dispatch(p) > 0)
		;
	*published = 1e3 / ns;
	*leased = (double)shared->leases / (ns * FRAMES_FLAT_OUT) * 1e3;
}

static void measure_rounds(struct tripool_producer *p)
{
	double rounds[REPEATS], published[REPEATS], leased[REPEATS];
	uint64_t failures = 0;
	for (int i = 0; i < REPEATS; i++) {
		with_a_greedy_viewer(p, true, &rounds[i], &leased[i], &failures);
		with_a_greedy_viewer(p, false, &published[i], &leased[i], &failures);
	}
	printf("rounds of publish, acquire, release, one after the other: %.2f million a second (at least 2)\n",
	    median(rounds, REPEATS));
	printf(
	    "neither waiting for the other: %.2f million published, %.2f million leased and released a second, begin "
	    "failed %llu times\n",
	    median(published, REPEATS), median(leased, REPEATS), (unsigned long long)failures);
}

static void measure_viewers(struct tripool_producer *p)
{
	static const int counts[] = {1, 2, 4, 8, 16};
	double cost[5][REPEATS], per_viewer[REPEATS];
	uint64_t failures = 0;
	for (int i = 0; i < REPEATS; i++) {
		pid_t pid[16];
		int viewers = 0;
		atomic_store(&shared->ready, 0);
		for (int c = 0; c < 5; c++) {
			for (; viewers < counts[c]; viewers++) {
				uint32_t ready = atomic_load(&shared->ready);
				uint64_t ignored = 0;
				pid[viewers] = fork();
				if (pid[viewers] == 0) {
					prctl(PR_SET_PDEATHSIG, SIGKILL);
					holding_viewer(NULL);
				}
				while (atomic_load(&shared->ready) == ready)
					publish_all(p, 1, false, &ignored);
			}
			cost[c][i] = publish_all(p, FRAMES_FLAT_OUT / 4, false, &failures);
		}
		for (int v = 0; v < viewers; v++) {
			kill(pid[v], SIGKILL);
			waitpid(pid[v], NULL, 0);
		}
		while (tripool_producer_dispatch(p) > 0)
			;
		per_viewer[i] = (cost[4][i] - cost[0][i]) / 15;
	}
	printf("a frame costs the producer, with viewers that hold a frame each:");
	for (int c = 0; c < 5; c++)
		printf(" %d: %.0f ns%s", counts[c], median(cost[c], REPEATS), c < 4 ? "," : "");
	printf("\neach further viewer: %.1f ns (at most 30), begin failed %llu times\n", median(per_viewer, REPEATS),
	    (unsigned long long)failures);
}

static void say_memory(const struct tripool_producer *p, const char *when)
{
	struct tripool_producer_stats s;
	tripool_producer_get_stats(p, &s);
	printf("slots touched %s: %u; resident: %.1f MB\n", when, s.slots_touched, (double)s.pool_resident_bytes / 1e6);
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("shared memory", strerror(errno));
	if (scratch_make() < 0)
		return 1;
	limit_time();
	setvbuf(stdout, NULL, _IOLBF, 0);
	pin_to_core(0);
	struct tripool_producer *p = open_producer(1920, 1080);
	measure_latencies(p);
	measure_rounds(p);
	say_memory(p, "with one viewer at a time");
	measure_viewers(p);
	say_memory(p, "with 16 viewers that held a frame each");
	measure_sizes(p);
	tripool_producer_destroy(p);
	return scratch_remove() == 0 ? 0 : 1;
}
