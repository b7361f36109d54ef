// SPDX-License-Identifier: MIT
/* A movie as a source: where its pictures are decoded, when they are due, and how it goes on and ends. */
#include "clock.h"
#include "make-movie.h"
#include "remarks.h"
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WIDTH 150 /* no multiple of what codecs like */
#define HEIGHT 70
#define PICTURES 12
#define SLOTS 4
#define MS INT64_C(1000000)

static char directory[] = "/tmp/tripool-movie.XXXXXX";
static char path[64];
static atomic_uint copies, conversions; /* by the worker */

#ifdef __SANITIZE_THREAD__
/* FFmpeg is not compiled with the sanitizer, which does not see how its threads hand memory to each other. */
__attribute__((visibility("default"))) const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
	return "race:libavcodec.so\nrace:libavutil.so\n";
}
#endif

/* Instead of libavutil's and libswscale's own. */
void av_image_copy(uint8_t *to[4], int to_linesize[4], const uint8_t *from[4], const int from_linesize[4],
    enum AVPixelFormat format, int width, int height)
{
	(void)format;
	copies++;
	for (int y = 0; y < height; y++)
		memcpy(to[0] + y * to_linesize[0], from[0] + y * from_linesize[0], (size_t)width);
}

int sws_scale(struct SwsContext *c, const uint8_t *const from[], const int from_linesize[], int y, int height,
    uint8_t *const to[], const int to_linesize[])
{
	(void)c, (void)from_linesize, (void)y, (void)height, (void)to_linesize;
	conversions++;
	to[0][0] = from[0][0];
	return 0;
}

static struct source *source;
static struct source_description description;
static struct tripool_error error;
static uint8_t *memory;

static void give(uint32_t index)
{
	const struct tripool_format *f = &description.format;
	uint64_t bytes = (f->size_bytes + 4095) / 4096 * 4096;
	struct tripool_slot slot = {.index = index, .memory = memory + index * bytes};
	for (uint32_t p = 0; p < f->plane_count; p++)
		slot.plane[p] = slot.memory + f->offset_bytes[p];
	memset(slot.memory, 0xee, bytes);
	assert_int_equal(movie_source.queue(source, &slot, &error), 0);
}

static void attach(void)
{
	struct tripool_pool_memory none = {.slots = SLOTS};
	free(memory);
	memory = aligned_alloc(4096, (description.format.size_bytes + 4095) / 4096 * 4096 * SLOTS);
	assert_non_null(memory);
	assert_int_equal(tripool_format_check(&description.format, NULL), 0);
	assert_int_equal(movie_source.attach(source, &none, &description, &error), 0);
	for (uint32_t i = 0; i < description.write_depth; i++)
		give(i);
}

static int open_source(struct source_request request)
{
	copies = conversions = 0;
	request.argument = request.argument ? request.argument : path;
	error.text[0] = '\0';
	return movie_source.open(&source, &request, &description, &error);
}

static void close_source(void)
{
	movie_source.close(source);
	free(memory);
	memory = NULL;
}

static int next(struct tripool_slot *slot, struct tripool_frame_info *info)
{
	struct pollfd fd = {.fd = movie_source.fd(source), .events = POLLIN};
	int r = -EAGAIN;
	while (r == -EAGAIN) {
		assert_int_equal(poll(&fd, 1, 5000), 1);
		r = movie_source.dequeue(source, 1, slot, info, &error);
	}
	return r;
}

/* The pictures are gray, from edge to edge. */
static void assert_picture(const struct tripool_slot *slot, uint64_t picture)
{
	const struct tripool_format *f = &description.format;
	for (uint32_t y = 0; y < f->height_px; y += f->height_px - 1)
		for (uint32_t x = 0; x < f->width_px; x += f->width_px - 1)
			assert_in_range(slot->plane[0][y * f->stride_bytes[0] + x], movie_level(picture) - 2,
			    movie_level(picture) + 2);
	for (uint32_t p = 1; p < f->plane_count && copies == 0; p++)
		for (uint32_t x = 0; x < f->width_px / 2; x++)
			assert_in_range(slot->plane[p][x], 126, 130);
}

static int64_t offset_ms(uint64_t picture)
{
	return (int64_t)(picture / 2) * (MOVIE_SHORT_MS + MOVIE_LONG_MS) + (int64_t)(picture % 2) * MOVIE_SHORT_MS;
}

/* All pictures, with the times that they have in the movie. Returns how it ended. */
static int play(uint64_t pictures)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;
	int64_t start_ns = 0;
	for (uint64_t i = 0; i < pictures; i++) {
		assert_int_equal(next(&slot, &info), 0);
		assert_picture(&slot, i);
		start_ns = i ? start_ns : info.capture_ns;
		assert_in_range((info.capture_ns - start_ns) / MS + 1, offset_ms(i), offset_ms(i) + 2);
		give(slot.index);
	}
	return next(&slot, &info);
}

