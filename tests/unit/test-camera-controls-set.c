// SPDX-License-Identifier: MIT
/* A camera's controls set, against a driver in this process: each type, each wrong name and value. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "controls-rig.h"

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
	for (size_t i = 0; i < COUNT(controls); i++)
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
	refuse(-EINVAL, "balance=1", "the nearest is 'white_balance_automatic'"); /* and not 'table' */
	refuse(-EINVAL, "Frequency=1", "the nearest is 'power_line_frequency'");
	refuse(-EINVAL, "foo=1", "has no such control: --controls lists them all");
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
