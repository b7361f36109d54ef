// SPDX-License-Identifier: MIT
/*
 * Frames by the CPU alone: one pass from the slot into the window's own pixels, scaled and with the right colours.
 * What that pass cannot do (turn, mirror, show single pixels) SDL's software renderer does afterwards, from a copy of
 * what is seen.
 */
#include "display.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "convert.h"
#include "error.h"

#define COPY_FORMAT SDL_PIXELFORMAT_ARGB8888
#define MOST_CHANGES 64

struct surface_picture {
	struct picture base;
	struct convert *convert; /* made for `part`, `width` and `height`, `to`; NULL: to be made */
	SDL_Rect part;           /* of the frame */
	int width, height;       /* of the pixels made of it */
	Uint32 to;
	bool drawn; /* the window's pixels are a frame without layers */
};

struct display_surface {
	struct display base;
	SDL_Surface *window; /* SDL's; another one after each resize: */
	const void *pixels;
	int width, height;
	SDL_Renderer *software; /* draws into `window` */
	SDL_Texture *copy;      /* of `software` */
	int copy_width, copy_height;
	SDL_Rect change[MOST_CHANGES]; /* since the last present */
	int changes;
};

static struct display_surface *surface_of(struct display *display)
{
	return (struct display_surface *)display;
}

static struct surface_picture *picture_of(struct picture *picture)
{
	return (struct surface_picture *)picture;
}

static void forget_convert(struct surface_picture *p)
{
	convert_destroy(p->convert);
	p->convert = NULL;
}

static void forget_software(struct display_surface *s)
{
	if (s->software)
		SDL_DestroyRenderer(s->software); /* and its textures */
	s->software = NULL;
	s->copy = NULL;
	s->copy_width = s->copy_height = 0;
}

/* The window's pixels; NULL with SDL's error. */
static SDL_Surface *window_of(struct display_surface *s)
{
	SDL_Surface *w = SDL_GetWindowSurface(s->base.window);
	/* another one may stand where the one before stood */
	if (!w || w != s->window || w->pixels != s->pixels || w->w != s->width || w->h != s->height) {
		forget_software(s);
		s->pixels = w ? w->pixels : NULL;
		s->width = w ? w->w : 0;
		s->height = w ? w->h : 0;
	}
	s->window = w;
	return w;
}

static void changed(struct display_surface *s, const SDL_Rect *where)
{
	SDL_Rect window = {0, 0, s->window->w, s->window->h}, seen;
	if (!SDL_IntersectRect(&window, where, &seen))
		return; /* laid out for a larger window: an X server ends a client that presents what is outside */
	if (s->changes == MOST_CHANGES) { /* then all of it */
		s->change[0] = window;
		s->changes = 1;
	} else {
		s->change[s->changes++] = seen;
	}
}

static int no_pixels(struct tripool_error *error)
{
	return tripool_fail(error, -EIO, "the window has no pixels: %s (try --renderer gpu)", SDL_GetError());
}

/* ---- Pictures ------------------------------------------------------------------------------------------------- */

static struct picture *surface_picture_create(struct display *display)
{
	(void)display;
	struct surface_picture *p = calloc(1, sizeof(*p));
	return p ? &p->base : NULL;
}

static void surface_picture_destroy(struct picture *picture)
{
	forget_convert(picture_of(picture));
	free(picture);
}

static int surface_set_format(struct display *display, struct picture *picture, struct tripool_error *error)
{
	(void)display;
	(void)error;
	forget_convert(picture_of(picture));
	return 0;
}

static int prepare_convert(
    struct surface_picture *p, SDL_Rect part, int width, int height, Uint32 to, struct tripool_error *error)
{
	if (p->convert && SDL_RectEquals(&part, &p->part) && width == p->width && height == p->height && to == p->to)
		return 0;
	forget_convert(p);
	struct convert_request request = {&p->base.format, part, width, height, to};
	int r = convert_create(&p->convert, &request, error);
	if (r < 0)
		return r;
	p->part = part;
	p->width = width;
	p->height = height;
	p->to = to;
	return 0;
}

static int convert_fail(const struct surface_picture *p, struct tripool_error *error)
{
	return tripool_fail(error, -EIO, "cannot convert a %s frame", p->base.format.pix_fmt);
}

