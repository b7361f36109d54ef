// SPDX-License-Identifier: MIT
/* Every raw pixel format that libavutil has, whole and cropped, at any size, gets the colours that it stands for. */
#include "convert.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "colour-patches.h"

#define FEWEST_FORMATS 180
#define OVERREAD_BYTES 64 /* what tripool.h allows */
#define ALIGNMENT_BYTES 64
#define GUARD_PX 24
#define GUARD_ROWS 4
#define GUARD_BYTE 0xa5
#define TOLERANCE 3
#define SMALLEST_PATCH_PX 6
#define MARGIN_PX 4 /* Bayer has less colour at the edges; libswscale rounds otherwise in the last two rows */

static int complaints;

/* A frame whose end is the end of all memory, but for the bytes that may be read beyond it. */
struct source {
	struct tripool_format format;
	uint8_t *map;
	size_t map_bytes;
	const uint8_t *plane[TRIPOOL_MAX_PLANES];
};

static void source_open(struct source *s, const char *pix_fmt, int width, int height, uint8_t matrix, bool full)
{
	memset(s, 0, sizeof(*s));
	strcpy(s->format.pix_fmt, pix_fmt);
	s->format.width_px = (uint32_t)width;
	s->format.height_px = (uint32_t)height;
	s->format.primaries = s->format.transfer = 1;
	s->format.matrix = matrix;
	s->format.full_range = full;
	if (width % 2) /* rows without a gap, then */
		s->format.stride_bytes[0] = (uint32_t)av_image_get_linesize(av_get_pix_fmt(pix_fmt), width, 0);
	if (tripool_format_layout(&s->format, NULL) < 0)
		fail_msg("%s %dx%d has no layout", pix_fmt, width, height);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes =
	    (s->format.size_bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES + OVERREAD_BYTES;
	size_t mapped = (bytes + page - 1) / page * page;
	s->map_bytes = mapped + page;
	s->map = mmap(NULL, s->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(s->map, MAP_FAILED);
	assert_int_equal(mprotect(s->map + mapped, page, PROT_NONE), 0);
	uint8_t *memory = s->map + mapped - bytes;
	patches_paint(&s->format, memory);
	for (uint32_t p = 0; p < s->format.plane_count; p++)
		s->plane[p] = memory + s->format.offset_bytes[p];
}

static void source_close(struct source *s)
{
	munmap(s->map, s->map_bytes);
}

/* What the picture goes into, with a guard on every side. */
struct target {
	int pixel_bytes, pitch_bytes, height;
	uint8_t *memory, *pixels;
};

static void target_open(struct target *t, const struct convert_request *request)
{
	t->pixel_bytes = SDL_BYTESPERPIXEL(request->to);
	t->pitch_bytes = (request->width_px + 2 * GUARD_PX) * t->pixel_bytes;
	t->height = request->height_px;
	size_t bytes = (size_t)t->pitch_bytes * (size_t)(t->height + 2 * GUARD_ROWS);
	t->memory = malloc(bytes);
	assert_non_null(t->memory);
	memset(t->memory, GUARD_BYTE, bytes);
	t->pixels = t->memory + GUARD_ROWS * t->pitch_bytes + GUARD_PX * t->pixel_bytes;
}

static bool is_untouched(const uint8_t *bytes, int count)
{
	for (int i = 0; i < count; i++)
		if (bytes[i] != GUARD_BYTE)
			return false;
	return true;
}

/* Whether nothing was written beside the picture, but for what convert.h allows. */
static bool is_guarded(const struct target *t, const struct convert_request *request)
{
	int begin = GUARD_PX * t->pixel_bytes, end = begin + request->width_px * t->pixel_bytes;
	if (convert_overshoots(request))
		end += CONVERT_OVERSHOOT_PX * t->pixel_bytes;
	for (int y = 0; y < t->height + 2 * GUARD_ROWS; y++) {
		const uint8_t *row = t->memory + y * t->pitch_bytes;
		bool inside = y >= GUARD_ROWS && y < GUARD_ROWS + t->height;
		if (!is_untouched(row, inside ? begin : t->pitch_bytes) ||
		    (inside && !is_untouched(row + end, t->pitch_bytes - end)))
			return false;
	}
	return true;
}

static void complain(const struct source *s, const char *what, const char *wrong)
{
	complaints++;
	printf("%s %ux%u matrix %u range %u, %s: %s\n", s->format.pix_fmt, s->format.width_px, s->format.height_px,
	    s->format.matrix, s->format.full_range, what, wrong);
}

/* What the target has for a pixel of the frame. */
static void colour_at(const struct target *t, const struct convert_request *request, double x, double y, Uint8 rgb[3])
{
	Uint32 pixel = 0;
	const uint8_t *row = t->pixels + (int)(y * request->height_px / request->crop.h) * t->pitch_bytes;
	memcpy(&pixel, row + (int)(x * request->width_px / request->crop.w) * t->pixel_bytes, (size_t)t->pixel_bytes);
	SDL_PixelFormat *format = SDL_AllocFormat(request->to);
	SDL_GetRGB(pixel, format, &rgb[0], &rgb[1], &rgb[2]);
	SDL_FreeFormat(format);
}

static void compare(const struct source *s, const struct convert_request *request, const struct target *t,
    int tolerance, const char *what)
{
	const SDL_Rect *crop = &request->crop;
	double width = (double)s->format.width_px / PATCH_COLUMNS, height = (double)s->format.height_px / PATCH_ROWS;
	if (width * fmin(request->width_px, crop->w) / crop->w < SMALLEST_PATCH_PX ||
	    height * fmin(request->height_px, crop->h) / crop->h < SMALLEST_PATCH_PX)
		return;
	for (int patch = 0; patch < PATCHES; patch++) {
		double x = (patch % PATCH_COLUMNS + 0.5) * width - crop->x;
		double y = (patch / PATCH_COLUMNS + 0.5) * height - crop->y;
		if (x < MARGIN_PX || y < MARGIN_PX || x > crop->w - MARGIN_PX || y > crop->h - MARGIN_PX)
			continue;
		Uint8 is[3];
		double rgb[3];
		colour_at(t, request, x, y, is);
		patches_colour(&s->format, patch, rgb);
		bool right = true;
		for (int i = 0; i < 3; i++)
			right = right && fabs(is[i] - round(255 * rgb[i])) <= tolerance;
		char wrong[80];
		snprintf(wrong, sizeof(wrong), "patch %d is %d %d %d, not %.0f %.0f %.0f", patch, is[0], is[1], is[2],
		    255 * rgb[0], 255 * rgb[1], 255 * rgb[2]);
		if (!right)
			complain(s, what, wrong);
	}
}

static void look(const struct source *s, struct convert_request request, int tolerance, const char *what)
{
	struct convert *c;
	struct tripool_error error = {""};
	if (convert_create(&c, &request, &error) < 0) {
		complain(s, what, error.text);
		return;
	}
	struct target t;
	target_open(&t, &request);
	for (int i = 0; i < 2; i++) /* twice: nothing of a frame stays behind */
		if (convert_run(c, s->plane, t.pixels, t.pitch_bytes) < 0)
			complain(s, what, "fails");
	if (!is_guarded(&t, &request))
		complain(s, what, "writes beside the picture");
	if (request.crop.w == 0)
		request.crop = (SDL_Rect){0, 0, (int)s->format.width_px, (int)s->format.height_px};
	compare(s, &request, &t, tolerance, what);
	free(t.memory);
	convert_destroy(c);
}

static void look_at(const struct source *s, SDL_Rect crop, int width, int height, const char *what)
{
	const struct convert_request request = {&s->format, crop, width, height, SDL_PIXELFORMAT_ARGB8888};
	look(s, request, TOLERANCE, what);
}

static const SDL_Rect whole = {0, 0, 0, 0};

static bool is_raw(const AVPixFmtDescriptor *desc)
{
	return !(desc->flags & (AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM));
}

static bool is_full_range_by_name(const AVPixFmtDescriptor *desc)
{
	return strncmp(desc->name, "yuvj", 4) == 0;
}

static void every_size(const char *pix_fmt, int width, int height, uint8_t matrix, bool full)
{
	struct source s;
	source_open(&s, pix_fmt, width, height, matrix, full);
	SDL_Rect part = {width / 4 + 3, height / 3 + 3, width / 2 + 5, height / 2};
	part = convert_align_crop(&s.format, part);
	look_at(&s, whole, width, height, "1:1");
	look_at(&s, whole, width * 2 / 3, height * 2 / 3, "smaller");
	look_at(&s, whole, width * 8 / 5, height * 8 / 5, "larger");
	look_at(&s, part, part.w, part.h, "cropped");
	look_at(&s, part, 2 * width, 2 * height, "cropped and larger");
	look_at(&s, part, part.w - 7, part.h - 5, "cropped and smaller");
	source_close(&s);
}

static void every_format(void **state)
{
	(void)state;
	int formats = 0;
	const AVPixFmtDescriptor *desc = NULL;
	complaints = 0;
	while ((desc = av_pix_fmt_desc_next(desc))) {
		if (!is_raw(desc))
			continue;
		bool full = desc->nb_components <= 2 || is_full_range_by_name(desc);
		every_size(desc->name, 128, 96, 1, full);
		every_size(desc->name, 97, 61, 6, full);
		formats++;
	}
	printf("%d formats\n", formats);
	assert_true(formats >= FEWEST_FORMATS);
	assert_int_equal(complaints, 0);
}

static void every_matrix_and_range(void **state)
{
	(void)state;
	static const uint8_t matrices[] = {1, 6, 9};
	const AVPixFmtDescriptor *desc = NULL;
	complaints = 0;
	while ((desc = av_pix_fmt_desc_next(desc))) {
		if (!is_raw(desc) || (desc->flags & AV_PIX_FMT_FLAG_RGB))
			continue;
		for (int i = 0; i < 6; i++) {
			struct source s;
			if (i % 2 == 0 && is_full_range_by_name(desc))
				continue;
			source_open(&s, desc->name, 64, 48, matrices[i / 2], i % 2);
			look_at(&s, whole, 64, 48, "1:1");
			look_at(&s, whole, 96, 64, "larger");
			source_close(&s);
		}
	}
	assert_int_equal(complaints, 0);
}

/* What SDL and libswscale may crash over. */
static void tiny_frames_and_windows(void **state)
{
	(void)state;
	static const int frames[][2] = {{1, 1}, {2, 2}, {9, 3}, {16, 16}, {1, 2048}, {2048, 31}};
	static const int windows[][2] = {{1, 1}, {3, 5}, {16, 16}, {501, 2}, {2, 400}};
	const AVPixFmtDescriptor *desc = NULL;
	complaints = 0;
	while ((desc = av_pix_fmt_desc_next(desc))) {
		for (size_t i = 0; is_raw(desc) && i < sizeof(frames) / sizeof(*frames); i++) {
			struct source s;
			if ((desc->flags & AV_PIX_FMT_FLAG_BAYER) && frames[i][1] < 2)
				continue;
			source_open(&s, desc->name, frames[i][0], frames[i][1], 1, true);
			look_at(&s, whole, frames[i][0], frames[i][1], "1:1");
			for (size_t j = 0; j < sizeof(windows) / sizeof(*windows); j++)
				look_at(&s, whole, windows[j][0], windows[j][1], "into something tiny");
			source_close(&s);
		}
	}
	assert_int_equal(complaints, 0);
}

static void every_kind_of_window(void **state)
{
	(void)state;
	static const char *const formats[] = {"nv12", "yuv420p", "yuyv422", "nv16", "yuv444p10le", "bgra", "rgb24",
	    "rgb565le", "gray", "bayer_rggb8", "y210be"};
	static const struct {
		Uint32 format;
		int tolerance; /* nobody's window but ARGB is worth code of its own to libswscale */
	} windows[] = {
	    {SDL_PIXELFORMAT_ARGB8888, TOLERANCE},
	    {SDL_PIXELFORMAT_XRGB8888, TOLERANCE},
	    {SDL_PIXELFORMAT_ABGR8888, 5},
	    {SDL_PIXELFORMAT_XBGR8888, 5},
	    {SDL_PIXELFORMAT_RGB24, 5},
	    {SDL_PIXELFORMAT_RGB565, 12},
	};
	complaints = 0;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct source s;
		source_open(&s, formats[i], 97, 61, 6, false);
		for (size_t j = 0; j < sizeof(windows) / sizeof(*windows); j++) {
			struct convert_request request = {&s.format, whole, 97, 61, windows[j].format};
			look(&s, request, windows[j].tolerance, SDL_GetPixelFormatName(windows[j].format));
			request.width_px = 64;
			request.height_px = 45;
			look(&s, request, windows[j].tolerance, SDL_GetPixelFormatName(windows[j].format));
		}
		source_close(&s);
	}
	assert_int_equal(complaints, 0);
}

static void crops_are_aligned(void **state)
{
	(void)state;
	static const struct {
		const char *pix_fmt;
		SDL_Rect asked, given;
	} cases[] = {
	    {"yuv420p", {3, 5, 10, 10}, {2, 4, 12, 12}},
	    {"yuv420p", {2, 4, 12, 12}, {2, 4, 12, 12}},
	    {"yuv410p", {5, 5, 1, 1}, {4, 4, 4, 4}},
	    {"yuyv422", {3, 5, 10, 10}, {2, 5, 12, 10}},
	    {"uyyvyy411", {7, 5, 2, 3}, {4, 5, 8, 3}},
	    {"nv16", {1, 1, 1, 1}, {0, 1, 2, 1}},
	    {"yuv440p", {1, 1, 1, 1}, {1, 0, 1, 2}},
	    {"rgb24", {3, 5, 7, 9}, {3, 5, 7, 9}},
	    {"bayer_rggb8", {3, 5, 2, 2}, {2, 4, 4, 4}},
	    {"bayer_rggb8", {96, 60, 1, 1}, {96, 58, 1, 3}},
	    {"yuv420p", {95, 59, 2, 2}, {94, 58, 3, 3}},
	    {"yuv420p", {-5, -5, 1000, 1000}, {0, 0, 97, 61}},
	    {"rgb24", {-5, -5, 3, 3}, {0, 0, 1, 1}},
	    {"rgb24", {1000, 1000, 3, 3}, {96, 60, 1, 1}},
	    {"rgb24", {10, 10, -3, 0}, {10, 10, 1, 1}},
	    {"rgb24", {INT_MAX, INT_MAX, INT_MAX, INT_MAX}, {96, 60, 1, 1}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tripool_format f = {.width_px = 97, .height_px = 61};
		strcpy(f.pix_fmt, cases[i].pix_fmt);
		SDL_Rect r = convert_align_crop(&f, cases[i].asked);
		if (!SDL_RectEquals(&r, &cases[i].given))
			fail_msg("case %zu: %d,%d %dx%d", i, r.x, r.y, r.w, r.h);
	}
}

static void what_cannot_be_is_said_in_words(void **state)
{
	(void)state;
	static const struct {
		const char *pix_fmt;
		SDL_Rect crop;
		uint32_t height_px, stride_bytes;
		int code;
		const char *words;
	} cases[] = {
	    {"nv12", {1, 0, 2, 2}, 48, 0, -EINVAL, "cannot be cropped to 2x2 at 1,0"},
	    {"rgb24", {0, 40, 64, 9}, 48, 0, -EINVAL, "cannot be cropped to 64x9 at 0,40"},
	    {"bayer_rggb8", {0, 0, 0, 0}, 1, 0, -ENOTSUP, "'bayer_rggb8' 64x1 cannot be shown"},
	    {"rgb48le", {0, 0, 0, 0}, 3000, 1 << 20, -ENOTSUP, "3000 rows of 1048576 bytes is too large"},
	    {"gray16le", {0, 0, 0, 0}, 1, UINT32_MAX - 1, -ENOTSUP, "1 rows of 4294967294 bytes is too large"},
	    {"bgra", {0, 0, 0, 0}, 1, UINT32_MAX - 3, -ENOTSUP, "1 rows of 4294967292 bytes is too large"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct tripool_format f = {.width_px = 64, .height_px = cases[i].height_px};
		struct convert *c = NULL;
		struct tripool_error error = {""};
		strcpy(f.pix_fmt, cases[i].pix_fmt);
		f.stride_bytes[0] = cases[i].stride_bytes;
		assert_int_equal(tripool_format_layout(&f, NULL), 0);
		const struct convert_request request = {&f, cases[i].crop, 64, 1, SDL_PIXELFORMAT_ARGB8888};
		assert_int_equal(convert_create(&c, &request, &error), cases[i].code);
		assert_null(c);
		if (!strstr(error.text, cases[i].words))
			fail_msg("'%s' does not say '%s'", error.text, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_format),
	    cmocka_unit_test(every_matrix_and_range),
	    cmocka_unit_test(every_kind_of_window),
	    cmocka_unit_test(tiny_frames_and_windows),
	    cmocka_unit_test(crops_are_aligned),
	    cmocka_unit_test(what_cannot_be_is_said_in_words),
	};
	av_log_set_level(AV_LOG_QUIET);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
