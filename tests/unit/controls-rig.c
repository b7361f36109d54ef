// SPDX-License-Identifier: MIT
#include "controls-rig.h"

#include <string.h>

static const char *const lights[] = {"Off", NULL, "50 Hz", "60 Hz"};
static const char *const factors[] = {"10", "25", "70"};

static const struct fake_control table[CONTROL_COUNT] = {
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

struct fake_control controls[CONTROL_COUNT];

int set_up_controls(void **state)
{
	set_up(state);
	memcpy(controls, table, sizeof(table));
	fake.controls = controls;
	fake.control_count = COUNT(controls);
	return 0;
}

int open_with(const char *const *assignments, uint32_t count)
{
	struct source_request request = request_64x48;

	request.assignments = assignments;
	request.assignment_count = count;
	return open_camera(&request);
}

void set_one(const char *assignment)
{
	if (open_with(&assignment, 1) != 0)
		fail_msg("%s: %s", assignment, rig.error.text);
	assert_string_equal(rig.description.note, "");
	camera_source.close(rig.source);
	rig.source = NULL;
}

void set_number(const char *assignment, unsigned control, int64_t value)
{
	int sets = controls[control].sets;

	set_one(assignment);
	assert_int_equal(controls[control].value, value);
	assert_int_equal(controls[control].sets, sets + 1);
}