static void test_path(const char *file, const char *codec, const char *pix_fmt, const char *expected)
{
	bool direct = strcmp(expected, "decode") == 0;
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	make_movie(path, codec, pix_fmt, WIDTH, HEIGHT, PICTURES);
	assert_int_equal(open_source((struct source_request){.flat_out = true}), 0);
	assert_string_equal(description.path, expected);
	assert_int_equal(description.copies_per_frame, !direct);
	assert_int_equal(description.format.width_px, WIDTH);
	assert_int_equal(description.format.height_px, HEIGHT);
	attach();
	assert_int_equal(play(PICTURES), -ENODATA);
	assert_string_equal(error.text, "");
	assert_int_equal(copies, direct ? 0 : PICTURES);
	assert_int_equal(conversions, 0);
	assert_int_equal(movie_source.counts(source).dropped, 0);
	close_source();
}

static void paths(void **state)
{
	(void)state;
	test_path("m.mkv", "mjpeg", "yuvj420p", "decode");
	assert_string_equal(description.format.pix_fmt, "yuv420p");
	assert_int_equal(description.format.full_range, 1);
	test_path("h.mkv", "ffvhuff", "yuv422p", "decode");
	test_path("u.mkv", "utvideo", "yuv420p", "decode");
	test_path("f.mkv", "ffv1", "yuv420p", "copy");
	test_path("r.nut", "rawvideo", "yuv420p", "copy");
	test_path("p.mkv", "mpeg4", "yuv420p", "copy");
	test_path("x.mkv", "libx264", "yuv420p", "copy");
	assert_int_equal(description.format.matrix, 6);
	assert_int_equal(description.format.full_range, 0);
}

static void conversion_is_told(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;
	(void)state;
	snprintf(path, sizeof(path), "%s/c.mkv", directory);
	make_movie(path, "utvideo", "yuv420p", WIDTH, HEIGHT, 1);
	assert_int_equal(open_source((struct source_request){.pix_fmt = "bgra", .width_px = 64, .height_px = 48}), 0);
	assert_string_equal(description.path, "convert");
	assert_string_equal(description.note, "");
	assert_int_equal(description.copies_per_frame, 1);
	assert_string_equal(description.format.pix_fmt, "bgra");
	assert_int_equal(description.format.width_px, 64);
	assert_int_equal(description.format.matrix, 0);
	attach();
	assert_int_equal(next(&slot, &info), 0);
	assert_int_equal(conversions, 1);
	close_source();
	make_movie(path, "png", "pal8", WIDTH, HEIGHT, 1);
	assert_int_equal(open_source((struct source_request){.flat_out = true}), 0);
	assert_string_equal(description.path, "convert");
	assert_non_null(strstr(description.note, "cannot carry pal8: each frame is converted to "));
	close_source();
}

static void real_time(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/t.mkv", directory);
	make_movie(path, "mjpeg", "yuvj420p", WIDTH, HEIGHT, PICTURES);
	assert_int_equal(open_source((struct source_request){0}), 0);
	attach();
	/* no frame before its time, though all are there; and the end when the last has had its own */
	struct tripool_slot slot;
	struct tripool_frame_info info;
	while (next(&slot, &info) == 0) {
		assert_true(tripool_now_ns() >= info.capture_ns);
		give(slot.index);
	}
	assert_true(tripool_now_ns() >= info.capture_ns + MOVIE_SHORT_MS * MS);
	close_source();
}

/* Again and again, with the last picture's time before the first comes again; and at another rate. */
static void loops(void **state)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;
	int64_t last_ns = 0;
	(void)state;
	snprintf(path, sizeof(path), "%s/l.mkv", directory);
	make_movie(path, "utvideo", "yuv420p", WIDTH, HEIGHT, 3);
	for (int rated = 0; rated < 2; rated++) {
		assert_int_equal(open_source((struct source_request){
				     .flat_out = true, .loop = true, .rate_num = rated ? 10 : 0, .rate_den = 1}),
		    0);
		attach();
		for (uint64_t i = 0; i < 30; i++) {
			assert_int_equal(next(&slot, &info), 0);
			assert_picture(&slot, i % 3);
			int64_t step = rated ? 100 : i % 3 == 1 ? MOVIE_SHORT_MS : MOVIE_LONG_MS;
			if (i > 0)
				assert_in_range((info.capture_ns - last_ns) / MS, step - 1, step + 1);
			last_ns = info.capture_ns;
			give(slot.index);
		}
		assert_int_equal(copies, 0);
		close_source();
	}
}

static void append(const char *from, const char *to)
{
	char line[256];
	snprintf(line, sizeof(line), "cat %s >>%s", from, to);
	assert_int_equal(system(line), 0);
}

