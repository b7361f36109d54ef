// SPDX-License-Identifier: MIT
/* What a test and its puppets say to each other. */
#ifndef TRIPOOL_PUPPET_STEPS_H
#define TRIPOOL_PUPPET_STEPS_H

#include "puppet.h"

enum step {
	VIEW,
	ACQUIRE,
	CHECK,
	RELEASE,
	WAIT,
	POLL,
	REWIND,
	RECONNECT,
	UNVIEW,
	STATS,
	PRODUCE,
	MAKE_FRAMES,
	DISPATCH_FOR,
	SET_FORMAT,
	HOST,
	END
};

struct order {
	enum step step;
	int64_t a, b;
};

/* What the byte at that place of every frame is. */
uint8_t puppet_pixel(uint64_t sequence, uint64_t at);

/* The puppet's life: orders come by the socket, answers go there. */
_Noreturn void puppet_main(int socket);

#endif
