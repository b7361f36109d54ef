// SPDX-License-Identifier: MIT
/* What a camera is asked to do, what it does, and how that is described to viewers. */
#ifndef TRIPOOL_CAMERA_MODE_H
#define TRIPOOL_CAMERA_MODE_H

#include "camera_device.h"
#include "camera_layout.h"
#include "source.h"

struct camera_mode {
	struct camera_choice choice;
	struct camera_picture picture; /* what the driver writes */
	struct camera_layout layout;   /* a native picture's in its slot */
};

/* Whether the driver's picture is published as it is. */
bool camera_mode_native(const struct camera_mode *mode);

/* Settles the mode with the driver and fills in the description: all of it but
 * the path of a native picture and what comes of that. */
int camera_mode_settle(struct camera_mode *mode, const struct camera_device *device,
    const struct source_request *request, struct source_description *description, struct tripool_error *error);

/* Adds a sentence to the description's note. */
__attribute__((format(printf, 2, 3))) void camera_note(struct source_description *description, const char *format, ...);

#endif
