// SPDX-License-Identifier: MIT
/* The list of cameras for programs; the one for people is in camera_list.c. */
#ifndef TRIPOOL_CAMERA_LIST_H
#define TRIPOOL_CAMERA_LIST_H

#include <json-c/json.h>

#include "camera_find.h"
#include "camera_modes.h"

/* A camera as an object, the caller's own. */
struct json_object *camera_list_object(const struct camera_found *found, const struct camera_modes *modes);

#endif
