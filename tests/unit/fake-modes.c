// SPDX-License-Identifier: MIT
/* What the fake driver lists: its formats, their sizes and the rates of those. */
#include <errno.h>

#include "fake-parts.h"
#include "fake-v4l2.h"

static int enum_formats(struct v4l2_fmtdesc *description)
{
	if (description->type != fake_buffer_type() || description->index >= fake.format_count)
		return -EINVAL;
	description->pixelformat = fake.formats[description->index].fourcc;
	return 0;
}

/* The index-th size of the format; rates of one size stand together in the table. */
static int table_size(struct v4l2_frmsizeenum *size)
{
	unsigned index = 0;
	const struct fake_mode *m = fake.modes, *last = NULL;

	for (; m < fake.modes + fake.mode_count; m++) {
		if (m->fourcc != size->pixel_format ||
		    (last && last->width_px == m->width_px && last->height_px == m->height_px))
			continue;
		last = m;
		if (index++ != size->index)
			continue;
		size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
		size->discrete = (struct v4l2_frmsize_discrete){m->width_px, m->height_px};
		return 0;
	}
	return -EINVAL;
}

static int frame_size(struct v4l2_frmsizeenum *size)
{
	if (fake.no_sizes)
		return -ENOTTY;
	if (fake.modes)
		return table_size(size);
	if (size->index > 0 || !fake.width_px) {
		if (size->index > 0)
			return -EINVAL;
		size->type = V4L2_FRMSIZE_TYPE_STEPWISE;
		size->stepwise = (struct v4l2_frmsize_stepwise){16, 1920, 8, 16, 1080, 8};
		return 0;
	}
	size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
	size->discrete = (struct v4l2_frmsize_discrete){fake.width_px, fake.height_px};
	return 0;
}

static int table_interval(struct v4l2_frmivalenum *interval)
{
	unsigned index = 0;

	for (const struct fake_mode *m = fake.modes; m < fake.modes + fake.mode_count; m++) {
		if (m->fourcc != interval->pixel_format || m->width_px != interval->width ||
		    m->height_px != interval->height || index++ != interval->index)
			continue;
		interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
		interval->discrete = (struct v4l2_fract){1, m->rate};
		return 0;
	}
	return -EINVAL;
}

static int frame_interval(struct v4l2_frmivalenum *interval)
{
	if (fake.modes)
		return table_interval(interval);
	if (fake.any_rate && interval->index == 0) {
		interval->type = V4L2_FRMIVAL_TYPE_CONTINUOUS;
		interval->stepwise.min = (struct v4l2_fract){2, 120};
		interval->stepwise.max = (struct v4l2_fract){1, 5};
		return 0;
	}
	if (interval->index > 1)
		return -EINVAL;
	interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
	interval->discrete = interval->index ? (struct v4l2_fract){2, 15} : (struct v4l2_fract){1001, 30000};
	return 0;
}

int fake_mode_call(unsigned long request, void *argument)
{
	switch (request) {
	case VIDIOC_ENUM_FMT:
		return enum_formats(argument);
	case VIDIOC_ENUM_FRAMESIZES:
		return frame_size(argument);
	case VIDIOC_ENUM_FRAMEINTERVALS:
		return frame_interval(argument);
	default:
		return -ENOTTY;
	}
}