static void paint_borders(SDL_Surface *w, const SDL_Rect *area, const SDL_Rect *r)
{
	Uint32 black = SDL_MapRGB(w->format, 0, 0, 0);
	const SDL_Rect borders[] = {
	    {area->x, area->y, area->w, r->y - area->y},
	    {area->x, r->y + r->h, area->w, area->y + area->h - r->y - r->h},
	    {area->x, r->y, r->x - area->x, r->h},
	    {r->x + r->w, r->y, area->x + area->w - r->x - r->w, r->h},
	};
	for (int i = 0; i < 4; i++)
		if (borders[i].w > 0 && borders[i].h > 0)
			SDL_FillRect(w, &borders[i], black);
}

/* ---- In one pass ---------------------------------------------------------------------------------------------- */

/* Where a part of the frame lies in its area. */
static SDL_Rect target_of(const struct surface_picture *p, const struct placement *placement, SDL_Rect part)
{
	SDL_FRect w = view_where(placement, &p->base.format, part);
	SDL_Rect all = {(int)lroundf(w.x), (int)lroundf(w.y), (int)lroundf(w.w), (int)lroundf(w.h)}, target;
	return SDL_IntersectRect(&all, &placement->area, &target) ? target : (SDL_Rect){0};
}

/* What the converter cannot do. */
static bool by_copy_anyway(const struct placement *placement)
{
	return placement->mirrored || placement->turns != 0 || placement->enlarged;
}

/* Whether a frame's pixel is a pixel of the screen. */
static bool has_own_size(const struct surface_picture *p, const struct placement *placement)
{
	return placement->picture.w == (float)p->base.format.width_px &&
	       placement->picture.h == (float)p->base.format.height_px;
}

/* The converter may write a little right of its target: into the border, which is painted after, but not into what is
 * not the picture's, nor past the end of the window's memory. In one step, then, only where it will not. */
static bool fits_in_one_pass(
    const struct surface_picture *p, const struct placement *placement, SDL_Rect part, SDL_Rect target, Uint32 to)
{
	int room = placement->area.x + placement->area.w - (target.x + target.w);
	if (has_own_size(p, placement) && (part.w != target.w || part.h != target.h))
		return false; /* it would be scaled by the pixel or two that cannot be cut off */
	return !by_copy_anyway(placement) &&
	       (room >= CONVERT_OVERSHOOT_PX ||
		   !convert_overshoots(&(struct convert_request){&p->base.format, part, target.w, target.h, to}));
}

/* A picture that is scaled to fit may be a little smaller instead, so that one pass will do. */
static void surface_settle(struct display *display, const struct picture *picture, struct placement *placement)
{
	const struct surface_picture *p = (const struct surface_picture *)picture;
	SDL_Surface *w = window_of(surface_of(display));
	SDL_FRect *r = &placement->picture;
	SDL_Rect whole = {0, 0, (int)picture->format.width_px, (int)picture->format.height_px};
	SDL_Rect target = {(int)r->x, (int)r->y, (int)r->w, (int)r->h};
	if (!w || by_copy_anyway(placement) || has_own_size(p, placement) || target.w <= 4 * CONVERT_OVERSHOOT_PX ||
	    target.x < placement->area.x || target.y < placement->area.y || target.w > placement->area.w ||
	    target.h > placement->area.h || fits_in_one_pass(p, placement, whole, target, w->format->format))
		return;
	int spare = target.w % CONVERT_OVERSHOOT_PX, lower = (int)((long)target.h * spare / target.w);
	*r = (SDL_FRect){(float)(target.x + spare / 2), (float)(target.y + lower / 2), (float)(target.w - spare),
	    (float)(target.h - lower)};
}

static int upload_directly(struct display_surface *s, struct surface_picture *p, const uint8_t *const plane[],
    const struct placement *placement, SDL_Rect part, SDL_Rect target, struct tripool_error *error)
{
	SDL_Surface *w = s->window;
	int r = prepare_convert(p, part, target.w, target.h, w->format->format, error);
	if (r < 0)
		return r;
	uint8_t *pixels =
	    (uint8_t *)w->pixels + (size_t)target.y * (size_t)w->pitch + (size_t)target.x * w->format->BytesPerPixel;
	if (convert_run(p->convert, plane, pixels, w->pitch) < 0)
		return convert_fail(p, error);
	/* where the window system takes no pixels (Wayland), SDL uploads them through a renderer */
	p->base.copies_per_frame = SDL_GetRenderer(s->base.window) ? 1 : 0;
	paint_borders(w, &placement->area, &target);
	return 0;
}

/* ---- In two steps --------------------------------------------------------------------------------------------- */

