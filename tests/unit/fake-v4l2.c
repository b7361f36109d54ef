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

#include "udmabuf.h"
#include "v4l2.h"

#define BUFFER_BYTES (1u << 20) /* between two buffers of the driver's own, which lie in its fd */
#define PLANE_BYTES (BUFFER_BYTES / 4)
#define CAPTURE_NS_PER_FRAME 40000000

#define FIRST_NUMBER 3 /* of FAKE_PATH */

struct fake_v4l2 fake;
static int fake_fd = -1;

/* By fd: where in its memfd each of the dma-bufs lies, which are no more than duplicates of that. */
static struct {
	uint64_t offset, size;
} dmabufs[1024];

int udmabuf_create(int memory_fd, uint64_t offset_bytes, uint64_t size_bytes)
{
	int seals = fcntl(memory_fd, F_GET_SEALS);
	int fd;

	if (fake.udmabuf_error && fake.udmabufs >= fake.udmabufs_max)
		return fake.udmabuf_error;
	if (!(seals & F_SEAL_SHRINK) || seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) || offset_bytes % 4096 ||
	    size_bytes % 4096)
		return -EINVAL;
	/* A page that no CPU has written is zeroed when the first one reads it, whatever a device did before. */
	assert_true(lseek(memory_fd, (off_t)offset_bytes, SEEK_HOLE) >= (off_t)(offset_bytes + size_bytes));
	fd = fcntl(memory_fd, F_DUPFD_CLOEXEC, 0);
	assert_in_range(fd, 0, 1023);
	dmabufs[fd].offset = offset_bytes;
	dmabufs[fd].size = size_bytes;
	fake.udmabufs++;
	return fd;
}

void udmabuf_sync(int fd)
{
	assert_true(fcntl(fd, F_GETFD) >= 0);
	fake.syncs++;
}

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
	assert_int_equal(ftruncate(fake_fd, (off_t)BUFFER_BYTES * VIDEO_MAX_FRAME), 0);
	fake.opened++;
	return fake_fd;
}

