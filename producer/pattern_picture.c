// SPDX-License-Identifier: MIT
#include "pattern_picture.h"

#include "error.h"

#include <errno.h>
#include <string.h>

/* libswscale is not at home in very small pictures. */
#define MIN_SPRITE_WIDTH_PX 64
#define MIN_SPRITE_HEIGHT_PX 16

#define GRID(px) ((px) & ~(IMAGE_GRID_PX - 1u))
#define GRID_UP(px) GRID((px) + IMAGE_GRID_PX - 1u)

const struct picture_kind picture_kinds[] = {
    {"bars", art_bars, MOVE_BAR},
    {"box", art_grid, MOVE_BOX},
    {"zone", art_zone, MOVE_BOX},
    {"gradient", art_gradient, MOVE_BAR},
    {"noise", art_noise, MOVE_BAND},
    {NULL, NULL, MOVE_BAR},
};

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Places the parts; the sizes of all but the text's characters are on the grid. */
static void lay_out(struct picture *picture, const struct tripool_format *format, struct image_move *plate)
{
	uint32_t width = format->width_px, height = format->height_px;
	uint32_t scale = max_u32(min_u32(height / 70, width / 96), 1);

	strip_layout(width, height, &picture->strip);
	plate->width_px = scale * ART_GLYPH_COLUMNS * (PICTURE_CHARACTERS + 1);
	plate->height_px = GRID_UP(scale * ART_GLYPH_ROWS);
	plate->x = GRID((width - plate->width_px) / 2);
	plate->y = picture->strip.bottom_y_px - plate->height_px - GRID_UP(scale);

	picture->scale_px = scale;
	picture->text_x_px = plate->x + GRID(scale * ART_GLYPH_COLUMNS / 2);
	picture->text_y_px = plate->y;
	picture->area_y_px = picture->strip.height_px;
	picture->area_height_px = plate->y - picture->strip.height_px;

	switch (picture->kind->mover) {
	case MOVE_BAR:
		picture->mover_width_px = max_u32(GRID(width / 64), 8);
		picture->mover_height_px = picture->area_height_px;
		break;
	case MOVE_BOX:
		picture->mover_width_px = max_u32(GRID(min_u32(width, height) / 6), 8);
		picture->mover_height_px = picture->mover_width_px;
		break;
	case MOVE_BAND:
		picture->mover_width_px = width;
		picture->mover_height_px = max_u32(GRID(height / 32), 4);
		break;
	}
}

static int make_background(struct picture *picture, const struct tripool_format *format, const struct image_move *plate,
    struct tripool_error *error)
{
	const struct strip_geometry *strip = &picture->strip;
	struct art art;

	if (art_init(&art, format->width_px, format->height_px) < 0)
		return tripool_fail(
		    error, -ENOMEM, "no memory for a picture of %ux%u pixels", format->width_px, format->height_px);
	picture->kind->paint(&art);
	art_fill(&art, plate->x, plate->y, plate->width_px, plate->height_px, 0);
	art_fill(&art, 0, 0, STRIP_CELLS * strip->cell_px, strip->height_px, 0);
	art_fill(&art, 0, strip->bottom_y_px, STRIP_CELLS * strip->cell_px, strip->height_px, 0);
	int r = image_init(&picture->background, &art, format, error);
	art_finish(&art);
	return r;
}

/* Begins a sprite at least that large; finish_sprite converts it. */
static int begin_sprite(struct art *art, uint32_t width_px, uint32_t height_px, struct tripool_error *error)
{
	width_px = max_u32(GRID_UP(width_px), MIN_SPRITE_WIDTH_PX);
	height_px = max_u32(GRID_UP(height_px), MIN_SPRITE_HEIGHT_PX);
	if (art_init(art, width_px, height_px) < 0)
		return tripool_fail(error, -ENOMEM, "no memory for a picture of %ux%u pixels", width_px, height_px);
	return 0;
}

static int finish_sprite(
    struct art *art, struct image *image, const struct tripool_format *format, struct tripool_error *error)
{
	int r = image_init(image, art, format, error);
	art_finish(art);
	return r;
}

static int make_mover(struct picture *picture, const struct tripool_format *format, struct tripool_error *error)
{
	uint32_t width = picture->mover_width_px, height = picture->mover_height_px;
	struct art art;

	if (picture->kind->mover == MOVE_BAND)
		return 0;
	int r = begin_sprite(&art, width, height, error);
	if (r < 0)
		return r;
	art_fill(&art, 0, 0, art.width_px, art.height_px, 0x101010);
	if (picture->kind->mover == MOVE_BAR) {
		art_fill(&art, 2, 0, width - 4, height, 0xffffff);
	} else {
		art_fill(&art, 2, 2, width - 4, height - 4, 0xffd21e);
		art_fill(&art, width / 4, height / 4, width / 2, height / 2, 0xe8402a);
	}
	return finish_sprite(&art, &picture->mover, format, error);
}

