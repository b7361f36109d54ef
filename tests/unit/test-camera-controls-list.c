// SPDX-License-Identifier: MIT
/* A camera's controls listed, against a driver in this process: for a person, for a program, and from an old driver. */
#include "camera.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controls-rig.h"

static char *list(bool json)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(camera_controls_list(out, FAKE_PATH, json, &rig.error), 0);
	fclose(out);
	return text;
}

static void test_table(void **state)
{
	char *text = list(false);

	(void)state;
	assert_string_equal(text,
	    "/dev/video3  Fake Camera (platform:fake-003)\n"
	    "name                            type             minimum     maximum  step     default       value\n"
	    "\n"
	    "User Controls\n"
	    "brightness                      integer                0         255     1         128         128\n"
	    "white_balance_automatic         boolean                0           1     1           1           1\n"
	    "white_balance_temperature       integer             2800        6500    10        4600        4600  "
	    "inactive\n"
	    "reset                           button                 -           -     -           -           -  "
	    "write-only\n"
	    "power_line_frequency            menu                   0           3     1           2           2\n"
	    "       0: Off\n"
	    "       2: 50 Hz\n"
	    "       3: 60 Hz\n"
	    "gain                            integer             -100         100     7           5          -9  "
	    "volatile\n"
	    "large                           integer64    -9223372036854775808 9223372036854775807     1           0   "
	    "        0\n"
	    "narrow                          integer64    -9223372036854775808 9223372036854775807 9223372036854775808 "
	    "          0           0\n"
	    "mask                            bitmask       0x00000000  0x800a2000     1  0x80002000  0x80002000\n"
	    "text                            string                 2          10     2           -  '  '\n"
	    "factor                          integer menu           0           2     1           1           1\n"
	    "       0: 10\n"
	    "       1: 25\n"
	    "       2: 70\n"
	    "serial                          integer                0          99     1           0          42  "
	    "read-only\n"
	    "held                            integer                0           9     1           0           0  "
	    "grabbed\n"
	    "secret                          integer                0           9     1           0           -  "
	    "write-only\n"
	    "table                           compound               -           -     -           -           -  "
	    "cannot be set here\n"
	    "area                            compound               -           -     -           -           -  "
	    "cannot be set here\n"
	    "rotate                          integer                0         270    90           0           0  "
	    "cannot be set here\n");
	free(text);
}

static struct json_object *named(struct json_object *all, const char *name)
{
	struct json_object *array = json_object_object_get(all, "controls");

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *c = json_object_array_get_idx(array, i);

		if (strcmp(json_object_get_string(json_object_object_get(c, "name")), name) == 0)
			return c;
	}
	return NULL;
}

static void expect_json(struct json_object *all, const char *name, const char *json)
{
	struct json_object *c = named(all, name);

	assert_non_null(c);
	assert_string_equal(json_object_to_json_string_ext(c, JSON_C_TO_STRING_PLAIN), json);
}

static void test_json(void **state)
{
	char *text = list(true);
	struct json_object *all = json_tokener_parse(text);

	(void)state;
	assert_non_null(all);
	assert_string_equal(json_object_get_string(json_object_object_get(all, "device")), FAKE_PATH);
	assert_string_equal(json_object_get_string(json_object_object_get(all, "name")), "Fake Camera");
	assert_int_equal(json_object_array_length(json_object_object_get(all, "controls")), COUNT(controls) - 2);
	assert_null(named(all, "old"));
	expect_json(all, "brightness",
	    "{\"name\":\"brightness\",\"title\":\"Brightness\",\"type\":\"integer\",\"minimum\":0,\"maximum\":255,"
	    "\"step\":1,\"default\":128,\"settable\":true,\"value\":128,\"flags\":[]}");
	expect_json(all, "white_balance_temperature",
	    "{\"name\":\"white_balance_temperature\",\"title\":\" (White  Balance) Temperature! \","
	    "\"type\":\"integer\",\"minimum\":2800,\"maximum\":6500,\"step\":10,\"default\":4600,\"settable\":true,"
	    "\"value\":4600,"
	    "\"flags\":[\"inactive\"]}");
	expect_json(all, "white_balance_automatic",
	    "{\"name\":\"white_balance_automatic\",\"title\":\"White Balance, Automatic\",\"type\":\"boolean\","
	    "\"minimum\":0,\"maximum\":1,\"step\":1,\"default\":true,\"settable\":true,\"value\":true,\"flags\":[]}");
	expect_json(all, "power_line_frequency",
	    "{\"name\":\"power_line_frequency\",\"title\":\"Power Line Frequency\",\"type\":\"menu\",\"minimum\":0,"
	    "\"maximum\":3,\"step\":1,\"default\":2,\"settable\":true,\"value\":2,\"entries\":[{\"value\":0,\"text\":"
	    "\"Off\"},"
	    "{\"value\":2,\"text\":\"50 Hz\"},{\"value\":3,\"text\":\"60 Hz\"}],\"flags\":[]}");
	expect_json(all, "mask",
	    "{\"name\":\"mask\",\"title\":\"Mask\",\"type\":\"bitmask\",\"minimum\":0,\"maximum\":2148147200,"
	    "\"step\":1,\"default\":2147491840,\"settable\":true,\"value\":2147491840,\"flags\":[]}");
	expect_json(all, "text",
	    "{\"name\":\"text\",\"title\":\"Text\",\"type\":\"string\",\"minimum_length\":2,\"maximum_length\":10,"
	    "\"step\":2,\"settable\":true,\"value\":\"  \",\"flags\":[]}");
	expect_json(all, "secret",
	    "{\"name\":\"secret\",\"title\":\"Secret\",\"type\":\"integer\",\"minimum\":0,\"maximum\":9,\"step\":1,"
	    "\"default\":0,\"settable\":true,\"value\":null,\"flags\":[\"write-only\"]}");
	expect_json(all, "area",
	    "{\"name\":\"area\",\"title\":\"Area\",\"type\":\"compound\",\"settable\":false,\"value\":null,\"flags\":[]"
	    "}");
	json_object_put(all);
	free(text);
}

/* The older way to ask knows no arrays and structures, but all else. */
static void test_old_driver(void **state)
{
	struct json_object *all;
	char *text;

	(void)state;
	fake.no_ext_query = true;
	set_number("brightness=7", BRIGHTNESS, 7);
	set_number("mask=0x80082000", MASK, (int32_t)0x80082000);
	set_number("power_line_frequency=60 hz", LIGHT, 3);
	text = list(true);
	all = json_tokener_parse(text);
	assert_int_equal(json_object_array_length(json_object_object_get(all, "controls")), COUNT(controls) - 4);
	json_object_put(all);
	free(text);
}

/* --controls takes what the source takes: a path, a name, nothing. */
static void test_list_of_which_camera(void **state)
{
	static const char *const arguments[] = {FAKE_PATH, "fake cam", NULL};
	char *expected = list(true);

	(void)state;
	for (int i = 0; i < 3; i++) {
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		assert_int_equal(camera_controls_list(out, arguments[i], true, &rig.error), 0);
		fclose(out);
		assert_string_equal(text, expected);
		free(text);
	}
	free(expected);
}

static void test_list_errors(void **state)
{
	(void)state;
	fake.open_error = -EACCES;
	assert_int_equal(camera_controls_list(stdout, FAKE_PATH, false, &rig.error), -EACCES);
	expect_text("no permission to open");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROLS_TEST(test_table),
	    CONTROLS_TEST(test_json),
	    CONTROLS_TEST(test_old_driver),
	    CONTROLS_TEST(test_list_of_which_camera),
	    CONTROLS_TEST(test_list_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
