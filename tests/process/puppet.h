// SPDX-License-Identifier: MIT
/*
 * Another process that does as it is told: a viewer or a producer whose every step a test decides. While a test waits
 * for a puppet's answer, its own producer (if it has one) answers the door.
 *
 * Frames carry a pattern over the whole of their pixels that is a function of the sequence number, so that any puppet
 * can check any frame it holds at any time.
 */
#ifndef TRIPOOL_PUPPET_H
#define TRIPOOL_PUPPET_H

#include "tripool.h"

#include <sys/types.h>

struct puppet {
	pid_t pid;
	int socket;
};

struct puppet_answer {
	int result;
	uint64_t sequence;
	uint64_t generation;
	struct tripool_frame_info info;
	struct tripool_error error;
};

/* Every test runs in a fresh $TRIPOOL_DIR of its own (scratch.h); teardown fails when anything is left in it, or an fd
 * is open. */
int puppet_setup(void **state);
int puppet_teardown(void **state);

/* The test's own producer of stream "t", answering the door while puppets are asked; NULL in puppet_produce_end. */
struct tripool_producer *puppet_produce(const struct tripool_producer_options *options, uint32_t width_px);
void puppet_produce_end(void);
void puppet_await_viewers(struct tripool_producer *producer, int viewers);

struct tripool_format puppet_format(uint32_t width_px);
void puppet_publish(struct tripool_producer *producer, unsigned frames);

struct puppet puppet_start(void);
void puppet_kill(struct puppet *puppet, int signal); /* and waits for its end */
void puppet_end(struct puppet *puppet);              /* by asking; fails when it does not end well */

/* Viewer's steps. `slot` is which of the puppet's 16 frame variables is meant. */
struct puppet_answer puppet_view(struct puppet *puppet, uint32_t leases, bool wait_for_producer);
struct puppet_answer puppet_view_every(struct puppet *puppet, uint32_t leases);
struct puppet_answer puppet_acquire(struct puppet *puppet, uint32_t slot);
struct puppet_answer puppet_check(struct puppet *puppet, uint32_t slot); /* 0: its pixels are its sequence's */
struct puppet_answer puppet_release(struct puppet *puppet, uint32_t slot);
void puppet_expect(struct puppet *puppet, uint32_t slot, uint64_t sequence); /* acquires that frame, and it is whole */
struct puppet_answer puppet_wait(struct puppet *puppet, int timeout_ms);
struct puppet_answer puppet_rewind(struct puppet *puppet);
struct puppet_answer puppet_reconnect(struct puppet *puppet);
struct puppet_answer puppet_unview(struct puppet *puppet);
struct puppet_answer puppet_stats(struct puppet *puppet); /* sequence: skipped; generation: reconnects */

/* Told now, answered later: for a puppet that is to sleep in wait while the test does something. */
void puppet_tell_wait(struct puppet *puppet, int timeout_ms);
void puppet_tell_poll(struct puppet *puppet, int timeout_ms); /* the same by arm and the fd */
void puppet_tell_view(struct puppet *puppet, uint32_t leases, bool every);
struct puppet_answer puppet_hear(struct puppet *puppet);

/* Producer's steps. */
struct puppet_answer puppet_become_producer(struct puppet *puppet, uint32_t width_px);
struct puppet_answer puppet_make_frames(struct puppet *puppet, unsigned frames);
struct puppet_answer puppet_dispatch_for(struct puppet *puppet, int milliseconds);
struct puppet_answer puppet_set_format(struct puppet *puppet, uint32_t width_px);
void puppet_tell_host(struct puppet *puppet); /* answers the door until its next step; has nothing to answer itself */

int count_fds(void);
int count_files(void); /* in the stream directory */

#endif
