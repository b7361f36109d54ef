// SPDX-License-Identifier: MIT
#include "screenshot_png.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <png.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "error.h"

#define MOST_TEXTS 9

struct texts {
	png_text entry[MOST_TEXTS];
	char value[MOST_TEXTS][TRIPOOL_NAME_BYTES];
	int count;
};

struct job {
	FILE *file;
	int code; /* -errno of the file; 0: the fault is not the file's */
	struct tripool_error why;
};

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

void screenshot_time(char *buffer, size_t size, const char *format, int64_t ns)
{
	int64_t ms = floor_div(ns, 1000000);
	time_t seconds = floor_div(ms, 1000);
	struct tm tm;
	size_t length = gmtime_r(&seconds, &tm) ? strftime(buffer, size, format, &tm) : 0;
	snprintf(buffer + length, size - length, ".%03dZ", (int)(ms - seconds * 1000));
}

int64_t screenshot_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- Texts ---------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void add_text(struct texts *t, char *key, const char *format, ...)
{
	va_list arguments;
	assert(t->count < MOST_TEXTS);
	char *value = t->value[t->count];
	va_start(arguments, format);
	vsnprintf(value, sizeof(t->value[0]), format, arguments);
	va_end(arguments);
	t->entry[t->count++] = (png_text){.compression = PNG_TEXT_COMPRESSION_NONE, .key = key, .text = value};
}

/* ASCII all of it, so plain tEXt. */
static void write_texts(struct texts *t, const struct screenshot_about *about)
{
	char time[40];
	screenshot_time(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", about ? about->captured_at_ns : screenshot_now_ns());
	add_text(t, "Software", "tripool-view %s", TRIPOOL_VERSION);
	add_text(t, "Creation Time", "%s", time);
	if (!about)
		return;
	add_text(t, "tripool:stream", "%s", about->stream);
	add_text(t, "tripool:sequence", "%" PRIu64, about->sequence);
	add_text(t, "tripool:source_sequence", "%" PRIu64, about->source_sequence);
	add_text(t, "tripool:capture_ns", "%" PRId64, about->capture_ns);
	add_text(t, "tripool:publish_ns", "%" PRId64, about->publish_ns);
	add_text(t, "tripool:pix_fmt", "%s", about->pix_fmt);
	add_text(t, "tripool:size", "%" PRIu32 "x%" PRIu32, about->width_px, about->height_px);
}

/* ---- libpng --------------------------------------------------------------------------------------------------- */

static void on_error(png_structp png, png_const_charp text)
{
	struct job *job = png_get_error_ptr(png);
	if (job->code == 0)
		tripool_fail(&job->why, 0, "%s", text);
	png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void file_failed(struct job *job)
{
	job->code = errno ? -errno : -EIO;
	tripool_fail(&job->why, 0, "%s", strerror(-job->code));
}

static void on_write(png_structp png, png_bytep data, size_t length)
{
	struct job *job = png_get_io_ptr(png);
	errno = 0;
	if (fwrite(data, 1, length, job->file) == length)
		return;
	file_failed(job);
	png_error(png, "");
}

static void on_flush(png_structp png)
{
	(void)png;
}

/* Has no variables of its own that change: on an error libpng jumps back into it. */
static int encode(png_structp png, png_infop info, SDL_Surface *rgb, const struct texts *texts)
{
	png_time now;
	if (setjmp(png_jmpbuf(png)))
		return -EIO;
	png_set_IHDR(png, info, (png_uint_32)rgb->w, (png_uint_32)rgb->h, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
	    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	/* the window stands still meanwhile: a third of the default's time for a sixth more bytes */
	png_set_compression_level(png, 1);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
	png_set_text(png, info, texts->entry, texts->count);
	/* the picture's last change, as the format has it: now; the time of capture is among the texts */
	png_convert_from_time_t(&now, time(NULL));
	png_set_tIME(png, info, &now);
	png_write_info(png, info);
	for (int y = 0; y < rgb->h; y++)
		png_write_row(png, (png_const_bytep)rgb->pixels + (ptrdiff_t)y * rgb->pitch);
	png_write_end(png, NULL);
	return 0;
}

int screenshot_png(FILE *file, SDL_Surface *rgb, const struct screenshot_about *about, struct tripool_error *why)
{
	assert(rgb->format->format == SDL_PIXELFORMAT_RGB24);
	struct job job = {.file = file, .why = {"no memory for a PNG"}};
	struct texts texts = {.count = 0};
	int r = -ENOMEM;
	write_texts(&texts, about);
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
	png_infop info = png ? png_create_info_struct(png) : NULL;
	if (info) {
		png_set_write_fn(png, &job, on_write, on_flush);
		r = encode(png, info, rgb, &texts);
	}
	png_destroy_write_struct(&png, &info);
	if (r == 0 && fflush(file) != 0) {
		file_failed(&job);
		r = -EIO;
	}
	if (r < 0)
		*why = job.why;
	return job.code ? job.code : r;
}
