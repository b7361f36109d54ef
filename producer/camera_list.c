// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camera.h"
#include "camera_device.h"
#include "error.h"
#include "v4l2.h"

static void print_rate(FILE *out, struct v4l2_fract interval)
{
	fprintf(out, "%.4g", interval.numerator ? (double)interval.denominator / interval.numerator : 0);
}

static void print_rates(FILE *out, const struct camera_device *device, uint32_t fourcc, uint32_t width, uint32_t height)
{
	struct v4l2_frmivalenum interval = {.pixel_format = fourcc, .width = width, .height = height};

	while (v4l2_call(device->fd, VIDIOC_ENUM_FRAMEINTERVALS, &interval) >= 0) {
		if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
			fputs("  ", out);
			print_rate(out, interval.stepwise.max);
			fputs(" to ", out);
			print_rate(out, interval.stepwise.min);
			interval.index = 1;
			break;
		}
		fputs(interval.index ? ", " : "  ", out);
		print_rate(out, interval.discrete);
		interval.index++;
	}
	fputs(interval.index ? " fps\n" : "\n", out);
}

/* One line a size. */
static void print_sizes(FILE *out, const struct camera_device *device, uint32_t fourcc)
{
	struct v4l2_frmsizeenum size = {.pixel_format = fourcc};
	const struct v4l2_frmsize_stepwise *step = &size.stepwise;

	while (v4l2_call(device->fd, VIDIOC_ENUM_FRAMESIZES, &size) >= 0) {
		if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
			fprintf(out, "    %ux%u to %ux%u in steps of %ux%u", step->min_width, step->min_height,
			    step->max_width, step->max_height, step->step_width, step->step_height);
			print_rates(out, device, fourcc, step->max_width, step->max_height);
			return;
		}
		fprintf(out, "    %4ux%-4u", size.discrete.width, size.discrete.height);
		print_rates(out, device, fourcc, size.discrete.width, size.discrete.height);
		size.index++;
	}
	if (size.index == 0)
		fputs("    sizes are not listed by the driver\n", out);
}

static void print_format(FILE *out, uint32_t fourcc)
{
	const struct camera_format *format = camera_format_find(fourcc);

	fprintf(out, "  %-14s  V4L2 %s", format && format->pix_fmt ? format->pix_fmt : "-",
	    camera_fourcc_text(fourcc).text);
	if (format && format->pix_fmt)
		fputc('\n', out);
	else if (format && format->decodes)
		fputs("  decoded to yuv420p, rgb24 or bgr24\n", out);
	else
		fputs("  not supported\n", out);
}

/* Formats that have the same sizes and rates share one list. */
static void print_formats(FILE *out, const struct camera_device *device)
{
	uint32_t fourccs[CAMERA_MAX_FORMATS];
	unsigned count = camera_device_formats(device, fourccs);
	char *modes = NULL;

	for (unsigned i = 0; i < count; i++) {
		char *own = NULL;
		size_t size;
		FILE *text = open_memstream(&own, &size);

		if (!text)
			break;
		print_sizes(text, device, fourccs[i]);
		fclose(text);
		if (modes && strcmp(modes, own) != 0)
			fputs(modes, out);
		free(modes);
		modes = own;
		print_format(out, fourccs[i]);
	}
	fputs(modes ? modes : "  no formats\n", out);
	free(modes);
}

int camera_list(FILE *out, struct tripool_error *error)
{
	int cameras = 0;

	for (int n = v4l2_next_device(-1); n >= 0; n = v4l2_next_device(n)) {
		struct camera_device device;
		struct tripool_error why;
		char path[32];
		int r;

		snprintf(path, sizeof(path), "/dev/video%d", n);
		r = camera_device_open(&device, path, &why);
		if (r == -EINVAL)
			continue;
		if (cameras++)
			fputc('\n', out);
		if (r < 0) {
			fprintf(out, "%s  %s\n", path, why.text);
			continue;
		}
		fprintf(out, "%s  %s (%s)\n", path, device.name, device.bus);
		print_formats(out, &device);
		camera_device_close(&device);
	}
	if (cameras == 0)
		return tripool_fail(error, -ENODEV,
		    "no cameras found: no /dev/video* device captures (plug one in, or load its driver)");
	return cameras;
}