static int prepare_copy(struct display_surface *s, int width, int height, struct tripool_error *error)
{
	width = (width + CONVERT_OVERSHOOT_PX - 1) / CONVERT_OVERSHOOT_PX * CONVERT_OVERSHOOT_PX;
	if (!s->software)
		s->software = SDL_CreateSoftwareRenderer(s->window);
	if (s->copy && (width > s->copy_width || height > s->copy_height)) {
		SDL_DestroyTexture(s->copy);
		s->copy = NULL;
		width = SDL_max(width, s->copy_width);
		height = SDL_max(height, s->copy_height);
	}
	if (s->copy)
		return 0;
	if (s->software)
		s->copy = SDL_CreateTexture(s->software, COPY_FORMAT, SDL_TEXTUREACCESS_STREAMING, width, height);
	if (!s->copy)
		return tripool_fail(error, -EIO, "cannot draw into the window: %s", SDL_GetError());
	s->copy_width = width;
	s->copy_height = height;
	SDL_SetTextureBlendMode(s->copy, SDL_BLENDMODE_NONE);
	SDL_SetTextureScaleMode(s->copy, SDL_ScaleModeNearest);
	return 0;
}

/* The copy has the size that is seen, but where single pixels are to be seen: SDL makes those larger. */
static int upload_by_copy(struct display_surface *s, struct surface_picture *p, const uint8_t *const plane[],
    const struct placement *placement, SDL_Rect part, struct tripool_error *error)
{
	SDL_FRect where = view_where(placement, &p->base.format, part);
	bool sideways = placement->turns % 2 != 0;
	SDL_FRect upright = {.w = sideways ? where.h : where.w, .h = sideways ? where.w : where.h};
	int width = placement->enlarged ? part.w : (int)lroundf(upright.w);
	int height = placement->enlarged ? part.h : (int)lroundf(upright.h);
	void *pixels;
	int pitch;
	int r = prepare_copy(s, width, height, error);
	if (r == 0)
		r = prepare_convert(p, part, width, height, COPY_FORMAT, error);
	if (r < 0)
		return r;
	if (SDL_LockTexture(s->copy, NULL, &pixels, &pitch) < 0)
		return tripool_fail(error, -EIO, "cannot draw into the window: %s", SDL_GetError());
	r = convert_run(p->convert, plane, pixels, pitch);
	SDL_UnlockTexture(s->copy);
	if (r < 0)
		return convert_fail(p, error);

	upright.x = where.x + (where.w - upright.w) / 2;
	upright.y = where.y + (where.h - upright.h) / 2;
	SDL_FillRect(s->window, &placement->area, SDL_MapRGB(s->window->format, 0, 0, 0));
	SDL_RenderSetClipRect(s->software, &placement->area);
	SDL_RenderCopyExF(s->software, s->copy, &(SDL_Rect){0, 0, width, height}, &upright, 90.0 * placement->turns,
	    NULL, placement->mirrored ? SDL_FLIP_HORIZONTAL : SDL_FLIP_NONE);
	SDL_RenderFlush(s->software);
	SDL_SetClipRect(s->window, NULL); /* which the renderer leaves behind */
	p->base.copies_per_frame = 1;
	return 0;
}

static int surface_upload(struct display *display, struct picture *picture, const uint8_t *const plane[],
    const struct placement *placement, struct tripool_error *error)
{
	struct display_surface *s = surface_of(display);
	struct surface_picture *p = picture_of(picture);
	SDL_Rect part = view_visible(placement, &picture->format);
	int r;
	if (!window_of(s))
		return no_pixels(error);
	SDL_Rect window = {0, 0, s->window->w, s->window->h}, seen;
	bool fits = SDL_IntersectRect(&window, &placement->area, &seen) && SDL_RectEquals(&seen, &placement->area);
	if (part.w == 0 ||
	    !fits) /* nothing is seen of it; or the window has become smaller, and the event is on its way */
		return 0;
	/* what is cut off is cut off where the format lets one */
	part = convert_align_crop(&picture->format, part);
	SDL_Rect target = target_of(p, placement, part);
	Uint32 to = s->window->format->format;
	if (fits_in_one_pass(p, placement, part, target, to))
		r = upload_directly(s, p, plane, placement, part, target, error);
	else
		r = upload_by_copy(s, p, plane, placement, part, error);
	p->drawn = r == 0;
	return r;
}

/* ---- Drawing -------------------------------------------------------------------------------------------------- */

