// SPDX-License-Identifier: MIT
/* The cameras that a driver in this process has: as a table, as JSON, and one of them by its name. */
#include "camera.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "camera-rig.h"

static const struct fake_format formats[] = {{V4L2_PIX_FMT_YUYV, 16, 16, 1}, {V4L2_PIX_FMT_NV12, 8, 12, 1},
    {V4L2_PIX_FMT_MJPEG, 0, 0, 1}, {V4L2_PIX_FMT_H264, 0, 0, 1}};

static const struct fake_camera cameras[] = {
    {"HD Webcam", "/dev/v4l/by-id/usb-A-index0"},
    {"hd webcam C920", NULL},
    {"Capture Card", "/dev/v4l/by-path/pci-B-index0"},
    {"Capture Card", "/dev/v4l/by-path/pci-C-index0"},
};

/* The list as text, the caller's own; the status is checked. */
static char *list(bool json, int status)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(camera_list(out, json, &rig.error), status);
	fclose(out);
	return text;
}

static void have(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in '%s'", part, text);
}

static void test_table(void **state)
{
	char *text;

	(void)state;
	fake.cameras = cameras;
	fake.camera_count = 1;
	fake.formats = formats;
	fake.format_count = COUNT(formats);
	fake.width_px = 640;
	fake.height_px = 480;
	text = list(false, 1);
	assert_string_equal(text, FAKE_PATH "  HD Webcam\n"
					    "  stable path  /dev/v4l/by-id/usb-A-index0\n"
					    "  bus          platform:fake-003\n"
					    "  yuyv422         V4L2 YUYV     native\n"
					    "  nv12            V4L2 NV12     native\n"
					    "  -               V4L2 MJPG     decoded to yuv420p, rgb24 or bgr24\n"
					    "  -               V4L2 H264     not supported\n"
					    "     640x480   29.97, 7.5 fps\n");
	free(text);
}

static void test_table_odd_ones(void **state)
{
	char *text;

	(void)state;
	text = list(false, 1);
	have(text, "    16x16 to 1920x1080 in steps of 8x8  29.97, 7.5 fps\n");
	assert_null(strstr(text, "stable"));
	free(text);
	fake.any_rate = true;
	text = list(false, 1);
	have(text, " in steps of 8x8  5 to 60 fps\n");
	free(text);
	fake.no_sizes = true;
	text = list(false, 1);
	have(text, "    sizes are not listed by the driver\n");
	free(text);
	fake.open_error = -EACCES;
	text = list(false, 1);
	have(text, FAKE_PATH "  no permission to open '/dev/video3'");
	free(text);
	fake.absent = true;
	text = list(false, -ENODEV);
	assert_string_equal(text, "");
	expect_text("no cameras found");
	free(text);
}

/* What the JSON of two cameras is, but for blanks. */
static void expect_json(const char *expected, int status)
{
	char *text = list(true, status);
	struct json_object *is = json_tokener_parse(text), *should = json_tokener_parse(expected);

	assert_non_null(is);
	assert_non_null(should);
	if (!json_object_equal(is, should))
		fail_msg("%s", text);
	json_object_put(is);
	json_object_put(should);
	free(text);
}

static void test_json(void **state)
{
	static const struct fake_mode modes[] = {
	    {V4L2_PIX_FMT_YUYV, 640, 480, 30}, {V4L2_PIX_FMT_YUYV, 640, 480, 15}, {V4L2_PIX_FMT_YUYV, 1280, 720, 9},
	    {V4L2_PIX_FMT_MJPEG, 1280, 720, 30}, /* NV12 and H264 without sizes */
	};

	(void)state;
	fake.cameras = cameras;
	fake.camera_count = 2;
	fake.formats = formats;
	fake.format_count = COUNT(formats);
	fake.modes = modes;
	fake.mode_count = COUNT(modes);
#define FORMATS                                                                                                        \
	"\"error\": null, \"formats\": ["                                                                              \
	"{\"fourcc\": \"YUYV\", \"pix_fmt\": \"yuyv422\", \"use\": \"native\", \"sizes\": ["                           \
	"{\"width\": 640, \"height\": 480, \"rates\": [\"30\", \"15\"]},"                                              \
	"{\"width\": 1280, \"height\": 720, \"rates\": [\"9\"]}]},"                                                    \
	"{\"fourcc\": \"NV12\", \"pix_fmt\": \"nv12\", \"use\": \"native\", \"sizes\": []},"                           \
	"{\"fourcc\": \"MJPG\", \"pix_fmt\": null, \"use\": \"decoded\", \"sizes\": ["                                 \
	"{\"width\": 1280, \"height\": 720, \"rates\": [\"30\"]}]},"                                                   \
	"{\"fourcc\": \"H264\", \"pix_fmt\": null, \"use\": \"none\", \"sizes\": []}]}"
	expect_json("[{\"path\": \"/dev/video3\", \"name\": \"HD Webcam\", \"bus\": \"platform:fake-003\","
		    "\"stable_path\": \"/dev/v4l/by-id/usb-A-index0\", " FORMATS
		    ", {\"path\": \"/dev/video4\", \"name\": \"hd webcam C920\", \"bus\": \"platform:fake-003\","
		    "\"stable_path\": null, " FORMATS "]",
	    2);
}

