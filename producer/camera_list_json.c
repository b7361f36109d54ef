// SPDX-License-Identifier: MIT
#include "camera_list.h"

#include <stdio.h>
#include <string.h>

static struct json_object *text_or_null(const char *text)
{
	return text && text[0] ? json_object_new_string(text) : NULL;
}

static void add_number(struct json_object *object, const char *key, uint32_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

/* Frames a second exactly as the driver has them, and as -r takes them: "30000/1001", "30". */
static struct json_object *rate(struct v4l2_fract interval)
{
	uint32_t a = interval.denominator, b = interval.numerator;
	char text[32];

	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	if (interval.numerator == a)
		snprintf(text, sizeof(text), "%u", interval.denominator / a);
	else
		snprintf(text, sizeof(text), "%u/%u", interval.denominator / a, interval.numerator / a);
	return json_object_new_string(text);
}

static void add_rate(struct json_object *rates, const struct camera_offer *offer)
{
	struct json_object *range;

	if (!offer->shortest.numerator)
		return;
	if (memcmp(&offer->shortest, &offer->longest, sizeof(offer->shortest)) == 0) {
		json_object_array_add(rates, rate(offer->shortest));
		return;
	}
	range = json_object_new_object();
	json_object_object_add(range, "min", rate(offer->longest));
	json_object_object_add(range, "max", rate(offer->shortest));
	json_object_array_add(rates, range);
}

static struct json_object *size_object(const struct camera_offer *offer, struct json_object *rates)
{
	const struct camera_steps *w = &offer->width_px, *h = &offer->height_px;
	struct json_object *size = json_object_new_object();

	if (w->min == w->max && h->min == h->max) {
		add_number(size, "width", w->max);
		add_number(size, "height", h->max);
	} else {
		add_number(size, "min_width", w->min);
		add_number(size, "min_height", h->min);
		add_number(size, "max_width", w->max);
		add_number(size, "max_height", h->max);
		add_number(size, "step_width", w->step);
		add_number(size, "step_height", h->step);
	}
	json_object_object_add(size, "rates", rates);
	return size;
}

static struct json_object *format_object(uint32_t fourcc, struct json_object *sizes)
{
	const struct camera_format *format = camera_format_find(fourcc);
	struct json_object *object = json_object_new_object();
	const char *use = "none";

	if (format && format->pix_fmt)
		use = "native";
	else if (format && format->decodes)
		use = "decoded";
	json_object_object_add(object, "fourcc", json_object_new_string(camera_fourcc_text(fourcc).text));
	json_object_object_add(object, "pix_fmt", text_or_null(format ? format->pix_fmt : NULL));
	json_object_object_add(object, "use", json_object_new_string(use));
	json_object_object_add(object, "sizes", sizes);
	return object;
}

static struct json_object *format_array(const struct camera_modes *modes)
{
	struct json_object *formats = json_object_new_array(), *sizes = NULL, *rates = NULL;

	for (unsigned i = 0; i < modes->count; i++) {
		const struct camera_offer *offer = &modes->offer[i], *last = offer - 1;
		bool begins = i == 0 || offer->fourcc != last->fourcc;

		if (begins) {
			sizes = json_object_new_array();
			json_object_array_add(formats, format_object(offer->fourcc, sizes));
		}
		if (offer->width_px.max && (begins || !camera_same_size(offer, last))) {
			rates = json_object_new_array();
			json_object_array_add(sizes, size_object(offer, rates));
		}
		if (offer->width_px.max)
			add_rate(rates, offer);
	}
	return formats;
}

struct json_object *camera_list_object(const struct camera_found *found, const struct camera_modes *modes)
{
	struct json_object *camera = json_object_new_object();
	bool open = found->code == 0;

	json_object_object_add(camera, "path", json_object_new_string(found->path));
	json_object_object_add(camera, "name", text_or_null(open ? found->device.name : NULL));
	json_object_object_add(camera, "bus", text_or_null(open ? found->device.bus : NULL));
	json_object_object_add(camera, "stable_path", text_or_null(found->stable_path));
	json_object_object_add(camera, "error", text_or_null(open ? NULL : found->why.text));
	json_object_object_add(camera, "formats", format_array(modes));
	return camera;
}