static void surface_clear(struct display *display)
{
	struct display_surface *s = surface_of(display);
	if (!window_of(s))
		return;
	SDL_FillRect(s->window, NULL, SDL_MapRGB(s->window->format, 0, 0, 0));
	s->changes = 0;
	changed(s, &(SDL_Rect){0, 0, s->window->w, s->window->h});
}

static void darken(SDL_Surface *w, const SDL_Rect *where)
{
	SDL_Surface *shade = SDL_CreateRGBSurfaceWithFormat(0, where->w, where->h, 32, SDL_PIXELFORMAT_ARGB8888);
	if (!shade)
		return;
	SDL_Rect at = *where; /* the blit clips it in place */
	SDL_FillRect(shade, NULL, 160u << 24);
	SDL_SetSurfaceBlendMode(shade, SDL_BLENDMODE_BLEND);
	SDL_BlitSurface(shade, NULL, w, &at);
	SDL_FreeSurface(shade);
}

static void surface_draw(struct display *display, struct picture *picture, const struct placement *placement, bool dim)
{
	struct display_surface *s = surface_of(display);
	struct surface_picture *p = picture_of(picture);
	if (!window_of(s))
		return;
	if (!p->drawn)
		SDL_FillRect(s->window, &placement->area, SDL_MapRGB(s->window->format, 0, 0, 0));
	else if (dim)
		darken(s->window, &placement->area);
	p->drawn = false; /* the layers go into the same pixels */
	changed(s, &placement->area);
}

static void surface_draw_layer(struct display *display, struct layer *layer, SDL_Point at, const SDL_Rect *area)
{
	struct display_surface *s = surface_of(display);
	SDL_Rect to = {at.x, at.y, layer->surface->w, layer->surface->h};
	if (!window_of(s))
		return;
	SDL_SetClipRect(s->window, area);
	SDL_SetSurfaceBlendMode(layer->surface, SDL_BLENDMODE_BLEND);
	SDL_BlitSurface(layer->surface, NULL, s->window, &to);
	SDL_SetClipRect(s->window, NULL);
	changed(s, area ? area : &(SDL_Rect){0, 0, s->window->w, s->window->h});
}

static int surface_present(struct display *display, struct tripool_error *error)
{
	struct display_surface *s = surface_of(display);
	if (!window_of(s))
		return no_pixels(error);
	/* fails when the window was resized meanwhile: that event asks for another round */
	if (s->changes > 0)
		SDL_UpdateWindowSurfaceRects(display->window, s->change, s->changes);
	s->changes = 0;
	return 0;
}

static SDL_Surface *surface_read_back(struct display *display)
{
	SDL_Surface *w = window_of(surface_of(display));
	return w ? SDL_ConvertSurfaceFormat(w, SDL_PIXELFORMAT_RGB24, 0) : NULL;
}

static void surface_output_size(struct display *display, int *width_px, int *height_px)
{
	SDL_GetWindowSize(display->window, width_px, height_px);
}

static void surface_destroy(struct display *display)
{
	forget_software(surface_of(display));
	SDL_DestroyWindow(display->window);
	free(display);
}

static const struct display_class surface_class = {
    .name = "surface",
    .redraws_all = false,
    .picture_create = surface_picture_create,
    .picture_destroy = surface_picture_destroy,
    .set_format = surface_set_format,
    .settle = surface_settle,
    .upload = surface_upload,
    .clear = surface_clear,
    .draw = surface_draw,
    .draw_layer = surface_draw_layer,
    .present = surface_present,
    .read_back = surface_read_back,
    .output_size = surface_output_size,
    .destroy = surface_destroy,
};

int display_surface_create(
    struct display **display, const struct display_options *o, Uint32 flags, struct tripool_error *error)
{
	struct display_surface *s = calloc(1, sizeof(*s));
	if (!s)
		return tripool_fail(error, -ENOMEM, "no memory for a window");
	/* the window system's own memory, where it has any: a texture would be one pass more */
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	s->base.class = &surface_class;
	s->base.window = SDL_CreateWindow(o->title, o->place.x, o->place.y,
	    o->place.w ? o->place.w : DISPLAY_FIRST_WIDTH, o->place.w ? o->place.h : DISPLAY_FIRST_HEIGHT, flags);
	if (!s->base.window) {
		free(s);
		return tripool_fail(error, -ENODEV, "cannot open a window: %s", SDL_GetError());
	}
	*display = &s->base;
	return 0;
}
