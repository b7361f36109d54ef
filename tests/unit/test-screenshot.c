// SPDX-License-Identifier: MIT
/* Screenshots: their names, what they say of the frame (read back by libpng), and what is left when one fails. */
#include "clock.h"
#include "screenshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#define WIDTH 37 /* rows of 111 bytes, which SDL rounds up to 112 */
#define HEIGHT 20
#define NAME "./tripool-cam-7-20261121T151035.123Z"

static const struct screenshot_about about = {
    .stream = "cam",
    .pix_fmt = "yuyv422",
    .width_px = 1280,
    .height_px = 720,
    .sequence = 7,
    .source_sequence = 4711,
    .capture_ns = 1234567890123,
    .publish_ns = 1234567999999,
    .captured_at_ns = INT64_C(1795273835123456789),
};

static bool only_replaces; /* the file system: it has no RENAME_NOREPLACE */

/* Stands before the C library's. */
int renameat2(int old_directory, const char *old, int new_directory, const char *new, unsigned flags)
{
	if (only_replaces && flags) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, old_directory, old, new_directory, new, flags);
}

static char home[PATH_MAX];

/* Each test is in an empty directory of its own. */
static int setup(void **state)
{
	(void)state;
	char directory[] = "/tmp/tripool-test-XXXXXX";
	only_replaces = false;
	return getcwd(home, sizeof(home)) && mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	char directory[64], command[96];
	if (!getcwd(directory, sizeof(directory)) || chdir(home) < 0)
		return -1;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static SDL_Surface *picture(void)
{
	SDL_Surface *s = SDL_CreateRGBSurfaceWithFormat(0, WIDTH, HEIGHT, 24, SDL_PIXELFORMAT_RGB24);
	assert_non_null(s);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < s->pitch; x++)
			((uint8_t *)s->pixels)[y * s->pitch + x] = (uint8_t)(x * 7 + y * 31);
	return s;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static bool says(const char *path, const char *text)
{
	char got[64] = "";
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	size_t length = fread(got, 1, sizeof(got) - 1, file);
	fclose(file);
	return length == strlen(text) && memcmp(got, text, length) == 0;
}

static int count_files(void)
{
	DIR *d = opendir(".");
	int count = -2;
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

/* ---- Reading one ---------------------------------------------------------------------------------------------- */

struct seen {
	png_structp png;
	png_infop info;
	png_textp text;
	int texts;
};

static struct seen see(const char *path)
{
	struct seen s = {.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL)};
	FILE *file = fopen(path, "rbe");
	assert_non_null(file);
	s.info = png_create_info_struct(s.png);
	if (setjmp(png_jmpbuf(s.png)))
		fail_msg("%s is no PNG", path);
	png_init_io(s.png, file);
	png_read_png(s.png, s.info, PNG_TRANSFORM_IDENTITY, NULL);
	fclose(file);
	png_get_text(s.png, s.info, &s.text, &s.texts);
	return s;
}

static const char *text_of(const struct seen *s, const char *key)
{
	const char *found = NULL;
	for (int i = 0; i < s->texts; i++) {
		if (strcmp(s->text[i].key, key) != 0)
			continue;
		assert_null(found);
		found = s->text[i].text;
	}
	return found;
}

static int64_t utc(const png_time *t)
{
	struct tm tm = {.tm_year = t->year - 1900,
	    .tm_mon = t->month - 1,
	    .tm_mday = t->day,
	    .tm_hour = t->hour,
	    .tm_min = t->minute,
	    .tm_sec = t->second};
	return timegm(&tm);
}

static void assert_picture(const struct seen *s)
{
	SDL_Surface *p = picture();
	png_bytepp rows = png_get_rows(s->png, s->info);
	assert_int_equal(png_get_image_width(s->png, s->info), WIDTH);
	assert_int_equal(png_get_image_height(s->png, s->info), HEIGHT);
	assert_int_equal(png_get_color_type(s->png, s->info), PNG_COLOR_TYPE_RGB);
	assert_int_equal(png_get_bit_depth(s->png, s->info), 8);
	for (int y = 0; y < HEIGHT; y++)
		assert_memory_equal(rows[y], (uint8_t *)p->pixels + y * p->pitch, WIDTH * 3);
	SDL_FreeSurface(p);
}

/* ---- Tests ---------------------------------------------------------------------------------------------------- */

static void a_name_says_stream_frame_and_time(void **state)
{
	(void)state;
	char name[SCREENSHOT_NAME_BYTES], later[SCREENSHOT_NAME_BYTES];
	struct screenshot_about long_one = about;
	screenshot_name(name, sizeof(name), &about);
	assert_string_equal(name, NAME ".png");
	/* the longest there can be is whole */
	memset(long_one.stream, 'n', sizeof(long_one.stream) - 1);
	long_one.sequence = UINT64_MAX;
	long_one.captured_at_ns = INT64_MAX;
	screenshot_name(name, sizeof(name), &long_one);
	assert_non_null(strstr(name, "n-18446744073709551615-22620411T234716.854Z.png"));
	/* milliseconds are cut off, before 1970 too */
	long_one.captured_at_ns = -1;
	screenshot_name(name, sizeof(name), &long_one);
	assert_non_null(strstr(name, "-19691231T235959.999Z.png"));

	screenshot_name(name, sizeof(name), NULL);
	assert_int_equal(strlen(name), strlen("./tripool-20261121T151035.123Z.png"));
	usleep(2000);
	screenshot_name(later, sizeof(later), NULL);
	assert_true(strcmp(name, later) < 0);
}

static struct screenshot_about taken(int64_t capture_ns, int64_t publish_ns)
{
	const struct tripool_format format = {.pix_fmt = "nv12", .width_px = 640, .height_px = 360};
	const struct tripool_frame frame = {
	    .format = &format,
	    .sequence = 9,
	    .publish_ns = publish_ns,
	    .info = {.capture_ns = capture_ns, .source_sequence = 3},
	};
	return screenshot_about_frame("s", &frame);
}

static void assert_taken(const struct screenshot_about *a, int64_t seconds_ago)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	int64_t now_ns = t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
	int64_t off_ns = a->captured_at_ns - (now_ns - seconds_ago * INT64_C(1000000000));
	assert_true(off_ns > -INT64_C(900000000) && off_ns < INT64_C(900000000));
}

