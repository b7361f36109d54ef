// SPDX-License-Identifier: MIT
#ifndef TRIPOOL_SCREENSHOT_PNG_H
#define TRIPOOL_SCREENSHOT_PNG_H

#include <stdio.h>

#include "screenshot.h"

/* Writes it all and flushes. 0, or -errno; `why` is a few words on it. */
int screenshot_png(FILE *file, SDL_Surface *rgb, const struct screenshot_about *about, struct tripool_error *why);

/* A time of CLOCK_REALTIME in UTC: strftime's `format`, then ".123Z". */
void screenshot_time(char *buffer, size_t size, const char *format, int64_t ns);
int64_t screenshot_now_ns(void);

#endif
