// SPDX-License-Identifier: MIT
/*
 * colour-bars publish STREAM
 *	For each line "PIX_FMT WIDTH HEIGHT MATRIX FULL_RANGE SAID_MATRIX SAID_FULL_RANGE TURN" on standard input
 *publishes one frame of eight patches of known colours, encoded by that matrix and range, but called by the others.
 * colour-bars check PICTURE PIX_FMT TURN
 *	PICTURE is of a window that shows such a frame all over. Exits with 1 when a patch's middle is not of its
 *colour.
 *
 * The patches are two rows of four; TURN says which comes first, so that no frame is taken for the one before.
 */
#include <SDL.h>
#include <errno.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture.h"
#include "tripool.h"

#define COLUMNS 4
#define PATCHES 8
#define OFF_AT_MOST 3 /* of 255 */
#define AGAIN_MS 500  /* a frame is published again so often: the stream is not to fall silent */

static const uint8_t colours[PATCHES][3] = {
    {255, 255, 255}, {0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {200, 120, 40}, {60, 150, 170}, {128, 128, 128}};
static const uint8_t grays[PATCHES] = {255, 0, 16, 235, 64, 100, 200, 128};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "colour-bars: %s: %s\n", what, why);
	exit(2);
}

static const AVPixFmtDescriptor *describe(const char *pix_fmt)
{
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av_get_pix_fmt(pix_fmt));
	if (!d)
		die(pix_fmt, "no such pixel format");
	return d;
}

static void colour_of(const AVPixFmtDescriptor *d, int patch, uint8_t rgb[3])
{
	for (int c = 0; c < 3; c++)
		rgb[c] = d->nb_components <= 2 ? grays[patch] : colours[patch][c];
}

/* ---- Encoding: the equations of BT.601 and BT.709, which differ in kr and kb alone ---------------------------- */

struct code {
	int matrix, full_range;
};

static double luma_weight(const struct code *code, int component)
{
	double kr = code->matrix == 1 ? 0.2126 : 0.299, kb = code->matrix == 1 ? 0.0722 : 0.114;
	return component == 0 ? kr : component == 2 ? kb : 1 - kr - kb;
}

static uint16_t encode(const AVPixFmtDescriptor *d, const struct code *code, int component, const uint8_t rgb[3])
{
	int depth = d->comp[component].depth;
	double most = (1 << depth) - 1, unit = 1 << (depth - 8), y = 0;
	if (d->flags & AV_PIX_FMT_FLAG_RGB)
		return (uint16_t)lround(component == 3 ? most : rgb[component] / 255.0 * most);
	for (int c = 0; c < 3; c++)
		y += luma_weight(code, c) * rgb[c] / 255;
	if (component == 0)
		return (uint16_t)lround(code->full_range ? y * most : (16 + 219 * y) * unit);
	int other = component == 1 ? 2 : 0; /* blue, red */
	double chroma = (rgb[other] / 255.0 - y) / (2 * (1 - luma_weight(code, other)));
	double value = code->full_range ? chroma * most + 128 * unit : (128 + 224 * chroma) * unit;
	return (uint16_t)lround(fmin(value, most));
}

static void draw(uint8_t *const plane[], const struct tripool_format *f, const struct code *code, int turn)
{
	static uint16_t row[32768];
	const AVPixFmtDescriptor *d = describe(f->pix_fmt);
	uint8_t *data[4] = {plane[0], plane[1], plane[2], plane[3]};
	int linesize[4] = {0};
	for (uint32_t p = 0; p < f->plane_count; p++)
		linesize[p] = (int)f->stride_bytes[p];
	for (int c = 0; c < d->nb_components; c++) {
		bool is_chroma = (c == 1 || c == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);
		int width = (int)f->width_px >> (is_chroma ? d->log2_chroma_w : 0);
		int height = (int)f->height_px >> (is_chroma ? d->log2_chroma_h : 0);
		for (int y = 0; y < height; y++) {
			for (int x = 0; x < width; x++) {
				int place = x * COLUMNS / width + y * (PATCHES / COLUMNS) / height * COLUMNS;
				uint8_t rgb[3];
				colour_of(d, (place + turn) % PATCHES, rgb);
				row[x] = encode(d, code, c, rgb);
			}
			av_write_image_line(row, data, linesize, d, 0, y, c, width);
		}
	}
}

