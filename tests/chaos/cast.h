// SPDX-License-Identifier: MIT
/* The parties that there are: beginning, stopping, killing and waiting for them. Whoever ends without being told to, or
 * otherwise than told, ends the whole play, which says why and fails. */
#ifndef TRIPOOL_CHAOS_CAST_H
#define TRIPOOL_CHAOS_CAST_H

#include "party.h"

#define MAX_PARTIES (MAX_VIEWERS + 8)
#define PATIENCE_S 30 /* far more than it takes, on a slow and busy machine as well */

/* All parties' memory, zeroed. The first MAX_VIEWERS are viewers. */
struct party *cast_make(void);

/* What is being done, for cast_fail to say. */
__attribute__((format(printf, 1, 2))) void cast_say(const char *format, ...);
__attribute__((format(printf, 1, 2))) _Noreturn void cast_fail(const char *format, ...);

/* `play` does not return. */
void cast_begin(struct party *party, void (*play)(struct party *self));
void cast_signal(struct party *party, int signal);
void cast_kill(struct party *party); /* and waits for its end */
void cast_end(struct party *party);  /* in order */

/* Until `done`, or it fails with what `what` says. */
#define CAST_AWAIT(done, ...)                                                                                          \
	do {                                                                                                           \
		int64_t late_ns_ = cast_deadline();                                                                    \
		while (!(done))                                                                                        \
			if (!cast_pause(late_ns_))                                                                     \
				cast_fail(__VA_ARGS__);                                                                \
	} while (0)
int64_t cast_deadline(void);
bool cast_pause(int64_t deadline_ns); /* false: it is over */

/* Nothing but this process is left. */
bool cast_is_empty(void);

#endif
