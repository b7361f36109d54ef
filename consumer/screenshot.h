// SPDX-License-Identifier: MIT
/* PNG files, whole or not at all: each is written beside its place and then takes it. They say what they are of. */
#ifndef TRIPOOL_SCREENSHOT_H
#define TRIPOOL_SCREENSHOT_H

#include <SDL.h>

#include "tripool.h"

/* The frame that a picture shows. */
struct screenshot_about {
	char stream[TRIPOOL_NAME_BYTES];
	char pix_fmt[sizeof(((struct tripool_format *)NULL)->pix_fmt)];
	uint32_t width_px, height_px;
	uint64_t sequence, source_sequence;
	int64_t capture_ns, publish_ns; /* CLOCK_MONOTONIC, as the producer said */
	int64_t captured_at_ns;         /* CLOCK_REALTIME, computed from them */
};

/* Of a frame that is leased now: later the two clocks may have moved apart (a clock that was set, a suspend). */
struct screenshot_about screenshot_about_frame(const char *stream, const struct tripool_frame *frame);

#define SCREENSHOT_NAME_BYTES 160

/* "./tripool-NAME-SEQUENCE-20261121T151035.123Z.png", by the time of capture (UTC). Without a frame (NULL): the present
 * time alone. */
void screenshot_name(char *buffer, size_t size, const struct screenshot_about *about);

/* Whether a picture could be written there, without leaving anything there. 0 or -errno. */
int screenshot_check(const char *path, struct tripool_error *error);

/*
 * Writes a SDL_PIXELFORMAT_RGB24 surface; `rgb` may be NULL, for which it blames SDL. `about` is written with it; NULL:
 * there was no frame yet. On failure what was there before is still there. 0 or -errno.
 */
int screenshot_write(
    const char *path, SDL_Surface *rgb, const struct screenshot_about *about, struct tripool_error *error);

/* The same under screenshot_name's name, with -2, -3 ... before the ".png" where that is taken: it replaces nothing.
 * `path` is where it went. */
int screenshot_save(char path[SCREENSHOT_NAME_BYTES], SDL_Surface *rgb, const struct screenshot_about *about,
    struct tripool_error *error);

#endif
