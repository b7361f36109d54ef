// SPDX-License-Identifier: MIT
#include "display.h"

#include <errno.h>
#include <string.h>

#include "pixels.h"

#define USUAL_REFRESH_HZ 60

int display_create(struct display **display, const struct display_options *options, struct tripool_error *error)
{
	Uint32 flags = SDL_WINDOW_HIDDEN | SDL_WINDOW_RESIZABLE;
	int r = -ENODEV;
	if (options->fullscreen)
		flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
	if (options->kind != DISPLAY_SURFACE)
		r = display_gpu_create(display, options, flags, error);
	/* Wayland takes no pixels but through a renderer. */
	bool wayland = strcmp(SDL_GetCurrentVideoDriver(), "wayland") == 0;
	if (options->kind == DISPLAY_AUTO && r == 0 && (*display)->is_emulated && !wayland) {
		display_destroy(*display);
		r = -ENODEV;
	}
	if (options->kind == DISPLAY_SURFACE || (options->kind == DISPLAY_AUTO && r < 0))
		r = display_surface_create(display, options, flags, error);
	if (r == 0) {
		(*display)->keep_size = options->fullscreen || options->place.w > 0;
		(*display)->keep_place = !SDL_WINDOWPOS_ISCENTERED(options->place.x);
	}
	return r;
}

void display_destroy(struct display *display)
{
	if (display)
		display->class->destroy(display);
}

void display_fit(struct display *display, const struct tripool_format *format)
{
	int width, height;
	SDL_Rect usable;
	if (display->keep_size)
		return;
	display->keep_size = true;
	pixels_display_size(format, &width, &height);
	int screen = SDL_GetWindowDisplayIndex(display->window);
	if (SDL_GetDisplayUsableBounds(screen < 0 ? 0 : screen, &usable) == 0) {
		int top = 0, left = 0, bottom = 0, right = 0;
		SDL_GetWindowBordersSize(display->window, &top, &left, &bottom, &right);
		usable.w -= left + right;
		usable.h -= top + bottom;
		if (width > usable.w || height > usable.h) {
			struct placement p =
			    view_place(&(struct view){.zoom = 0}, format, (SDL_Rect){0, 0, usable.w, usable.h});
			width = (int)p.picture.w;
			height = (int)p.picture.h;
		}
	}
	SDL_SetWindowSize(display->window, width, height);
	if (!display->keep_place)
		SDL_SetWindowPosition(display->window, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED);
}

struct picture *display_picture_create(struct display *display)
{
	return display->class->picture_create(display);
}

void display_picture_destroy(struct display *display, struct picture *picture)
{
	if (picture)
		display->class->picture_destroy(picture);
}

int display_set_format(
    struct display *display, struct picture *picture, const struct tripool_format *format, struct tripool_error *error)
{
	picture->format = *format;
	return display->class->set_format(display, picture, error);
}

void display_settle(struct display *display, const struct picture *picture, struct placement *placement)
{
	if (display->class->settle)
		display->class->settle(display, picture, placement);
}

int display_upload(struct display *display, struct picture *picture, const uint8_t *const plane[TRIPOOL_MAX_PLANES],
    const struct placement *placement, struct tripool_error *error)
{
	return display->class->upload(display, picture, plane, placement, error);
}

void display_clear(struct display *display)
{
	display->class->clear(display);
}

void display_draw(struct display *display, struct picture *picture, const struct placement *placement, bool dim)
{
	display->class->draw(display, picture, placement, dim);
}

void display_draw_layer(struct display *display, struct layer *layer, SDL_Point at, const SDL_Rect *area)
{
	if (layer->surface)
		display->class->draw_layer(display, layer, at, area);
}

void display_forget_layer(struct layer *layer)
{
	if (layer->texture)
		SDL_DestroyTexture(layer->texture);
	layer->texture = NULL;
}

int display_present(struct display *display, struct tripool_error *error)
{
	/* Only now, so that a stream that is there already opens its window at the right size. */
	if (!display->shown) {
		SDL_ShowWindow(display->window);
		display->shown = true;
	}
	return display->class->present(display, error);
}

SDL_Surface *display_read_back(struct display *display)
{
	return display->class->read_back(display);
}

void display_size(struct display *display, int *width_px, int *height_px)
{
	display->class->output_size(display, width_px, height_px);
}

SDL_Point display_point(struct display *display, int mouse_x, int mouse_y)
{
	int width, height, mouse_width, mouse_height;
	display_size(display, &width, &height);
	SDL_GetWindowSize(display->window, &mouse_width, &mouse_height);
	if (mouse_width < 1 || mouse_height < 1)
		return (SDL_Point){mouse_x, mouse_y};
	return (SDL_Point){mouse_x * width / mouse_width, mouse_y * height / mouse_height};
}

int display_refresh_hz(struct display *display)
{
	SDL_DisplayMode mode;
	int screen = SDL_GetWindowDisplayIndex(display->window);
	if (SDL_GetCurrentDisplayMode(screen < 0 ? 0 : screen, &mode) < 0 || mode.refresh_rate <= 0)
		return USUAL_REFRESH_HZ;
	return mode.refresh_rate;
}

bool display_is_fullscreen(const struct display *display)
{
	return SDL_GetWindowFlags(display->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
}

void display_toggle_fullscreen(struct display *display)
{
	SDL_SetWindowFullscreen(display->window, display_is_fullscreen(display) ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}
