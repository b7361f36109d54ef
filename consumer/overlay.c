// SPDX-License-Identifier: MIT
#include "overlay.h"

#include <SDL_ttf.h>
#include <glob.h>
#include <stdlib.h>

#include "cli.h"

struct overlay {
	TTF_Font *font;
	struct layer message, table;
};

static const SDL_Color white = {255, 255, 255, 255}, grey = {176, 184, 192, 255};

/* Where distributions put the common sans-serif fonts, the best first; then whatever there is. */
static const char *const font_patterns[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/*/DejaVuSans.ttf",
    "/usr/share/fonts/*/*/LiberationSans-Regular.ttf",
    "/usr/share/fonts/*/LiberationSans-Regular.ttf",
    "/usr/share/fonts/*/*/NotoSans-Regular.ttf",
    "/usr/share/fonts/*/NotoSans-Regular.ttf",
    "/usr/share/fonts/*/*/FreeSans.ttf",
    "/usr/share/fonts/*/*/*.ttf",
    "/usr/share/fonts/*/*.ttf",
};

static TTF_Font *find_font(void)
{
	TTF_Font *font = NULL;
	for (size_t i = 0; !font && i < sizeof(font_patterns) / sizeof(*font_patterns); i++) {
		glob_t found;
		if (glob(font_patterns[i], 0, NULL, &found) != 0)
			continue;
		for (size_t j = 0; !font && j < found.gl_pathc; j++)
			font = TTF_OpenFont(found.gl_pathv[j], 16);
		globfree(&found);
	}
	return font;
}

struct overlay *overlay_create(void)
{
	struct overlay *o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	if (TTF_Init() == 0)
		o->font = find_font();
	if (!o->font)
		cli_error("no font under /usr/share/fonts: going on without text (install fonts-dejavu-core)");
	return o;
}

void overlay_destroy(struct overlay *o)
{
	if (!o)
		return;
	SDL_FreeSurface(o->message.surface);
	SDL_FreeSurface(o->table.surface);
	if (o->font)
		TTF_CloseFont(o->font);
	if (TTF_WasInit())
		TTF_Quit();
	free(o);
}

static int limit(int value, int least, int most)
{
	return value < least ? least : value > most ? most : value;
}

/* A half transparent box for text. */
static SDL_Surface *make_box(int width, int height)
{
	SDL_Surface *box = SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
	if (box)
		SDL_FillRect(box, NULL, SDL_MapRGBA(box->format, 12, 14, 16, 184));
	return box;
}

static void put(SDL_Surface *box, SDL_Surface *text, int x, int y)
{
	SDL_Rect at = {.x = x, .y = y};
	if (text)
		SDL_BlitSurface(text, NULL, box, &at);
}

static const struct layer *replace(struct layer *layer, SDL_Surface *surface)
{
	SDL_FreeSurface(layer->surface);
	layer->surface = surface;
	layer->serial++;
	return surface ? layer : NULL;
}

const struct layer *overlay_message(struct overlay *o, const char *text, int width_px, int height_px)
{
	if (!o->font)
		return NULL;
	int size = limit(height_px / 14, 14, 64), width, height;
	TTF_SetFontSize(o->font, size);
	/* a long name in a small window: the text shrinks rather than being cut */
	if (TTF_SizeUTF8(o->font, text, &width, &height) == 0 && width > width_px * 8 / 10)
		TTF_SetFontSize(o->font, limit(size * (width_px * 8 / 10) / width, 8, size));
	SDL_Surface *words = TTF_RenderUTF8_Blended(o->font, text, white);
	if (!words)
		return replace(&o->message, NULL);
	int pad = TTF_FontHeight(o->font) / 2;
	SDL_Surface *box = make_box(words->w + 2 * pad, words->h + pad);
	if (box)
		put(box, words, pad, pad / 2);
	SDL_FreeSurface(words);
	return replace(&o->message, box);
}

const struct layer *overlay_table(
    struct overlay *o, const struct overlay_row *rows, int row_count, int width_px, int height_px)
{
	SDL_Surface *label[OVERLAY_ROWS] = {NULL}, *value[OVERLAY_ROWS] = {NULL};
	int labels_width = 0, values_width = 0;
	if (!o->font || row_count > OVERLAY_ROWS)
		return NULL;
	TTF_SetFontSize(o->font, limit((height_px < width_px ? height_px : width_px) / 26, 11, 32));
	for (int i = 0; i < row_count; i++) {
		label[i] = TTF_RenderUTF8_Blended(o->font, rows[i].label, grey);
		value[i] = TTF_RenderUTF8_Blended(o->font, rows[i].value, white);
		if (label[i] && label[i]->w > labels_width)
			labels_width = label[i]->w;
		if (value[i] && value[i]->w > values_width)
			values_width = value[i]->w;
	}
	int line = TTF_FontLineSkip(o->font), pad = line / 2;
	SDL_Surface *box = make_box(labels_width + values_width + 3 * pad, row_count * line + 2 * pad);
	for (int i = 0; i < row_count; i++) {
		if (box) {
			put(box, label[i], pad, pad + i * line);
			put(box, value[i], 2 * pad + labels_width, pad + i * line);
		}
		SDL_FreeSurface(label[i]);
		SDL_FreeSurface(value[i]);
	}
	return replace(&o->table, box);
}
