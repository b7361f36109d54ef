// SPDX-License-Identifier: MIT
#include "tile-rig.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "producer.h"
#include "scratch.h"

struct tile_rig rig;

/* ---- A display that shows nothing ----------------------------------------------------------------------------- */

static struct picture *create_picture(struct display *display)
{
	(void)display;
	return calloc(1, sizeof(struct picture));
}

static void destroy_picture(struct picture *picture)
{
	free(picture);
}

static int set_format(struct display *display, struct picture *picture, struct tripool_error *error)
{
	(void)display;
	(void)picture;
	(void)error;
	return 0;
}

static int upload(struct display *display, struct picture *picture, const uint8_t *const plane[TRIPOOL_MAX_PLANES],
    const struct placement *placement, struct tripool_error *error)
{
	void (*hook)(struct tile_rig *) = rig.on_upload;
	(void)display;
	(void)picture;
	(void)plane;
	(void)placement;
	(void)error;
	rig.uploads++;
	rig.on_upload = NULL;
	if (hook)
		hook(&rig);
	return 0;
}

static void draw(struct display *display, struct picture *picture, const struct placement *placement, bool dim)
{
	(void)display;
	(void)picture;
	(void)placement;
	(void)dim;
	rig.draws++;
}

static void draw_layer(struct display *display, struct layer *layer, SDL_Point at, const SDL_Rect *area)
{
	(void)display;
	(void)layer;
	(void)at;
	(void)area;
	rig.layers++;
}

static void output_size(struct display *display, int *width_px, int *height_px)
{
	(void)display;
	*width_px = 640;
	*height_px = 480;
}

/* ---- Instead of text.c: they stand before its functions, which the linker then leaves in their archive --------- */

struct text *text_create(void)
{
	return NULL;
}

void text_destroy(struct text *text)
{
	(void)text;
}

static char *words_of(struct layer *layer)
{
	static char others[sizeof(rig.message)];
	return layer == &rig.tile->message ? rig.message : layer == &rig.tile->label ? rig.label : others;
}

void text_message(struct text *text, struct layer *layer, const char *words, SDL_Rect area)
{
	(void)text;
	(void)area;
	snprintf(words_of(layer), sizeof(rig.message), "%s", words);
}

void text_label(struct text *text, struct layer *layer, const char *words, SDL_Rect area)
{
	text_message(text, layer, words, area);
}

void text_table(struct text *text, struct layer *layer, const struct text_row *rows, int row_count,
    const struct text_graph *graph, SDL_Rect area)
{
	(void)text;
	(void)layer;
	(void)area;
	assert_true(row_count <= TEXT_ROWS);
	assert_true(!graph || (graph->first >= 0 && graph->first < graph->count));
	memcpy(rig.row, rows, (size_t)row_count * sizeof(*rows));
	rig.rows = row_count;
}

void text_clear(struct layer *layer)
{
	if (rig.tile)
		words_of(layer)[0] = '\0';
}

/* ---- The tile and its producer -------------------------------------------------------------------------------- */

void rig_open(bool redraws_all, bool verifies)
{
	struct tripool_error error = {""};
	rig = (struct tile_rig){
	    .class = {.name = "none",
		.redraws_all = redraws_all,
		.picture_create = create_picture,
		.picture_destroy = destroy_picture,
		.set_format = set_format,
		.upload = upload,
		.draw = draw,
		.draw_layer = draw_layer,
		.output_size = output_size},
	    .display = {.class = &rig.class, .keep_size = true},
	};
	assert_int_equal(scratch_make(), 0);
	assert_int_equal(tile_create(&rig.tile, "t", verifies, &error), 0);
	assert_int_equal(tile_attach(rig.tile, &rig.display, NULL, &error), 0);
	tile_place(rig.tile, (SDL_Rect){0, 0, 640, 480});
}

void rig_close(void)
{
	tile_destroy(rig.tile);
	rig.tile = NULL;
	rig_end_producer();
	assert_int_equal(scratch_remove(), 0);
}

static atomic_bool door_closes;

static void *answer_the_door(void *producer)
{
	while (!door_closes) {
		tripool_producer_dispatch(producer);
		usleep(1000);
	}
	return NULL;
}

void rig_produce(uint32_t frame_rate_num, uint32_t frame_rate_den)
{
	const struct tripool_producer_options options = {.name = "t"};
	struct tripool_format f = {.pix_fmt = "gray",
	    .width_px = 256,
	    .height_px = 64,
	    .frame_rate_num = frame_rate_num,
	    .frame_rate_den = frame_rate_den};
	struct tripool_error error = {""};
	pthread_t thread;
	assert_int_equal(tripool_format_layout(&f, &error), 0);
	assert_int_equal(tripool_producer_create(&rig.producer, &options, &f, &error), 0);
	/* the hand-shake takes both sides at once */
	door_closes = false;
	assert_int_equal(pthread_create(&thread, NULL, answer_the_door, rig.producer), 0);
	rig.tile->stream.look_for_producer = true;
	rig_round(tripool_now_ns());
	door_closes = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(tripool_viewer_connected(rig.tile->stream.viewer));
}

void rig_end_producer(void)
{
	tripool_producer_destroy(rig.producer);
	rig.producer = NULL;
	if (rig.tile)
		tripool_viewer_wait(rig.tile->stream.viewer, 0);
}

void rig_go_on_from(uint64_t sequence)
{
	rig.producer->writer.sequence = sequence - 1;
}

void rig_publish(uint64_t source_sequence, int64_t capture_ns)
{
	const struct tripool_frame_info info = {.source_sequence = source_sequence, .capture_ns = capture_ns};
	struct tripool_slot slot;
	assert_int_equal(tripool_producer_begin(rig.producer, &slot), 0);
	assert_int_equal(tripool_producer_publish(rig.producer, &slot, &info), 0);
}

bool rig_round(int64_t now_ns)
{
	struct tripool_error error = {""};
	if (tile_update(rig.tile, now_ns, &error) < 0)
		fail_msg("%s", error.text);
	if (rig.tile->changed)
		tile_draw(rig.tile);
	if (rig.tile->is_new)
		stream_presented(&rig.tile->stream, now_ns);
	return rig.tile->is_new;
}

const char *rig_row(const char *label)
{
	for (int i = 0; i < rig.rows; i++)
		if (strcmp(rig.row[i].label, label) == 0)
			return rig.row[i].value;
	fail_msg("no row '%s'", label);
	return "";
}
