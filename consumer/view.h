// SPDX-License-Identifier: MIT
/*
 * Which part of a frame is seen, and where: fit and fill, zoom and pan, mirrored and turned. Arithmetic alone, in
 * pixels of the window ("screen") and of the frame.
 */
#ifndef TRIPOOL_VIEW_H
#define TRIPOOL_VIEW_H

#include <SDL.h>
#include <stdbool.h>

#include "tripool.h"

#define VIEW_MOST_ZOOM 64.0

/* What the user chose. All zero: the whole frame, upright. */
struct view {
	bool fill;     /* not zoomed: the frame covers its area, and what does not fit is cut off */
	bool mirrored; /* left for right, then turned */
	int turns;     /* quarter turns clockwise, 0 to 3 */
	double zoom;   /* screen pixels for one of the frame (its height, where they are not square); 0: not zoomed */
	double across, down; /* zoomed: the point of the turned picture in the middle of the area, 0 to 1 */
};

/* Where a frame goes. */
struct placement {
	SDL_Rect area;     /* nothing is drawn outside */
	SDL_FRect picture; /* the whole frame, mirrored and turned, on the screen: may be larger than the area */
	bool mirrored;
	int turns;
	bool enlarged; /* zoomed to more than the frame's own size: its pixels are to be seen as such */
};

struct placement view_place(const struct view *view, const struct tripool_format *format, SDL_Rect area);

/* How many screen pixels a frame's pixel has now. */
double view_scale(const struct view *view, const struct tripool_format *format, SDL_Rect area);

/* Zooms by a factor; what is under the point stays there. Not below what fit or fill shows, and not past 1:1 in one
 * step.
 */
void view_zoom(struct view *view, const struct tripool_format *format, SDL_Rect area, double factor, SDL_Point at);

/* 1:1, whatever the window's size. */
void view_zoom_to_pixels(struct view *view, const struct tripool_format *format, SDL_Rect area, SDL_Point at);

/* Moves the picture, if it is larger than its area. */
void view_pan(struct view *view, const struct tripool_format *format, SDL_Rect area, int dx, int dy);

/* The frame's pixel at a point of the screen. false: there is none. */
bool view_pixel_at(
    const struct placement *placement, const struct tripool_format *format, SDL_Point at, SDL_Point *pixel);

/* The part of the frame that can be seen, in whole pixels, rounded outwards. Empty: none. */
SDL_Rect view_visible(const struct placement *placement, const struct tripool_format *format);

/* Where a part of the frame lies on the screen. */
SDL_FRect view_where(const struct placement *placement, const struct tripool_format *format, SDL_Rect part);

#endif
