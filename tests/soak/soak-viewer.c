// SPDX-License-Identifier: MIT
/*
 * soak-viewer NAME INTERVAL [SECONDS]: views the newest frames of a stream, sleeping in between, and checks the CRC-32C
 * of each at the beginning and at the end of its lease. Each INTERVAL seconds it prints
 *
 *     frames skipped torn p50 p99
 *
 * of which the first three are sums, and the others say how long after it was published a frame was held, in
 * microseconds, in this interval ("nan": there was no frame). It ends by SIGTERM or after SECONDS; status 1 if a frame
 * was torn.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "distribution.h"
#include "tripool.h"

struct sums {
	uint64_t frames, torn;
	struct distribution latency; /* of this interval */
};

static volatile sig_atomic_t over;

static void end_is_wanted(int signal)
{
	(void)signal;
	over = 1;
}

static bool is_whole(const struct tripool_frame *f)
{
	return !(f->info.flags & TRIPOOL_FRAME_CRC32C) ||
	       tripool_crc32c(f->memory, f->info.bytes_used) == f->info.crc32c;
}

static void look_at(struct sums *s, const struct tripool_frame *f)
{
	distribution_add(&s->latency, tripool_now_ns() - f->publish_ns);
	s->frames++;
	s->torn += !is_whole(f) || !is_whole(f);
}

static void print(struct sums *s, const struct tripool_viewer *v)
{
	struct tripool_viewer_stats stats;
	tripool_viewer_get_stats(v, &stats);
	printf("%llu %llu %llu ", (unsigned long long)s->frames, (unsigned long long)stats.frames_skipped,
	    (unsigned long long)s->torn);
	if (s->latency.count == 0)
		puts("nan nan");
	else
		printf("%.1f %.1f\n", distribution_percentile_us(&s->latency, 50),
		    distribution_percentile_us(&s->latency, 99));
	distribution_clear(&s->latency);
}

/* One frame, or a sleep of at most timeout_ms. */
static int step(struct tripool_viewer *v, struct sums *s, int timeout_ms)
{
	struct tripool_frame frame;
	int r = tripool_viewer_acquire(v, &frame);
	if (r == 0) {
		look_at(s, &frame);
		tripool_viewer_release(v, &frame);
	} else if (r == -EAGAIN) {
		tripool_viewer_wait(v, timeout_ms);
	} else if (r == -EPIPE) {
		if (tripool_viewer_reconnect(v, NULL) < 0)
			tripool_viewer_wait(v, timeout_ms);
	} else if (r != -ESTALE) {
		fprintf(stderr, "soak-viewer: %s\n", strerror(-r));
		return r;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct sums sums;
	struct sigaction wanted = {.sa_handler = end_is_wanted};
	struct tripool_viewer_options o = {
	    .name = argc > 1 ? argv[1] : "", .client_name = "soak-viewer", .wait_for_producer = true};
	struct tripool_viewer *v;
	struct tripool_error e;
	double interval_s = argc > 2 ? atof(argv[2]) : 1, seconds = argc > 3 ? atof(argv[3]) : 1e9;
	sigaction(SIGTERM, &wanted, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (tripool_viewer_create(&v, &o, &e) < 0) {
		fprintf(stderr, "soak-viewer: %s\n", e.text);
		return 1;
	}
	int64_t begun_ns = tripool_now_ns(), next_ns = begun_ns;
	int r = 0;
	while (r == 0 && !over && (double)(tripool_now_ns() - begun_ns) < seconds * 1e9) {
		r = step(v, &sums, 100);
		if (tripool_now_ns() < next_ns + (int64_t)(interval_s * 1e9))
			continue;
		next_ns += (int64_t)(interval_s * 1e9);
		print(&sums, v);
	}
	print(&sums, v);
	tripool_viewer_destroy(v);
	return r < 0 || sums.torn > 0;
}