static uint32_t type(void)
{
	return fake.multiplanar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

static uint32_t planes(void)
{
	return fake.multiplanar ? fake.format.fmt.pix_mp.num_planes : 1;
}

static uint32_t size_image(uint32_t plane)
{
	return fake.multiplanar ? fake.format.fmt.pix_mp.plane_fmt[plane].sizeimage : fake.format.fmt.pix.sizeimage;
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

static int enum_formats(struct v4l2_fmtdesc *description)
{
	if (description->type != type() || description->index >= fake.format_count)
		return -EINVAL;
	description->pixelformat = fake.formats[description->index].fourcc;
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

	if (fake.format_error || format->type != type())
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

	if (parameters->type != type() || !fake.rate_num)
		return -EINVAL;
	if (set && !fake.one_rate) {
		fake.rate_num = interval->denominator;
		fake.rate_den = interval->numerator;
	}
	parameters->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
	*interval = (struct v4l2_fract){fake.rate_den, fake.rate_num};
	return 0;
}

static int request_buffers(struct v4l2_requestbuffers *request)
{
	bool user = request->memory == V4L2_MEMORY_USERPTR, dmabuf = request->memory == V4L2_MEMORY_DMABUF;

	if (request->type != type())
		return -EINVAL;
	if (request->count && dmabuf && fake.dmabuf_reqbufs_error)
		return fake.dmabuf_reqbufs_error;
	if (request->count && (fake.reqbufs_error || (user && fake.user_reqbufs_error)))
		return fake.reqbufs_error ? fake.reqbufs_error : fake.user_reqbufs_error;
	assert_false(fake.streaming);
	memset(fake.buffer, 0, sizeof(fake.buffer));
	fake.queued_count = fake.done_count = 0;
	if (request->count > VIDEO_MAX_FRAME)
		request->count = VIDEO_MAX_FRAME;
	if (fake.few_buffers && request->count > 1)
		request->count--;
	fake.memory = request->memory;
	fake.count = request->count;
	return 0;
}

static int query_buffer(struct v4l2_buffer *b)
{
	if (b->type != type() || b->memory != V4L2_MEMORY_MMAP || b->index >= fake.count)
		return -EINVAL;
	if (fake.multiplanar) {
		for (uint32_t p = 0; p < planes(); p++) {
			b->m.planes[p].length = size_image(p);
			b->m.planes[p].m.mem_offset = b->index * BUFFER_BYTES + p * PLANE_BYTES;
		}
	} else {
		b->length = size_image(0);
		b->m.offset = b->index * BUFFER_BYTES;
	}
	return 0;
}

static int queue_buffer(struct v4l2_buffer *b)
{
	struct fake_buffer *buffer = &fake.buffer[b->index];
	bool user = b->memory == V4L2_MEMORY_USERPTR, dmabuf = b->memory == V4L2_MEMORY_DMABUF;

	if (dmabuf && fake.dmabuf_qbuf_error)
		return fake.dmabuf_qbuf_error;
	if (fake.qbuf_error || (user && fake.user_qbuf_error))
		return fake.qbuf_error ? fake.qbuf_error : fake.user_qbuf_error;
	if (b->type != type() || b->memory != fake.memory || b->index >= fake.count || buffer->queued ||
	    (fake.multiplanar && b->length < planes()))
		return -EINVAL;
	for (uint32_t p = 0; p < planes() && user; p++) {
		unsigned long address = fake.multiplanar ? b->m.planes[p].m.userptr : b->m.userptr;

		buffer->plane[p].memory = (uint8_t *)address;
		buffer->plane[p].length = fake.multiplanar ? b->m.planes[p].length : b->length;
		if (address % 4096 != 0 || buffer->plane[p].length < size_image(p))
			return -EINVAL;
	}
	for (uint32_t p = 0; p < planes() && dmabuf; p++) {
		int fd = fake.multiplanar ? b->m.planes[p].m.fd : b->m.fd;

		buffer->plane[p].dmabuf = fd;
		buffer->plane[p].length = fake.multiplanar ? b->m.planes[p].length : b->length;
		if (fcntl(fd, F_GETFD) < 0 || buffer->plane[p].length > dmabufs[fd].size ||
		    buffer->plane[p].length < size_image(p))
			return -EINVAL;
	}
	buffer->queued = true;
	fake.queued[fake.queued_count++] = b->index;
	return 0;
}

static int dequeue_buffer(struct v4l2_buffer *b)
{
	struct fake_buffer *buffer;
	int64_t capture_us;

	if (fake.dqbuf_error)
		return fake.dqbuf_error;
	if (!fake.streaming || b->type != type() || b->memory != fake.memory)
		return -EINVAL;
	if (fake.done_count == 0)
		return -EAGAIN;
	b->index = fake.done[0];
	memmove(fake.done, fake.done + 1, --fake.done_count * sizeof(fake.done[0]));
	buffer = &fake.buffer[b->index];
	buffer->queued = false;
	if (fake.multiplanar) {
		assert_true(b->length >= planes());
		for (uint32_t p = 0; p < planes(); p++)
			b->m.planes[p].bytesused = buffer->plane[p].bytes_used;
	} else {
		b->bytesused = buffer->plane[0].bytes_used;
	}
	b->sequence = buffer->sequence;
	b->flags = buffer->flags | fake.timestamp_flags;
	capture_us = ((int64_t)buffer->sequence + 100) * CAPTURE_NS_PER_FRAME / 1000;
	b->timestamp.tv_sec = capture_us / 1000000;
	b->timestamp.tv_usec = capture_us % 1000000;
	return 0;
}

static int stream_off(void)
{
	fake.streaming = false;
	fake.queued_count = fake.done_count = 0;
	fake.streamoffs++;
	for (unsigned i = 0; i < VIDEO_MAX_FRAME; i++)
		fake.buffer[i].queued = false;
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
		return enum_formats(argument);
	case VIDIOC_ENUM_FRAMESIZES:
		return frame_size(argument);
	case VIDIOC_ENUM_FRAMEINTERVALS:
		return frame_interval(argument);
	case VIDIOC_S_FMT:
		return set_format(argument);
	case VIDIOC_G_PARM:
		return rate(argument, false);
	case VIDIOC_S_PARM:
		return rate(argument, true);
	case VIDIOC_G_CTRL:
		return control(argument);
	case VIDIOC_REQBUFS:
		return request_buffers(argument);
	case VIDIOC_QUERYBUF:
		return query_buffer(argument);
	case VIDIOC_QBUF:
		return queue_buffer(argument);
	case VIDIOC_DQBUF:
		return dequeue_buffer(argument);
	case VIDIOC_STREAMON:
		fake.streaming = !fake.streamon_error;
		return fake.streamon_error;
	case VIDIOC_STREAMOFF:
		return stream_off();
	default:
		return fake_control_call(request, argument);
	}
}

static void fill(uint32_t index, uint32_t plane, const void *data, size_t size)
{
	struct fake_buffer *buffer = &fake.buffer[index];
	off_t own = (off_t)index * BUFFER_BYTES + plane * PLANE_BYTES;

	if (fake.memory == V4L2_MEMORY_USERPTR) {
		assert_true(size <= buffer->plane[plane].length);
		memcpy(buffer->plane[plane].memory, data, size);
	} else if (fake.memory == V4L2_MEMORY_DMABUF) {
		int fd = buffer->plane[plane].dmabuf;

		assert_true(size <= buffer->plane[plane].length);
		assert_int_equal(pwrite(fd, data, size, (off_t)dmabufs[fd].offset), (ssize_t)size);
	} else {
		assert_int_equal(pwrite(fake_fd, data, size, own), (ssize_t)size);
	}
	buffer->plane[plane].bytes_used = (uint32_t)size;
}

uint32_t fake_deliver(const void *data, size_t size, uint32_t sequence, uint32_t flags)
{
	const void *const all_data[FAKE_PLANES] = {data};
	const size_t all_size[FAKE_PLANES] = {size};

	assert_int_equal(planes(), 1);
	return fake_deliver_planes(all_data, all_size, sequence, flags);
}

uint32_t fake_deliver_planes(
    const void *const data[FAKE_PLANES], const size_t size[FAKE_PLANES], uint32_t sequence, uint32_t flags)
{
	struct fake_buffer *buffer;
	uint32_t index;

	assert_true(fake.streaming);
	assert_true(fake.queued_count > 0);
	index = fake.queued[0];
	memmove(fake.queued, fake.queued + 1, --fake.queued_count * sizeof(fake.queued[0]));
	buffer = &fake.buffer[index];
	for (uint32_t p = 0; p < planes(); p++)
		fill(index, p, data[p], size[p]);
	buffer->sequence = sequence;
	buffer->flags = flags;
	fake.done[fake.done_count++] = index;
	return index;
}
