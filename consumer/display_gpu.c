// SPDX-License-Identifier: MIT
/* Frames by SDL's renderer: the slot's planes go to the texture as they are wherever the renderer knows the format. */
#include "display.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "error.h"
#include "pixels.h"

#define CONVERTED_FORMAT SDL_PIXELFORMAT_ARGB8888

struct gpu_picture {
	struct picture base;
	SDL_Texture *texture;
	struct convert *convert; /* NULL: the texture has the slot's own format */
	bool drawn;              /* there was an upload */
};

struct display_gpu {
	struct display base;
	SDL_Renderer *renderer;
	SDL_RendererInfo info;
	SDL_Texture *black; /* one pixel */
};

static struct display_gpu *gpu_of(struct display *display)
{
	return (struct display_gpu *)display;
}

static int fail(struct tripool_error *error, int code, const char *what)
{
	return tripool_fail(error, code, "%s: %s", what, SDL_GetError());
}

/* SDL would emulate a texture format that the renderer lacks, in up to two passes more. */
static bool is_native(const struct display_gpu *g, Uint32 sdl_format)
{
	for (Uint32 i = 0; i < g->info.num_texture_formats; i++)
		if (g->info.texture_formats[i] == sdl_format)
			return true;
	return false;
}

static struct gpu_picture *picture_of(struct picture *picture)
{
	return (struct gpu_picture *)picture;
}

static bool can_upload_directly(const struct display_gpu *g, const struct tripool_format *f)
{
	Uint32 sdl = pixels_sdl_format(f);
	if (sdl == SDL_PIXELFORMAT_UNKNOWN || !is_native(g, sdl) || !pixels_set_sdl_colour(f))
		return false;
	/* renderers count a row's length in whole pixels */
	if (!SDL_ISPIXELFORMAT_FOURCC(sdl))
		return pixels_stride(f, 0) % SDL_BYTESPERPIXEL(sdl) == 0;
	return f->plane_count != 2 || pixels_stride(f, 1) % 2 == 0;
}

/* ---- Pictures ------------------------------------------------------------------------------------------------- */

static void forget_texture(struct gpu_picture *p)
{
	if (p->texture)
		SDL_DestroyTexture(p->texture);
	p->texture = NULL;
	convert_destroy(p->convert);
	p->convert = NULL;
	p->drawn = false;
}

static struct picture *gpu_picture_create(struct display *display)
{
	struct gpu_picture *p = calloc(1, sizeof(*p));
	(void)display;
	return p ? &p->base : NULL;
}

static void gpu_picture_destroy(struct picture *picture)
{
	forget_texture(picture_of(picture));
	free(picture);
}

static int gpu_set_format(struct display *display, struct picture *picture, struct tripool_error *error)
{
	struct display_gpu *g = gpu_of(display);
	struct gpu_picture *p = picture_of(picture);
	const struct tripool_format *f = &picture->format;
	int width = (int)f->width_px, height = (int)f->height_px;
	Uint32 texture_format = CONVERTED_FORMAT;

	forget_texture(p);
	if ((g->info.max_texture_width && width > g->info.max_texture_width) ||
	    (g->info.max_texture_height && height > g->info.max_texture_height)) {
		return tripool_fail(error, -ENOTSUP,
		    "a frame of %dx%d is larger than this GPU's textures (%dx%d): use --renderer surface", width,
		    height, g->info.max_texture_width, g->info.max_texture_height);
	}
	if (can_upload_directly(g, f)) {
		texture_format = pixels_sdl_format(f);
	} else {
		struct convert_request request = {f, {0, 0, width, height}, width, height, CONVERTED_FORMAT};
		int r = convert_create(&p->convert, &request, error);
		if (r < 0)
			return r;
		width = (width + CONVERT_OVERSHOOT_PX - 1) / CONVERT_OVERSHOOT_PX * CONVERT_OVERSHOOT_PX;
	}
	p->texture = SDL_CreateTexture(g->renderer, texture_format, SDL_TEXTUREACCESS_STREAMING, width, height);
	if (!p->texture)
		return fail(error, -ENOMEM, "cannot make a texture");
	SDL_SetTextureBlendMode(p->texture, SDL_BLENDMODE_NONE);
	/* the converted pixels lie in the renderer's memory, and are read once more on their way to the GPU */
	picture->copies_per_frame = p->convert ? 1 : 0;
	return 0;
}

