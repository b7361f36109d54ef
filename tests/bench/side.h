// SPDX-License-Identifier: MIT
/* The two sides of a measurement, each in its process, and what they share. */
#ifndef TRIPOOL_BENCH_SIDE_H
#define TRIPOOL_BENCH_SIDE_H

#include <semaphore.h>
#include <stdatomic.h>

#include "transport.h"

#define MOST_SAMPLES 65536
#define MOST_VIEWERS 16
#define WARM_UP_FRAMES 8 /* more than any transport has places for */

struct job {
	const struct transport *transport;
	uint32_t width_px, height_px;
	bool real;      /* every pixel is written and read; else the stamps alone */
	double hz;      /* 0: flat out */
	double seconds; /* of measuring */
	bool sleeping;  /* the viewer; else it polls */
	int viewers;    /* 1 to MOST_VIEWERS */
	/* Published when all viewers are there and before it is measured, so that no memory is touched for the first
	 * time then. */
	int warm_up_frames;
	/* Sent by the producer to the last viewer in the middle of the measuring, at a rate, so that its figures count
	 * no more; 0: none. */
	int signal;
	/* How long a side may take to attach, and all of it beyond the time of measuring; a fifth of it to have the
	 * last frames, and to end. 0: 10. */
	double patience_s;
};

int64_t patience_ns(const struct job *job);
uint32_t viewers_that_count(const struct job *job);

/* What each side says when it cannot go on. */
struct complaint {
	char why[WHY_BYTES]; /* empty: none */
	int64_t when_ns;
};

/* Written by one side, read by the parent when that side has said that it is done. Mapped by all. */
struct producer_report {
	struct complaint complaint;
	uint64_t published; /* while it was measured */
	int64_t begin_ns, end_ns;
	int64_t cpu_ns, daemon_ns;
	uint64_t copied_bytes;
};

/*
 * Only of the frames that were published while it was measured. Each of them is received, in the end, or lost:
 * received + lost = published. One that comes after a later one is disordered and received, not lost; one that comes
 * a second time, or after 64 later ones, is disordered alone. One whose ends (in real use: any of whose pixels) are not
 * of one frame is torn, and counts as the frame that its head names, where that can be.
 */
struct viewer_report {
	struct complaint complaint;
	uint64_t received, lost, torn, disordered;
	int64_t end_ns; /* the last frame was there */
	/* From the first frame's release on, so for `received` - 1 frames. */
	int64_t cpu_ns;
	uint64_t copied_bytes;
	size_t samples;
	int64_t sample_ns[MOST_SAMPLES]; /* from publish to take's return */
};

struct control {
	/* By the producer, each before it publishes the frame that is named: so a viewer that has the frame has
	 * this, too, and may load it relaxed. UINT64_MAX: not yet. */
	_Alignas(128) _Atomic uint64_t first; /* sequence of the first frame that is measured */
	_Atomic uint64_t last;                /* likewise the last */
	_Atomic uint32_t signalled;           /* 1: the last viewer gets job.signal now, or has got it */
	/* by the viewers */
	_Alignas(128) _Atomic uint32_t attached; /* viewers that have had a frame */
	_Atomic uint32_t finished;               /* viewers that have had the last one, or one after it */
	/* by the parent */
	_Alignas(128) _Atomic uint32_t stop; /* 1: viewers end; 2: the producer ends, too */
	pid_t daemon, last_viewer;
	sem_t ready; /* by each side, once */
	sem_t begin; /* once for each side */
	sem_t done;  /* the producer's measuring is over and the viewers have had its last frame, or will not have it */
	struct producer_report producer;
	struct viewer_report viewer[MOST_VIEWERS];
};

/* Never return: exit status 0, or 1 with a complaint. */
_Noreturn void producer_side(const struct job *job, struct link *link, struct control *control);
_Noreturn void viewer_side(const struct job *job, struct link *link, struct control *control, int number);

#endif
