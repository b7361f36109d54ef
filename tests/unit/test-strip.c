// SPDX-License-Identifier: MIT
/* The strip: every wrong bit is found, and it is read from every pixel format it is drawn in by hand. */
#include "strip.h"

#include <errno.h>
#include <libavutil/pixdesc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t sequences[] = {0, 1, 2, 0x55, 0xffff, 0x123456789a, (UINT64_C(1) << 40) - 1};
#define SEQUENCES (sizeof(sequences) / sizeof(sequences[0]))

static void test_known_word(void **state)
{
	(void)state;
	/* Computed apart from this program, bit by bit. */
	assert_int_equal(strip_encode(0), UINT64_C(0xA500000000007635));
	assert_int_equal(strip_encode(1), UINT64_C(0xA50000000001F536));
	assert_int_equal(strip_encode(0x0102030405), UINT64_C(0xA501020304058FAB));
}

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < SEQUENCES; i++) {
		uint64_t sequence = ~UINT64_C(0);
		assert_int_equal(strip_decode(strip_encode(sequences[i]), &sequence), 0);
		assert_int_equal(sequence, sequences[i]);
	}
	/* Forty bits go round. */
	assert_int_equal(strip_encode((UINT64_C(1) << 40) + 7), strip_encode(7));
}

static void test_each_wrong_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < SEQUENCES; i++) {
		for (int bit = 0; bit < 64; bit++) {
			uint64_t sequence = 99;
			uint64_t wrong = strip_encode(sequences[i]) ^ UINT64_C(1) << bit;
			assert_int_equal(strip_decode(wrong, &sequence), -EBADMSG);
			assert_int_equal(sequence, 99);
		}
	}
	uint64_t sequence;
	assert_int_equal(strip_decode(0, &sequence), -EBADMSG);
	assert_int_equal(strip_decode(~UINT64_C(0), &sequence), -EBADMSG);
}

static void test_layout(void **state)
{
	struct strip_geometry g = {1, 2, 3};

	(void)state;
	assert_int_equal(strip_layout(STRIP_MIN_WIDTH_PX - 1, 720, &g), -EINVAL);
	assert_int_equal(strip_layout(1280, STRIP_MIN_HEIGHT_PX - 1, &g), -EINVAL);
	assert_int_equal(g.cell_px, 1);
	for (uint32_t width = STRIP_MIN_WIDTH_PX; width < 4100; width += 7) {
		for (uint32_t height = STRIP_MIN_HEIGHT_PX; height < 2200; height += 13) {
			assert_int_equal(strip_layout(width, height, &g), 0);
			assert_true(g.cell_px >= 2 && g.cell_px % 2 == 0);
			assert_true(g.cell_px * STRIP_CELLS <= width);
			assert_true(g.height_px >= 2 && g.height_px % 2 == 0);
			assert_true(g.bottom_y_px % 2 == 0 && g.bottom_y_px >= g.height_px);
			assert_true(g.bottom_y_px + g.height_px <= height);
			assert_true(height - g.bottom_y_px - g.height_px < 4);
		}
	}
}

struct canvas {
	struct tripool_format format;
	uint8_t *memory;
	uint8_t *plane[TRIPOOL_MAX_PLANES];
};

static void make_canvas(struct canvas *canvas, const char *pix_fmt, uint32_t width, uint32_t height)
{
	canvas->format = (struct tripool_format){.width_px = width, .height_px = height};
	strcpy(canvas->format.pix_fmt, pix_fmt);
	assert_int_equal(tripool_format_layout(&canvas->format, NULL), 0);
	canvas->memory = malloc(canvas->format.size_bytes);
	assert_non_null(canvas->memory);
	memset(canvas->memory, 0x6b, canvas->format.size_bytes);
	for (uint32_t p = 0; p < TRIPOOL_MAX_PLANES; p++)
		canvas->plane[p] = canvas->memory + canvas->format.offset_bytes[p];
}

static int read_canvas(const struct canvas *canvas, enum strip_edge edge, uint64_t *sequence)
{
	return strip_read(&canvas->format, (const uint8_t *const *)canvas->plane, edge, sequence);
}

/* How one component of one pixel lies in memory, written down apart from libavutil. */
struct shape {
	const char *pix_fmt;
	int plane, pixel_bytes, offset, bytes, shift, black, white;
	int big_endian;
};

