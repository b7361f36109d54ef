// SPDX-License-Identifier: MIT
#include <errno.h>
#include <json-c/json.h>

#include "camera.h"
#include "camera_controls.h"
#include "camera_find.h"
#include "error.h"

static const struct {
	uint32_t flag;
	const char *name;
} flag_names[] = {
    {V4L2_CTRL_FLAG_READ_ONLY, "read-only"},
    {V4L2_CTRL_FLAG_WRITE_ONLY, "write-only"},
    {V4L2_CTRL_FLAG_INACTIVE, "inactive"},
    {V4L2_CTRL_FLAG_GRABBED, "grabbed"},
    {V4L2_CTRL_FLAG_VOLATILE, "volatile"},
};
#define FLAG_NAMES (sizeof(flag_names) / sizeof(flag_names[0]))

static bool has_range(const struct camera_control *control)
{
	return !control->compound && control->type != V4L2_CTRL_TYPE_BUTTON;
}

static bool has_default(const struct camera_control *control)
{
	return has_range(control) && control->type != V4L2_CTRL_TYPE_STRING;
}

static void print_value(FILE *out, const struct camera_device *device, const struct camera_control *control)
{
	struct camera_value value;

	if (camera_control_read(device, control, &value) < 0) {
		fprintf(out, " %11s", "-");
	} else if (control->type == V4L2_CTRL_TYPE_STRING) {
		tripool_make_printable(value.text);
		fprintf(out, "  '%s'", value.text);
	} else {
		fprintf(out, " %11s", camera_control_number(control, value.number).text);
	}
}

/* A control is a line, and each entry of its menu one more. */
static void print_control(FILE *out, const struct camera_device *device, const struct camera_control *control)
{
	char step[24] = "-", entry[32];
	const char *gap = "  ";
	int i = -1;

	if (control->type == V4L2_CTRL_TYPE_CTRL_CLASS) {
		fprintf(out, "\n%s\n", control->title);
		return;
	}
	if (has_range(control))
		snprintf(step, sizeof(step), "%llu", (unsigned long long)control->step);
	fprintf(out, "%-31s %-12s %11s %11s %5s %11s", control->name, camera_control_type(control),
	    has_range(control) ? camera_control_number(control, control->minimum).text : "-",
	    has_range(control) ? camera_control_number(control, control->maximum).text : "-", step,
	    has_default(control) ? camera_control_number(control, control->default_value).text : "-");
	print_value(out, device, control);
	for (size_t f = 0; f < FLAG_NAMES; f++) {
		if (control->flags & flag_names[f].flag) {
			fprintf(out, "%s%s", gap, flag_names[f].name);
			gap = ", ";
		}
	}
	if (camera_control_fixed(control) && !(control->flags & V4L2_CTRL_FLAG_READ_ONLY))
		fprintf(out, "%scannot be set here", gap);
	fputc('\n', out);
	while ((i = camera_control_next_entry(device, control, i, entry)) >= 0)
		fprintf(out, "%8d: %s\n", i, entry);
}

static void print_table(FILE *out, const struct camera_device *device)
{
	struct camera_control control = {.id = 0};

	fprintf(out, "%s  %s (%s)\n", device->path, device->name, device->bus);
	fprintf(out, "%-31s %-12s %11s %11s %5s %11s %11s\n", "name", "type", "minimum", "maximum", "step", "default",
	    "value");
	while (camera_control_next(device, &control) == 0)
		print_control(out, device, &control);
}

static struct json_object *json_number(const struct camera_control *control, int64_t number)
{
	if (control->type == V4L2_CTRL_TYPE_BOOLEAN)
		return json_object_new_boolean(number != 0);
	if (control->type == V4L2_CTRL_TYPE_BITMASK)
		number = (uint32_t)number;
	return json_object_new_int64(number);
}

/* NULL, which is JSON's null: it has none that can be read. */
static struct json_object *json_value(const struct camera_device *device, const struct camera_control *control)
{
	struct camera_value value;

	if (camera_control_read(device, control, &value) < 0)
		return NULL;
	if (control->type != V4L2_CTRL_TYPE_STRING)
		return json_number(control, value.number);
	tripool_make_printable(value.text); /* JSON is UTF-8 */
	return json_object_new_string(value.text);
}

static struct json_object *json_menu(const struct camera_device *device, const struct camera_control *control)
{
	struct json_object *entries = json_object_new_array();
	char text[32];
	int i = -1;

	while ((i = camera_control_next_entry(device, control, i, text)) >= 0) {
		struct json_object *entry = json_object_new_object();

		json_object_object_add(entry, "value", json_object_new_int64(i));
		json_object_object_add(entry, "text", json_object_new_string(text));
		json_object_array_add(entries, entry);
	}
	return entries;
}

static struct json_object *json_control(const struct camera_device *device, const struct camera_control *control)
{
	struct json_object *o = json_object_new_object(), *flags = json_object_new_array();

	json_object_object_add(o, "name", json_object_new_string(control->name));
	json_object_object_add(o, "title", json_object_new_string(control->title));
	json_object_object_add(o, "type", json_object_new_string(camera_control_type(control)));
	if (has_range(control)) {
		bool length = control->type == V4L2_CTRL_TYPE_STRING;

		json_object_object_add(
		    o, length ? "minimum_length" : "minimum", json_object_new_int64(control->minimum));
		json_object_object_add(o, length ? "maximum_length" : "maximum",
		    control->type == V4L2_CTRL_TYPE_BITMASK ? json_number(control, control->maximum)
							    : json_object_new_int64(control->maximum));
		json_object_object_add(o, "step", json_object_new_uint64(control->step));
	}
	if (has_default(control))
		json_object_object_add(o, "default", json_number(control, control->default_value));
	json_object_object_add(o, "settable", json_object_new_boolean(!camera_control_fixed(control)));
	json_object_object_add(o, "value", json_value(device, control));
	if (control->type == V4L2_CTRL_TYPE_MENU || control->type == V4L2_CTRL_TYPE_INTEGER_MENU)
		json_object_object_add(o, "entries", json_menu(device, control));
	for (size_t f = 0; f < FLAG_NAMES; f++)
		if (control->flags & flag_names[f].flag)
			json_object_array_add(flags, json_object_new_string(flag_names[f].name));
	json_object_object_add(o, "flags", flags);
	return o;
}

static int print_json(FILE *out, const struct camera_device *device, struct tripool_error *error)
{
	struct json_object *o = json_object_new_object(), *controls = json_object_new_array();
	struct camera_control control = {.id = 0};
	const char *text;

	while (camera_control_next(device, &control) == 0)
		if (control.type != V4L2_CTRL_TYPE_CTRL_CLASS)
			json_object_array_add(controls, json_control(device, &control));
	json_object_object_add(o, "device", json_object_new_string(device->path));
	json_object_object_add(o, "name", json_object_new_string(device->name));
	json_object_object_add(o, "controls", controls);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE);
	if (text)
		fprintf(out, "%s\n", text);
	json_object_put(o);
	return text ? 0 : tripool_fail(error, -ENOMEM, "no memory for the list of controls");
}

int camera_controls_list(FILE *out, const char *argument, bool json, struct tripool_error *error)
{
	struct camera_device device;
	int r = camera_find(&device, argument, NULL, error);

	if (r < 0)
		return r;
	if (json)
		r = print_json(out, &device, error);
	else
		print_table(out, &device);
	camera_device_close(&device);
	return r;
}
