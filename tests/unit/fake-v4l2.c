// SPDX-License-Identifier: MIT
#include "fake-v4l2.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake-parts.h"
#include "v4l2.h"

#define FIRST_NUMBER 3 /* of FAKE_PATH */

struct fake_v4l2 fake;
int fake_fd = -1;

static unsigned camera_count(void)
{
	return fake.absent ? 0 : fake.camera_count ? fake.camera_count : 1;
}

int v4l2_next_device(int after)
{
	int next = after < FIRST_NUMBER ? FIRST_NUMBER : after + 1;

	return next < FIRST_NUMBER + (int)camera_count() ? next : -ENOENT;
}

/* Which of the cameras it is, or -1. */
static int camera_index(const char *path)
{
	int number = -1, end = 0;

	if (sscanf(path, "/dev/video%d%n", &number, &end) != 1 || path[end] || number < FIRST_NUMBER)
		return -1;
	number -= FIRST_NUMBER;
	return number == 0 || number < (int)camera_count() ? number : -1;
}

int v4l2_stable_path(const char *path, char *stable, size_t size)
{
	int index = camera_index(path);

	if (index < 0 || index >= (int)fake.camera_count || !fake.cameras[index].stable_path)
		return -ENOENT;
	snprintf(stable, size, "%s", fake.cameras[index].stable_path);
	return 0;
}

int v4l2_watch_devices(void)
{
	return -ENOSYS; /* nothing below the source class needs it */
}

int v4l2_device_open(const char *path)
{
	int fd, index = camera_index(path);

	if (index < 0) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd == fake_fd) /* that one was closed */
			fake_fd = -1;
		return fd < 0 ? -errno : fd;
	}
	if (fake.open_error)
		return fake.open_error;
	fake.opened_camera = index;
	fake_fd = memfd_create("fake camera", MFD_CLOEXEC);
	assert_true(fake_fd >= 0);
	assert_int_equal(ftruncate(fake_fd, (off_t)FAKE_BUFFER_BYTES * VIDEO_MAX_FRAME), 0);
	fake.opened++;
	return fake_fd;
}