static int upload_converted(struct gpu_picture *p, const uint8_t *const plane[])
{
	void *pixels;
	int pitch;
	if (SDL_LockTexture(p->texture, NULL, &pixels, &pitch) < 0)
		return -EIO;
	int r = convert_run(p->convert, plane, pixels, pitch);
	SDL_UnlockTexture(p->texture);
	return r;
}

static int gpu_upload(struct display *display, struct picture *picture, const uint8_t *const plane[],
    const struct placement *placement, struct tripool_error *error)
{
	struct gpu_picture *p = picture_of(picture);
	const struct tripool_format *f = &picture->format;
	int r;
	(void)display;
	(void)placement; /* all of it goes to the texture, which is drawn as one likes */
	if (p->convert)
		r = upload_converted(p, plane);
	else if (f->plane_count == 3)
		r = SDL_UpdateYUVTexture(p->texture, NULL, plane[0], pixels_stride(f, 0), plane[1], pixels_stride(f, 1),
		    plane[2], pixels_stride(f, 2));
	else if (f->plane_count == 2)
		r = SDL_UpdateNVTexture(p->texture, NULL, plane[0], pixels_stride(f, 0), plane[1], pixels_stride(f, 1));
	else
		r = SDL_UpdateTexture(p->texture, NULL, plane[0], pixels_stride(f, 0));
	p->drawn = true;
	return r < 0 ? fail(error, -EIO, "cannot upload a frame") : 0;
}

/* ---- Drawing -------------------------------------------------------------------------------------------------- */

static void gpu_clear(struct display *display)
{
	struct display_gpu *g = gpu_of(display);
	SDL_RenderSetClipRect(g->renderer, NULL);
	SDL_SetRenderDrawBlendMode(g->renderer, SDL_BLENDMODE_BLEND);
	SDL_SetRenderDrawColor(g->renderer, 0, 0, 0, 255);
	SDL_RenderClear(g->renderer);
}

/* SDL's OpenGL renderer leaves a texture of several planes wrongly bound here, and takes it for rightly bound as long
 * as it draws no other one: so it does, where the picture will be. */
static void set_scale_mode(struct display_gpu *g, struct gpu_picture *p, SDL_ScaleMode mode, const SDL_Rect *area)
{
	SDL_ScaleMode was;
	if (SDL_GetTextureScaleMode(p->texture, &was) == 0 && was == mode)
		return;
	SDL_SetTextureScaleMode(p->texture, mode);
	SDL_RenderCopy(g->renderer, g->black, NULL, &(SDL_Rect){area->x, area->y, 1, 1});
}

static void gpu_draw(struct display *display, struct picture *picture, const struct placement *at, bool dim)
{
	struct display_gpu *g = gpu_of(display);
	struct gpu_picture *p = picture_of(picture);
	if (!p->drawn)
		return;
	SDL_Rect from = {.w = (int)picture->format.width_px, .h = (int)picture->format.height_px};
	/* SDL turns what it has scaled, around the middle */
	SDL_FRect to = at->picture;
	if (at->turns % 2)
		to = (SDL_FRect){to.x + (to.w - to.h) / 2, to.y + (to.h - to.w) / 2, to.h, to.w};
	SDL_RenderSetClipRect(g->renderer, &at->area);
	set_scale_mode(g, p, at->enlarged ? SDL_ScaleModeNearest : SDL_ScaleModeLinear, &at->area);
	SDL_RenderCopyExF(g->renderer, p->texture, &from, &to, 90.0 * at->turns, NULL,
	    at->mirrored ? SDL_FLIP_HORIZONTAL : SDL_FLIP_NONE);
	if (dim) {
		SDL_SetRenderDrawColor(g->renderer, 0, 0, 0, 160);
		SDL_RenderFillRectF(g->renderer, &at->picture);
	}
}

static void gpu_draw_layer(struct display *display, struct layer *layer, SDL_Point at, const SDL_Rect *area)
{
	struct display_gpu *g = gpu_of(display);
	SDL_Rect to = {at.x, at.y, layer->surface->w, layer->surface->h};
	if (!layer->texture || layer->texture_serial != layer->serial) {
		display_forget_layer(layer);
		layer->texture = SDL_CreateTextureFromSurface(g->renderer, layer->surface);
		layer->texture_serial = layer->serial;
		if (!layer->texture)
			return;
		SDL_SetTextureBlendMode(layer->texture, SDL_BLENDMODE_BLEND);
	}
	SDL_RenderSetClipRect(g->renderer, area);
	SDL_RenderCopy(g->renderer, layer->texture, NULL, &to);
}