static const struct shape shapes[] = {
    {"gray", 0, 1, 0, 1, 0, 0, 255, 0},
    {"yuv420p", 0, 1, 0, 1, 0, 16, 235, 0},
    {"yuv410p", 0, 1, 0, 1, 0, 16, 235, 0},
    {"yuv444p", 0, 1, 0, 1, 0, 16, 235, 0},
    {"nv12", 0, 1, 0, 1, 0, 16, 235, 0},
    {"nv21", 0, 1, 0, 1, 0, 16, 235, 0},
    {"yuyv422", 0, 2, 0, 1, 0, 16, 235, 0},
    {"uyvy422", 0, 2, 1, 1, 0, 16, 235, 0},
    {"yvyu422", 0, 2, 0, 1, 0, 16, 235, 0},
    {"rgb24", 0, 3, 1, 1, 0, 0, 255, 0},
    {"bgr24", 0, 3, 1, 1, 0, 0, 255, 0},
    {"bgra", 0, 4, 1, 1, 0, 0, 255, 0},
    {"rgba", 0, 4, 1, 1, 0, 0, 255, 0},
    {"argb", 0, 4, 2, 1, 0, 0, 255, 0},
    {"bgr0", 0, 4, 1, 1, 0, 0, 255, 0},
    {"gbrp", 0, 1, 0, 1, 0, 0, 255, 0},
    {"gray10le", 0, 2, 0, 2, 0, 0, 1023, 0},
    {"gray16le", 0, 2, 0, 2, 0, 0, 65535, 0},
    {"gray16be", 0, 2, 0, 2, 0, 0, 65535, 1},
    {"yuv420p10le", 0, 2, 0, 2, 0, 64, 940, 0},
    {"p010le", 0, 2, 0, 2, 6, 64, 940, 0},
    {"rgb48le", 0, 6, 2, 2, 0, 0, 65535, 0},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static void put(struct canvas *canvas, const struct shape *shape, uint32_t x, uint32_t y, bool white)
{
	unsigned int value = (unsigned int)(white ? shape->white : shape->black) << shape->shift;
	uint8_t *at = canvas->plane[shape->plane] + (size_t)y * canvas->format.stride_bytes[shape->plane] +
	              (size_t)x * (size_t)shape->pixel_bytes + shape->offset;

	for (int i = 0; i < shape->bytes; i++)
		at[shape->big_endian ? shape->bytes - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

static void draw_strip(struct canvas *canvas, const struct shape *shape, enum strip_edge edge, uint64_t word)
{
	struct strip_geometry g;

	assert_int_equal(strip_layout(canvas->format.width_px, canvas->format.height_px, &g), 0);
	uint32_t first = edge == STRIP_TOP ? 0 : g.bottom_y_px;
	for (uint32_t y = first; y < first + g.height_px; y++) {
		for (uint32_t x = 0; x < STRIP_CELLS * g.cell_px; x++)
			put(canvas, shape, x, y, word >> (63 - x / g.cell_px) & 1);
	}
}

static void test_read(void **state)
{
	static const uint32_t sizes[][2] = {{128, 32}, {130, 64}, {640, 480}, {1366, 768}};

	(void)state;
	for (size_t i = 0; i < SHAPES * 4; i++) {
		const struct shape *shape = &shapes[i / 4];
		const uint64_t top = 0xfedcba9876, bottom = 3;
		struct canvas canvas;
		uint64_t sequence = 0;

		make_canvas(&canvas, shape->pix_fmt, sizes[i % 4][0], sizes[i % 4][1]);
		assert_int_equal(read_canvas(&canvas, STRIP_TOP, &sequence), -EBADMSG);
		draw_strip(&canvas, shape, STRIP_TOP, strip_encode(top));
		draw_strip(&canvas, shape, STRIP_BOTTOM, strip_encode(bottom));
		assert_int_equal(read_canvas(&canvas, STRIP_TOP, &sequence), 0);
		assert_int_equal(sequence, top);
		assert_int_equal(read_canvas(&canvas, STRIP_BOTTOM, &sequence), 0);
		assert_int_equal(sequence, bottom);
		draw_strip(&canvas, shape, STRIP_TOP, strip_encode(top) ^ 1u << 20);
		assert_int_equal(read_canvas(&canvas, STRIP_TOP, &sequence), -EBADMSG);
		assert_int_equal(sequence, bottom);
		free(canvas.memory);
	}
}

static void test_unreadable(void **state)
{
	struct canvas canvas;
	uint64_t sequence = 5;

	(void)state;
	make_canvas(&canvas, "gray", STRIP_MIN_WIDTH_PX - 2, 100);
	assert_int_equal(read_canvas(&canvas, STRIP_TOP, &sequence), -EINVAL);
	free(canvas.memory);
	make_canvas(&canvas, "gray", 128, STRIP_MIN_HEIGHT_PX - 1);
	assert_int_equal(read_canvas(&canvas, STRIP_BOTTOM, &sequence), -EINVAL);
	free(canvas.memory);
	make_canvas(&canvas, "gray", 128, 64);
	static const char *const names[] = {"nonsense", "", "pal8", "grayf32le", "bayer_bggr8", "vaapi"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strcpy(canvas.format.pix_fmt, names[i]);
		assert_int_equal(read_canvas(&canvas, STRIP_TOP, &sequence), -EINVAL);
	}
	free(canvas.memory);
	assert_int_equal(sequence, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_known_word),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_each_wrong_bit),
	    cmocka_unit_test(test_layout),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_unreadable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
