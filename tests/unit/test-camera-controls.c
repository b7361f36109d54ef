// SPDX-License-Identifier: MIT
/* A camera's controls against a driver in this process: what is listed, each type set, each wrong name and value. */
#include "camera.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "camera-rig.h"

static const char *const lights[] = {"Off", NULL, "50 Hz", "60 Hz"};
static const char *const factors[] = {"10", "25", "70"};

/* By ids; the names below say which is which. */
enum {
	USER_CLASS,
	BRIGHTNESS,
	BALANCE,
	TEMPERATURE,
	RESET,
	LIGHT,
	OLD,
	GAIN,
	LARGE,
	NARROW,
	MASK,
	TEXT,
	FACTOR,
	SERIAL,
	HELD,
	SECRET,
	TABLE,
	AREA,
	ROTATE,
};

static const struct fake_control table[] = {
    [USER_CLASS] = {1, V4L2_CTRL_TYPE_CTRL_CLASS, "User Controls", .flags = V4L2_CTRL_FLAG_READ_ONLY},
    [BRIGHTNESS] = {2, V4L2_CTRL_TYPE_INTEGER, "Brightness", 0, 255, 1, 128, .value = 128},
    [BALANCE] = {3, V4L2_CTRL_TYPE_BOOLEAN, "White Balance, Automatic", 0, 1, 1, 1, .value = 1},
    [TEMPERATURE] = {4, V4L2_CTRL_TYPE_INTEGER, " (White  Balance) Temperature! ", 2800, 6500, 10, 4600, .value = 4600,
	.ruled_by = 3},
    [RESET] = {5, V4L2_CTRL_TYPE_BUTTON, "Reset", .flags = V4L2_CTRL_FLAG_WRITE_ONLY},
    [LIGHT] = {6, V4L2_CTRL_TYPE_MENU, "Power Line Frequency", 0, 3, 1, 2, .menu = lights, .value = 2},
    [OLD] = {7, V4L2_CTRL_TYPE_INTEGER, "Old", 0, 1, 1, 0, .flags = V4L2_CTRL_FLAG_DISABLED},
    [GAIN] = {8, V4L2_CTRL_TYPE_INTEGER, "Gain", -100, 100, 7, 5, .flags = V4L2_CTRL_FLAG_VOLATILE, .value = -9},
    [LARGE] = {9, V4L2_CTRL_TYPE_INTEGER64, "Large", INT64_MIN, INT64_MAX, 1, .value = 0},
    [NARROW] = {10, V4L2_CTRL_TYPE_INTEGER64, "Narrow", INT64_MIN, INT64_MAX, UINT64_C(1) << 63, .value = 0},
    [MASK] = {11, V4L2_CTRL_TYPE_BITMASK, "Mask", 0, 0x800a2000, 0, 0x80002000, .value = 0x80002000},
    [TEXT] = {12, V4L2_CTRL_TYPE_STRING, "Text", 2, 10, 2, 0, .text = "  "},
    [FACTOR] = {13, V4L2_CTRL_TYPE_INTEGER_MENU, "Factor", 0, 2, 1, 1, .menu = factors, .value = 1},
    [SERIAL] = {14, V4L2_CTRL_TYPE_INTEGER, "Serial", 0, 99, 1, 0, .flags = V4L2_CTRL_FLAG_READ_ONLY, .value = 42},
    [HELD] = {15, V4L2_CTRL_TYPE_INTEGER, "Held", 0, 9, 1, 0, .flags = V4L2_CTRL_FLAG_GRABBED},
    [SECRET] = {16, V4L2_CTRL_TYPE_INTEGER, "Secret", 0, 9, 1, 0, .flags = V4L2_CTRL_FLAG_WRITE_ONLY, .value = 7},
    [TABLE] = {17, V4L2_CTRL_TYPE_INTEGER, "Table", 0, 9, 1, 0, .dims = 2},
    [AREA] = {18, V4L2_CTRL_TYPE_AREA, "Area", .flags = V4L2_CTRL_FLAG_HAS_PAYLOAD},
    [ROTATE] = {19, V4L2_CTRL_TYPE_INTEGER, "Rotate", 0, 270, 90, 0, .flags = V4L2_CTRL_FLAG_MODIFY_LAYOUT},
};

static struct fake_control controls[COUNT(table)];

static int set_up_controls(void **state)
{
	set_up(state);
	memcpy(controls, table, sizeof(table));
	fake.controls = controls;
	fake.control_count = COUNT(controls);
	return 0;
}

#define CONTROLS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_controls, tear_down)

static int open_with(const char *const *assignments, uint32_t count)
{
	struct source_request request = request_64x48;

	request.assignments = assignments;
	request.assignment_count = count;
	return open_camera(&request);
}

static void set_one(const char *assignment)
{
	if (open_with(&assignment, 1) != 0)
		fail_msg("%s: %s", assignment, rig.error.text);
	assert_string_equal(rig.description.note, "");
	camera_source.close(rig.source);
	rig.source = NULL;
}

