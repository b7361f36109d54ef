// SPDX-License-Identifier: MIT
/*
 * To be preloaded: makes a V4L2 driver look like a lesser one, as far as the program can tell. vivid knows nearly every
 * format and memory type, cheap cameras do not; the pictures are still the real driver's.
 *
 *   LESSER_FORMAT=RGGB     it has this one pixel format
 *   LESSER_NO_USERPTR=1    it has no V4L2_MEMORY_USERPTR
 *   LESSER_NO_DMABUF=1     it has no V4L2_MEMORY_DMABUF
 */
#include <errno.h>
#include <linux/videodev2.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fail(int code)
{
	errno = code;
	return -1;
}

/* Index 0 is the one format, wherever the driver has it. */
static int only_format(int fd, unsigned long request, struct v4l2_fmtdesc *description, const char *name)
{
	struct v4l2_fmtdesc d = {.type = description->type};

	if (description->index != 0)
		return fail(EINVAL);
	while (syscall(SYS_ioctl, fd, request, &d) == 0) {
		if (memcmp(&d.pixelformat, name, sizeof(d.pixelformat)) == 0) {
			*description = d;
			description->index = 0;
			return 0;
		}
		d.index++;
	}
	return fail(EINVAL);
}

static int lacks(uint32_t memory)
{
	return (memory == V4L2_MEMORY_USERPTR && getenv("LESSER_NO_USERPTR")) ||
	       (memory == V4L2_MEMORY_DMABUF && getenv("LESSER_NO_DMABUF"));
}

__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	const char *format = getenv("LESSER_FORMAT");
	void *argument;
	va_list list;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (request == VIDIOC_ENUM_FMT && format && strlen(format) == 4)
		return only_format(fd, request, argument, format);
	if (request == VIDIOC_REQBUFS && lacks(((struct v4l2_requestbuffers *)argument)->memory))
		return fail(EINVAL);
	return (int)syscall(SYS_ioctl, fd, request, argument);
}
