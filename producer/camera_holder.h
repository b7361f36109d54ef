// SPDX-License-Identifier: MIT
/* Who else has a device open. */
#ifndef TRIPOOL_CAMERA_HOLDER_H
#define TRIPOOL_CAMERA_HOLDER_H

#include <stddef.h>

/* Writes other processes that have the device at `path` open, as far as /proc lets this one see: "pid 80 (cheese), pid
 * 91 (ffmpeg)". Returns how many it found; what has no room is left out of the text. */
unsigned camera_holders(const char *path, char *text, size_t size);

#endif
