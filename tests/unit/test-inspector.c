// SPDX-License-Identifier: MIT
/* The raw values of a pixel, as a program that knows nothing of libavutil would read them from the bytes. */
#include "inspector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tripool_format format;
static uint8_t *memory;
static const uint8_t *plane[TRIPOOL_MAX_PLANES];
static char text[128];

static void make(const char *pix_fmt)
{
	format = (struct tripool_format){.width_px = 7, .height_px = 5};
	strcpy(format.pix_fmt, pix_fmt);
	assert_int_equal(tripool_format_layout(&format, NULL), 0);
	free(memory);
	memory = calloc(1, format.size_bytes + 64);
	for (uint32_t p = 0; p < TRIPOOL_MAX_PLANES; p++)
		plane[p] = p < format.plane_count ? memory + format.offset_bytes[p] : NULL;
}

static uint8_t *at(int p, int y, int byte)
{
	return memory + format.offset_bytes[p] + (size_t)y * format.stride_bytes[p] + (size_t)byte;
}

static const char *describe(int x, int y)
{
	inspector_describe(text, sizeof(text), &format, plane, (SDL_Point){x, y});
	return text;
}

static void planar_and_packed_yuv(void **state)
{
	(void)state;
	make("nv12");
	*at(0, 4, 6) = 235;
	*at(1, 2, 6) = 17; /* the chroma of columns 6 and 7, rows 4 and 5 */
	*at(1, 2, 7) = 211;
	assert_string_equal(describe(6, 4), "6, 4: Y 235 U 17 V 211");
	assert_string_equal(describe(0, 0), "0, 0: Y 0 U 0 V 0");
	make("yuv420p");
	*at(0, 3, 5) = 1;
	*at(1, 1, 2) = 2;
	*at(2, 1, 2) = 3;
	assert_string_equal(describe(5, 3), "5, 3: Y 1 U 2 V 3");
	make("yuyv422");
	memcpy(at(0, 1, 4), (uint8_t[]){10, 20, 30, 40}, 4);
	assert_string_equal(describe(2, 1), "2, 1: Y 10 U 20 V 40");
	assert_string_equal(describe(3, 1), "3, 1: Y 30 U 20 V 40");
	make("nv16");
	*at(0, 3, 2) = 9;
	*at(1, 3, 2) = 8;
	*at(1, 3, 3) = 7;
	assert_string_equal(describe(2, 3), "2, 3: Y 9 U 8 V 7");
}

static void deep_ones(void **state)
{
	(void)state;
	make("p010le"); /* ten bits at the upper end */
	*at(0, 2, 8) = 0xc0;
	*at(0, 2, 9) = 0x12;
	assert_string_equal(describe(4, 2), "4, 2: Y 75 U 0 V 0");
	make("yuv422p10le");
	*at(1, 2, 4) = 0xff;
	*at(1, 2, 5) = 0x03;
	assert_string_equal(describe(4, 2), "4, 2: Y 0 U 1023 V 0");
	make("gray16be");
	*at(0, 4, 12) = 0x12;
	*at(0, 4, 13) = 0x34;
	assert_string_equal(describe(6, 4), "6, 4: Y 4660");
}

static void colours(void **state)
{
	(void)state;
	make("bgra");
	memcpy(at(0, 1, 8), (uint8_t[]){1, 2, 3, 4}, 4);
	assert_string_equal(describe(2, 1), "2, 1: R 3 G 2 B 1 A 4");
	make("gbrp");
	*at(0, 1, 2) = 5;
	*at(1, 1, 2) = 6;
	*at(2, 1, 2) = 7;
	assert_string_equal(describe(2, 1), "2, 1: R 7 G 5 B 6");
	make("rgb565le");
	*at(0, 0, 2) = 0x21; /* 11111 100001 00001 */
	*at(0, 0, 3) = 0xfc;
	assert_string_equal(describe(1, 0), "1, 0: R 31 G 33 B 1");
	make("ya8");
	*at(0, 0, 2) = 50;
	*at(0, 0, 3) = 60;
	assert_string_equal(describe(1, 0), "1, 0: Y 50 A 60");
}

static void bayer(void **state)
{
	(void)state;
	make("bayer_grbg8");
	*at(0, 0, 0) = 1;
	*at(0, 0, 1) = 2;
	*at(0, 1, 0) = 3;
	*at(0, 3, 3) = 4;
	assert_string_equal(describe(0, 0), "0, 0: G 1");
	assert_string_equal(describe(1, 0), "1, 0: R 2");
	assert_string_equal(describe(0, 1), "0, 1: B 3");
	assert_string_equal(describe(3, 3), "3, 3: G 4");
	make("bayer_bggr16le");
	*at(0, 2, 4) = 0x34;
	*at(0, 2, 5) = 0x12;
	assert_string_equal(describe(2, 2), "2, 2: B 4660");
	make("bayer_bggr16be");
	*at(0, 2, 4) = 0x12;
	*at(0, 2, 5) = 0x34;
	assert_string_equal(describe(2, 2), "2, 2: B 4660");
}

static int tear_down(void **state)
{
	(void)state;
	free(memory);
	memory = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(planar_and_packed_yuv),
	    cmocka_unit_test(deep_ones),
	    cmocka_unit_test(colours),
	    cmocka_unit_test(bayer),
	};
	return cmocka_run_group_tests(tests, NULL, tear_down);
}
