// SPDX-License-Identifier: MIT
/* The cameras of this machine, one after another, and one of them by its name. */
#ifndef TRIPOOL_CAMERA_FIND_H
#define TRIPOOL_CAMERA_FIND_H

#include "camera_device.h"
#include "tripool.h"

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
 * The path of the one camera whose card name is `name`, else has `name` in it, in capitals or not. -ENODEV: there is
 * none, -EINVAL: more than one; the text lists them.
 */
int camera_find(char path[CAMERA_PATH_BYTES], const char *name, struct tripool_error *error);

#define CAMERA_IDENTITY_BYTES 72

/* "HD Webcam (usb-0000:00:14.0-6)": what tells a camera from the others of this machine. */
void camera_identity(char identity[CAMERA_IDENTITY_BYTES], const struct camera_device *device);

/* The path of the camera of that identity, whatever its number is now; else of the only one of the same name, which
 * may have been put into another socket. -ENODEV: it is not there. */
int camera_find_again(char path[CAMERA_PATH_BYTES], const char *identity, struct tripool_error *error);

#endif
