// SPDX-License-Identifier: MIT
/* "name=value" made into a control's value; strictly, for the drivers themselves clamp and round without a word. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "camera_controls.h"
#include "camera_mode.h"
#include "error.h"

/* Adds to a text; what does not fit ends in "...". */
__attribute__((format(printf, 3, 4))) static void add(char *text, size_t size, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;
	int added;

	va_start(arguments, format);
	added = vsnprintf(text + length, size - length, format, arguments);
	va_end(arguments);
	if (added >= 0 && (size_t)added >= size - length)
		memcpy(text + size - 4, "...", 4);
}

/* How many letters must be put in, left out or replaced to make one of the other. */
static size_t distance(const char *a, size_t a_length, const char *b)
{
	size_t b_length = strlen(b), row[32];

	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 0; i < a_length; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b_length; j++) {
			size_t best = corner + (a[i] != b[j]);

			corner = row[j + 1];
			if (best > corner + 1)
				best = corner + 1;
			if (best > row[j] + 1)
				best = row[j] + 1;
			row[j + 1] = best;
		}
	}
	return row[b_length];
}

/* How far the name of a control is from the one that was asked for; 0: it is that. Whoever asks for "focus" may mean
 * "focus_absolute", and not "hue", of which fewer letters differ. */
static size_t name_distance(const char *asked, size_t asked_length, const char *name)
{
	char word[32];
	size_t d = distance(asked, asked_length, name);

	if (d == 0 || asked_length >= sizeof(word))
		return d;
	memcpy(word, asked, asked_length);
	word[asked_length] = '\0';
	return strcasestr(name, word) ? 1 : d;
}

/* The control that an assignment names, as it is now: one that was set before may have changed it. */
static int find(const struct camera_device *device, const char *assignment, struct camera_control *control,
    struct tripool_error *error)
{
	size_t length = strcspn(assignment, "="), least = SIZE_MAX;
	struct camera_control c = {.id = 0};
	char nearest[sizeof(c.name)] = "";

	while (camera_control_next(device, &c) == 0) {
		size_t d = name_distance(assignment, length, c.name);

		if (c.type == V4L2_CTRL_TYPE_CTRL_CLASS)
			continue;
		if (d == 0) {
			*control = c;
			return 0;
		}
		if (d < least) {
			least = d;
			strcpy(nearest, c.name);
		}
	}
	if (least == SIZE_MAX)
		return tripool_fail(
		    error, -EINVAL, "--set %.60s: camera %.80s has no controls", assignment, device->path);
	if (least * 2 > length) /* half of it is wrong: no guess would help */
		return tripool_fail(error, -EINVAL,
		    "--set %.60s: camera %.80s has no such control: --controls lists them all", assignment,
		    device->path);
	return tripool_fail(error, -EINVAL,
	    "--set %.60s: camera %.80s has no such control; the nearest is '%s', and --controls lists them all",
	    assignment, device->path, nearest);
}

static bool parse_number(const char *text, int64_t *number)
{
	bool hexadecimal = strncasecmp(text, "0x", 2) == 0;
	char *end;

	if (text[strspn(text, "+-0123456789abcdefABCDEFxX")] != '\0')
		return false;
	errno = 0;
	*number = strtoll(text, &end, hexadecimal ? 16 : 10);
	return end != text && *end == '\0' && errno == 0;
}

static bool parse_boolean(const char *text, int64_t *number)
{
	static const char *const words[][3] = {{"0", "false", "off"}, {"1", "true", "on"}};

	for (int i = 0; i < 6; i++) {
		if (strcasecmp(text, words[i / 3][i % 3]) == 0) {
			*number = i / 3;
			return true;
		}
	}
	return false;
}

/* A menu's entry by its number or else by its text; an integer menu's by its number alone, for its texts are numbers
 * too. */
static bool parse_entry(
    const struct camera_device *device, const struct camera_control *control, const char *text, int64_t *number)
{
	bool by_number = parse_number(text, number);
	char entry[32];
	int i = -1;

	while ((i = camera_control_next_entry(device, control, i, entry)) >= 0) {
		if (by_number ? *number == i : strcasecmp(entry, text) == 0) {
			*number = i;
			return true;
		}
	}
	return false;
}

static bool in_range(const struct camera_control *control, int64_t number)
{
	/* The difference may need all 64 bits. */
	return number >= control->minimum && number <= control->maximum &&
	       ((uint64_t)number - (uint64_t)control->minimum) % control->step == 0;
}

static bool parse_value(const struct camera_device *device, const struct camera_control *control, const char *text,
    struct camera_value *value)
{
	int64_t *number = &value->number;