/* ---- Publishing ----------------------------------------------------------------------------------------------- */

static void publish(struct tripool_producer **producer, const char *stream, const char *line)
{
	struct tripool_format f = {.primaries = 2, .transfer = 2};
	struct tripool_error error = {""};
	struct tripool_slot slot;
	struct code code;
	int said_matrix, said_full_range, turn;
	if (sscanf(line, "%31s %u %u %d %d %d %d %d", f.pix_fmt, &f.width_px, &f.height_px, &code.matrix,
		&code.full_range, &said_matrix, &said_full_range, &turn) != 8)
		die("not a line of eight words", line);
	f.matrix = (uint8_t)said_matrix;
	f.full_range = (uint8_t)said_full_range;
	if (tripool_format_layout(&f, &error) < 0)
		die("format", error.text);
	const struct tripool_producer_options options = {.name = stream};
	int r = *producer ? tripool_producer_set_format(*producer, &f, &error)
	                  : tripool_producer_create(producer, &options, &f, &error);
	if (r < 0)
		die("stream", error.text);
	if (tripool_producer_begin(*producer, &slot) < 0)
		die("begin", "no slot");
	draw(slot.plane, &f, &code, turn);
	tripool_producer_publish(*producer, &slot, NULL);
}

static int publish_lines(const char *stream)
{
	struct tripool_producer *producer = NULL;
	char line[256] = "";
	setvbuf(stdin, NULL, _IONBF, 0); /* what poll sees is all there is */
	for (;;) {
		struct pollfd fds[] = {
		    {.fd = 0, .events = POLLIN},
		    {.fd = producer ? tripool_producer_fd(producer) : -1, .events = POLLIN},
		};
		int r = poll(fds, 2, AGAIN_MS);
		if (r < 0 && errno != EINTR)
			die("poll", strerror(errno));
		if (r == 0 && producer)
			publish(&producer, stream, line);
		if (fds[1].revents)
			tripool_producer_dispatch(producer);
		if (!fds[0].revents)
			continue;
		if (!fgets(line, sizeof(line), stdin))
			break;
		publish(&producer, stream, line);
	}
	tripool_producer_destroy(producer);
	return 0;
}

/* ---- Checking ------------------------------------------------------------------------------------------------- */

static int check(const char *picture, const char *pix_fmt, int turn)
{
	const AVPixFmtDescriptor *d = describe(pix_fmt);
	SDL_Surface *s = picture_load(picture);
	if (!s)
		die(picture, SDL_GetError());
	int wrong = 0;
	for (int place = 0; place < PATCHES; place++) {
		uint8_t should[3];
		colour_of(d, (place + turn) % PATCHES, should);
		int x = s->w * (2 * (place % COLUMNS) + 1) / (2 * COLUMNS);
		int y = s->h * (2 * (place / COLUMNS) + 1) / (2 * (PATCHES / COLUMNS));
		const uint8_t *is = (const uint8_t *)s->pixels + y * s->pitch + x * 4;
		int off = 0;
		for (int c = 0; c < 3; c++)
			off = abs(is[c] - should[c]) > off ? abs(is[c] - should[c]) : off;
		if (off <= OFF_AT_MOST)
			continue;
		fprintf(stderr, "colour-bars: %d,%d,%d is shown as %d,%d,%d\n", should[0], should[1], should[2], is[0],
		    is[1], is[2]);
		wrong = 1;
	}
	SDL_FreeSurface(s);
	return wrong;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "publish") == 0)
		return publish_lines(argv[2]);
	if (argc == 5 && strcmp(argv[1], "check") == 0)
		return check(argv[2], argv[3], atoi(argv[4]));
	fprintf(stderr, "usage: colour-bars publish STREAM | check PICTURE PIX_FMT TURN\n");
	return 2;
}
