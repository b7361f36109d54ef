// SPDX-License-Identifier: MIT
#include "display.h"

#include <errno.h>
#include <string.h>

#include "pixels.h"

int display_create(
    struct display **display, enum display_kind kind, const char *title, bool fullscreen, struct tripool_error *error)
{
	Uint32 flags = SDL_WINDOW_HIDDEN | SDL_WINDOW_RESIZABLE;
	int r = -ENODEV;
	if (fullscreen)
		flags |= SDL_WINDOW_FULLSCREEN_DESKTOP;
	if (kind != DISPLAY_SURFACE)
		r = display_gpu_create(display, title, flags, error);
	/* Wayland takes no pixels but through a renderer. */
	bool wayland = strcmp(SDL_GetCurrentVideoDriver(), "wayland") == 0;
	if (kind == DISPLAY_AUTO && r == 0 && (*display)->is_emulated && !wayland) {
		display_destroy(*display);
		r = -ENODEV;
	}
	if (kind == DISPLAY_SURFACE || (kind == DISPLAY_AUTO && r < 0))
		r = display_surface_create(display, title, flags, error);
	if (r == 0)
		(*display)->keep_size = fullscreen;
	return r;
}

void display_destroy(struct display *display)
{
	if (display)
		display->class->destroy(display);
}

/* As large as the frame, or as fits on the desktop in the frame's shape. */
static void fit_window(struct display *display)
{
	int width, height;
	SDL_Rect usable;
	pixels_display_size(&display->format, &width, &height);
	int screen = SDL_GetWindowDisplayIndex(display->window);
	if (SDL_GetDisplayUsableBounds(screen < 0 ? 0 : screen, &usable) == 0) {
		int top = 0, left = 0, bottom = 0, right = 0;
		SDL_GetWindowBordersSize(display->window, &top, &left, &bottom, &right);
		usable.w -= left + right;
		usable.h -= top + bottom;
		if (width > usable.w || height > usable.h) {
			SDL_Rect fitted = pixels_letterbox(&display->format, usable.w, usable.h);
			width = fitted.w;
			height = fitted.h;
		}
	}
	SDL_SetWindowSize(display->window, width, height);
	SDL_SetWindowPosition(display->window, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED);
}

int display_set_format(struct display *display, const struct tripool_format *format, struct tripool_error *error)
{
	display->format = *format;
	if (!display->keep_size) {
		fit_window(display);
		display->keep_size = true;
	}
	return display->class->set_format(display, error);
}

int display_upload(struct display *display, const uint8_t *const plane[TRIPOOL_MAX_PLANES], struct tripool_error *error)
{
	return display->class->upload(display, plane, error);
}

int display_present(struct display *display, const struct scene *scene, struct tripool_error *error)
{
	/* Only now, so that a stream that is there already opens its window at the right size. */
	if (!display->shown) {
		SDL_ShowWindow(display->window);
		display->shown = true;
	}
	return display->class->present(display, scene, error);
}

SDL_Surface *display_read_back(struct display *display, const struct scene *scene)
{
	return display->class->read_back(display, scene);
}

void display_toggle_fullscreen(struct display *display)
{
	bool full = SDL_GetWindowFlags(display->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
	SDL_SetWindowFullscreen(display->window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
}