	switch (control->type) {
	case V4L2_CTRL_TYPE_BOOLEAN:
		return parse_boolean(text, number);
	case V4L2_CTRL_TYPE_MENU:
	case V4L2_CTRL_TYPE_INTEGER_MENU:
		return parse_entry(device, control, text, number);
	case V4L2_CTRL_TYPE_BUTTON:
		*number = 1;
		return strcmp(text, "1") == 0;
	case V4L2_CTRL_TYPE_BITMASK:
		return parse_number(text, number) && (*number & ~(int64_t)(uint32_t)control->maximum) == 0;
	case V4L2_CTRL_TYPE_STRING:
		snprintf(value->text, sizeof(value->text), "%s", text);
		return strlen(text) < sizeof(value->text) && in_range(control, (int64_t)strlen(text));
	default:
		return parse_number(text, number) && in_range(control, *number);
	}
}

/* "0 to 255", "1 to 9 in steps of 2" */
static void add_range(char *text, size_t size, const struct camera_control *control)
{
	add(text, size, "%" PRId64 " to %" PRId64, control->minimum, control->maximum);
	if (control->step != 1)
		add(text, size, " in steps of %" PRIu64, control->step);
}

/* What the control may be set to, for a person. */
static void say_allowed(
    const struct camera_device *device, const struct camera_control *control, char *text, size_t size)
{
	char entry[32];
	int i = -1;

	text[0] = '\0';
	switch (control->type) {
	case V4L2_CTRL_TYPE_BOOLEAN:
		add(text, size, "0 or 1, off or on, false or true");
		break;
	case V4L2_CTRL_TYPE_MENU:
	case V4L2_CTRL_TYPE_INTEGER_MENU:
		add(text, size, "one of");
		while ((i = camera_control_next_entry(device, control, i, entry)) >= 0)
			add(text, size, "%s %d (%s)", strlen(text) > 6 ? "," : "", i, entry);
		break;
	case V4L2_CTRL_TYPE_BUTTON:
		add(text, size, "a button, and its one value is 1");
		break;
	case V4L2_CTRL_TYPE_BITMASK:
		add(text, size, "a mask of the bits in %s", camera_control_number(control, control->maximum).text);
		break;
	case V4L2_CTRL_TYPE_STRING:
		add_range(text, size, control);
		add(text, size, " characters long");
		break;
	default:
		add(text, size, "a number from ");
		add_range(text, size, control);
	}
}

/* Why a control cannot be set now, whatever the value; NULL where it can. */
static const char *obstacle(const struct camera_control *control)
{
	if (!camera_control_fixed(control) && control->flags & V4L2_CTRL_FLAG_INACTIVE)
		return "is inactive while another control, such as an automatic one, rules it: set that one first";
	return camera_control_fixed(control);
}

static void check_result(const struct camera_device *device, const struct camera_control *control,
    const struct camera_value *asked, struct source_description *description)
{
	struct camera_value got;

	if (camera_control_read(device, control, &got) < 0)
		return;
	if (control->type == V4L2_CTRL_TYPE_STRING) {
		tripool_make_printable(got.text);
		if (strcmp(got.text, asked->text) != 0)
			camera_note(description, "asked for %s=%.30s, the camera sets '%.30s'", control->name,
			    asked->text, got.text);
	} else if (got.number != asked->number) {
		camera_note(description, "asked for %s=%s, the camera sets %s", control->name,
		    camera_control_number(control, asked->number).text,
		    camera_control_number(control, got.number).text);
	}
}

static int apply(const struct camera_device *device, const char *assignment, struct source_description *description,
    struct tripool_error *error)
{
	struct camera_control control;
	struct camera_value value = {.number = 0};
	char allowed[150];
	int r = find(device, assignment, &control, error);

	if (r < 0)
		return r;
	if (obstacle(&control))
		return tripool_fail(error, -EINVAL, "--set %.60s: %s %s", assignment, control.name, obstacle(&control));
	if (!parse_value(device, &control, assignment + strlen(control.name) + 1, &value)) {
		say_allowed(device, &control, allowed, sizeof(allowed));
		return tripool_fail(error, -EINVAL, "--set %.60s: %s is %s", assignment, control.name, allowed);
	}
	/* The flag alone is no reason: some drivers let even these be set. */
	r = camera_control_write(device, &control, &value);
	if (r == -EBUSY || (r < 0 && control.flags & V4L2_CTRL_FLAG_GRABBED))
		return tripool_fail(error, -EBUSY,
		    "--set %.60s: %s is held by a program that uses camera %.80s: end that one first", assignment,
		    control.name, device->path);
	if (r == -EINVAL || r == -ERANGE || r == -EACCES)
		return tripool_fail(
		    error, -EINVAL, "--set %.60s: camera %.80s refuses it: %s", assignment, device->path, strerror(-r));
	if (r < 0)
		return camera_device_fail(device, r, "set a control", error);
	check_result(device, &control, &value, description);
	return 0;
}

int camera_controls_apply(const struct camera_device *device, const struct source_request *request,
    struct source_description *description, struct tripool_error *error)
{
	struct camera_control control;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < request->assignment_count; i++)
		r = find(device, request->assignments[i], &control, error);
	for (uint32_t i = 0; r == 0 && i < request->assignment_count; i++)
		r = apply(device, request->assignments[i], description, error);
	return r;
}
