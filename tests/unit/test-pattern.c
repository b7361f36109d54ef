// SPDX-License-Identifier: MIT
/* The test pattern: what is drawn bit by bit equals what is drawn at once, and costs little. */
#include "pattern_picture.h"

#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES 200
#define LATE_EVENING_MS INT64_C(86398000) /* two seconds before midnight: every digit of the clock changes */

static const char *const pix_fmts[] = {
    "gray", "yuv420p", "nv12", "yuyv422", "uyvy422", "rgb24", "bgr24", "bgra", "rgba"};
#define PIX_FMTS (sizeof(pix_fmts) / sizeof(pix_fmts[0]))

static void make_format(struct tripool_format *format, const char *pix_fmt, uint32_t width, uint32_t height)
{
	*format = (struct tripool_format){.width_px = width, .height_px = height};
	snprintf(format->pix_fmt, sizeof(format->pix_fmt), "%s", pix_fmt);
	image_describe_colour(format);
	assert_int_equal(tripool_format_layout(format, NULL), 0);
}

static void make_picture(
    struct picture *picture, const struct picture_kind *kind, const char *pix_fmt, uint32_t width, uint32_t height)
{
	struct tripool_format format;
	struct tripool_error error = {""};

	make_format(&format, pix_fmt, width, height);
	if (picture_init(picture, kind, &format, &error) < 0)
		fail_msg("%s %s %ux%u: %s", kind->name, pix_fmt, width, height, error.text);
}

/* Exactly as large as a slot, so that the address sanitizer sees a write past its end; and full of rubbish. */
static uint8_t *make_slot(const struct picture *picture)
{
	uint8_t *slot = malloc(picture->background.format.size_bytes);

	assert_non_null(slot);
	memset(slot, 0x5a, picture->background.format.size_bytes);
	return slot;
}

static uint64_t read_strip(const struct picture *picture, const uint8_t *slot, enum strip_edge edge)
{
	const struct tripool_format *format = &picture->background.format;
	const uint8_t *plane[TRIPOOL_MAX_PLANES];
	uint64_t sequence;

	for (uint32_t p = 0; p < TRIPOOL_MAX_PLANES; p++)
		plane[p] = slot + format->offset_bytes[p];
	if (strip_read(format, plane, edge, &sequence) < 0)
		fail_msg("%s %s: no strip", picture->kind->name, format->pix_fmt);
	return sequence;
}

/* Three slots in turn, now and then out of turn, each compared with the same frame in a slot never drawn before. */
static void check_incremental(const struct picture *picture, int frames)
{
	size_t size = picture->background.format.size_bytes;
	uint8_t *slots[3], *fresh = make_slot(picture);
	struct picture_shown shown[3] = {{0}};

	for (int i = 0; i < 3; i++)
		slots[i] = make_slot(picture);
	for (int n = 1; n <= frames; n++) {
		int i = n % 17 ? n % 3 : (n + 1) % 3;
		uint64_t sequence = (uint64_t)n + (n > frames / 2 ? 9990 : 0);
		int64_t utc_ms = LATE_EVENING_MS + n * 50 / 3;
		struct picture_shown nothing = {0};

		picture_draw(picture, &shown[i], slots[i], sequence, utc_ms);
		picture_draw(picture, &nothing, fresh, sequence, utc_ms);
		if (memcmp(slots[i], fresh, size) != 0)
			fail_msg("%s %s: frame %d differs", picture->kind->name, picture->background.format.pix_fmt, n);
		assert_int_equal(read_strip(picture, slots[i], STRIP_TOP), sequence);
		assert_int_equal(read_strip(picture, slots[i], STRIP_BOTTOM), sequence);
	}
	for (int i = 0; i < 3; i++)
		free(slots[i]);
	free(fresh);
}

static void test_incremental(void **state)
{
	(void)state;
	for (const struct picture_kind *kind = picture_kinds; kind->name; kind++) {
		for (size_t f = 0; f < PIX_FMTS; f++) {
			struct picture picture;
			make_picture(&picture, kind, pix_fmts[f], 320, 180);
			check_incremental(&picture, FRAMES);
			picture_finish(&picture);
		}
	}
}

