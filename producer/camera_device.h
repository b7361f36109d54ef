// SPDX-License-Identifier: MIT
/* One V4L2 capture device: opened, asked what it has, told what to make. The single- and the multi-planar API
 * look the same from here. */
#ifndef TRIPOOL_CAMERA_DEVICE_H
#define TRIPOOL_CAMERA_DEVICE_H

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stdint.h>

#include "camera_formats.h"
#include "tripool.h"

#define CAMERA_MAX_FORMATS 128
#define CAMERA_MAX_PLANES 3

struct camera_device {
	int fd;
	uint32_t type; /* V4L2_BUF_TYPE_VIDEO_CAPTURE or ..._MPLANE */
	char path[128];
	char name[32]; /* "HD Webcam" */
	char bus[32];  /* "usb-0000:00:14.0-6" */
};

/* A picture as the driver lays it out in a buffer: in one piece of memory, or in one for each plane. */
struct camera_picture {
	uint32_t fourcc;
	uint32_t width_px, height_px;
	uint32_t planes;                          /* pieces of memory */
	uint32_t stride_bytes[CAMERA_MAX_PLANES]; /* of the first plane in there; 0 for JPEG and the like */
	uint32_t size_bytes[CAMERA_MAX_PLANES];   /* of the whole piece */
	struct camera_colour colour;
};

/*
 * Opens the device at `path`. Errors, each with its reason and what to
 * do: -ENOENT, -EACCES, -EBUSY, -ENODEV (no such thing, no camera), -ENOTTY (not a V4L2 device), -EINVAL (a V4L2 device
 * that does not capture).
 */
int camera_device_open(struct camera_device *device, const char *path, struct tripool_error *error);
void camera_device_close(struct camera_device *device);

/* All pixel formats, in the driver's order. Returns how many. */
unsigned camera_device_formats(const struct camera_device *device, uint32_t fourccs[CAMERA_MAX_FORMATS]);

/* Asks for fourcc and size; `picture` is then what the driver really does. */
int camera_device_set_picture(
    const struct camera_device *device, struct camera_picture *picture, struct tripool_error *error);

/* Asks for a frame rate (0/0: for none); the fraction is then the one that the driver says it has, 0/0 where it says
 * none. */
void camera_device_set_rate(const struct camera_device *device, uint32_t *num, uint32_t *den);

/* How many buffers the driver wants to hold at all times; 0 where it does not say. */
uint32_t camera_device_min_buffers(const struct camera_device *device);

/* Why streaming failed, for a person: tells a camera that is gone (-ENODEV) from one that has failed. */
int camera_device_fail(const struct camera_device *device, int code, const char *what, struct tripool_error *error);

#endif
