// SPDX-License-Identifier: MIT
/* One packet, whatever it is: what tripool_wire_receive makes of it is compared with the rules, told once more. */
#ifndef FUZZ_PACKETS_H
#define FUZZ_PACKETS_H

#include "input.h"

/* Returns whether it was a message. */
bool packets_try(struct input *in);

#endif
