// SPDX-License-Identifier: MIT
/* The work of real use: every pixel is written, every pixel is read. */
#ifndef TRIPOOL_BENCH_PIXELS_H
#define TRIPOOL_BENCH_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills a frame with bytes that tell its sequence (of the last 251), but for the stamps. */
void pixels_write(uint8_t *frame, size_t bytes, uint64_t sequence);

/* Whether all of them are those: each byte is looked at. */
bool pixels_are(const uint8_t *frame, size_t bytes, uint64_t sequence);

#endif