static int make_glyphs(struct picture *picture, const struct tripool_format *format, struct tripool_error *error)
{
	const char *characters = ART_CHARACTERS;
	uint32_t width = picture->scale_px * ART_GLYPH_COLUMNS;
	struct art art;
	int r = begin_sprite(&art, width * (uint32_t)strlen(characters), picture->scale_px * ART_GLYPH_ROWS, error);

	if (r < 0)
		return r;
	for (uint32_t i = 0; characters[i]; i++)
		art_glyph(&art, i * width, 0, picture->scale_px, characters[i]);
	return finish_sprite(&art, &picture->glyphs, format, error);
}

static int make_cells(struct picture *picture, const struct tripool_format *format, struct tripool_error *error)
{
	/* On the grid, so that a cell does not share its chroma with the white beside it. */
	uint32_t white_x = GRID_UP(picture->strip.cell_px);
	struct art art;
	int r = begin_sprite(&art, 2 * white_x, picture->strip.height_px, error);

	if (r < 0)
		return r;
	art_fill(&art, white_x, 0, art.width_px - white_x, art.height_px, 0xffffff);
	return finish_sprite(&art, &picture->cells, format, error);
}

static void draw_character(const struct picture *picture, uint8_t *memory, uint32_t place, char character)
{
	uint32_t width = picture->scale_px * ART_GLYPH_COLUMNS;
	struct image_move move = {
	    .x = picture->text_x_px + place * width,
	    .y = picture->text_y_px,
	    .from_x = (uint32_t)(strchr(ART_CHARACTERS, character) - ART_CHARACTERS) * width,
	    .width_px = width,
	    .height_px = picture->scale_px * ART_GLYPH_ROWS,
	};

	image_copy(&picture->glyphs, &move, &picture->background.format, memory);
}

/* In both strips. */
static void draw_cell(const struct picture *picture, uint8_t *memory, uint32_t cell, bool white)
{
	const struct strip_geometry *strip = &picture->strip;
	struct image_move move = {
	    .x = cell * strip->cell_px,
	    .from_x = white ? GRID_UP(strip->cell_px) : 0,
	    .width_px = strip->cell_px,
	    .height_px = strip->height_px,
	};

	image_copy(&picture->cells, &move, &picture->background.format, memory);
	move.y = strip->bottom_y_px;
	image_copy(&picture->cells, &move, &picture->background.format, memory);
}

/* The background's strips and plate, cleared as they are cleared in a frame: converted as a part of the whole, their
 * edges have taken on some of the colour beside them. */
static void clear_changing_parts(struct picture *picture)
{
	for (uint32_t cell = 0; cell < STRIP_CELLS; cell++)
		draw_cell(picture, picture->background.memory, cell, false);
	for (uint32_t i = 0; i < PICTURE_CHARACTERS; i++)
		draw_character(picture, picture->background.memory, i, ' ');
}

int picture_init(struct picture *picture, const struct picture_kind *kind, const struct tripool_format *format,
    struct tripool_error *error)
{
	struct image_move plate;
	int r;

	*picture = (struct picture){.kind = kind};
	if (format->width_px < PICTURE_MIN_WIDTH_PX || format->height_px < PICTURE_MIN_HEIGHT_PX)
		return tripool_fail(error, -EINVAL, "size %ux%u: the test pattern needs at least %dx%d",
		    format->width_px, format->height_px, PICTURE_MIN_WIDTH_PX, PICTURE_MIN_HEIGHT_PX);
	r = image_supports(format, error);
	if (r == 0)
		r = image_fits(format, error);
	if (r < 0)
		return r;
	lay_out(picture, format, &plate);
	r = make_background(picture, format, &plate, error);
	if (r == 0)
		r = make_mover(picture, format, error);
	if (r == 0)
		r = make_glyphs(picture, format, error);
	if (r == 0)
		r = make_cells(picture, format, error);
	if (r < 0) {
		picture_finish(picture);
		return r;
	}
	clear_changing_parts(picture);
	return 0;
}

void picture_finish(struct picture *picture)
{
	image_finish(&picture->background);
	image_finish(&picture->mover);
	image_finish(&picture->glyphs);
	image_finish(&picture->cells);
}

