// SPDX-License-Identifier: MIT
#include "text.h"

#include <SDL_ttf.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

#define SEE_THROUGH 184 /* as alpha */
#define OPAQUE 240
#define GRAPH_LINES 3 /* as high as so many lines of text */

struct text {
	TTF_Font *font;
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

struct text *text_create(void)
{
	struct text *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	if (TTF_Init() == 0)
		t->font = find_font();
	if (!t->font)
		cli_error("no font under /usr/share/fonts: going on without text (install fonts-dejavu-core)");
	return t;
}

void text_destroy(struct text *t)
{
	if (!t)
		return;
	if (t->font)
		TTF_CloseFont(t->font);
	if (TTF_WasInit())
		TTF_Quit();
	free(t);
}

static int limit(int value, int least, int most)
{
	return value < least ? least : value > most ? most : value;
}

/* A box for text. */
static SDL_Surface *make_box(int width, int height, Uint8 alpha)
{
	SDL_Surface *box = SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);
	if (box)
		SDL_FillRect(box, NULL, SDL_MapRGBA(box->format, 12, 14, 16, alpha));
	return box;
}

static void put(SDL_Surface *box, SDL_Surface *text, int x, int y)
{
	SDL_Rect at = {.x = x, .y = y};
	if (text)
		SDL_BlitSurface(text, NULL, box, &at);
}

static void replace(struct layer *layer, SDL_Surface *surface)
{
	SDL_FreeSurface(layer->surface);
	layer->surface = surface;
	layer->serial++;
}

void text_clear(struct layer *layer)
{
	if (layer->surface)
		replace(layer, NULL);
}

/* A line of at most that size; a long one shrinks rather than being cut. */
static void draw_line(struct text *t, struct layer *layer, const char *words, int size, int width_px)
{
	int width, height;
	if (!t->font)
		return;
	TTF_SetFontSize(t->font, size);
	if (TTF_SizeUTF8(t->font, words, &width, &height) == 0 && width > width_px)
		TTF_SetFontSize(t->font, limit(size * width_px / width, 8, size));
	SDL_Surface *line = TTF_RenderUTF8_Blended(t->font, words, white);
	if (!line) {
		text_clear(layer);
		return;
	}
	int pad = TTF_FontHeight(t->font) / 2;
	SDL_Surface *box = make_box(line->w + 2 * pad, line->h + pad, SEE_THROUGH);
	if (box)
		put(box, line, pad, pad / 2);
	SDL_FreeSurface(line);
	replace(layer, box);
}

void text_message(struct text *t, struct layer *layer, const char *words, SDL_Rect area)
{
	draw_line(t, layer, words, limit(area.h / 14, 14, 64), area.w * 8 / 10);
}

static int small_size(SDL_Rect area)
{
	return limit((area.h < area.w ? area.h : area.w) / 32, 11, 32);
}

void text_label(struct text *t, struct layer *layer, const char *words, SDL_Rect area)
{
	draw_line(t, layer, words, small_size(area), area.w * 8 / 10);
}

/* ---- Tables --------------------------------------------------------------------------------------------------- */

/* Bars from the left to the right, the highest as high as the graph is, and in words how much that is. */
static void draw_graph(struct text *t, SDL_Surface *box, const struct text_graph *graph, SDL_Rect where)
{
	char words[96];
	float most = 0;
	int line = TTF_FontLineSkip(t->font);
	for (int i = 0; i < graph->count; i++)
		most = graph->value[i] > most ? graph->value[i] : most;
	snprintf(words, sizeof(words), "%s, up to %.1f ms", graph->label, most);
	SDL_Surface *label = TTF_RenderUTF8_Blended(t->font, words, grey);
	put(box, label, where.x, where.y);
	SDL_FreeSurface(label);
	where.y += line;
	where.h -= line;
	SDL_FillRect(box, &where, SDL_MapRGBA(box->format, 32, 36, 40, SEE_THROUGH));
	for (int i = 0; i < graph->count && most > 0; i++) {
		float value = graph->value[(graph->first + i) % graph->count];
		int left = where.w * i / graph->count, right = where.w * (i + 1) / graph->count;
		int height = (int)((float)where.h * value / most + 0.5f);
		SDL_Rect bar = {
		    where.x + left, where.y + where.h - height, right - left > 1 ? right - left - 1 : 1, height};
		if (height > 0)
			SDL_FillRect(box, &bar, SDL_MapRGBA(box->format, 96, 200, 255, 255));
	}
}

static int widest(SDL_Surface *const *surface, int count)
{
	int width = 0;
	for (int i = 0; i < count; i++)
		if (surface[i] && surface[i]->w > width)
			width = surface[i]->w;
	return width;
}

static void render_rows(
    struct text *t, const struct text_row *rows, int row_count, SDL_Surface **label, SDL_Surface **value)
{
	for (int i = 0; i < row_count; i++) {
		label[i] = TTF_RenderUTF8_Blended(t->font, rows[i].label, grey);
		value[i] = TTF_RenderUTF8_Blended(t->font, rows[i].value, white);
	}
}

static void free_rows(SDL_Surface **label, SDL_Surface **value, int row_count)
{
	for (int i = 0; i < row_count; i++) {
		SDL_FreeSurface(label[i]);
		SDL_FreeSurface(value[i]);
	}
}

void text_table(struct text *t, struct layer *layer, const struct text_row *rows, int row_count,
    const struct text_graph *graph, SDL_Rect area)
{
	SDL_Surface *label[TEXT_ROWS] = {NULL}, *value[TEXT_ROWS] = {NULL};
	int lines = row_count + (graph ? GRAPH_LINES + 1 : 0);
	if (!t->font || row_count > TEXT_ROWS)
		return;
	int size = small_size(area);
	if (size * 3 / 2 * (lines + 1) > area.h) /* a small window: smaller, as far as it can be read */
		size = limit(area.h * 2 / 3 / (lines + 1), 8, size);
	TTF_SetFontSize(t->font, size);
	render_rows(t, rows, row_count, label, value);
	int labels = widest(label, row_count), values = widest(value, row_count);
	int line = TTF_FontLineSkip(t->font), pad = line / 2;
	SDL_Surface *box = make_box(labels + values + 3 * pad, lines * line + 2 * pad, graph ? SEE_THROUGH : OPAQUE);
	for (int i = 0; box && i < row_count; i++) {
		put(box, label[i], pad, pad + i * line);
		put(box, value[i], 2 * pad + labels, pad + i * line);
	}
	free_rows(label, value, row_count);
	if (box && graph)
		draw_graph(t, box, graph,
		    (SDL_Rect){
			pad, pad + row_count * line + line / 4, box->w - 2 * pad, (GRAPH_LINES + 1) * line - line / 4});
	replace(layer, box);
}
