// SPDX-License-Identifier: MIT
/*
 * colour-bars publish STREAM
 *     For each line "PIX_FMT WIDTH HEIGHT MATRIX FULL_RANGE SAID_MATRIX SAID_FULL_RANGE TURN" on standard input
 *     publishes one frame of eight patches of known colours, encoded by that matrix and range, but called by the
 *     others. Any format whose components libavutil can write, and Bayer.
 * colour-bars check PICTURE PIX_FMT TURN
 *     PICTURE is of a window that shows such a frame all over. Exits with 1 when a patch's middle is not of its
 *     colour.
 *
 * The patches are two rows of four; TURN says which comes first, so that no frame is taken for the one before. What is
 * transparent by its alpha is to be shown as if it were not.
 */
#include <SDL.h>
#include <errno.h>
#include <libavutil/common.h>
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

static bool is_rgb(const AVPixFmtDescriptor *d)
{
	return d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_BAYER);
}

static void colour_of(const AVPixFmtDescriptor *d, int patch, uint8_t rgb[3])
{
	for (int c = 0; c < 3; c++)
		rgb[c] = d->nb_components <= 2 ? grays[patch] : colours[patch][c];
}

/* As near as a few bits come to it. */
static int shown_of(const AVPixFmtDescriptor *d, int component, uint8_t value)
{
	int depth = d->comp[component].depth, most = (1 << depth) - 1;
	if (depth >= 8 || !is_rgb(d) || (d->flags & AV_PIX_FMT_FLAG_BAYER))
		return value;
	return (int)lround(round(value * most / 255.0) * 255 / most);
}

/* ---- Encoding: the equations of BT.601, BT.709 and BT.2020, which differ in kr and kb alone ------------------- */

struct code {
	int matrix, full_range;
};

static double luma_weight(const struct code *code, int component)
{
	double kr = 0.299, kb = 0.114;
	if (code->matrix == 1)
		kr = 0.2126, kb = 0.0722;
	else if (code->matrix == 9)
		kr = 0.2627, kb = 0.0593;
	return component == 0 ? kr : component == 2 ? kb : 1 - kr - kb;
}

static bool is_chroma(const AVPixFmtDescriptor *d, int component)
{
	return !is_rgb(d) && d->nb_components > 2 && (component == 1 || component == 2);
}

/* What is from 0 to 1 (chroma: from -0.5 to 0.5), in the component's bits. */
static uint32_t quantise(const AVPixFmtDescriptor *d, int component, bool full_range, double value)
{
	int depth = d->comp[component].depth;
	double most = ldexp(1, depth) - 1, unit = ldexp(1, depth - 8);
	if (d->flags & AV_PIX_FMT_FLAG_FLOAT) {
		float number = (float)value;
		uint32_t bits;
		memcpy(&bits, &number, sizeof(bits));
		return bits;
	}
	if (is_chroma(d, component))
		value = full_range ? value * most + 128 * unit : (128 + 224 * value) * unit;
	else
		value = full_range ? value * most : (16 + 219 * value) * unit;
	return (uint32_t)lround(fmin(value, most));
}

static uint32_t encode(const AVPixFmtDescriptor *d, const struct code *code, int component, const uint8_t rgb[3])
{
	double y = 0;
	if ((d->flags & AV_PIX_FMT_FLAG_ALPHA) && component == d->nb_components - 1)
		return quantise(d, component, true, 0.25);
	if (is_rgb(d))
		return quantise(d, component, true, rgb[component] / 255.0);
	for (int c = 0; c < 3; c++)
		y += luma_weight(code, c) * rgb[c] / 255;
	if (component == 0)
		return quantise(d, component, code->full_range, y);
	int other = component == 1 ? 2 : 0; /* blue, red */
	double chroma = (rgb[other] / 255.0 - y) / (2 * (1 - luma_weight(code, other)));
	return quantise(d, component, code->full_range, chroma);
}

static void colour_at(const AVPixFmtDescriptor *d, int x, int y, int width, int height, int turn, uint8_t rgb[3])
{
	int place = x * COLUMNS / width + y * (PATCHES / COLUMNS) / height * COLUMNS;
	colour_of(d, (place + turn) % PATCHES, rgb);
}

/* "bayer_rggb8": the colours of four pixels, then their bits and byte order. */
static void draw_bayer(uint8_t *plane, const struct tripool_format *f, int turn)
{
	const AVPixFmtDescriptor *d = describe(f->pix_fmt);
	const char *tile = d->name + strlen("bayer_");
	bool wide = strstr(tile, "16"), big = d->flags & AV_PIX_FMT_FLAG_BE;
	for (int y = 0; y < (int)f->height_px; y++) {
		uint8_t *row = plane + (size_t)y * f->stride_bytes[0];
		for (int x = 0; x < (int)f->width_px; x++) {
			uint8_t rgb[3];
			colour_at(d, x, y, (int)f->width_px, (int)f->height_px, turn, rgb);
			char is = tile[y % 2 * 2 + x % 2];
			uint8_t value = rgb[is == 'r' ? 0 : is == 'g' ? 1 : 2];
			/* of 16 bits the lower ones go unseen: were the bytes taken in the wrong order, these would be
			 */
			row[wide ? 2 * x + big : x] = wide ? 0x5a : value;
			if (wide)
				row[2 * x + !big] = value;
		}
	}
}

static void draw(uint8_t *const plane[], const struct tripool_format *f, const struct code *code, int turn)
{
	static uint32_t row[32768];
	const AVPixFmtDescriptor *d = describe(f->pix_fmt);
	uint8_t *data[4] = {plane[0], plane[1], plane[2], plane[3]};
	int linesize[4] = {0};
	if (d->flags & AV_PIX_FMT_FLAG_BAYER) {
		draw_bayer(plane[0], f, turn);
		return;
	}
	for (uint32_t p = 0; p < f->plane_count; p++)
		linesize[p] = (int)f->stride_bytes[p];
	for (int c = 0; c < d->nb_components; c++) {
		int width = AV_CEIL_RSHIFT((int)f->width_px, is_chroma(d, c) ? d->log2_chroma_w : 0);
		int height = AV_CEIL_RSHIFT((int)f->height_px, is_chroma(d, c) ? d->log2_chroma_h : 0);
		for (int y = 0; y < height; y++) {
			for (int x = 0; x < width; x++) {
				uint8_t rgb[3];
				colour_at(d, x, y, width, height, turn, rgb);
				row[x] = encode(d, code, c, rgb);
			}
			av_write_image_line2(row, data, linesize, d, 0, y, c, width, sizeof(*row));
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
			off = FFMAX(off, abs(is[c] - shown_of(d, FFMIN(c, d->nb_components - 1), should[c])));
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
