// SPDX-License-Identifier: MIT
/* The cameras of this machine, one after another, and the one that is meant. */
#ifndef TRIPOOL_CAMERA_FIND_H
#define TRIPOOL_CAMERA_FIND_H

#include "camera_device.h"
#include "source.h"

#define CAMERA_PATH_BYTES 32

struct camera_found {
	char path[CAMERA_PATH_BYTES]; /* "/dev/video0" */
	char stable_path[256];        /* "/dev/v4l/by-id/..."; "": none */
	int code;                     /* 0, or why it could not be opened, */
	struct tripool_error why;     /* for a person */
	struct camera_device device;  /* the caller closes it; fd -1: not opened */
};

/* The camera after number `after` (-1: the first). Returns its number, or -ENOENT. What captures nothing is no camera.
 */
int camera_next(struct camera_found *found, int after);

/*
 * Opens the camera that `argument` means: a path where it begins with '/' or '.', or has a '/' and is there; else the
 * card name (in capitals or not, else a part of it) of one camera alone; NULL: the first that can be had. With an
 * `identity`, and unless it is a path: the camera of that identity, whatever its number is now, else the only one of
 * the same name, which may have been put into another socket. Errors: those of camera_device_open; -ENODEV: there is
 * none, -EINVAL: more than one has that name; the text lists them.
 */
int camera_find(struct camera_device *device, const char *argument, const char *identity, struct tripool_error *error);

/* "HD Webcam (usb-0000:00:14.0-6)": what tells a camera from the others of this machine. */
void camera_identity(char identity[SOURCE_IDENTITY_BYTES], const struct camera_device *device);

/* Says that there is no camera at all. Returns -ENODEV. */
int camera_find_none(struct tripool_error *error);

#endif