static void the_time_of_capture_is_the_wall_clocks(void **state)
{
	(void)state;
	const int64_t second = 1000000000, now = tripool_now_ns();
	struct screenshot_about a = taken(now - 9 * second, now - 8 * second);
	assert_taken(&a, 9);
	assert_string_equal(a.stream, "s");
	assert_string_equal(a.pix_fmt, "nv12");
	assert_int_equal(a.width_px, 640);
	assert_int_equal(a.height_px, 360);
	assert_int_equal(a.sequence, 9);
	assert_int_equal(a.source_sequence, 3);
	assert_int_equal(a.capture_ns, now - 9 * second);
	assert_int_equal(a.publish_ns, now - 8 * second);
	/* what a producer says that cannot be */
	const int64_t wrong[] = {0, -1, INT64_MIN, INT64_MAX, now + 3600 * second};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		a = taken(wrong[i], now - 8 * second);
		assert_taken(&a, 8);
		assert_int_equal(a.capture_ns, wrong[i]);
		a = taken(wrong[i], wrong[i]);
		assert_taken(&a, 0);
	}
}

static void a_picture_says_what_it_is_of(void **state)
{
	(void)state;
	SDL_Surface *p = picture();
	png_timep when;
	time_t before = time(NULL);
	assert_int_equal(screenshot_write("shot.png", p, &about, NULL), 0);
	struct seen s = see("shot.png");
	assert_picture(&s);
	assert_string_equal(text_of(&s, "Software"), "tripool-view " TRIPOOL_VERSION);
	assert_string_equal(text_of(&s, "Creation Time"), "2026-11-21T15:10:35.123Z");
	assert_string_equal(text_of(&s, "tripool:stream"), "cam");
	assert_string_equal(text_of(&s, "tripool:sequence"), "7");
	assert_string_equal(text_of(&s, "tripool:source_sequence"), "4711");
	assert_string_equal(text_of(&s, "tripool:capture_ns"), "1234567890123");
	assert_string_equal(text_of(&s, "tripool:publish_ns"), "1234567999999");
	assert_string_equal(text_of(&s, "tripool:pix_fmt"), "yuyv422");
	assert_string_equal(text_of(&s, "tripool:size"), "1280x720");
	assert_int_equal(s.texts, 9);
	assert_true(png_get_tIME(s.png, s.info, &when));
	assert_true(utc(when) >= before && utc(when) <= time(NULL));
	png_destroy_read_struct(&s.png, &s.info, NULL);

	assert_int_equal(screenshot_write("shot.png", p, NULL, NULL), 0);
	s = see("shot.png");
	assert_picture(&s);
	assert_int_equal(s.texts, 2);
	assert_string_equal(text_of(&s, "Software"), "tripool-view " TRIPOOL_VERSION);
	assert_int_equal(strlen(text_of(&s, "Creation Time")), strlen("2026-11-21T15:10:35.123Z"));
	png_destroy_read_struct(&s.png, &s.info, NULL);
	assert_int_equal(count_files(), 1);
	SDL_FreeSurface(p);
}

