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

struct layer_texture {
	SDL_Texture *texture;
	unsigned serial;
};

struct display_gpu {
	struct display base;
	SDL_Renderer *renderer;
	SDL_RendererInfo info;
	SDL_Texture *texture;
	struct convert *convert; /* NULL: the texture has the slot's own format */
	struct layer_texture corner, centre;
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

static bool can_upload_directly(const struct display_gpu *g)
{
	const struct tripool_format *f = &g->base.format;
	Uint32 sdl = pixels_sdl_format(f);
	if (sdl == SDL_PIXELFORMAT_UNKNOWN || !is_native(g, sdl) || !pixels_set_sdl_colour(f))
		return false;
	/* renderers count a row's length in whole pixels */
	if (!SDL_ISPIXELFORMAT_FOURCC(sdl))
		return f->stride_bytes[0] % SDL_BYTESPERPIXEL(sdl) == 0;
	return f->plane_count != 2 || f->stride_bytes[1] % 2 == 0;
}

static int gpu_set_format(struct display *display, struct tripool_error *error)
{
	struct display_gpu *g = gpu_of(display);
	const struct tripool_format *f = &display->format;
	int width = (int)f->width_px, height = (int)f->height_px;
	Uint32 texture_format = CONVERTED_FORMAT;

	SDL_DestroyTexture(g->texture);
	g->texture = NULL;
	convert_destroy(g->convert);
	g->convert = NULL;
	if ((g->info.max_texture_width && width > g->info.max_texture_width) ||
	    (g->info.max_texture_height && height > g->info.max_texture_height)) {
		return tripool_fail(error, -ENOTSUP,
		    "a frame of %dx%d is larger than this GPU's textures (%dx%d): use --renderer surface", width,
		    height, g->info.max_texture_width, g->info.max_texture_height);
	}
	if (can_upload_directly(g)) {
		texture_format = pixels_sdl_format(f);
	} else {
		const struct convert_request request = {
		    .from = f, .width_px = width, .height_px = height, .to = CONVERTED_FORMAT};
		int r = convert_create(&g->convert, &request, error);
		if (r < 0)
			return r;
		width = (width + CONVERT_OVERSHOOT_PX - 1) / CONVERT_OVERSHOOT_PX * CONVERT_OVERSHOOT_PX;
	}
	g->texture = SDL_CreateTexture(g->renderer, texture_format, SDL_TEXTUREACCESS_STREAMING, width, height);
	if (!g->texture)
		return fail(error, -ENOMEM, "cannot make a texture");
	SDL_SetTextureBlendMode(g->texture, SDL_BLENDMODE_NONE);
	SDL_SetTextureScaleMode(g->texture, SDL_ScaleModeLinear);
	/* the converted pixels lie in the renderer's memory, and are read once more on their way to the GPU */
	display->copies_per_frame = g->convert ? 1 : 0;
	return 0;
}

static int upload_converted(struct display_gpu *g, const uint8_t *const plane[])
{
	void *pixels;
	int pitch;
	if (SDL_LockTexture(g->texture, NULL, &pixels, &pitch) < 0)
		return -EIO;
	int r = convert_run(g->convert, plane, pixels, pitch);
	SDL_UnlockTexture(g->texture);
	return r;
}

static int gpu_upload(
    struct display *display, const uint8_t *const plane[TRIPOOL_MAX_PLANES], struct tripool_error *error)
{
	struct display_gpu *g = gpu_of(display);
	int stride[TRIPOOL_MAX_PLANES], r;
	for (unsigned p = 0; p < TRIPOOL_MAX_PLANES; p++)
		stride[p] = pixels_stride(&display->format, p);
	if (g->convert)
		r = upload_converted(g, plane);
	else if (display->format.plane_count == 3)
		r = SDL_UpdateYUVTexture(
		    g->texture, NULL, plane[0], stride[0], plane[1], stride[1], plane[2], stride[2]);
	else if (display->format.plane_count == 2)
		r = SDL_UpdateNVTexture(g->texture, NULL, plane[0], stride[0], plane[1], stride[1]);
	else
		r = SDL_UpdateTexture(g->texture, NULL, plane[0], stride[0]);
	return r < 0 ? fail(error, -EIO, "cannot upload a frame") : 0;
}

static void draw_layer(struct display_gpu *g, struct layer_texture *cache, const struct layer *layer, bool centred)
{
	if (!layer || !layer->surface)
		return;
	if (!cache->texture || cache->serial != layer->serial) {
		SDL_DestroyTexture(cache->texture);
		cache->texture = SDL_CreateTextureFromSurface(g->renderer, layer->surface);
		cache->serial = layer->serial;
		if (!cache->texture)
			return;
		SDL_SetTextureBlendMode(cache->texture, SDL_BLENDMODE_BLEND);
	}
	int width, height;
	SDL_Rect at = {LAYER_MARGIN_PX, LAYER_MARGIN_PX, layer->surface->w, layer->surface->h};
	SDL_GetRendererOutputSize(g->renderer, &width, &height);
	if (centred) {
		at.x = (width - at.w) / 2;
		at.y = (height - at.h) / 2;
	}
	SDL_RenderCopy(g->renderer, cache->texture, NULL, &at);
}

static void draw(struct display_gpu *g, const struct scene *scene)
{
	SDL_SetRenderDrawBlendMode(g->renderer, SDL_BLENDMODE_BLEND);
	SDL_SetRenderDrawColor(g->renderer, 0, 0, 0, 255);
	SDL_RenderClear(g->renderer);
	if (g->texture) {
		int width, height;
		SDL_GetRendererOutputSize(g->renderer, &width, &height);
		SDL_Rect from = {.w = (int)g->base.format.width_px, .h = (int)g->base.format.height_px};
		SDL_Rect to = pixels_letterbox(&g->base.format, width, height);
		SDL_RenderCopy(g->renderer, g->texture, &from, &to);
		if (scene->dim) {
			SDL_SetRenderDrawColor(g->renderer, 0, 0, 0, 160);
			SDL_RenderFillRect(g->renderer, &to);
		}
	}
	draw_layer(g, &g->corner, scene->corner, false);
	draw_layer(g, &g->centre, scene->centre, true);
}

static int gpu_present(struct display *display, const struct scene *scene, struct tripool_error *error)
{
	(void)error;
	draw(gpu_of(display), scene);
	SDL_RenderPresent(gpu_of(display)->renderer);
	return 0;
}

/* What is behind the screen after a present is not defined: draw it again, and read that. */
static SDL_Surface *gpu_read_back(struct display *display, const struct scene *scene)
{
	struct display_gpu *g = gpu_of(display);
	int width, height;
	SDL_GetRendererOutputSize(g->renderer, &width, &height);
	SDL_Surface *s = SDL_CreateRGBSurfaceWithFormat(0, width, height, 24, SDL_PIXELFORMAT_RGB24);
	if (!s)
		return NULL;
	draw(g, scene);
	int r = SDL_RenderReadPixels(g->renderer, NULL, s->format->format, s->pixels, s->pitch);
	SDL_RenderPresent(g->renderer);
	if (r < 0) {
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
	convert_destroy(g->convert);
	if (g->renderer)
		SDL_DestroyRenderer(g->renderer); /* and its textures */
	if (display->window)
		SDL_DestroyWindow(display->window);
	free(g);
}

static const struct display_class gpu_class = {
    .name = "gpu",
    .keeps_picture = true,
    .set_format = gpu_set_format,
    .upload = gpu_upload,
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

int display_gpu_create(struct display **display, const char *title, Uint32 flags, struct tripool_error *error)
{
	struct display_gpu *g = calloc(1, sizeof(*g));
	if (!g)
		return tripool_fail(error, -ENOMEM, "no memory for a window");
	g->base.class = &gpu_class;
	g->base.window = SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, DISPLAY_FIRST_WIDTH,
	    DISPLAY_FIRST_HEIGHT, flags | SDL_WINDOW_ALLOW_HIGHDPI);
	if (g->base.window)
		g->renderer =
		    SDL_CreateRenderer(g->base.window, -1, SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC);
	/* SDL_RENDER_DRIVER=software overrules the flags; that renderer copies more than `surface` does */
	if (!g->renderer || SDL_GetRendererInfo(g->renderer, &g->info) < 0 ||
	    !(g->info.flags & SDL_RENDERER_ACCELERATED)) {
		int r = tripool_fail(error, -ENODEV, "no accelerated renderer (%s): use --renderer surface",
		    g->renderer ? g->info.name : SDL_GetError());
		gpu_destroy(&g->base);
		return r;
	}
	snprintf(g->base.detail, sizeof(g->base.detail), "%s", g->info.name);
	g->base.is_emulated = is_emulated(g);
	*display = &g->base;
	return 0;
}
