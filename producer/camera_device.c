// SPDX-License-Identifier: MIT
#include "camera_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "camera_holder.h"
#include "error.h"
#include "v4l2.h"

static bool multiplanar(const struct camera_device *device)
{
	return device->type == V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
}

static int busy_fail(const char *path, struct tripool_error *error)
{
	char holders[100];
	unsigned count = camera_holders(path, holders, sizeof(holders));
	const char *has = count == 1 ? "has" : "have";

	if (count == 0 || !holders[0])
		return tripool_fail(error, -EBUSY, "camera '%.120s' is busy: end the other program that uses it", path);
	if (strstr(holders, "(tripool-capture)"))
		return tripool_fail(error, -EBUSY, "camera '%.80s' is busy: %s %s it; any number can view its stream",
		    path, holders, has);
	return tripool_fail(error, -EBUSY, "camera '%.80s' is busy: %s %s it; end that first", path, holders, has);
}

static int open_fail(const char *path, int code, struct tripool_error *error)
{
	switch (code) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return tripool_fail(error, code, "there is no camera '%.120s': --list shows the cameras", path);
	case -EACCES:
	case -EPERM:
		return tripool_fail(error, code,
		    "no permission to open '%.100s': join its group ('sudo usermod -aG video $USER', then log in anew)",
		    path);
	case -EBUSY:
		return busy_fail(path, error);
	default:
		return tripool_fail(error, code, "cannot open camera '%.120s': %s", path, strerror(-code));
	}
}

/* Sets the type, or says why this is no camera. */
static int identify(struct camera_device *device, struct tripool_error *error)
{
	struct v4l2_capability capability = {.driver = ""};
	uint32_t caps;
	int r = v4l2_call(device->fd, VIDIOC_QUERYCAP, &capability);

	if (r == -ENOTTY || r == -EINVAL)
		return tripool_fail(
		    error, -ENOTTY, "'%.120s' is not a video device: --list shows the cameras", device->path);
	if (r < 0)
		return open_fail(device->path, r, error);
	caps = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps : capability.capabilities;
	if (caps & V4L2_CAP_VIDEO_CAPTURE)
		device->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	else if (caps & V4L2_CAP_VIDEO_CAPTURE_MPLANE)
		device->type = V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE;
	else
		return tripool_fail(error, -EINVAL,
		    "'%.80s' (%.32s) is a video device that captures nothing: --list shows the cameras", device->path,
		    (char *)capability.card);
	if (!(caps & V4L2_CAP_STREAMING))
		return tripool_fail(error, -EINVAL,
		    "camera '%.80s' (%.32s) has no streaming, only read(), which is not supported", device->path,
		    (char *)capability.card);
	snprintf(device->name, sizeof(device->name), "%.31s", (char *)capability.card);
	snprintf(device->bus, sizeof(device->bus), "%.31s", (char *)capability.bus_info);
	return 0;
}

int camera_device_open(struct camera_device *device, const char *path, struct tripool_error *error)
{
	struct camera_device d = {.fd = -1};
	int r;

	if (strlen(path) >= sizeof(d.path))
		return tripool_fail(error, -ENAMETOOLONG, "the camera's path is longer than %zu bytes: '%.80s...'",
		    sizeof(d.path) - 1, path);
	strcpy(d.path, path);
	d.fd = v4l2_device_open(path);
	if (d.fd < 0)
		return open_fail(path, d.fd, error);
	r = identify(&d, error);
	if (r < 0) {
		close(d.fd);
		return r;
	}
	*device = d;
	return 0;
}

void camera_device_close(struct camera_device *device)
{
	if (device->fd >= 0)
		close(device->fd);
	device->fd = -1;
}

unsigned camera_device_formats(const struct camera_device *device, uint32_t fourccs[CAMERA_MAX_FORMATS])
{
	unsigned count = 0;

	while (count < CAMERA_MAX_FORMATS) {
		struct v4l2_fmtdesc description = {.index = count, .type = device->type};

		if (v4l2_call(device->fd, VIDIOC_ENUM_FMT, &description) < 0)
			break;
		fourccs[count++] = description.pixelformat;
	}
	return count;
}

