// SPDX-License-Identifier: MIT
#include "camera_mode.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "camera_modes.h"
#include "error.h"

#define DEFAULT_WIDTH_PX 1280
#define DEFAULT_HEIGHT_PX 720
#define QUEUE_DEPTH 4 /* buffers in the driver at once: one being written, the others for a viewer that is late */

bool camera_mode_native(const struct camera_mode *mode)
{
	return mode->choice.source == mode->choice.published;
}

void camera_note(struct source_description *description, const char *format, ...)
{
	size_t length = strlen(description->note);
	va_list arguments;

	if (length && length + 2 < sizeof(description->note)) {
		strcpy(description->note + length, "; ");
		length += 2;
	}
	va_start(arguments, format);
	vsnprintf(description->note + length, sizeof(description->note) - length, format, arguments);
	va_end(arguments);
}

/* The nearest mode that the driver lists, in its words into `reason`; then it is asked for exactly that. */
static int choose_picture(struct camera_mode *mode, struct camera_pick *pick, const struct camera_device *device,
    const struct source_request *request, char reason[SOURCE_MODE_REASON_BYTES], struct tripool_error *error)
{
	struct source_request aim = *request;
	struct camera_modes modes;
	int r;

	if (!aim.width_px) {
		aim.width_px = DEFAULT_WIDTH_PX;
		aim.height_px = DEFAULT_HEIGHT_PX;
	}
	r = camera_modes_list(&modes, device, aim.width_px, aim.height_px);
	if (r < 0)
		return tripool_fail(error, r, "out of memory");
	r = camera_modes_choose(pick, &modes, &aim, error);
	if (r == 0)
		camera_modes_explain(reason, SOURCE_MODE_REASON_BYTES, pick, &modes, &aim);
	camera_modes_finish(&modes);
	if (r < 0)
		return r;
	mode->choice = pick->choice;
	mode->picture = (struct camera_picture){
	    .fourcc = pick->choice.source->fourcc,
	    .width_px = pick->width_px,
	    .height_px = pick->height_px,
	};
	r = camera_device_set_picture(device, &mode->picture, error);
	if (r == 0)
		camera_choice_fit(&mode->choice, request->pix_fmt, mode->picture.width_px, mode->picture.height_px);
	return r;
}

/* libv4lconvert takes the rows of most formats to follow one another without a gap. */
static int check_rows(const struct camera_mode *mode, const struct camera_device *device, struct tripool_error *error)
{
	const struct camera_format *source = mode->choice.source;
	int row_bytes;

	if (camera_mode_native(mode) || !source->pix_fmt || source->kind == CAMERA_BAYER)
		return 0;
	row_bytes = av_image_get_linesize(av_get_pix_fmt(source->pix_fmt), (int)mode->picture.width_px, 0);
	if ((int)mode->picture.stride_bytes[0] <= row_bytes)
		return 0;
	return tripool_fail(error, -ENOTSUP,
	    "camera %s pads its rows, so its %s cannot be made into '%s': take it as it is with -f %s", device->path,
	    source->pix_fmt, mode->choice.published->pix_fmt, source->pix_fmt);
}

static int describe_decoded(struct camera_mode *mode, struct tripool_format *format, struct tripool_error *error)
{
	bool planes = mode->choice.published->fourcc == V4L2_PIX_FMT_YUV420;
	uint64_t rows, row_bytes;

	/* The library leaves no gap between rows, and its planes have even sides. */
	format->width_px = mode->picture.width_px & ~(planes ? 1u : 0u);
	format->height_px = mode->picture.height_px & ~(planes ? 1u : 0u);
	format->stride_bytes[0] = format->width_px * (planes ? 1 : 3);
	/* Room for whole blocks: one of its two JPEG decoders writes nothing less. */
	row_bytes = ((uint64_t)mode->picture.width_px + 15) / 16 * 16 * (planes ? 1 : 3);
	rows = ((uint64_t)mode->picture.height_px + 15) / 16 * 16;
	format->size_bytes = planes ? row_bytes * rows * 3 / 2 : row_bytes * rows;
	return tripool_format_layout(format, error);
}

static void settle_rate(const struct camera_device *device, const struct camera_pick *pick,
    const struct source_request *request, struct source_description *description)
{
	struct tripool_format *format = &description->format;
	double asked, got;

	format->frame_rate_num = pick->rate_num;
	format->frame_rate_den = pick->rate_den;
	camera_device_set_rate(device, &format->frame_rate_num, &format->frame_rate_den);
	if (!request->rate_num)
		return;
	asked = (double)request->rate_num / request->rate_den;
	if (!format->frame_rate_num) {
		camera_note(
		    description, "asked for %.4g frames a second, but the camera does not tell its rate", asked);
		return;
	}
	got = (double)format->frame_rate_num / format->frame_rate_den;
	if (got < asked * 0.9995 || got > asked * 1.0005)
		camera_note(description, "asked for %.4g frames a second, the camera makes %.4g", asked, got);
}

int camera_mode_settle(struct camera_mode *mode, const struct camera_device *device,
    const struct source_request *request, struct source_description *description, struct tripool_error *error)
{
	struct source_description d = {.max_slots = 0};
	struct camera_mode m = {.layout = {.planes = 1}};
	struct camera_pick pick;
	uint32_t min_buffers;
	int r = choose_picture(&m, &pick, device, request, d.mode_reason, error);

	if (r == 0)
		r = check_rows(&m, device, error);
	if (r < 0)
		return r;
	strcpy(d.format.pix_fmt, m.choice.published->pix_fmt);
	camera_describe_colour(&d.format, &m.choice, &m.picture.colour);
	if (camera_mode_native(&m))
		r = camera_layout_init(&m.layout, &d.format, &m.picture, error);
	else
		r = describe_decoded(&m, &d.format, error);
	if (r < 0)
		return r;
	snprintf(d.name, sizeof(d.name), "%.31s (%.92s)", device->name, device->path);
	if (request->width_px && (request->width_px != d.format.width_px || request->height_px != d.format.height_px))
		camera_note(&d, "asked for %ux%u, the camera makes %ux%u", request->width_px, request->height_px,
		    d.format.width_px, d.format.height_px);
	settle_rate(device, &pick, request, &d);
	if (camera_mode_native(&m)) {
		min_buffers = camera_device_min_buffers(device);
		d.write_depth = min_buffers < QUEUE_DEPTH ? QUEUE_DEPTH : min_buffers + 1;
		d.max_slots = VIDEO_MAX_FRAME;
	} else {
		d.path = "convert";
		d.write_depth = 1;
	}
	*mode = m;
	*description = d;
	return 0;
}