/* There and back again between 0 and `range`, a multiple of the grid. */
static uint32_t bounce(uint64_t sequence, uint32_t step, uint32_t range)
{
	uint32_t steps = range / step;
	uint32_t phase;

	if (steps == 0)
		return 0;
	phase = (uint32_t)(sequence % (2ull * steps));
	return (phase <= steps ? phase : 2 * steps - phase) * step;
}

void picture_mover_at(const struct picture *picture, uint64_t sequence, struct image_move *move)
{
	uint32_t width = picture->background.format.width_px;
	uint32_t range_x = GRID(width - picture->mover_width_px);
	uint32_t range_y = GRID(picture->area_height_px - picture->mover_height_px);
	uint32_t step = max_u32(GRID(width / 160), IMAGE_GRID_PX);

	*move = (struct image_move){
	    .y = picture->area_y_px, .width_px = picture->mover_width_px, .height_px = picture->mover_height_px};
	switch (picture->kind->mover) {
	case MOVE_BAR:
		move->x = (uint32_t)(sequence % (range_x / step + 1)) * step;
		break;
	case MOVE_BOX:
		move->x = bounce(sequence, step, range_x);
		move->y += bounce(sequence, step, range_y);
		break;
	case MOVE_BAND:
		move->y += (uint32_t)(sequence % (range_y / IMAGE_GRID_PX + 1)) * IMAGE_GRID_PX;
		/* Fresh noise: the background's own rows from anywhere in the area (Knuth's multiplicative hash). */
		move->from_y = picture->area_y_px + (uint32_t)((sequence * UINT64_C(0x9e3779b97f4a7c15) >> 32) %
							       (range_y / IMAGE_GRID_PX + 1)) *
		                                        IMAGE_GRID_PX;
		break;
	}
}

static void draw_mover(const struct picture *picture, struct picture_shown *shown, uint8_t *memory, uint64_t sequence)
{
	const struct image *background = &picture->background;
	bool band = picture->kind->mover == MOVE_BAND;

	if (shown->drawn) {
		struct image_move restore = shown->mover;
		restore.from_x = restore.x;
		restore.from_y = restore.y;
		image_copy(background, &restore, &background->format, memory);
	}
	picture_mover_at(picture, sequence, &shown->mover);
	image_copy(band ? background : &picture->mover, &shown->mover, &background->format, memory);
}

static void draw_text(const struct picture *picture, struct picture_shown *shown, uint8_t *memory, const char *text)
{
	for (uint32_t i = 0; i < PICTURE_CHARACTERS; i++) {
		if (shown->text[i] != text[i])
			draw_character(picture, memory, i, text[i]);
		shown->text[i] = text[i];
	}
}

static void draw_strips(const struct picture *picture, struct picture_shown *shown, uint8_t *memory, uint64_t word)
{
	for (uint32_t cell = 0; cell < STRIP_CELLS; cell++) {
		uint64_t bit = UINT64_C(1) << (STRIP_CELLS - 1 - cell);
		if ((shown->strip ^ word) & bit)
			draw_cell(picture, memory, cell, word & bit);
	}
	shown->strip = word;
}

static void write_number(char *text, int digits, uint64_t value)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		text[i] = (char)('0' + value % 10);
}

/* "12:34:56.789        42" */
static void write_text(char text[PICTURE_CHARACTERS], uint64_t sequence, int64_t utc_ms)
{
	uint64_t ms = (uint64_t)utc_ms % (24 * 60 * 60 * 1000);

	memcpy(text, "00:00:00.000", PICTURE_CLOCK_CHARACTERS);
	write_number(text, 2, ms / 3600000);
	write_number(text + 3, 2, ms / 60000 % 60);
	write_number(text + 6, 2, ms / 1000 % 60);
	write_number(text + 9, 3, ms % 1000);
	char *counter = text + PICTURE_CLOCK_CHARACTERS;
	*counter++ = ' ';
	write_number(counter, PICTURE_COUNTER_DIGITS, sequence);
	for (int i = 0; i < PICTURE_COUNTER_DIGITS - 1 && counter[i] == '0'; i++)
		counter[i] = ' ';
}

void picture_draw(
    const struct picture *picture, struct picture_shown *shown, uint8_t *memory, uint64_t sequence, int64_t utc_ms)
{
	char text[PICTURE_CHARACTERS];

	if (!shown->drawn) {
		/* The background's strips are black and its plate is empty. */
		memcpy(memory, picture->background.memory, picture->background.format.size_bytes);
		shown->strip = 0;
		memset(shown->text, ' ', sizeof(shown->text));
	}
	draw_mover(picture, shown, memory, sequence);
	write_text(text, sequence, utc_ms);
	draw_text(picture, shown, memory, text);
	draw_strips(picture, shown, memory, strip_encode(sequence));
	shown->drawn = true;
}