uint32_t fake_buffer_type(void)
{
	return fake.multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

static int query_capability(struct v4l2_capability *capability)
{
	memset(capability, 0, sizeof(*capability));
	strcpy((char *)capability->driver, "fake");
	strcpy((char *)capability->card, fake.camera_count ? fake.cameras[fake.opened_camera].name : "Fake Camera");
	strcpy((char *)capability->bus_info, "platform:fake-003");
	capability->capabilities = V4L2_CAP_DEVICE_CAPS;
	capability->device_caps = fake.device_caps;
	if (!fake.device_caps)
		capability->device_caps =
		    V4L2_CAP_STREAMING | (fake.multiplanar ? V4L2_CAP_VIDEO_CAPTURE_MPLANE : V4L2_CAP_VIDEO_CAPTURE);
	return 0;
}

/* The planes after the first, of 8 bits: one of both chromas, or two of half or the whole width. */
static void set_chroma(struct v4l2_pix_format_mplane *mp, const struct fake_format *f, uint32_t height)
{
	uint32_t luma = mp->plane_fmt[0].bytesperline * height;

	mp->plane_fmt[0].sizeimage = luma + fake.size_padding_bytes;
	for (uint32_t p = 1; p < f->memory_planes; p++) {
		mp->plane_fmt[p].bytesperline =
		    mp->plane_fmt[0].bytesperline / (f->memory_planes == 3 && f->bits < 24 ? 2 : 1);
		mp->plane_fmt[p].sizeimage =
		    luma / 8 * (f->bits - 8) / (f->memory_planes - 1) + fake.size_padding_bytes;
	}
}

static bool has_mode(uint32_t fourcc, uint32_t width, uint32_t height)
{
	for (unsigned i = 0; i < fake.mode_count; i++)
		if (fake.modes[i].fourcc == fourcc && fake.modes[i].width_px == width &&
		    fake.modes[i].height_px == height)
			return true;
	return false;
}

static int set_format(struct v4l2_format *format)
{
	uint32_t asked = fake.multiplanar ? format->fmt.pix_mp.pixelformat : format->fmt.pix.pixelformat;
	uint32_t width = fake.multiplanar ? format->fmt.pix_mp.width : format->fmt.pix.width;
	uint32_t height = fake.multiplanar ? format->fmt.pix_mp.height : format->fmt.pix.height;
	const struct fake_format *f = fake.formats;
	uint32_t stride, size;

	if (fake.format_error || format->type != fake_buffer_type())
		return fake.format_error ? fake.format_error : -EINVAL;
	while (f->fourcc != (fake.other_format ? fake.other_format : asked))
		assert_true(++f < fake.formats + fake.format_count);
	if (fake.modes)
		assert_true(has_mode(f->fourcc, width, height));
	width = fake.width_px ? fake.width_px : width;
	height = fake.height_px ? fake.height_px : height;
	stride = f->first_plane_bits ? width * f->first_plane_bits / 8 + fake.row_padding_bytes : 0;
	size = f->first_plane_bits ? stride * height / f->first_plane_bits * f->bits : width * height * 2;
	size += fake.size_padding_bytes;
	memset(&format->fmt, 0, sizeof(format->fmt));
	if (fake.multiplanar) {
		format->fmt.pix_mp.pixelformat = f->fourcc;
		format->fmt.pix_mp.width = width;
		format->fmt.pix_mp.height = height;
		format->fmt.pix_mp.colorspace = fake.colorspace;
		format->fmt.pix_mp.num_planes = f->memory_planes ? (uint8_t)f->memory_planes : 1;
		format->fmt.pix_mp.plane_fmt[0].bytesperline = stride;
		format->fmt.pix_mp.plane_fmt[0].sizeimage = size;
		if (f->memory_planes > 1)
			set_chroma(&format->fmt.pix_mp, f, height);
	} else {
		format->fmt.pix.pixelformat = f->fourcc;
		format->fmt.pix.width = width;
		format->fmt.pix.height = height;
		format->fmt.pix.colorspace = fake.colorspace;
		format->fmt.pix.bytesperline = stride;
		format->fmt.pix.sizeimage = size;
	}
	fake.format = *format;
	return 0;
}

static int rate(struct v4l2_streamparm *parameters, bool set)
{
	struct v4l2_fract *interval = &parameters->parm.capture.timeperframe;

	if (parameters->type != fake_buffer_type() || !fake.rate_num)
		return -EINVAL;
	if (set && !fake.one_rate) {
		fake.rate_num = interval->denominator;
		fake.rate_den = interval->numerator;
	}
	parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
	*interval = (struct v4l2_fract){fake.rate_den, fake.rate_num};
	return 0;
}

static int control(struct v4l2_control *value)
{
	if (value->id != V4L2_CID_MIN_BUFFERS_FOR_CAPTURE || !fake.min_buffers)
		return -EINVAL;
	value->value = (int32_t)fake.min_buffers;
	return 0;
}

int v4l2_call(int fd, unsigned long request, void *argument)
{
	int r;

	if (fd != fake_fd) {
		r = ioctl(fd, request, argument);
		return r < 0 ? -errno : r;
	}
	if (fake.gone)
		return -ENODEV;
	switch (request) {
	case VIDIOC_QUERYCAP:
		return query_capability(argument);
	case VIDIOC_ENUM_FMT:
	case VIDIOC_ENUM_FRAMESIZES:
	case VIDIOC_ENUM_FRAMEINTERVALS:
		return fake_mode_call(request, argument);
	case VIDIOC_S_FMT:
		return set_format(argument);
	case VIDIOC_G_PARM:
		return rate(argument, false);
	case VIDIOC_S_PARM:
		return rate(argument, true);
	case VIDIOC_G_CTRL:
		return control(argument);
	case VIDIOC_REQBUFS:
	case VIDIOC_QUERYBUF:
	case VIDIOC_QBUF:
	case VIDIOC_DQBUF:
	case VIDIOC_STREAMON:
	case VIDIOC_STREAMOFF:
		return fake_buffer_call(request, argument);
	default:
		return fake_control_call(request, argument);
	}
}
