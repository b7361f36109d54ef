// SPDX-License-Identifier: MIT
#include "bandwidth.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "pixels.h"
#include "transport.h"

#define BUFFERS 3
#define CORES 2
#define PAGE_BYTES 4096
#define EXTRA_S 30 /* to have the memory, to touch it, to be kept from a core */

struct report {
	struct bandwidth figures;
	char why[WHY_BYTES];
};

struct rig {
	size_t bytes;
	int64_t part_ns; /* for each figure */
	uint8_t *frame[CORES][BUFFERS];
	_Alignas(128) _Atomic uint32_t ready;
	_Alignas(128) _Atomic uint64_t written; /* frames handed over, by the writer */
	_Atomic uint64_t last;                  /* likewise: how many there will be */
	_Alignas(128) _Atomic uint64_t checked; /* frames given back, by the reader */
};

/* What one core is to do, and what came of it. */
struct work {
	struct rig *rig;
	int core;
	void (*body)(struct work *work);
	void (*operation)(struct work *work, int buffer);
	uint64_t ahead; /* frames that the writer may be */
	uint64_t frames, wrong;
	int64_t begin_ns, end_ns, reading_ns;
};

/* ---- Two cores ---- */

static void *at_work(void *argument)
{
	struct work *work = argument;
	pin_to_core(work->core);
	atomic_fetch_add(&work->rig->ready, 1); /* with the load below: they begin together */
	while (atomic_load(&work->rig->ready) < CORES)
		;
	work->body(work);
	return NULL;
}

static void on_two_cores(struct work work[CORES])
{
	pthread_t thread;
	atomic_store(&work[0].rig->ready, 0);
	int r = pthread_create(&thread, NULL, at_work, &work[1]);
	if (r != 0)
		_exit(r);
	at_work(&work[0]);
	pthread_join(thread, NULL);
}

/* ---- One operation again and again ---- */

static void set(struct work *work, int buffer)
{
	memset(work->rig->frame[work->core][buffer], (int)work->frames, work->rig->bytes);
}

static void copy(struct work *work, int buffer)
{
	uint8_t **frame = work->rig->frame[work->core];
	memcpy(frame[(buffer + 1) % BUFFERS], frame[buffer], work->rig->bytes);
}

static void look(struct work *work, int buffer)
{
	work->wrong += !pixels_are(work->rig->frame[work->core][buffer], work->rig->bytes, (uint64_t)buffer);
}

static void again_and_again(struct work *work)
{
	work->begin_ns = work->end_ns = now_ns();
	while (work->end_ns - work->begin_ns < work->rig->part_ns) {
		work->operation(work, (int)(work->frames++ % BUFFERS));
		work->end_ns = now_ns();
	}
}

static double gbs(const struct work *work)
{
	return (double)work->frames * (double)work->rig->bytes / (double)(work->end_ns - work->begin_ns);
}

static void measure_operation(struct rig *rig, void (*operation)(struct work *, int), double *one, double *two)
{
	struct work alone = {.rig = rig, .operation = operation};
	again_and_again(&alone);
	*one = gbs(&alone);
	struct work both[CORES];
	for (int core = 0; core < CORES; core++)
		both[core] = (struct work){.rig = rig, .core = core, .body = again_and_again, .operation = operation};
	on_two_cores(both);
	*two = gbs(&both[0]) + gbs(&both[1]);
}

/* ---- One writes, the other reads ---- */

static void write_in_turn(struct work *work)
{
	struct rig *rig = work->rig;
	work->begin_ns = now_ns();
	for (uint64_t n = 1;; n++) {
		/* acquire: with the reader's release; it has done with that frame */
		while (n - atomic_load_explicit(&rig->checked, memory_order_acquire) > work->ahead)
			;
		pixels_write(rig->frame[0][n % BUFFERS], rig->bytes, n);
		bool over = now_ns() - work->begin_ns >= rig->part_ns;
		if (over) /* relaxed: the store below publishes it, too */
			atomic_store_explicit(&rig->last, n, memory_order_relaxed);
		/* release: with the reader's acquire; the frame is whole */
		atomic_store_explicit(&rig->written, n, memory_order_release);
		if (over)
			return;
	}
}

static void read_in_turn(struct work *work)
{
	struct rig *rig = work->rig;
	uint64_t n = 0;
	/* relaxed: `last` was stored before the frame that it names was handed over */
	while (n < atomic_load_explicit(&rig->last, memory_order_relaxed)) {
		n++;
		while (atomic_load_explicit(&rig->written, memory_order_acquire) < n)
			;
		int64_t begin_ns = now_ns();
		work->wrong += !pixels_are(rig->frame[0][n % BUFFERS], rig->bytes, n);
		work->end_ns = now_ns();
		work->reading_ns += work->end_ns - begin_ns;
		atomic_store_explicit(&rig->checked, n, memory_order_release);
	}
	work->frames = n;
}

