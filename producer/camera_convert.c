// SPDX-License-Identifier: MIT
#include "camera_convert.h"

#include <errno.h>
#include <libv4l-plugin.h>
#include <libv4lconvert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "v4l2.h"

/* So many pictures without an end mark are taken for damaged; after that, for a camera that writes none. */
#define ENDLESS_MAX 8

#define PREFIX "v4l-convert: error " /* of the library's messages */

struct camera_converter {
	struct v4lconvert_data *library;
	struct v4l2_format in, out;
	bool jpeg;
	bool end_seen;
	uint32_t endless;
	const char *reason; /* NULL: ask the library */
	char text[160];
};

/* The library looks at the device itself (for pictures that its driver turns upside down, say): by our calls. */
static void *device_init(int fd)
{
	(void)fd;
	return NULL;
}

static void device_close(void *context)
{
	(void)context;
}

static int device_ioctl(void *context, int fd, unsigned long request, void *argument)
{
	int r = v4l2_call(fd, request, argument);

	(void)context;
	if (r >= 0)
		return r;
	errno = -r;
	return -1;
}

static ssize_t device_read(void *context, int fd, void *buffer, size_t size)
{
	(void)context;
	return read(fd, buffer, size);
}

static ssize_t device_write(void *context, int fd, const void *buffer, size_t size)
{
	(void)context;
	return write(fd, buffer, size);
}

static const struct libv4l_dev_ops device_calls = {
    .init = device_init,
    .close = device_close,
    .ioctl = device_ioctl,
    .read = device_read,
    .write = device_write,
};

struct camera_converter *camera_converter_create(const struct camera_device *device,
    const struct camera_picture *picture, const struct camera_choice *choice, uint32_t width_px, uint32_t height_px)
{
	struct camera_converter *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->library = v4lconvert_create_with_dev_ops(device->fd, NULL, &device_calls);
	if (!c->library) {
		free(c);
		return NULL;
	}
	c->jpeg = choice->source->kind == CAMERA_JPEG;
	/* The library knows the single-planar API alone; with one memory plane there is no difference. */
	c->in.type = c->out.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	c->in.fmt.pix = (struct v4l2_pix_format){
	    .width = picture->width_px,
	    .height = picture->height_px,
	    .pixelformat = picture->fourcc,
	    .field = V4L2_FIELD_NONE,
	    .bytesperline = picture->stride_bytes[0],
	    .sizeimage = picture->size_bytes[0],
	    .colorspace = picture->colour.colorspace,
	};
	c->out.fmt.pix = (struct v4l2_pix_format){
	    .width = width_px,
	    .height = height_px,
	    .pixelformat = choice->published->fourcc,
	    .field = V4L2_FIELD_NONE,
	};
	v4lconvert_fixup_fmt(&c->out);
	return c;
}

void camera_converter_destroy(struct camera_converter *converter)
{
	if (!converter)
		return;
	v4lconvert_destroy(converter->library);
	free(converter);
}

/* libjpeg fills what is missing of a picture with gray and says nothing: so look whether it is whole. The end mark may
 * be followed by padding. */
static bool whole(struct camera_converter *converter, const uint8_t *in, uint32_t in_bytes)
{
	if (in_bytes < 4 || in[0] != 0xff || in[1] != 0xd8) {
		converter->reason = "it does not begin like a JPEG";
		return false;
	}
	while (in_bytes > 4 && in[in_bytes - 1] == 0)
		in_bytes--;
	if (in[in_bytes - 2] == 0xff && in[in_bytes - 1] == 0xd9) {
		converter->end_seen = true;
		return true;
	}
	converter->reason = "it ends too soon";
	return !converter->end_seen && ++converter->endless > ENDLESS_MAX;
}

int camera_converter_run(
    struct camera_converter *converter, uint8_t *in, uint32_t in_bytes, uint8_t *out, uint64_t out_bytes)
{
	int size = out_bytes < INT_MAX ? (int)out_bytes : INT_MAX;
	int r;

	if (in_bytes == 0 || in_bytes > INT_MAX) {
		converter->reason = "it is empty";
		return -EBADMSG;
	}
	if (converter->jpeg && !whole(converter, in, in_bytes))
		return -EBADMSG;
	converter->reason = NULL;
	r = v4lconvert_convert(converter->library, &converter->in, &converter->out, in, (int)in_bytes, out, size);
	return r < 0 ? -EBADMSG : r;
}

const char *camera_converter_reason(struct camera_converter *converter)
{
	if (converter->reason)
		return converter->reason;
	const char *message = v4lconvert_get_error_message(converter->library);

	if (strncmp(message, PREFIX, strlen(PREFIX)) == 0)
		message += strlen(PREFIX);
	snprintf(converter->text, sizeof(converter->text), "%s", message);
	converter->text[strcspn(converter->text, "\n")] = '\0';
	return converter->text;
}
