// SPDX-License-Identifier: MIT
/* The raw component values of one pixel, as they stand in the slot. */
#ifndef TRIPOOL_INSPECTOR_H
#define TRIPOOL_INSPECTOR_H

#include <SDL.h>
#include <stddef.h>

#include "tripool.h"

/* "1023, 45: Y 180 U 120 V 130"; of Bayer formats the one component that the pixel has. */
void inspector_describe(
    char *text, size_t size, const struct tripool_format *format, const uint8_t *const plane[], SDL_Point pixel);

#endif