static void turns(struct rig *rig, uint64_t ahead, struct work both[CORES])
{
	atomic_store(&rig->written, 0);
	atomic_store(&rig->checked, 0);
	atomic_store(&rig->last, UINT64_MAX);
	both[0] = (struct work){.rig = rig, .core = 0, .body = write_in_turn, .ahead = ahead};
	both[1] = (struct work){.rig = rig, .core = 1, .body = read_in_turn};
	on_two_cores(both);
}

/* ---- The process ---- */

static uint64_t huge_bytes(void)
{
	char line[256];
	unsigned long long kib, sum = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "AnonHugePages: %llu", &kib) == 1 || sscanf(line, "ShmemPmdMapped: %llu", &kib) == 1)
			sum += kib;
	fclose(f);
	return sum * 1024;
}

static uint8_t *memory_of(enum bandwidth_memory kind, size_t bytes)
{
	if (kind == BANDWIDTH_PRIVATE)
		return aligned_alloc(PAGE_BYTES, bytes);
	int fd = memfd_create("tripool-bench", MFD_CLOEXEC);
	if (fd < 0)
		return NULL;
	void *p = MAP_FAILED;
	if (ftruncate(fd, (off_t)bytes) == 0)
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Never given back: the process ends with it. */
static int touch_memory(struct rig *rig, enum bandwidth_memory kind)
{
	size_t bytes = (rig->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	for (int i = 0; i < CORES * BUFFERS; i++) {
		uint8_t *p = memory_of(kind, bytes);
		if (!p)
			return errno;
		memset(p, 0, bytes);
		rig->frame[i / BUFFERS][i % BUFFERS] = p;
	}
	return 0;
}

static void fill(struct rig *rig)
{
	for (int i = 0; i < CORES * BUFFERS; i++)
		pixels_write(rig->frame[i / BUFFERS][i % BUFFERS], rig->bytes, (uint64_t)(i % BUFFERS));
}

static _Noreturn void measuring(struct rig *rig, enum bandwidth_memory kind, struct report *report)
{
	struct bandwidth *b = &report->figures;
	struct work both[CORES];
	pin_to_core(0);
	int error = touch_memory(rig, kind);
	if (error != 0) {
		snprintf(report->why, WHY_BYTES, "six frames of %zu bytes: %s", rig->bytes, strerror(error));
		_exit(error);
	}
	measure_operation(rig, set, &b->memset_gbs, &b->memset_two_gbs);
	measure_operation(rig, copy, &b->memcpy_gbs, &b->memcpy_two_gbs);
	fill(rig);
	measure_operation(rig, look, &b->read_gbs, &b->read_two_gbs);
	turns(rig, 1, both);
	b->read_other_gbs = (double)both[1].frames * (double)rig->bytes / (double)both[1].reading_ns;
	b->wrong = both[1].wrong;
	turns(rig, BUFFERS, both);
	b->turns = both[1].frames;
	b->turns_fps = (double)b->turns * 1e9 / (double)(both[1].end_ns - both[0].begin_ns);
	b->wrong += both[1].wrong;
	b->huge_bytes = huge_bytes();
	_exit(0);
}

/* Returns 0, or an errno. */
static int await(pid_t pid, int64_t late_ns, char *why)
{
	int status;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ns() > late_ns) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			snprintf(why, WHY_BYTES, "the memory's figures took too long");
			return ETIMEDOUT;
		}
		sleep_until_ns(now_ns() + 10000000);
	}
	if (WIFSIGNALED(status)) {
		snprintf(why, WHY_BYTES, "what measured the memory was killed by signal %d (out of memory?)",
		    WTERMSIG(status));
		return ECHILD;
	}
	return WEXITSTATUS(status);
}

int bandwidth_measure(
    size_t frame_bytes, double seconds, enum bandwidth_memory memory, struct bandwidth *out, char *why)
{
	struct rig rig = {.bytes = frame_bytes, .part_ns = (int64_t)(seconds * 1e9)};
	struct report *report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED) {
		int r = -errno;
		snprintf(why, WHY_BYTES, "mmap: %s", strerror(-r));
		return r;
	}
	fflush(NULL);
	why[0] = 0;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		measuring(&rig, memory, report);
	}
	int error = pid < 0 ? errno : await(pid, now_ns() + (int64_t)((seconds * 8 + EXTRA_S) * 1e9), why);
	if (error == 0)
		*out = report->figures;
	else if (report->why[0])
		memcpy(why, report->why, WHY_BYTES);
	else if (!why[0])
		snprintf(why, WHY_BYTES, "measuring the memory: %s", strerror(error));
	munmap(report, sizeof(*report));
	return -error;
}
