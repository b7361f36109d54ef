// SPDX-License-Identifier: MIT
/*
 * A window that shows frames. It knows the pixels' addresses and format, nothing of streams or leases.
 *
 * For each frame: display_upload reads the pixels, the only time it does so; display_present shows the result with the
 * scene's layers over it. After set_format upload must come before present. Two implementations: `gpu` hands the
 * planes to SDL's renderer as a texture, `surface` converts them into the window's memory in one pass.
 */
#ifndef TRIPOOL_DISPLAY_H
#define TRIPOOL_DISPLAY_H

#include <SDL.h>
#include <stdbool.h>

#include "layer.h"
#include "tripool.h"

/* The window's size before it knows a frame's. */
#define DISPLAY_FIRST_WIDTH 640
#define DISPLAY_FIRST_HEIGHT 360

struct display;

struct display_class {
	const char *name; /* "gpu", "surface" */

	/* Whether present may be called again without an upload, even after a resize. */
	bool keeps_picture;

	int (*set_format)(struct display *display, struct tripool_error *error);
	int (*upload)(
	    struct display *display, const uint8_t *const plane[TRIPOOL_MAX_PLANES], struct tripool_error *error);
	int (*present)(struct display *display, const struct scene *scene, struct tripool_error *error);
	SDL_Surface *(*read_back)(struct display *display, const struct scene *scene);
	void (*output_size)(struct display *display, int *width_px, int *height_px);
	void (*destroy)(struct display *display);
};

/* What both implementations begin with. */
struct display {
	const struct display_class *class;
	SDL_Window *window;
	struct tripool_format format;
	int copies_per_frame; /* passes over a frame's pixels by a CPU before the one that puts them on the screen */
	char detail[32];      /* of the renderer, for a person: "opengl" */
	bool is_emulated;     /* a GPU that is this machine's CPU: each pixel costs more there than in `surface` */
	bool keep_size;       /* the user chose the window's size: frames do not change it */
	bool shown;
};

enum display_kind { DISPLAY_AUTO, DISPLAY_GPU, DISPLAY_SURFACE };

/* Opens a hidden window. DISPLAY_AUTO: gpu if there is an accelerated renderer, else surface. Errors: -ENODEV. */
int display_create(
    struct display **display, enum display_kind kind, const char *title, bool fullscreen, struct tripool_error *error);
void display_destroy(struct display *display);

/* The format of the frames from now on. The first one gives the window its size. Errors: -ENOTSUP, -ENOMEM. */
int display_set_format(struct display *display, const struct tripool_format *format, struct tripool_error *error);

/* Errors: -EIO. */
int display_upload(
    struct display *display, const uint8_t *const plane[TRIPOOL_MAX_PLANES], struct tripool_error *error);
int display_present(struct display *display, const struct scene *scene, struct tripool_error *error);

/* What display_present showed last, to be freed with SDL_FreeSurface; NULL when it cannot be had. */
SDL_Surface *display_read_back(struct display *display, const struct scene *scene);

void display_toggle_fullscreen(struct display *display);

int display_gpu_create(struct display **display, const char *title, Uint32 flags, struct tripool_error *error);
int display_surface_create(struct display **display, const char *title, Uint32 flags, struct tripool_error *error);

#endif
