// SPDX-License-Identifier: MIT
/* Frames by the CPU alone: one pass from the slot into the window's own pixels, scaled and with the right colours. */
#include "display.h"

#include <errno.h>
#include <stdlib.h>

#include "convert.h"
#include "error.h"
#include "pixels.h"

struct display_surface {
	struct display base;
	struct convert *convert; /* made for `target` pixels of `window_format`; NULL: to be made */
	SDL_Rect target;
	Uint32 window_format;
	bool drawn; /* the window's pixels are a frame without layers */
};

static struct display_surface *surface_of(struct display *display)
{
	return (struct display_surface *)display;
}

static void forget_convert(struct display_surface *s)
{
	convert_destroy(s->convert);
	s->convert = NULL;
}

static int surface_set_format(struct display *display, struct tripool_error *error)
{
	(void)error;
	forget_convert(surface_of(display));
	return 0;
}

/* Where the frame goes. The converter may write a little right of it: into the border, which is painted after, but
 * not into the next row, which another thread may have converted already, nor past the end of the window's memory. */
static SDL_Rect place(const struct tripool_format *format, const SDL_Surface *w)
{
	SDL_Rect r = pixels_letterbox(format, w->w, w->h);
	const struct convert_request request = {.from = format, .width_px = r.w, .height_px = r.h};
	if (convert_overshoots(&request) && w->w - (r.x + r.w) < CONVERT_OVERSHOOT_PX && r.w > CONVERT_OVERSHOOT_PX) {
		r = pixels_letterbox(format, r.w - r.w % CONVERT_OVERSHOOT_PX, w->h);
		r.w -= r.w % CONVERT_OVERSHOOT_PX; /* it may have become lower, and narrower, than that */
		r.x = (w->w - r.w) / 2;
	}
	return r;
}

static void paint_borders(SDL_Surface *w, const SDL_Rect *r)
{
	Uint32 black = SDL_MapRGB(w->format, 0, 0, 0);
	const SDL_Rect borders[] = {
	    {0, 0, w->w, r->y},
	    {0, r->y + r->h, w->w, w->h - r->y - r->h},
	    {0, r->y, r->x, r->h},
	    {r->x + r->w, r->y, w->w - r->x - r->w, r->h},
	};
	for (int i = 0; i < 4; i++)
		if (borders[i].w > 0 && borders[i].h > 0)
			SDL_FillRect(w, &borders[i], black);
}

static int surface_upload(
    struct display *display, const uint8_t *const plane[TRIPOOL_MAX_PLANES], struct tripool_error *error)
{
	struct display_surface *s = surface_of(display);
	SDL_Surface *w = SDL_GetWindowSurface(display->window); /* a new one after each resize */
	if (!w)
		return tripool_fail(error, -EIO, "the window has no pixels: %s (try --renderer gpu)", SDL_GetError());
	SDL_Rect r = place(&display->format, w);
	if (!s->convert || !SDL_RectEquals(&r, &s->target) || s->window_format != w->format->format) {
		forget_convert(s);
		const struct convert_request request = {
		    .from = &display->format, .width_px = r.w, .height_px = r.h, .to = w->format->format};
		int e = convert_create(&s->convert, &request, error);
		if (e < 0)
			return e;
		s->target = r;
		s->window_format = w->format->format;
		/* where the window system takes no pixels (Wayland), SDL uploads them through a renderer */
		display->copies_per_frame = SDL_GetRenderer(display->window) ? 1 : 0;
	}
	uint8_t *pixels =
	    (uint8_t *)w->pixels + (size_t)r.y * (size_t)w->pitch + (size_t)r.x * w->format->BytesPerPixel;
	if (convert_run(s->convert, plane, pixels, w->pitch) < 0)
		return tripool_fail(error, -EIO, "cannot convert a %s frame", display->format.pix_fmt);
	paint_borders(w, &r);
	s->drawn = true;
	return 0;
}

static void dim(SDL_Surface *w, const SDL_Rect *where)
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

static void draw_layer(SDL_Surface *w, const struct layer *layer, bool centred)
{
	if (!layer || !layer->surface)
		return;
	SDL_Rect at = {LAYER_MARGIN_PX, LAYER_MARGIN_PX, layer->surface->w, layer->surface->h};
	if (centred) {
		at.x = (w->w - at.w) / 2;
		at.y = (w->h - at.h) / 2;
	}
	SDL_SetSurfaceBlendMode(layer->surface, SDL_BLENDMODE_BLEND);
	SDL_BlitSurface(layer->surface, NULL, w, &at);
}

static int surface_present(struct display *display, const struct scene *scene, struct tripool_error *error)
{
	struct display_surface *s = surface_of(display);
	SDL_Surface *w = SDL_GetWindowSurface(display->window);
	if (!w)
		return tripool_fail(error, -EIO, "the window has no pixels: %s (try --renderer gpu)", SDL_GetError());
	if (!s->drawn)
		SDL_FillRect(w, NULL, SDL_MapRGB(w->format, 0, 0, 0));
	else if (scene->dim)
		dim(w, &s->target);
	s->drawn = false; /* the layers go into the same pixels */
	draw_layer(w, scene->corner, false);
	draw_layer(w, scene->centre, true);
	/* fails when the window was resized meanwhile: that event asks for another frame */
	SDL_UpdateWindowSurface(display->window);
	return 0;
}

static SDL_Surface *surface_read_back(struct display *display, const struct scene *scene)
{
	(void)scene;
	SDL_Surface *w = SDL_GetWindowSurface(display->window);
	return w ? SDL_ConvertSurfaceFormat(w, SDL_PIXELFORMAT_RGB24, 0) : NULL;
}

static void surface_output_size(struct display *display, int *width_px, int *height_px)
{
	SDL_GetWindowSize(display->window, width_px, height_px);
}

static void surface_destroy(struct display *display)
{
	forget_convert(surface_of(display));
	SDL_DestroyWindow(display->window);
	free(display);
}

static const struct display_class surface_class = {
    .name = "surface",
    .keeps_picture = false,
    .set_format = surface_set_format,
    .upload = surface_upload,
    .present = surface_present,
    .read_back = surface_read_back,
    .output_size = surface_output_size,
    .destroy = surface_destroy,
};

int display_surface_create(struct display **display, const char *title, Uint32 flags, struct tripool_error *error)
{
	struct display_surface *s = calloc(1, sizeof(*s));
	if (!s)
		return tripool_fail(error, -ENOMEM, "no memory for a window");
	/* the window system's own memory, where it has any: a texture would be one pass more */
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	s->base.class = &surface_class;
	s->base.window = SDL_CreateWindow(
	    title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, DISPLAY_FIRST_WIDTH, DISPLAY_FIRST_HEIGHT, flags);
	if (!s->base.window) {
		free(s);
		return tripool_fail(error, -ENODEV, "cannot open a window: %s", SDL_GetError());
	}
	*display = &s->base;
	return 0;
}