static void test_change(const char *codec, const char *pix_fmt, const char *extension, bool direct)
{
	struct tripool_slot slot;
	struct tripool_frame_info info;
	char parts[2][64];
	uint64_t shown = 0, changes = 0;
	int r;
	snprintf(path, sizeof(path), "%s/all.%s", directory, extension);
	for (int i = 0; i < 2; i++) {
		snprintf(parts[i], sizeof(parts[i]), "%s/part%d.%s", directory, i, extension);
		make_movie(parts[i], codec, pix_fmt, WIDTH + i * 60, HEIGHT * (2 - i), 5);
	}
	for (int i = 0; i < 3; i++)
		append(parts[i % 2], path);
	assert_int_equal(open_source((struct source_request){.flat_out = true}), 0);
	attach();
	while ((r = next(&slot, &info)) != -ENODATA) {
		if (r == 0) {
			assert_picture(&slot, shown++ % 5);
			give(slot.index);
			continue;
		}
		assert_int_equal(r, -ESTALE);
		assert_int_equal(shown, 5 * ++changes);
		assert_int_equal(movie_source.dequeue(source, 1, &slot, &info, &error), -ESTALE);
		assert_int_equal(movie_source.renew(source, &description, &error), 0);
		assert_int_equal(description.format.width_px, WIDTH + changes % 2 * 60);
		attach();
	}
	assert_int_equal(shown, 15);
	assert_int_equal(changes, 2);
	assert_int_equal(copies, direct ? 0 : 15);
	close_source();
	unlink(path);
}

static void sizes_change(void **state)
{
	(void)state;
	test_change("mjpeg", "yuvj420p", "mjpeg", true);
	test_change("libx264", "yuv420p", "h264", false);
}

/* Whatever the worker waits for: slots, to be attached, a pipe that says nothing. */
static void closes_at_once(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/s.mkv", directory);
	make_movie(path, "mjpeg", "yuvj420p", WIDTH, HEIGHT, PICTURES);
	assert_int_equal(open_source((struct source_request){.flat_out = true}), 0);
	close_source();
	assert_int_equal(open_source((struct source_request){.flat_out = true, .loop = true}), 0);
	attach();
	usleep(20000);
	close_source();
	/* the beginning of a movie, and then silence */
	int ends[2], own = dup(STDIN_FILENO);
	static char y4m[8192] = "YUV4MPEG2 W64 H64 F25:1 C420\nFRAME\n";
	assert_int_equal(pipe(ends), 0);
	const ssize_t length = (ssize_t)strlen(y4m) + 64 * 64 * 3 / 2;
	assert_int_equal(write(ends[1], y4m, (size_t)length), length);
	dup2(ends[0], STDIN_FILENO);
	assert_int_equal(open_source((struct source_request){.argument = "-"}), 0);
	attach();
	struct tripool_slot slot;
	struct tripool_frame_info info;
	assert_int_equal(next(&slot, &info), 0);
	give(slot.index);
	usleep(20000);
	close_source();
	dup2(own, STDIN_FILENO);
	close(own);
	close(ends[0]);
	close(ends[1]);
}

static void damage_is_counted(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/d.mkv", directory);
	make_movie(path, "mjpeg", "yuvj420p", WIDTH, HEIGHT, PICTURES);
	FILE *file = fopen(path, "r+");
	static char bytes[65536];
	size_t size = fread(bytes, 1, sizeof(bytes), file);
	uint64_t seen = 0;
	for (size_t i = 0; i + 1 < size; i++) /* the fourth picture's header */
		if ((uint8_t)bytes[i] == 0xff && (uint8_t)bytes[i + 1] == 0xd8 && ++seen == 4)
			memset(bytes + i, 0x55, 250);
	rewind(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	assert_int_equal(open_source((struct source_request){.flat_out = true}), 0);
	attach();
	struct tripool_slot slot;
	struct tripool_frame_info info;
	uint64_t shown = 0;
	while (next(&slot, &info) == 0) {
		assert_picture(&slot, shown < 3 ? shown : shown + 1);
		shown++;
		give(slot.index);
	}
	assert_int_equal(shown, PICTURES - 1);
	assert_int_equal(movie_source.counts(source).dropped, 1);
	assert_non_null(strstr(error.text, "1 of its packets could not be decoded"));
	close_source();
}

static int make_directory(void **state)
{
	(void)state;
	remarks_open();
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char line[128];
	(void)state;
	snprintf(line, sizeof(line), "rm -r %s", directory);
	return system(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(paths),
	    cmocka_unit_test(conversion_is_told),
	    cmocka_unit_test(real_time),
	    cmocka_unit_test(loops),
	    cmocka_unit_test(sizes_change),
	    cmocka_unit_test(closes_at_once),
	    cmocka_unit_test(damage_is_counted),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
