// SPDX-License-Identifier: MIT
#include "colour-patches.h"

#include <libavutil/common.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* No two neighbours share a component, so that a picture that is shifted shows. */
static const uint8_t colours[PATCHES][3] = {
    {255, 255, 255}, {200, 30, 40}, {20, 60, 210}, {0, 0, 0},       /* */
    {30, 190, 60}, {128, 128, 128}, {220, 210, 20}, {150, 20, 190}, /* */
    {10, 30, 70}, {240, 150, 110}, {20, 200, 220}, {70, 80, 40},    /* */
};

static AVPixFmtDescriptor describe(const struct tripool_format *format)
{
	AVPixFmtDescriptor desc = *av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	if (strcmp(format->pix_fmt, "rgb8") == 0) { /* RRRGGGBB, whatever libavutil 57 says: V4L2's and SDL's RGB332 */
		static const int shift[] = {5, 2, 0}, depth[] = {3, 3, 2};
		for (int c = 0; c < 3; c++) {
			desc.comp[c].shift = shift[c];
			desc.comp[c].depth = depth[c];
		}
	}
	return desc;
}

static bool is_gray(const AVPixFmtDescriptor *desc)
{
	return desc->nb_components <= 2;
}

static bool is_xyz(const AVPixFmtDescriptor *desc)
{
	return strncmp(desc->name, "xyz", 3) == 0;
}

static bool is_bayer(const AVPixFmtDescriptor *desc)
{
	return desc->flags & AV_PIX_FMT_FLAG_BAYER;
}

static int patches_at(const struct tripool_format *format, int x, int y)
{
	return y * PATCH_ROWS / (int)format->height_px * PATCH_COLUMNS + x * PATCH_COLUMNS / (int)format->width_px;
}

/* H.273, 8.3: KR and KB. */
static double luma(const struct tripool_format *format, const double rgb[3], double *cb, double *cr)
{
	double kr = 0.299, kb = 0.114;
	if (format->matrix == 1) {
		kr = 0.2126;
		kb = 0.0722;
	} else if (format->matrix == 9) {
		kr = 0.2627;
		kb = 0.0593;
	}
	double y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
	*cb = (rgb[2] - y) / (2 * (1 - kb));
	*cr = (rgb[0] - y) / (2 * (1 - kr));
	return y;
}

static double clip(double number, int depth)
{
	return fmin(fmax(round(number), 0), pow(2, depth) - 1);
}

/* What libavutil calls XYZ: of colours of sRGB's primaries and a gamma of 2.2, with a gamma of 2.6. */
static double xyz(const double rgb[3], int component)
{
	static const double matrix[3][3] = {
	    {0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}};
	double sum = 0;
	for (int i = 0; i < 3; i++)
		sum += matrix[component][i] * pow(rgb[i], 2.2);
	return pow(sum, 1 / 2.6);
}

/* The number that stands for the colour in a component. */
static uint32_t sample(const struct tripool_format *format, int component, const double rgb[3])
{
	const AVPixFmtDescriptor described = describe(format), *desc = &described;
	int depth = desc->comp[component].depth;
	double cb, cr, most = pow(2, depth) - 1, step = pow(2, depth - 8);
	if (desc->flags & AV_PIX_FMT_FLAG_FLOAT) {
		float f = (float)(is_gray(desc) ? luma(format, rgb, &cb, &cr) : rgb[component]);
		uint32_t bits;
		memcpy(&bits, &f, sizeof(bits));
		return bits;
	}
	if (desc->flags & AV_PIX_FMT_FLAG_RGB)
		return (uint32_t)clip(most * rgb[component], depth);
	if (is_xyz(desc))
		return (uint32_t)clip(most * xyz(rgb, component), depth);
	double y = luma(format, rgb, &cb, &cr);
	if (format->full_range) /* H.273, formulas 20 to 25 */
		return (uint32_t)clip(
		    component == 0 ? most * y : most * (component == 1 ? cb : cr) + 128 * step, depth);
	return (uint32_t)clip(
	    component == 0 ? step * (219 * y + 16) : step * (224 * (component == 1 ? cb : cr) + 128), depth);
}

void patches_colour(const struct tripool_format *format, int patch, double rgb[3])
{
	const AVPixFmtDescriptor described = describe(format), *desc = &described;
	for (int i = 0; i < 3; i++)
		rgb[i] = colours[patch][i] / 255.0;
	if (is_xyz(desc) && patch == 0) /* this white lies outside */
		rgb[0] = rgb[1] = rgb[2] = 0.9;
	if (is_gray(desc)) {
		double cb, cr;
		rgb[0] = rgb[1] = rgb[2] = luma(format, rgb, &cb, &cr);
		return;
	}
	for (int i = 0; i < 3; i++) {
		int depth = desc->comp[i].depth;
		if (depth < 8 && !is_bayer(desc))
			rgb[i] = clip(rgb[i] * (pow(2, depth) - 1), depth) / (pow(2, depth) - 1);
	}
}