static void a_saved_one_replaces_nothing(void **state)
{
	only_replaces = *state != NULL;
	char path[SCREENSHOT_NAME_BYTES];
	SDL_Surface *p = picture();
	write_file(NAME ".png", "old");
	assert_int_equal(symlink("nowhere", NAME "-2.png"), 0);
	for (int i = 3; i < 12; i++) {
		char should[SCREENSHOT_NAME_BYTES];
		snprintf(should, sizeof(should), "%s-%d.png", NAME, i);
		assert_int_equal(screenshot_save(path, p, &about, NULL), 0);
		assert_string_equal(path, should);
		struct seen s = see(path);
		assert_picture(&s);
		png_destroy_read_struct(&s.png, &s.info, NULL);
	}
	assert_true(says(NAME ".png", "old"));
	assert_int_equal(count_files(), 11);
	assert_int_equal(unlink(NAME ".png"), 0);
	assert_int_equal(screenshot_save(path, p, &about, NULL), 0);
	assert_string_equal(path, NAME ".png");
	assert_int_equal(screenshot_save(path, p, NULL, NULL), 0);
	assert_int_equal(strlen(path), strlen("./tripool-20261121T151035.123Z.png"));
	assert_int_equal(count_files(), 12);
	SDL_FreeSurface(p);
}

static void names_come_to_an_end(void **state)
{
	(void)state;
	char path[SCREENSHOT_NAME_BYTES];
	struct tripool_error error = {""};
	SDL_Surface *p = picture();
	write_file(NAME ".png", "old");
	for (int i = 2; i <= 1000; i++) {
		snprintf(path, sizeof(path), "%s-%d.png", NAME, i);
		write_file(path, "old");
	}
	assert_int_equal(screenshot_save(path, p, &about, &error), -EEXIST);
	assert_non_null(strstr(error.text, "File exists"));
	assert_int_equal(count_files(), 1000);
	SDL_FreeSurface(p);
}

/* Files can have no more than one byte. */
static void fail_for_room(void)
{
	struct rlimit limit = {.rlim_cur = 1, .rlim_max = 1};
	char path[SCREENSHOT_NAME_BYTES];
	struct tripool_error error = {""};
	SDL_Surface *p = picture();
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (screenshot_write("old.png", p, &about, &error) != -EFBIG ||
	    strcmp(error.text, "cannot write the screenshot 'old.png': File too large") != 0)
		_exit(1);
	if (screenshot_save(path, p, &about, &error) != -EFBIG || !strstr(error.text, NAME ".png': File too large"))
		_exit(2);
	_exit(0);
}

static void no_room_leaves_the_old_one(void **state)
{
	(void)state;
	int status;
	write_file("old.png", "old");
	pid_t pid = fork();
	if (pid == 0)
		fail_for_room();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(says("old.png", "old"));
	assert_int_equal(count_files(), 1);
}

static void errors_say_what_and_why(void **state)
{
	(void)state;
	char path[SCREENSHOT_NAME_BYTES];
	struct tripool_error error = {""};
	SDL_Surface *p = picture(), *large = SDL_CreateRGBSurfaceWithFormatFrom(
					p->pixels, WIDTH, HEIGHT, 24, p->pitch, SDL_PIXELFORMAT_RGB24);
	assert_int_equal(screenshot_write("there/is/none.png", p, &about, &error), -ENOENT);
	assert_string_equal(error.text, "cannot write the screenshot 'there/is/none.png': No such file or directory");
	assert_int_equal(screenshot_write(".", p, &about, &error), -EISDIR);

	SDL_SetError("because");
	assert_int_equal(screenshot_write("shot.png", NULL, &about, &error), -EIO);
	assert_string_equal(error.text, "cannot read the window's picture for the screenshot 'shot.png': because");
	assert_int_equal(screenshot_save(path, NULL, &about, &error), -EIO);
	assert_non_null(strstr(error.text, NAME ".png': because"));

	/* what libpng itself does not like */
	large->w = 2000000;
	assert_int_equal(screenshot_write("shot.png", large, &about, &error), -EIO);
	assert_non_null(strstr(error.text, "screenshot 'shot.png': Invalid IHDR"));
	assert_int_equal(count_files(), 0);
	large->w = WIDTH;
	SDL_FreeSurface(large);
	SDL_FreeSurface(p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_name_says_stream_frame_and_time),
	    TEST(the_time_of_capture_is_the_wall_clocks),
	    TEST(a_picture_says_what_it_is_of),
	    TEST(a_saved_one_replaces_nothing),
	    cmocka_unit_test_prestate_setup_teardown(a_saved_one_replaces_nothing, setup, teardown, &only_replaces),
	    TEST(names_come_to_an_end),
	    TEST(no_room_leaves_the_old_one),
	    TEST(errors_say_what_and_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