static void test_sizes(void **state)
{
	static const struct {
		const char *pix_fmt;
		uint32_t width, height;
	} cases[] = {
	    {"gray", 128, 64},
	    {"yuv420p", 128, 64},
	    {"yuyv422", 130, 66},
	    {"yuv420p", 853, 479},
	    {"nv12", 641, 65},
	    {"yuv410p", 322, 182},
	    {"yuv411p", 162, 131},
	    {"yuv444p", 131, 1000},
	    {"yuva420p", 320, 240},
	    {"gbrp", 320, 240},
	    {"p010le", 1366, 768},
	    {"gray16le", 320, 240},
	    {"rgb565le", 320, 240},
	    {"rgb48le", 2000, 64},
	};

	(void)state;
	for (const struct picture_kind *kind = picture_kinds; kind->name; kind++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct picture picture;
			make_picture(&picture, kind, cases[i].pix_fmt, cases[i].width, cases[i].height);
			check_incremental(&picture, 12);
			picture_finish(&picture);
		}
	}
}

/* Full-range R'G'B' (0 to 1) as the components of a pixel format, by the definitions of H.273. */
static void expected_pixel(const AVPixFmtDescriptor *desc, bool high, const double rgb[3], double expected[3])
{
	double kr = high ? 0.2126 : 0.299, kb = high ? 0.0722 : 0.114;
	double y = kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];

	if (desc->flags & AV_PIX_FMT_FLAG_RGB) {
		for (int c = 0; c < 3; c++)
			expected[c] = 255 * rgb[c];
	} else if (desc->nb_components == 1) {
		expected[0] = 255 * y;
	} else {
		expected[0] = 16 + 219 * y;
		expected[1] = 128 + 224 * (rgb[2] - y) / (2 * (1 - kb));
		expected[2] = 128 + 224 * (rgb[0] - y) / (2 * (1 - kr));
	}
}

static void check_pixel(const struct picture *picture, const uint8_t *slot, uint32_t x, uint32_t y, const double rgb[3])
{
	const struct tripool_format *format = &picture->background.format;
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	const uint8_t *data[4];
	int linesize[4];
	double expected[3];

	for (int p = 0; p < 4; p++) {
		data[p] = slot + format->offset_bytes[p];
		linesize[p] = (int)format->stride_bytes[p];
	}
	expected_pixel(desc, format->height_px >= 720, rgb, expected);
	for (int c = 0; c < desc->nb_components && c < 3; c++) {
		bool chroma = c > 0 && !(desc->flags & AV_PIX_FMT_FLAG_RGB);
		int down_x = chroma ? desc->log2_chroma_w : 0, down_y = chroma ? desc->log2_chroma_h : 0;
		uint16_t value = 0;

		av_read_image_line2(
		    &value, data, linesize, desc, (int)x >> down_x, (int)y >> down_y, c, 1, 0, sizeof(value));
		if (fabs(value - expected[c]) > 1.5)
			fail_msg("%s %ux%u: component %d at %u,%u is %d instead of %.1f", format->pix_fmt,
			    format->width_px, format->height_px, c, x, y, value, expected[c]);
	}
}

/* The bars' eight colours, and the white of the bar that moves, at the place that goes with its sequence. */
static void test_colours(void **state)
{
	static const double level = 191.0 / 255;
	static const double white[3] = {1, 1, 1};
	static const uint32_t sizes[][2] = {{640, 480}, {1280, 720}};

	(void)state;
	for (size_t i = 0; i < PIX_FMTS * 2; i++) {
		struct picture picture;
		struct picture_shown shown = {0};
		struct image_move move;
		uint32_t width = sizes[i % 2][0], middle = sizes[i % 2][1] / 2;

		make_picture(&picture, picture_kinds, pix_fmts[i / 2], width, sizes[i % 2][1]);
		uint8_t *slot = make_slot(&picture);
		for (uint64_t sequence = 1; sequence < 200; sequence += 9) {
			picture_draw(&picture, &shown, slot, sequence, 0);
			picture_mover_at(&picture, sequence, &move);
			check_pixel(&picture, slot, move.x + move.width_px / 2, middle, white);
			for (uint32_t bar = 0; bar < 8; bar++) {
				/* White, yellow, cyan, green, magenta, red, blue, black. */
				double rgb[3] = {bar & 2 ? 0 : level, bar & 4 ? 0 : level, bar & 1 ? 0 : level};
				uint32_t x = (2 * bar + 1) * width / 16;
				if (x + 4 < move.x || x > move.x + move.width_px + 4)
					check_pixel(&picture, slot, x, middle, rgb);
			}
		}
		free(slot);
		picture_finish(&picture);
	}
}

