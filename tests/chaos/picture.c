// SPDX-License-Identifier: MIT
#include "picture.h"

#include <stdlib.h>

struct tripool_format picture_format(unsigned number)
{
	static const struct {
		const char *pix_fmt;
		uint32_t width_px, height_px;
	} shapes[] = {
	    {"gray", 64, 16},
	    {"nv12", 160, 90},
	    {"yuyv422", 320, 120},
	    {"bgra", 256, 128},
	    {"gray16le", 640, 60},
	    {"yuv420p", 322, 182},
	    {"rgb24", 40, 30},
	};
	unsigned i = number % (sizeof(shapes) / sizeof(*shapes));
	struct tripool_format f = {.width_px = shapes[i].width_px, .height_px = shapes[i].height_px};
	for (int c = 0; shapes[i].pix_fmt[c]; c++)
		f.pix_fmt[c] = shapes[i].pix_fmt[c];
	if (tripool_format_layout(&f, NULL) < 0)
		abort();
	return f;
}

static uint64_t first_word(const struct tripool_format *f, uint32_t life, uint64_t sequence)
{
	return ((uint64_t)life << 32 ^ sequence ^ (uint64_t)f->width_px << 52) * UINT64_C(0x9e3779b97f4a7c15);
}

void picture_fill(uint8_t *memory, const struct tripool_format *f, uint32_t life, uint64_t sequence)
{
	uint64_t *word = (uint64_t *)(void *)memory, first = first_word(f, life, sequence);
	for (size_t i = 0; i < f->size_bytes / sizeof(*word); i++)
		word[i] = first + i;
}

bool picture_is_whole(const struct tripool_frame *frame, uint32_t life)
{
	const uint64_t *word = (const uint64_t *)(const void *)frame->memory;
	uint64_t first = first_word(frame->format, life, frame->sequence), wrong = 0;
	for (size_t i = 0; i < frame->format->size_bytes / sizeof(*word); i++)
		wrong |= word[i] ^ (first + i);
	return wrong == 0;
}
