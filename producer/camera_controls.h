// SPDX-License-Identifier: MIT
/* A camera's controls: brightness, exposure and whatever else its driver lets one turn. */
#ifndef TRIPOOL_CAMERA_CONTROLS_H
#define TRIPOOL_CAMERA_CONTROLS_H

#include "camera_device.h"
#include "source.h"

struct camera_control {
	uint32_t id, type, flags;                /* V4L2_CTRL_TYPE_..., V4L2_CTRL_FLAG_... */
	char name[32];                           /* as --set takes it: "white_balance_automatic" */
	char title[32];                          /* as the driver writes it: "White Balance, Automatic" */
	int64_t minimum, maximum, default_value; /* a string's: of its length */
	uint64_t step;
	bool compound; /* an array or a structure, which is neither read nor set */
};

struct camera_value {
	int64_t number;
	char text[1024]; /* a string's */
};

/* The first control with an id above control->id; begin with 0. The headings between them are controls too, of type
 * V4L2_CTRL_TYPE_CTRL_CLASS. Returns 0, or -ENOENT after the last. */
int camera_control_next(const struct camera_device *device, struct camera_control *control);

/* The first entry of the menu above number `after`; begin with -1. Returns its number, or -ENOENT after the last. */
int camera_control_next_entry(
    const struct camera_device *device, const struct camera_control *control, int after, char text[32]);

/* -EACCES: a control that has no value to be read. */
int camera_control_read(
    const struct camera_device *device, const struct camera_control *control, struct camera_value *value);
int camera_control_write(
    const struct camera_device *device, const struct camera_control *control, const struct camera_value *value);

/* Why it can never be set by this program, for a person; NULL where it can. */
const char *camera_control_fixed(const struct camera_control *control);

/* "integer", "menu" ... */
const char *camera_control_type(const struct camera_control *control);

/* A value, limit or step as --set takes it. */
struct camera_number {
	char text[24];
} camera_control_number(const struct camera_control *control, int64_t number);

/* Sets request->assignments, "name=value" each, in their order. All names are looked at before the first is set. What
 * the driver makes otherwise goes into the description's note. -EINVAL: a name or value that the user must change. */
int camera_controls_apply(const struct camera_device *device, const struct source_request *request,
    struct source_description *description, struct tripool_error *error);

#endif