static void test_json_odd_ones(void **state)
{
	(void)state;
	fake.format_count = 1;
	expect_json("[{\"path\": \"/dev/video3\", \"name\": \"Fake Camera\", \"bus\": \"platform:fake-003\","
		    "\"stable_path\": null, \"error\": null, \"formats\": ["
		    "{\"fourcc\": \"YUYV\", \"pix_fmt\": \"yuyv422\", \"use\": \"native\", \"sizes\": ["
		    "{\"min_width\": 16, \"min_height\": 16, \"max_width\": 1920, \"max_height\": 1080,"
		    "\"step_width\": 8, \"step_height\": 8, \"rates\": [\"30000/1001\", \"15/2\"]}]}]}]",
	    1);
	fake.any_rate = true;
	fake.width_px = 640;
	fake.height_px = 480;
	expect_json("[{\"path\": \"/dev/video3\", \"name\": \"Fake Camera\", \"bus\": \"platform:fake-003\","
		    "\"stable_path\": null, \"error\": null, \"formats\": ["
		    "{\"fourcc\": \"YUYV\", \"pix_fmt\": \"yuyv422\", \"use\": \"native\", \"sizes\": ["
		    "{\"width\": 640, \"height\": 480, \"rates\": [{\"min\": \"5\", \"max\": \"60\"}]}]}]}]",
	    1);
	fake.open_error = -EBUSY;
	expect_json("[{\"path\": \"/dev/video3\", \"name\": null, \"bus\": null, \"stable_path\": null,"
		    "\"error\": \"camera '/dev/video3' is busy: end the other program that uses it\","
		    "\"formats\": []}]",
	    1);
	fake.absent = true;
	expect_json("[]", -ENODEV);
}

/* Opens a camera by its name; `error` NULL: it is that of `number`. */
static void named(const char *name, int number, int code, const char *error)
{
	const struct source_request request = {.argument = name};

	assert_int_equal(open_camera(&request), code);
	if (error)
		assert_string_equal(rig.error.text, error);
	else
		assert_int_equal(fake.opened_camera, number);
	camera_source.close(rig.source);
	rig.source = NULL;
}

static void test_names(void **state)
{
	(void)state;
	fake.cameras = cameras;
	fake.camera_count = COUNT(cameras);
	named("HD Webcam", 0, 0, NULL); /* the whole name, though another has it in it */
	named("hd webcam", 0, 0, NULL);
	named("c920", 1, 0, NULL);
	named("HD Webcam C920", 1, 0, NULL);
	named("/dev/video5", 2, 0, NULL);
	named("webcam", 0, -EINVAL,
	    "2 cameras are named 'webcam': choose one by its path: /dev/video3 (/dev/v4l/by-id/usb-A-index0), "
	    "/dev/video4");
	named("capture card", 0, -EINVAL,
	    "2 cameras are named 'capture card': choose one by its path: /dev/video5 (/dev/v4l/by-path/pci-B-index0), "
	    "/dev/video6 (/dev/v4l/by-path/pci-C-index0)");
	named("video3", 0, -ENODEV,
	    "no camera is named 'video3'; there is 'HD Webcam' /dev/video3, 'hd webcam C920' /dev/video4, "
	    "'Capture Card' /dev/video5, 'Capture Card' /dev/video6");
	fake.open_error = -EBUSY;
	fake.camera_count = 1;
	named(
	    "HD Webcam", 0, -ENODEV, "no camera is named 'HD Webcam'; there is /dev/video3 (Device or resource busy)");
	fake.absent = true;
	named("HD Webcam", 0, -ENODEV,
	    "no cameras found: no /dev/video* device captures (plug one in, or load its driver)");
}

