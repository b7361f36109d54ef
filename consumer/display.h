// SPDX-License-Identifier: MIT
/*
 * A window that shows pictures. It knows the pixels' addresses and format, nothing of streams or leases.
 *
 * For each frame display_upload reads the pixels, the only time it does so. A round of drawing is: display_clear where
 * all is to be drawn anew, display_draw of pictures, display_draw_layer over them, display_present. What was not drawn
 * in a round stays as it was, but where the class redraws all. Two implementations: `gpu` hands the planes to SDL's
 * renderer as a texture, `surface` converts them into the window's memory in one pass.
 */
#ifndef TRIPOOL_DISPLAY_H
#define TRIPOOL_DISPLAY_H

#include <SDL.h>
#include <stdbool.h>

#include "layer.h"
#include "tripool.h"
#include "view.h"

/* The window's size before it knows a frame's. */
#define DISPLAY_FIRST_WIDTH 640
#define DISPLAY_FIRST_HEIGHT 360

struct display;

/* One stream's frame, as the display keeps it. What both implementations begin with. */
struct picture {
	struct tripool_format format;
	int copies_per_frame; /* passes over a frame's pixels by a CPU before the one that puts them on the screen */
};

struct display_class {
	const char *name; /* "gpu", "surface" */

	/* Whether each round draws everything, and can do so without another upload. If not, a picture is drawn in the
	 * round of its upload, and only then. */
	bool redraws_all;

	struct picture *(*picture_create)(struct display *display);
	void (*picture_destroy)(struct picture *picture);
	int (*set_format)(struct display *display, struct picture *picture, struct tripool_error *error);

	/* Changes where a picture would go to what is cheaper, a few pixels at most. May be NULL. */
	void (*settle)(struct display *display, const struct picture *picture, struct placement *placement);
	int (*upload)(struct display *display, struct picture *picture, const uint8_t *const plane[TRIPOOL_MAX_PLANES],
	    const struct placement *placement, struct tripool_error *error);
	void (*clear)(struct display *display);
	void (*draw)(struct display *display, struct picture *picture, const struct placement *placement, bool dim);
	void (*draw_layer)(struct display *display, struct layer *layer, SDL_Point at, const SDL_Rect *area);
	int (*present)(struct display *display, struct tripool_error *error);
	SDL_Surface *(*read_back)(struct display *display);
	void (*output_size)(struct display *display, int *width_px, int *height_px);
	void (*destroy)(struct display *display);
};

struct display {
	const struct display_class *class;
	SDL_Window *window;
	char detail[32];  /* of the renderer, for a person: "opengl" */
	bool is_emulated; /* a GPU that is this machine's CPU: each pixel costs more there than in `surface` */
	bool keep_size;   /* the user chose the window's size: frames do not change it */
	bool keep_place;  /* nor its place, which may be given without a size */
	bool shown;
};

enum display_kind { DISPLAY_AUTO, DISPLAY_GPU, DISPLAY_SURFACE };

struct display_options {
	enum display_kind kind; /* DISPLAY_AUTO: gpu if there is an accelerated renderer, else surface */
	const char *title;
	SDL_Rect place; /* of the window on the screen; w 0: as the frame; x, y may be SDL_WINDOWPOS_CENTERED */
	bool fullscreen;
	bool vsync;
};

/* Opens a hidden window. Errors: -ENODEV. */
int display_create(struct display **display, const struct display_options *options, struct tripool_error *error);
void display_destroy(struct display *display);

/* Makes the window as large as the frame, or as fits on the desktop in its shape, unless somebody chose its size. */
void display_fit(struct display *display, const struct tripool_format *format);

/* NULL: no memory. To be destroyed before the display. */
struct picture *display_picture_create(struct display *display);
void display_picture_destroy(struct display *display, struct picture *picture);

/* The format of the picture's frames from now on. Errors: -ENOTSUP, -ENOMEM. */
int display_set_format(
    struct display *display, struct picture *picture, const struct tripool_format *format, struct tripool_error *error);

/* Where the picture really goes: to be asked before upload and draw. */
void display_settle(struct display *display, const struct picture *picture, struct placement *placement);

/* Errors: -EIO. */
int display_upload(struct display *display, struct picture *picture, const uint8_t *const plane[TRIPOOL_MAX_PLANES],
    const struct placement *placement, struct tripool_error *error);

/* The whole window black: before anything is drawn, and where the class does not redraw all, before any upload. */
void display_clear(struct display *display);

/* Draws what was uploaded last, black where there is nothing; `dim`: darkened. */
void display_draw(struct display *display, struct picture *picture, const struct placement *placement, bool dim);
/* With its upper left corner there; only what lies in the area is drawn, NULL: all. */
void display_draw_layer(struct display *display, struct layer *layer, SDL_Point at, const SDL_Rect *area);
void display_forget_layer(struct layer *layer);
int display_present(struct display *display, struct tripool_error *error);

/* What was drawn in this round, or where the class keeps the window's pixels, presented last: to be freed with
 * SDL_FreeSurface; NULL when it cannot be had. */
SDL_Surface *display_read_back(struct display *display);

/* The window's size in pixels, and a point of it as the mouse tells it. */
void display_size(struct display *display, int *width_px, int *height_px);
SDL_Point display_point(struct display *display, int mouse_x, int mouse_y);

/* How often a second the screen shows something else; 60 where it does not say. */
int display_refresh_hz(struct display *display);

bool display_is_fullscreen(const struct display *display);
void display_toggle_fullscreen(struct display *display);

int display_gpu_create(
    struct display **display, const struct display_options *options, Uint32 flags, struct tripool_error *error);
int display_surface_create(
    struct display **display, const struct display_options *options, Uint32 flags, struct tripool_error *error);

#endif
