// SPDX-License-Identifier: MIT
#include "camera_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camera.h"
#include "error.h"

static double rate(struct v4l2_fract interval)
{
	return (double)interval.denominator / interval.numerator;
}

static void print_size(FILE *out, const struct camera_offer *offer)
{
	const struct camera_steps *w = &offer->width_px, *h = &offer->height_px;

	if (!w->max)
		fputs("    sizes are not listed by the driver", out);
	else if (w->min == w->max && h->min == h->max)
		fprintf(out, "    %4ux%-4u", w->max, h->max);
	else
		fprintf(out, "    %ux%u to %ux%u in steps of %ux%u", w->min, h->min, w->max, h->max, w->step, h->step);
}

/* One line a size, with its rates. */
static void print_sizes(FILE *out, const struct camera_modes *modes, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++) {
		const struct camera_offer *offer = &modes->offer[i];
		bool begins = i == first || !camera_same_size(offer, offer - 1);

		if (begins)
			print_size(out, offer);
		if (offer->shortest.numerator) {
			fprintf(out, "%s%.4g", begins ? "  " : ", ", rate(offer->longest));
			if (rate(offer->shortest) > rate(offer->longest))
				fprintf(out, " to %.4g", rate(offer->shortest));
		}
		if (i + 1 == end || !camera_same_size(offer, offer + 1))
			fputs(offer->shortest.numerator ? " fps\n" : "\n", out);
	}
}

static void print_format(FILE *out, uint32_t fourcc)
{
	const struct camera_format *format = camera_format_find(fourcc);

	fprintf(out, "  %-14s  V4L2 %-7s  ", format && format->pix_fmt ? format->pix_fmt : "-",
	    camera_fourcc_text(fourcc).text);
	if (format && format->pix_fmt)
		fputs("native\n", out);
	else if (format && format->decodes)
		fputs("decoded to yuv420p, rgb24 or bgr24\n", out);
	else
		fputs("not supported\n", out);
}

/* Formats that have the same sizes and rates share one list. */
static void print_formats(FILE *out, const struct camera_modes *modes)
{
	char *shared = NULL;
	unsigned end;

	for (unsigned i = 0; i < modes->count; i = end) {
		char *own = NULL;
		size_t size;
		FILE *text = open_memstream(&own, &size);

		for (end = i + 1; end < modes->count && modes->offer[end].fourcc == modes->offer[i].fourcc;)
			end++;
		if (!text)
			break;
		print_sizes(text, modes, i, end);
		fclose(text);
		if (shared && strcmp(shared, own) != 0)
			fputs(shared, out);
		free(shared);
		shared = own;
		print_format(out, modes->offer[i].fourcc);
	}
	fputs(shared ? shared : "  no formats\n", out);
	free(shared);
}

static void print_camera(FILE *out, const struct camera_found *found, const struct camera_modes *modes)
{
	fprintf(out, "%s  %s\n", found->path, found->code < 0 ? found->why.text : found->device.name);
	if (found->stable_path[0])
		fprintf(out, "  stable path  %s\n", found->stable_path);
	if (found->code < 0)
		return;
	fprintf(out, "  bus          %s\n", found->device.bus);
	print_formats(out, modes);
}

int camera_list(FILE *out, bool json, struct tripool_error *error)
{
	struct json_object *array = json_object_new_array();
	struct camera_found found;
	int cameras = 0, r = array ? 0 : -ENOMEM;

	for (int n = camera_next(&found, -1); n >= 0 && r == 0; n = camera_next(&found, n)) {
		struct camera_modes modes = {NULL, 0};

		if (found.code == 0)
			r = camera_modes_list(&modes, &found.device, UINT32_MAX, UINT32_MAX);
		if (r == 0 && json) {
			r = json_object_array_add(array, camera_list_object(&found, &modes));
		} else if (r == 0) {
			fputs(cameras ? "\n" : "", out);
			print_camera(out, &found, &modes);
		}
		cameras++;
		camera_modes_finish(&modes);
		camera_device_close(&found.device);
	}
	if (json && r == 0)
		fprintf(out, "%s\n", json_object_to_json_string_ext(array, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(array);
	if (r < 0)
		return tripool_fail(error, -ENOMEM, "out of memory");
	if (cameras == 0)
		return camera_find_none(error);
	return cameras;
}