/* All numbers that a picture is made of. */
struct palette {
	const struct tripool_format *format;
	int alpha; /* the component; none: -1 */
	uint32_t samples[PATCHES][4];
};

static void mix(struct palette *palette, const struct tripool_format *format, const AVPixFmtDescriptor *desc)
{
	palette->format = format;
	palette->alpha = desc->flags & AV_PIX_FMT_FLAG_ALPHA ? desc->nb_components - 1 : -1;
	for (int patch = 0; patch < PATCHES; patch++) {
		double rgb[3];
		patches_colour(format, patch, rgb);
		for (int c = 0; c < desc->nb_components; c++)
			palette->samples[patch][c] = c == palette->alpha ? 0 : sample(format, c, rgb);
	}
}

static uint32_t sample_at(const struct palette *palette, int component, int x, int y)
{
	if (component == palette->alpha)
		return (uint32_t)(x * 37 + y * 11) & 0xff;
	return palette->samples[patches_at(palette->format, x, y)][component];
}

/* libavutil does not describe which pixel has which colour, nor the depth: that of a word. */
static void paint_bayer(const struct tripool_format *format, uint8_t *memory)
{
	const char *tile = format->pix_fmt + strlen("bayer_"), *word = tile + 4;
	bool big_endian = strcmp(word, "16be") == 0;
	double rgb[PATCHES][3];
	for (int patch = 0; patch < PATCHES; patch++)
		patches_colour(format, patch, rgb[patch]);
	for (int y = 0; y < (int)format->height_px; y++) {
		uint8_t *row = memory + format->offset_bytes[0] + (size_t)y * format->stride_bytes[0];
		for (int x = 0; x < (int)format->width_px; x++) {
			char c = tile[y % 2 * 2 + x % 2];
			double value = rgb[patches_at(format, x, y)][c == 'r' ? 0 : c == 'g' ? 1 : 2];
			unsigned wide = (unsigned)lround(value * 65535);
			if (word[0] == '8') {
				row[x] = (uint8_t)lround(value * 255);
			} else {
				row[2 * x + !big_endian] = (uint8_t)(wide >> 8);
				row[2 * x + big_endian] = (uint8_t)wide;
			}
		}
	}
}

/* libavutil describes its luma as if it lay evenly: it is Cb Y Y Cr Y Y. */
static void paint_uyyvyy411(const struct palette *palette, const struct tripool_format *format, uint8_t *memory)
{
	static const int luma_at[] = {1, 2, 4, 5};
	for (int y = 0; y < (int)format->height_px; y++) {
		uint8_t *row = memory + format->offset_bytes[0] + (size_t)y * format->stride_bytes[0];
		for (int x = 0; x < (int)format->width_px; x++) {
			uint8_t *six = row + x / 4 * 6;
			six[luma_at[x % 4]] = (uint8_t)sample_at(palette, 0, x, y);
			if (x % 4 == 0) {
				six[0] = (uint8_t)sample_at(palette, 1, x, y);
				six[3] = (uint8_t)sample_at(palette, 2, x, y);
			}
		}
	}
}

static void paint_component(const struct palette *palette, const AVPixFmtDescriptor *desc,
    const struct tripool_format *format, uint8_t *memory, int component)
{
	uint8_t *data[4] = {NULL};
	int stride[4] = {0};
	for (uint32_t p = 0; p < format->plane_count; p++) {
		data[p] = memory + format->offset_bytes[p];
		stride[p] = (int)format->stride_bytes[p];
	}
	bool chroma = (component == 1 || component == 2) && !(desc->flags & AV_PIX_FMT_FLAG_RGB);
	int wide = chroma ? desc->log2_chroma_w : 0, high = chroma ? desc->log2_chroma_h : 0;
	int width = AV_CEIL_RSHIFT((int)format->width_px, wide);
	uint32_t *line = malloc((size_t)width * sizeof(*line));
	for (int y = 0; y < AV_CEIL_RSHIFT((int)format->height_px, high); y++) {
		for (int x = 0; x < width; x++)
			line[x] = sample_at(palette, component, x << wide, y << high);
		av_write_image_line2(line, data, stride, desc, 0, y, component, width, sizeof(*line));
	}
	free(line);
}

void patches_paint(const struct tripool_format *format, uint8_t *memory)
{
	const AVPixFmtDescriptor desc = describe(format);
	struct palette palette;
	memset(memory, 0, format->size_bytes);
	if (is_bayer(&desc)) {
		paint_bayer(format, memory);
		return;
	}
	mix(&palette, format, &desc);
	if (strcmp(format->pix_fmt, "uyyvyy411") == 0) {
		paint_uyyvyy411(&palette, format, memory);
		return;
	}
	for (int c = 0; c < desc.nb_components; c++)
		paint_component(&palette, &desc, format, memory, c);
}