/* A name with what paths have in them. */
static void test_name_like_a_path(void **state)
{
	static const struct fake_camera one[] = {{"PC/TV Camera: PC/TV Cam", NULL}};

	(void)state;
	fake.cameras = one;
	fake.camera_count = 1;
	named("PC/TV Camera: PC/TV Cam", 0, 0, NULL);
	named("pc/tv", 0, 0, NULL);
	named("TV/PC", 0, -ENODEV, "no camera is named 'TV/PC'; there is 'PC/TV Camera: PC/TV Cam' /dev/video3");
	named("/TV Camera", 0, -ENOENT, "there is no camera '/TV Camera': --list shows the cameras");
	named("./pc/tv", 0, -ENOENT, "there is no camera './pc/tv': --list shows the cameras");
	assert_int_equal(chdir("/"), 0);
	named("dev/null", 0, -ENOTTY, "'dev/null' is not a video device: --list shows the cameras");
}

/* Opened again: the same camera, wherever it is now. */
static void test_the_same_again(void **state)
{
	static const struct fake_camera both[] = {{"Other", NULL}, {"HD Webcam", NULL}};
	static const struct fake_camera twins[] = {{"HD Webcam", NULL}, {"HD Webcam", NULL}};
	struct source_request request = request_64x48;
	char identity[sizeof(rig.description.identity)];

	(void)state;
	fake.cameras = both + 1;
	fake.camera_count = 1;
	assert_int_equal(open_camera(&request), 0);
	strcpy(identity, rig.description.identity);
	assert_string_equal(identity, "HD Webcam (platform:fake-003)");
	camera_source.close(rig.source);
	rig.source = NULL;
	request.identity = identity;
	/* It has another number, and the first is another camera. */
	fake.cameras = both;
	fake.camera_count = 2;
	assert_int_equal(open_camera(&request), 0);
	assert_int_equal(fake.opened_camera, 1);
	camera_source.close(rig.source);
	rig.source = NULL;
	/* Only the other one is there. */
	fake.camera_count = 1;
	assert_int_equal(open_camera(&request), -ENODEV);
	expect_text("'HD Webcam (platform:fake-003)' is not there");
	/* In another socket, under the name that was asked for. */
	request.argument = "webcam";
	request.identity = "HD Webcam (usb-7)";
	fake.cameras = both + 1;
	assert_int_equal(open_camera(&request), 0);
	camera_source.close(rig.source);
	rig.source = NULL;
	/* Two of that name, and neither where it was. */
	fake.cameras = twins;
	fake.camera_count = 2;
	assert_int_equal(open_camera(&request), -ENODEV);
	/* Who says a path means it. */
	request.argument = "/dev/video4";
	assert_int_equal(open_camera(&request), 0);
	assert_int_equal(fake.opened_camera, 1);
}

/* More than an error has room for: whole words, and that there are more. */
static void test_many_names(void **state)
{
#define LONG_PATH "/dev/v4l/by-id/usb-One_With_A_Rather_Long_Name-video-index0"
	static const struct fake_camera many[] = {{"One With A Rather Long Name 3", NULL},
	    {"One With A Rather Long Name 4", LONG_PATH}, {"One With A Rather Long Name 5", LONG_PATH},
	    {"One With A Rather Long Name 6", NULL}, {"One With A Rather Long Name 7", NULL}};

	(void)state;
	fake.cameras = many;
	fake.camera_count = COUNT(many);
	named("Two", 0, -ENODEV,
	    "no camera is named 'Two'; there is 'One With A Rather Long Name 3' /dev/video3, "
	    "'One With A Rather Long Name 4' /dev/video4, 'One With A Rather Long Name 5' /dev/video5, ...");
	named("One", 0, -EINVAL,
	    "5 cameras are named 'One': choose one by its path: /dev/video3, /dev/video4 (" LONG_PATH
	    "), /dev/video5 (" LONG_PATH "), ...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_table),
	    TEST(test_table_odd_ones),
	    TEST(test_json),
	    TEST(test_json_odd_ones),
	    TEST(test_names),
	    TEST(test_name_like_a_path),
	    TEST(test_the_same_again),
	    TEST(test_many_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