static int gpu_present(struct display *display, struct tripool_error *error)
{
	(void)error;
	SDL_RenderPresent(gpu_of(display)->renderer);
	return 0;
}

static SDL_Surface *gpu_read_back(struct display *display)
{
	struct display_gpu *g = gpu_of(display);
	int width, height;
	SDL_GetRendererOutputSize(g->renderer, &width, &height);
	SDL_Surface *s = SDL_CreateRGBSurfaceWithFormat(0, width, height, 24, SDL_PIXELFORMAT_RGB24);
	if (s && SDL_RenderReadPixels(g->renderer, NULL, s->format->format, s->pixels, s->pitch) < 0) {
		SDL_FreeSurface(s);
		return NULL;
	}
	return s;
}

static void gpu_output_size(struct display *display, int *width_px, int *height_px)
{
	SDL_GetRendererOutputSize(gpu_of(display)->renderer, width_px, height_px);
}

static void gpu_destroy(struct display *display)
{
	struct display_gpu *g = gpu_of(display);
	if (g->renderer)
		SDL_DestroyRenderer(g->renderer);
	if (display->window)
		SDL_DestroyWindow(display->window);
	free(g);
}

static const struct display_class gpu_class = {
    .name = "gpu",
    .redraws_all = true,
    .picture_create = gpu_picture_create,
    .picture_destroy = gpu_picture_destroy,
    .set_format = gpu_set_format,
    .upload = gpu_upload,
    .clear = gpu_clear,
    .draw = gpu_draw,
    .draw_layer = gpu_draw_layer,
    .present = gpu_present,
    .read_back = gpu_read_back,
    .output_size = gpu_output_size,
    .destroy = gpu_destroy,
};

/* Mesa draws with the CPU where there is no GPU, and says so only here. */
static bool is_emulated(const struct display_gpu *g)
{
	enum { GL_RENDERER = 0x1f01 };
	if (strncmp(g->info.name, "opengl", 6) != 0)
		return false;
	const char *(*get_string)(unsigned) = NULL;
	*(void **)&get_string = SDL_GL_GetProcAddress("glGetString");
	const char *name = get_string ? get_string(GL_RENDERER) : NULL;
	return name && (strstr(name, "llvmpipe") || strstr(name, "softpipe") || strstr(name, "swrast"));
}

int display_gpu_create(
    struct display **display, const struct display_options *o, Uint32 flags, struct tripool_error *error)
{
	struct display_gpu *g = calloc(1, sizeof(*g));
	Uint32 renderer_flags = SDL_RENDERER_ACCELERATED | (o->vsync ? SDL_RENDERER_PRESENTVSYNC : 0);
	if (!g)
		return tripool_fail(error, -ENOMEM, "no memory for a window");
	g->base.class = &gpu_class;
	g->base.window =
	    SDL_CreateWindow(o->title, o->place.x, o->place.y, o->place.w ? o->place.w : DISPLAY_FIRST_WIDTH,
		o->place.w ? o->place.h : DISPLAY_FIRST_HEIGHT, flags | SDL_WINDOW_ALLOW_HIGHDPI);
	if (g->base.window)
		g->renderer = SDL_CreateRenderer(g->base.window, -1, renderer_flags);
	/* SDL_RENDER_DRIVER=software overrules the flags; that renderer copies more than `surface` does */
	if (!g->renderer || SDL_GetRendererInfo(g->renderer, &g->info) < 0 ||
	    !(g->info.flags & SDL_RENDERER_ACCELERATED)) {
		int r = tripool_fail(error, -ENODEV, "no accelerated renderer (%s): use --renderer surface",
		    g->renderer ? g->info.name : SDL_GetError());
		gpu_destroy(&g->base);
		return r;
	}
	g->black = SDL_CreateTexture(g->renderer, CONVERTED_FORMAT, SDL_TEXTUREACCESS_STATIC, 1, 1);
	if (g->black)
		SDL_UpdateTexture(g->black, NULL, &(Uint32){0xff000000u}, sizeof(Uint32));
	snprintf(g->base.detail, sizeof(g->base.detail), "%s", g->info.name);
	g->base.is_emulated = is_emulated(g);
	*display = &g->base;
	return 0;
}