/* What of a v4l2_format matters here. */
static void read_picture(struct camera_picture *picture, const struct v4l2_format *format)
{
	const struct v4l2_pix_format_mplane *mp = &format->fmt.pix_mp;
	const struct v4l2_pix_format *pix = &format->fmt.pix;

	if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE) {
		*picture = (struct camera_picture){pix->pixelformat, pix->width, pix->height, 1, {pix->bytesperline},
		    {pix->sizeimage}, {pix->colorspace, pix->ycbcr_enc, pix->quantization, pix->xfer_func}};
		return;
	}
	*picture = (struct camera_picture){
	    .fourcc = mp->pixelformat,
	    .width_px = mp->width,
	    .height_px = mp->height,
	    .planes = mp->num_planes,
	    .colour = {mp->colorspace, mp->ycbcr_enc, mp->quantization, mp->xfer_func},
	};
	for (uint32_t i = 0; i < mp->num_planes && i < CAMERA_MAX_PLANES; i++) {
		picture->stride_bytes[i] = mp->plane_fmt[i].bytesperline;
		picture->size_bytes[i] = mp->plane_fmt[i].sizeimage;
	}
}

int camera_device_set_picture(
    const struct camera_device *device, struct camera_picture *picture, struct tripool_error *error)
{
	struct v4l2_format format = {.type = device->type};
	uint32_t asked = picture->fourcc;
	uint32_t planes = camera_format_memory_planes(camera_format_find(asked));
	int r;

	if (multiplanar(device)) {
		format.fmt.pix_mp.pixelformat = asked;
		format.fmt.pix_mp.width = picture->width_px;
		format.fmt.pix_mp.height = picture->height_px;
		format.fmt.pix_mp.field = V4L2_FIELD_NONE;
	} else {
		format.fmt.pix.pixelformat = asked;
		format.fmt.pix.width = picture->width_px;
		format.fmt.pix.height = picture->height_px;
		format.fmt.pix.field = V4L2_FIELD_NONE;
		format.fmt.pix.priv = V4L2_PIX_FMT_PRIV_MAGIC;
	}
	r = v4l2_call(device->fd, VIDIOC_S_FMT, &format);
	if (r == -EBUSY)
		return open_fail(device->path, r, error);
	if (r < 0)
		return tripool_fail(error, r, "camera %s refuses format %s %ux%u: %s", device->path,
		    camera_fourcc_text(asked).text, picture->width_px, picture->height_px, strerror(-r));
	read_picture(picture, &format);
	if (picture->fourcc != asked)
		return tripool_fail(error, -EINVAL,
		    "camera %s was asked for format %s but sets %s: try another with -f", device->path,
		    camera_fourcc_text(asked).text, camera_fourcc_text(picture->fourcc).text);
	if (picture->planes != planes)
		return tripool_fail(error, -ENOTSUP,
		    "camera %s lays format %s out in %u separate memory planes, but it has %u: try another with -f",
		    device->path, camera_fourcc_text(asked).text, picture->planes, planes);
	return 0;
}

void camera_device_set_rate(const struct camera_device *device, uint32_t *num, uint32_t *den)
{
	struct v4l2_streamparm have = {.type = device->type}, asked;
	const struct v4l2_fract *interval = &have.parm.capture.timeperframe;
	bool known = v4l2_call(device->fd, VIDIOC_G_PARM, &have) >= 0;

	if (*num && known && have.parm.capture.capability & V4L2_CAP_TIMEPERFRAME) {
		asked = have;
		asked.parm.capture.timeperframe = (struct v4l2_fract){*den, *num};
		if (v4l2_call(device->fd, VIDIOC_S_PARM, &asked) >= 0)
			have = asked;
	}
	*num = *den = 0;
	if (known && interval->numerator && interval->denominator) {
		*num = interval->denominator;
		*den = interval->numerator;
	}
}

uint32_t camera_device_min_buffers(const struct camera_device *device)
{
	struct v4l2_control control = {.id = V4L2_CID_MIN_BUFFERS_FOR_CAPTURE};

	if (v4l2_call(device->fd, VIDIOC_G_CTRL, &control) < 0 || control.value < 0)
		return 0;
	return (uint32_t)control.value;
}

int camera_device_fail(const struct camera_device *device, int code, const char *what, struct tripool_error *error)
{
	struct v4l2_capability capability;
	bool gone = code == -ENODEV || v4l2_call(device->fd, VIDIOC_QUERYCAP, &capability) == -ENODEV;

	if (gone)
		return tripool_fail(error, -ENODEV, "camera %s is gone (unplugged?)", device->path);
	if (code == -EBUSY)
		return open_fail(device->path, code, error);
	if (code == -ENOSPC)
		return tripool_fail(error, code,
		    "camera %s cannot %s: its USB bus has no bandwidth left (try -f decoded, a smaller -s or -r, or "
		    "another port)",
		    device->path, what);
	return tripool_fail(error, code, "camera %s cannot %s: %s", device->path, what, strerror(-code));
}
