// SPDX-License-Identifier: MIT
/* The camera rig, with a driver that has controls. */
#ifndef TRIPOOL_CONTROLS_RIG_H
#define TRIPOOL_CONTROLS_RIG_H

#include "camera-rig.h"

/* By ids, one of each kind; the table says what each is. */
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
	CONTROL_COUNT,
};

extern struct fake_control controls[CONTROL_COUNT];

/* For each test: the rig's own set-up, and all controls as the table has them. */
int set_up_controls(void **state);
#define CONTROLS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_controls, tear_down)

/* At 64x48, with these for --set. */
int open_with(const char *const *assignments, uint32_t count);

/* Set without a note, and the camera closed again. */
void set_one(const char *assignment);

/* The same for a control that is then set once, to this. */
void set_number(const char *assignment, unsigned control, int64_t value);

#endif
