// SPDX-License-Identifier: MIT
#include "camera_controls.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "v4l2.h"

#define MENU_MAX 1024 /* entries looked at, whatever a driver says */

/* Lower case, and one underscore for each run of other characters between letters and digits: v4l2-ctl's names. */
static void make_name(char *name, const char *title)
{
	bool gap = false;
	size_t length = 0;

	for (; *title; title++) {
		if (!isalnum((unsigned char)*title)) {
			gap = length > 0;
			continue;
		}
		if (gap)
			name[length++] = '_';
		gap = false;
		name[length++] = (char)tolower((unsigned char)*title);
	}
	name[length] = '\0';
}

static bool known_type(uint32_t type)
{
	return type >= V4L2_CTRL_TYPE_INTEGER && type <= V4L2_CTRL_TYPE_INTEGER_MENU;
}

/* The control after `id` by the older of the two ways, which knows no arrays and no structures. */
static int query_old(const struct camera_device *device, uint32_t id, struct v4l2_query_ext_ctrl *query)
{
	struct v4l2_queryctrl old = {.id = id | V4L2_CTRL_FLAG_NEXT_CTRL};
	int r = v4l2_call(device->fd, VIDIOC_QUERYCTRL, &old);

	if (r < 0)
		return r;
	*query = (struct v4l2_query_ext_ctrl){
	    .id = old.id,
	    .type = old.type,
	    .minimum = old.minimum,
	    .maximum = old.maximum,
	    .step = (uint32_t)old.step,
	    .default_value = old.default_value,
	    .flags = old.flags,
	};
	memcpy(query->name, old.name, sizeof(query->name));
	return 0;
}

int camera_control_next(const struct camera_device *device, struct camera_control *control)
{
	struct camera_control c = {.id = control->id};

	for (;;) {
		struct v4l2_query_ext_ctrl query = {
		    .id = c.id | V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND};
		int r = v4l2_call(device->fd, VIDIOC_QUERY_EXT_CTRL, &query);

		if (r == -ENOTTY)
			r = query_old(device, c.id, &query);
		if (r < 0 || query.id <= c.id)
			return -ENOENT;
		c.id = query.id;
		if (query.flags & V4L2_CTRL_FLAG_DISABLED) /* for programs, it is not there */
			continue;
		c.type = query.type;
		c.flags = query.flags;
		c.minimum = query.minimum;
		c.maximum = query.maximum;
		c.step = query.step ? query.step : 1;
		c.default_value = query.default_value;
		c.compound = !known_type(query.type) || query.nr_of_dims > 0;
		snprintf(c.title, sizeof(c.title), "%.31s", query.name);
		tripool_make_printable(c.title);
		make_name(c.name, c.title);
		*control = c;
		return 0;
	}
}

int camera_control_next_entry(
    const struct camera_device *device, const struct camera_control *control, int after, char text[32])
{
	int64_t first = after < control->minimum ? control->minimum : (int64_t)after + 1;

	if (control->type != V4L2_CTRL_TYPE_MENU && control->type != V4L2_CTRL_TYPE_INTEGER_MENU)
		return -ENOENT;
	for (int64_t i = first; i <= control->maximum && i < MENU_MAX; i++) {
		struct v4l2_querymenu entry = {.id = control->id, .index = (uint32_t)i};

		if (v4l2_call(device->fd, VIDIOC_QUERYMENU, &entry) < 0) /* menus have gaps */
			continue;
		if (control->type == V4L2_CTRL_TYPE_MENU)
			snprintf(text, 32, "%.31s", (const char *)entry.name);
		else
			snprintf(text, 32, "%" PRId64, (int64_t)entry.value);
		tripool_make_printable(text);
		return (int)i;
	}
	return -ENOENT;
}

static int call_one(const struct camera_device *device, unsigned long request, struct v4l2_ext_control *one)
{
	struct v4l2_ext_controls all = {.which = V4L2_CTRL_WHICH_CUR_VAL, .count = 1, .controls = one};

	return v4l2_call(device->fd, request, &all);
}

int camera_control_read(
    const struct camera_device *device, const struct camera_control *control, struct camera_value *value)
{
	struct v4l2_ext_control one = {.id = control->id};
	struct camera_value v = {.number = 0};
	int r;

	if (control->compound || control->type == V4L2_CTRL_TYPE_BUTTON)
		return -EACCES;
	if (control->type == V4L2_CTRL_TYPE_STRING) {
		one.string = v.text;
		one.size = sizeof(v.text);
	}
	r = call_one(device, VIDIOC_G_EXT_CTRLS, &one);
	if (r < 0)
		return r;
	if (control->type == V4L2_CTRL_TYPE_INTEGER64)
		v.number = one.value64;
	else if (control->type == V4L2_CTRL_TYPE_BITMASK)
		v.number = (uint32_t)one.value;
	else if (control->type != V4L2_CTRL_TYPE_STRING)
		v.number = one.value;
	v.text[sizeof(v.text) - 1] = '\0';
	*value = v;
	return 0;
}

int camera_control_write(
    const struct camera_device *device, const struct camera_control *control, const struct camera_value *value)
{
	struct v4l2_ext_control one = {.id = control->id};
	struct camera_value copy = *value; /* the kernel's interface has no const */

	if (control->type == V4L2_CTRL_TYPE_STRING) {
		one.string = copy.text;
		one.size = (uint32_t)strlen(copy.text) + 1;
	} else if (control->type == V4L2_CTRL_TYPE_INTEGER64) {
		one.value64 = value->number;
	} else {
		one.value = (int32_t)value->number;
	}
	return call_one(device, VIDIOC_S_EXT_CTRLS, &one);
}

const char *camera_control_fixed(const struct camera_control *control)
{
	if (control->compound)
		return "is an array or a structure, which cannot be set here";
	if (control->flags & V4L2_CTRL_FLAG_READ_ONLY)
		return "is read-only";
	if (control->flags & V4L2_CTRL_FLAG_MODIFY_LAYOUT) /* the format is settled before controls are set */
		return "changes how pictures lie in memory: set it before, by v4l2-ctl";
	return NULL;
}

const char *camera_control_type(const struct camera_control *control)
{
	static const char *const names[] = {
	    [V4L2_CTRL_TYPE_INTEGER] = "integer",
	    [V4L2_CTRL_TYPE_BOOLEAN] = "boolean",
	    [V4L2_CTRL_TYPE_MENU] = "menu",
	    [V4L2_CTRL_TYPE_BUTTON] = "button",
	    [V4L2_CTRL_TYPE_INTEGER64] = "integer64",
	    [V4L2_CTRL_TYPE_CTRL_CLASS] = "class",
	    [V4L2_CTRL_TYPE_STRING] = "string",
	    [V4L2_CTRL_TYPE_BITMASK] = "bitmask",
	    [V4L2_CTRL_TYPE_INTEGER_MENU] = "integer menu",
	};

	return control->compound ? "compound" : names[control->type];
}

struct camera_number camera_control_number(const struct camera_control *control, int64_t number)
{
	struct camera_number n;

	if (control->type == V4L2_CTRL_TYPE_BITMASK)
		snprintf(n.text, sizeof(n.text), "0x%08" PRIx32, (uint32_t)number);
	else
		snprintf(n.text, sizeof(n.text), "%" PRId64, number);
	return n;
}
