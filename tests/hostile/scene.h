// SPDX-License-Identifier: MIT
/* A stream that is attacked: its producer and an honest viewer, each a process of its own, and what they say of
 * themselves. */
#ifndef TRIPOOL_SCENE_H
#define TRIPOOL_SCENE_H

#include "tripool.h"

#include <stdatomic.h>
#include <sys/types.h>

#define SCENE_STREAM "prey"
#define SCENE_SAMPLES 65536
#define SCENE_STALL_MS 1000
/* Who they and their attackers are, where that can be chosen (by root). */
#define SCENE_USER 64000
#define SCENE_STRANGER 64001

struct scene_options {
	const char *pix_fmt;
	uint32_t width_px, height_px;
	double hz;     /* frames a second */
	bool lossless; /* and the honest viewer gets each frame */
	bool stamps;   /* of the pixels only the first few are read */
	uid_t user;    /* of both; 0: this one */
	uint32_t max_viewers, max_leases;
};

enum scene_order { SCENE_GO_ON, SCENE_FALL_SILENT, SCENE_END };

/* Shared by all. Each field has one writer. */
struct scene {
	struct scene_options options;
	pid_t producer, viewer;

	/* The parent's */
	_Alignas(128) _Atomic int order;
	_Atomic uint32_t changes; /* formats to be had by now */
	_Atomic uint32_t sample;  /* 1: latencies are taken */

	/* The producer's */
	_Alignas(128) _Atomic uint64_t published; /* the last sequence */
	_Atomic uint64_t failures;                /* of begin, publish and set_format */
	_Atomic uint64_t resident_bytes, pool_bytes;
	_Atomic uint32_t viewers, changed, silent;
	_Atomic int64_t longest_begin_ns;
	/* What the library took of the processor for the frames published while `sample` was 1. */
	_Atomic int64_t cpu_ns, longest_cpu_ns;
	_Atomic uint64_t cpu_frames;

	/* The viewer's */
	_Alignas(128) _Atomic uint64_t taken, last;
	_Atomic uint64_t wrong;      /* frames with a wrong pixel */
	_Atomic uint64_t disordered; /* sequences that did not rise */
	_Atomic uint64_t missed;     /* frames that a viewer of every frame has not had */
	_Atomic int error;           /* what acquire must not have said */
	_Atomic size_t samples;
	int64_t sample_ns[SCENE_SAMPLES]; /* from publish to lease */
};

/* A directory of streams that the producer may write to and anybody may look into; scratch_remove ends it. 0 or -1,
 * which was said. */
int scene_make_directory(void);

/* Starts both; the stream is there, and the viewer has had a frame. NULL: it failed, and was said. */
struct scene *scene_begin(const struct scene_options *options);

/* Waits until both have ended by order. How many have failed. */
int scene_end(struct scene *scene);

/* Waits until `reached` says so, for half a minute at most. */
bool scene_wait(struct scene *scene, bool (*reached)(const struct scene *scene));

#endif