/* The bytes that drawing frame `sequence` writes, found by drawing it over two different poisons. */
static double touched_share(const struct picture *picture, uint64_t sequence)
{
	size_t size = picture->background.format.size_bytes, touched = 0;
	uint8_t *slots[2] = {make_slot(picture), make_slot(picture)};

	for (int i = 0; i < 2; i++) {
		struct picture_shown shown = {0};
		picture_draw(picture, &shown, slots[i], sequence - 3, LATE_EVENING_MS);
		memset(slots[i], i ? 0xaa : 0x55, size);
		picture_draw(picture, &shown, slots[i], sequence, LATE_EVENING_MS + 50);
	}
	for (size_t b = 0; b < size; b++)
		touched += slots[0][b] == slots[1][b];
	free(slots[0]);
	free(slots[1]);
	return (double)touched / (double)size;
}

static void test_little_is_touched(void **state)
{
	(void)state;
	for (const struct picture_kind *kind = picture_kinds; kind->name; kind++) {
		struct picture picture;
		double most = 0;

		make_picture(&picture, kind, "nv12", 1920, 1080);
		for (uint64_t sequence = 101; sequence <= 107; sequence++)
			most = fmax(most, touched_share(&picture, sequence));
		print_message("%s: at most %.1f%% of a frame is written\n", kind->name, 100 * most);
		assert_true(most > 0.001 && most < 0.08);
		picture_finish(&picture);
	}
}

/* The characters as a person sees them: three by five squares from left to right, row by row. */
static const struct {
	char character;
	const char *squares;
} shapes[] = {
    {' ', "..............."},
    {'0', "####.##.##.####"},
    {'1', ".#.##..#..#.###"},
    {'2', "###..#####..###"},
    {'3', "###..####..####"},
    {'4', "#.##.####..#..#"},
    {'5', "####..###..####"},
    {'6', "####..####.####"},
    {'7', "###..#.#..#..#."},
    {'8', "####.#####.####"},
    {'9', "####.####..####"},
    {':', "....#.....#...."},
    {'.', ".............#."},
};

static char read_character(const struct picture *picture, const uint8_t *slot, uint32_t place)
{
	char squares[16] = "";
	uint32_t scale = picture->scale_px;

	for (uint32_t i = 0; i < 15; i++) {
		uint32_t x = picture->text_x_px + (4 * place + i % 3) * scale + scale / 2;
		uint32_t y = picture->text_y_px + (1 + i / 3) * scale + scale / 2;
		squares[i] = slot[y * picture->background.format.stride_bytes[0] + x] > 127 ? '#' : '.';
	}
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (strcmp(shapes[i].squares, squares) == 0)
			return shapes[i].character;
	}
	return '?';
}

static void test_clock_and_counter(void **state)
{
	static const struct {
		uint64_t sequence;
		int64_t utc_ms;
		const char *text;
	} cases[] = {
	    {1, 0, "00:00:00.000         1"},
	    {42, 45296789, "12:34:56.789        42"},
	    {999999999, 86399999, "23:59:59.999 999999999"},
	    {UINT64_C(71000000123), INT64_C(1795000000) * 86400000 + 3661001, "01:01:01.001       123"},
	};
	struct picture picture;
	struct picture_shown shown = {0};

	(void)state;
	make_picture(&picture, picture_kinds, "gray", 640, 480);
	uint8_t *slot = make_slot(&picture);
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		char text[PICTURE_CHARACTERS + 1] = "";

		picture_draw(&picture, &shown, slot, cases[c].sequence, cases[c].utc_ms);
		for (uint32_t i = 0; i < PICTURE_CHARACTERS; i++)
			text[i] = read_character(&picture, slot, i);
		assert_string_equal(text, cases[c].text);
	}
	free(slot);
	picture_finish(&picture);
}

/* Neighbouring frames differ, also where nothing but the moving part is. */
static void test_everything_moves(void **state)
{
	(void)state;
	for (const struct picture_kind *kind = picture_kinds; kind->name; kind++) {
		struct picture picture;

		make_picture(&picture, kind, "gray", 640, 480);
		uint8_t *slots[2] = {make_slot(&picture), make_slot(&picture)};
		uint32_t stride = picture.background.format.stride_bytes[0];
		size_t begin = (size_t)picture.area_y_px * stride, size = (size_t)picture.area_height_px * stride;
		for (uint64_t sequence = 1; sequence < 400; sequence++) {
			struct picture_shown shown = {0};
			picture_draw(&picture, &shown, slots[sequence % 2], sequence, 0);
			if (sequence > 1)
				assert_int_not_equal(memcmp(slots[0] + begin, slots[1] + begin, size), 0);
		}
		free(slots[0]);
		free(slots[1]);
		picture_finish(&picture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_incremental),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_colours),
	    cmocka_unit_test(test_little_is_touched),
	    cmocka_unit_test(test_clock_and_counter),
	    cmocka_unit_test(test_everything_moves),
	};
	av_log_set_level(AV_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
