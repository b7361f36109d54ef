// SPDX-License-Identifier: MIT
/* What the files of the fake driver know of each other; tests include fake-v4l2.h alone. */
#ifndef TRIPOOL_FAKE_PARTS_H
#define TRIPOOL_FAKE_PARTS_H

#include <stdint.h>

#define FAKE_BUFFER_BYTES (1u << 20) /* between two buffers of the driver's own, which lie in its fd */

/* The camera that was opened last, or -1. */
extern int fake_fd;

/* The type of the buffers it captures to, with one plane or several. */
uint32_t fake_buffer_type(void);

/* The parts of v4l2_call; -ENOTTY for what is not theirs. */
int fake_mode_call(unsigned long request, void *argument);
int fake_buffer_call(unsigned long request, void *argument);
int fake_control_call(unsigned long request, void *argument);

#endif