static void set_number(const char *assignment, unsigned control, int64_t value)
{
	int sets = controls[control].sets;

	set_one(assignment);
	assert_int_equal(controls[control].value, value);
	assert_int_equal(controls[control].sets, sets + 1);
}

/* Each assignment is refused, and nothing is set. */
static void refuse(int code, const char *assignment, const char *reason)
{
	struct source *before = rig.source;
	int r = open_with(&assignment, 1);

	if (r != code)
		fail_msg("%s: %d and not %d", assignment, r, code);
	assert_ptr_equal(rig.source, before);
	expect_text(reason);
	expect_text(assignment);
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(controls[i].sets, 0);
}

static void test_set_numbers(void **state)
{
	(void)state;
	set_number("brightness=0", BRIGHTNESS, 0);
	set_number("brightness=255", BRIGHTNESS, 255);
	set_number("brightness=0x10", BRIGHTNESS, 16);
	set_number("brightness=010", BRIGHTNESS, 10);
	set_number("gain=-100", GAIN, -100);
	set_number("gain=-2", GAIN, -2);
	set_number("gain=96", GAIN, 96);
	set_number("large=-9223372036854775808", LARGE, INT64_MIN);
	set_number("large=9223372036854775807", LARGE, INT64_MAX);
	set_number("narrow=0", NARROW, 0);
	set_number("secret=3", SECRET, 3); /* and is not read back */
}

static void test_set_boolean(void **state)
{
	static const char *const off[] = {"0", "false", "OFF"}, *const on[] = {"1", "True", "on"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(on); i++) {
		snprintf(text, sizeof(text), "white_balance_automatic=%s", off[i]);
		set_number(text, BALANCE, 0);
		snprintf(text, sizeof(text), "white_balance_automatic=%s", on[i]);
		set_number(text, BALANCE, 1);
	}
}

static void test_set_menus(void **state)
{
	(void)state;
	set_number("power_line_frequency=3", LIGHT, 3);
	set_number("power_line_frequency=off", LIGHT, 0);
	set_number("power_line_frequency=50 hZ", LIGHT, 2);
	set_number("factor=2", FACTOR, 2);
}

static void test_set_others(void **state)
{
	(void)state;
	set_number("mask=0x80082000", MASK, (int32_t)0x80082000);
	set_number("mask=0", MASK, 0);
	set_one("text=a=b ");
	assert_string_equal(controls[TEXT].text, "a=b ");
	set_one("text=0123456789");
	assert_string_equal(controls[TEXT].text, "0123456789");
	set_one("reset=1");
	assert_int_equal(controls[RESET].sets, 1);
}

/* The automatic off first, then what it ruled. */
static void test_order(void **state)
{
	static const char *const right[] = {"white_balance_automatic=off", "white_balance_temperature=2810"};
	static const char *const wrong[] = {"white_balance_temperature=2820", "white_balance_automatic=off"};

	(void)state;
	assert_int_equal(open_with(wrong, 2), -EINVAL);
	expect_text("white_balance_temperature is inactive");
	assert_int_equal(controls[TEMPERATURE].sets + controls[BALANCE].sets, 0);
	assert_int_equal(open_with(right, 2), 0);
	assert_int_equal(controls[TEMPERATURE].value, 2810);
	assert_int_equal(fake.count, 0); /* before there is a stream */
}

/* A name that is wrong leaves what stands before it alone as well. */
static void test_names_first(void **state)
{
	static const char *const both[] = {"brightness=1", "sharpnes=1"};

	(void)state;
	assert_int_equal(open_with(both, 2), -EINVAL);
	expect_text("--set sharpnes=1");
	assert_int_equal(controls[BRIGHTNESS].sets, 0);
}

static void test_wrong_names(void **state)
{
	(void)state;
	refuse(-EINVAL, "brightnes=1", "the nearest is 'brightness'");
	refuse(-EINVAL, "white_balance_auto=1", "the nearest is 'white_balance_automatic'");
	refuse(-EINVAL, "tixt=1", "the nearest is 'text'");
	refuse(-EINVAL, "Brightness=1", "the nearest is 'brightness'");
	refuse(-EINVAL, "old=1", "no such control");
	refuse(-EINVAL, "user_controls=1", "no such control");
	refuse(-EINVAL, "a_name_that_is_longer_than_any_that_a_driver_has=1", "--controls lists them all");
	controls[BRIGHTNESS].name = "abxyz";
	controls[GAIN].name = "abcd";
	refuse(-EINVAL, "abxcd=1", "the nearest is 'abcd'");
	fake.control_count = 0;
	refuse(-EINVAL, "brightness=1", "has no controls");
}

