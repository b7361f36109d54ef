// SPDX-License-Identifier: MIT
#include "view.h"

#include <math.h>

#include "pixels.h"

/* ---- Where the picture goes ----------------------------------------------------------------------------------- */

static void turned_size(const struct view *view, const struct tripool_format *format, int *width, int *height)
{
	pixels_display_size(format, width, height);
	if (view->turns % 2) {
		int w = *width;
		*width = *height;
		*height = w;
	}
}

static double base_scale(const struct view *view, const struct tripool_format *format, SDL_Rect area)
{
	int width, height;
	turned_size(view, format, &width, &height);
	double x = (double)area.w / width, y = (double)area.h / height;
	return view->fill ? fmax(x, y) : fmin(x, y);
}

double view_scale(const struct view *view, const struct tripool_format *format, SDL_Rect area)
{
	return view->zoom > 0 ? view->zoom : base_scale(view, format, area);
}

/* Along one axis: where a picture begins whose `centre` shall be in the middle, without a border it could avoid. */
static float begin_at(int area_begin, int area_size, double size, double centre)
{
	if (size <= area_size)
		return (float)(area_begin + floor((area_size - size) / 2));
	return (float)(area_begin + fmin(0, fmax(area_size - size, area_size / 2.0 - centre * size)));
}

struct placement view_place(const struct view *view, const struct tripool_format *format, SDL_Rect area)
{
	int width, height;
	double scale = view_scale(view, format, area);
	bool zoomed = view->zoom > 0;
	struct placement p = {.area = area, .mirrored = view->mirrored, .turns = view->turns};
	turned_size(view, format, &width, &height);
	/* whole pixels: no border shows a fraction of one */
	double w = fmax(1, round(width * scale)), h = fmax(1, round(height * scale));
	p.picture.w = (float)w;
	p.picture.h = (float)h;
	p.picture.x = begin_at(area.x, area.w, w, zoomed ? view->across : 0.5);
	p.picture.y = begin_at(area.y, area.h, h, zoomed ? view->down : 0.5);
	if (zoomed) { /* steps of whole pixels, so that 1:1 is 1:1 */
		p.picture.x = roundf(p.picture.x);
		p.picture.y = roundf(p.picture.y);
	}
	p.enlarged = zoomed && scale > 1;
	return p;
}

/* ---- Zoom and pan --------------------------------------------------------------------------------------------- */

/* Zooms to `zoom`; what is at the point stays there. */
static void zoom_to(struct view *view, const struct tripool_format *format, SDL_Rect area, double zoom, SDL_Point at)
{
	SDL_FRect was = view_place(view, format, area).picture;
	int width, height;
	turned_size(view, format, &width, &height);
	double across = fmin(1, fmax(0, (at.x - was.x) / was.w)), down = fmin(1, fmax(0, (at.y - was.y) / was.h));
	view->zoom = zoom;
	view->across = across + (area.x + area.w / 2.0 - at.x) / (width * zoom);
	view->down = down + (area.y + area.h / 2.0 - at.y) / (height * zoom);
}

void view_zoom(struct view *view, const struct tripool_format *format, SDL_Rect area, double factor, SDL_Point at)
{
	double from = view_scale(view, format, area), to = fmin(from * factor, fmax(from, VIEW_MOST_ZOOM));
	if ((from < 0.9999 && to > 1) || (from > 1.0001 && to < 1))
		to = 1;
	if (to <= base_scale(view, format, area) * 1.0001)
		view->zoom = 0;
	else
		zoom_to(view, format, area, to, at);
}

void view_zoom_to_pixels(struct view *view, const struct tripool_format *format, SDL_Rect area, SDL_Point at)
{
	zoom_to(view, format, area, 1, at);
}

void view_pan(struct view *view, const struct tripool_format *format, SDL_Rect area, int dx, int dy)
{
	if (view->zoom <= 0)
		return;
	SDL_FRect p = view_place(view, format, area).picture;
	view->across = (area.x + area.w / 2.0 - p.x - dx) / p.w;
	view->down = (area.y + area.h / 2.0 - p.y - dy) / p.h;
}

/* ---- From the screen to the frame, and back ------------------------------------------------------------------- */

/* From a point of the turned picture (0 to 1) to the frame's. */
static void unturn(const struct placement *p, double *x, double *y)
{
	double across = *x, down = *y;
	switch (p->turns) {
	case 1:
		*x = down;
		*y = 1 - across;
		break;
	case 2:
		*x = 1 - across;
		*y = 1 - down;
		break;
	case 3:
		*x = 1 - down;
		*y = across;
		break;
	default:
		break;
	}
	if (p->mirrored)
		*x = 1 - *x;
}

static void turn(const struct placement *p, double *x, double *y)
{
	double across = p->mirrored ? 1 - *x : *x, down = *y;
	switch (p->turns) {
	case 1:
		*x = 1 - down;
		*y = across;
		break;
	case 2:
		*x = 1 - across;
		*y = 1 - down;
		break;
	case 3:
		*x = down;
		*y = 1 - across;
		break;
	default:
		*x = across;
		break;
	}
}

bool view_pixel_at(const struct placement *p, const struct tripool_format *format, SDL_Point at, SDL_Point *pixel)
{
	/* the middle of the screen's pixel */
	double x = (at.x + 0.5 - p->picture.x) / p->picture.w, y = (at.y + 0.5 - p->picture.y) / p->picture.h;
	if (!SDL_PointInRect(&at, &p->area) || x < 0 || y < 0 || x >= 1 || y >= 1)
		return false;
	unturn(p, &x, &y);
	pixel->x = (int)fmin(x * format->width_px, format->width_px - 1.0);
	pixel->y = (int)fmin(y * format->height_px, format->height_px - 1.0);
	return true;
}

SDL_Rect view_visible(const struct placement *p, const struct tripool_format *format)
{
	double left = fmax(0, (p->area.x - p->picture.x) / p->picture.w);
	double top = fmax(0, (p->area.y - p->picture.y) / p->picture.h);
	double right = fmin(1, (p->area.x + p->area.w - p->picture.x) / p->picture.w);
	double bottom = fmin(1, (p->area.y + p->area.h - p->picture.y) / p->picture.h);
	if (left >= right || top >= bottom)
		return (SDL_Rect){0};
	unturn(p, &left, &top);
	unturn(p, &right, &bottom);
	/* a millionth of a pixel is what computing costs, not a pixel that is seen */
	double x0 = fmin(left, right) * format->width_px + 1e-3, x1 = fmax(left, right) * format->width_px - 1e-3;
	double y0 = fmin(top, bottom) * format->height_px + 1e-3, y1 = fmax(top, bottom) * format->height_px - 1e-3;
	SDL_Rect r = {.x = (int)floor(x0), .y = (int)floor(y0)};
	r.w = (int)ceil(x1) - r.x;
	r.h = (int)ceil(y1) - r.y;
	return r;
}

SDL_FRect view_where(const struct placement *p, const struct tripool_format *format, SDL_Rect part)
{
	double x0 = (double)part.x / format->width_px, y0 = (double)part.y / format->height_px;
	double x1 = (double)(part.x + part.w) / format->width_px, y1 = (double)(part.y + part.h) / format->height_px;
	turn(p, &x0, &y0);
	turn(p, &x1, &y1);
	double left = fmin(x0, x1), top = fmin(y0, y1);
	return (SDL_FRect){(float)(p->picture.x + left * p->picture.w), (float)(p->picture.y + top * p->picture.h),
	    (float)(fabs(x1 - x0) * p->picture.w), (float)(fabs(y1 - y0) * p->picture.h)};
}
