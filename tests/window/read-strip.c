// SPDX-License-Identifier: MIT
/*
 * read-strip PICTURE FRAME_WIDTH FRAME_HEIGHT [X Y WIDTH HEIGHT]
 *
 * PICTURE is of a window that shows a frame of the test pattern in the rectangle, by default all over. Prints the
 * sequence number that the frame's strips say. Exits with 1 when there is no strip, when top and bottom say different
 * numbers, or when something outside the rectangle is not black.
 *
 * It reads a picture of a frame, not a frame: the cells may be scaled, and dimmed.
 */
#include <SDL.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "picture.h"
#include "strip.h"

#define BORDER_AT_MOST 8 /* of 255 */

static int luma(const SDL_Surface *s, int x, int y)
{
	const uint8_t *p = (const uint8_t *)s->pixels + y * s->pitch + x * 4;
	return (p[0] * 54 + p[1] * 183 + p[2] * 19) >> 8;
}

static bool borders_are_black(const SDL_Surface *s, const SDL_Rect *frame)
{
	for (int y = 0; y < s->h; y++) {
		for (int x = 0; x < s->w; x++) {
			if (SDL_PointInRect(&(SDL_Point){x, y}, frame) || luma(s, x, y) <= BORDER_AT_MOST)
				continue;
			fprintf(stderr, "read-strip: the border is not black at %d,%d\n", x, y);
			return false;
		}
	}
	return true;
}

static int read_strip(const SDL_Surface *s, const SDL_Rect *frame, double scale_x, const struct strip_geometry *g,
    double y_in_frame, uint64_t *sequence)
{
	int value[STRIP_CELLS], least = 255, most = 0;
	int y = frame->y + (int)y_in_frame;
	for (int cell = 0; cell < STRIP_CELLS; cell++) {
		value[cell] = luma(s, frame->x + (int)((cell + 0.5) * g->cell_px * scale_x), y);
		least = value[cell] < least ? value[cell] : least;
		most = value[cell] > most ? value[cell] : most;
	}
	uint64_t word = 0;
	for (int cell = 0; cell < STRIP_CELLS; cell++)
		word = word << 1 | (value[cell] > (least + most) / 2);
	return strip_decode(word, sequence);
}

static int check(const SDL_Surface *s, int width, int height, const SDL_Rect *frame)
{
	struct strip_geometry g;
	uint64_t top, bottom;
	if (strip_layout((uint32_t)width, (uint32_t)height, &g) < 0) {
		fprintf(stderr, "read-strip: a frame of %dx%d has no strip\n", width, height);
		return 2;
	}
	if (frame->x < 0 || frame->y < 0 || frame->w < 1 || frame->h < 1 || frame->x + frame->w > s->w ||
	    frame->y + frame->h > s->h) {
		fprintf(stderr, "read-strip: the picture is %dx%d, and ends before the frame does\n", s->w, s->h);
		return 1;
	}
	if (!borders_are_black(s, frame))
		return 1;
	double scale_x = (double)frame->w / width, scale_y = (double)frame->h / height;
	if (read_strip(s, frame, scale_x, &g, g.height_px / 2.0 * scale_y, &top) < 0 ||
	    read_strip(s, frame, scale_x, &g, (g.bottom_y_px + g.height_px / 2.0) * scale_y, &bottom) < 0) {
		fprintf(stderr, "read-strip: no strip in the picture\n");
		return 1;
	}
	if (top != bottom) {
		fprintf(stderr, "read-strip: top says %" PRIu64 ", bottom %" PRIu64 "\n", top, bottom);
		return 1;
	}
	printf("%" PRIu64 "\n", top);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 8) {
		fprintf(stderr, "usage: read-strip PICTURE FRAME_WIDTH FRAME_HEIGHT [X Y WIDTH HEIGHT]\n");
		return 2;
	}
	SDL_Surface *s = picture_load(argv[1]);
	if (!s) {
		fprintf(stderr, "read-strip: cannot read '%s': %s\n", argv[1], SDL_GetError());
		return 2;
	}
	SDL_Rect frame = {0, 0, s->w, s->h};
	if (argc == 8)
		frame = (SDL_Rect){atoi(argv[4]), atoi(argv[5]), atoi(argv[6]), atoi(argv[7])};
	int r = check(s, atoi(argv[2]), atoi(argv[3]), &frame);
	SDL_FreeSurface(s);
	return r;
}