static void test_wrong_values(void **state)
{
	static const char *const numbers[] = {
	    "256", "-1", "", "1 ", " 1", "1.5", "0x", "x", "12a", "1e2", "--1", "99999999999999999999", "4294967296"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		snprintf(text, sizeof(text), "brightness=%s", numbers[i]);
		refuse(-EINVAL, text, "brightness is a number from 0 to 255");
	}
	refuse(-EINVAL, "gain=0", "gain is a number from -100 to 100 in steps of 7");
	refuse(-EINVAL, "gain=100", "in steps of 7");
	refuse(-EINVAL, "narrow=1", "in steps of 9223372036854775808");
	refuse(-EINVAL, "large=9223372036854775808", "from -9223372036854775808 to 9223372036854775807");
	refuse(-EINVAL, "white_balance_automatic=2", "is 0 or 1, off or on");
	refuse(-EINVAL, "white_balance_automatic=", "is 0 or 1, off or on");
	refuse(-EINVAL, "power_line_frequency=1", "is one of 0 (Off), 2 (50 Hz), 3 (60 Hz)");
	refuse(-EINVAL, "power_line_frequency=4", "is one of 0 (Off)");
	refuse(-EINVAL, "power_line_frequency=-1", "is one of 0 (Off)");
	refuse(-EINVAL, "power_line_frequency=50", "is one of 0 (Off)");
	refuse(-EINVAL, "factor=25", "is one of 0 (10), 1 (25), 2 (70)");
	refuse(-EINVAL, "factor=3", "is one of 0 (10)");
	refuse(-EINVAL, "mask=1", "a mask of the bits in 0x800a2000");
	refuse(-EINVAL, "mask=-1", "a mask of the bits in");
	refuse(-EINVAL, "mask=0x180002000", "a mask of the bits in");
	refuse(-EINVAL, "text=", "text is 2 to 10 in steps of 2 characters long");
	refuse(-EINVAL, "text=abc", "in steps of 2");
	refuse(-EINVAL, "text=0123456789ab", "2 to 10");
	refuse(-EINVAL, "reset=0", "its one value is 1");
	refuse(-EINVAL, "reset=", "its one value is 1");
}

static void test_not_settable(void **state)
{
	(void)state;
	refuse(-EINVAL, "serial=1", "serial is read-only");
	refuse(-EINVAL, "white_balance_temperature=2800", "is inactive while another control");
	refuse(-EBUSY, "held=1", "end that one first");
	refuse(-EINVAL, "table=1", "table is an array or a structure");
	refuse(-EINVAL, "area=1", "area is an array or a structure");
	refuse(-EINVAL, "rotate=90", "changes how pictures lie in memory");
}

static void test_driver_refuses(void **state)
{
	static const int codes[] = {-EINVAL, -ERANGE, -EACCES};

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		fake.control_error = codes[i];
		refuse(-EINVAL, "brightness=1", strerror(-codes[i]));
	}
	fake.control_error = -EIO;
	assert_int_equal(open_with((const char *[]){"brightness=1"}, 1), -EIO);
	expect_text("cannot set a control: Input/output error");
}

/* What the driver made of it is said. */
static void test_note(void **state)
{
	static const char *const both[] = {"brightness=120", "text=abcd"};

	(void)state;
	fake.control_most = 2;
	assert_int_equal(open_with(both, 2), 0);
	assert_string_equal(rig.description.note,
	    "asked for brightness=120, the camera sets 2; asked for text=abcd, the camera sets 'ab'");
}

/* The list of entries ends in "..." where it does not fit, and no error is cut in the middle of it. */
static void test_long_menu(void **state)
{
	static const char *const many[] = {"an entry with a long name", "and one more of that kind",
	    "these are many entries now", "so many that they do not fit", "into the text of one error", "by far",
	    "end"};

	(void)state;
	controls[LIGHT].menu = many;
	controls[LIGHT].maximum = COUNT(many) - 1;
	refuse(-EINVAL, "power_line_frequency=7", "...");
	assert_string_equal(rig.error.text + strlen(rig.error.text) - 3, "...");
	set_number("power_line_frequency=END", LIGHT, 6);
}

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
	assert_int_equal(json_object_array_length(json_object_object_get(all, "controls")), COUNT(table) - 2);
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
	assert_int_equal(json_object_array_length(json_object_object_get(all, "controls")), COUNT(table) - 4);
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
	    CONTROLS_TEST(test_set_numbers),
	    CONTROLS_TEST(test_set_boolean),
	    CONTROLS_TEST(test_set_menus),
	    CONTROLS_TEST(test_set_others),
	    CONTROLS_TEST(test_order),
	    CONTROLS_TEST(test_names_first),
	    CONTROLS_TEST(test_wrong_names),
	    CONTROLS_TEST(test_wrong_values),
	    CONTROLS_TEST(test_not_settable),
	    CONTROLS_TEST(test_driver_refuses),
	    CONTROLS_TEST(test_note),
	    CONTROLS_TEST(test_long_menu),
	    CONTROLS_TEST(test_table),
	    CONTROLS_TEST(test_json),
	    CONTROLS_TEST(test_old_driver),
	    CONTROLS_TEST(test_list_of_which_camera),
	    CONTROLS_TEST(test_list_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
