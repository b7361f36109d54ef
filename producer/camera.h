// SPDX-License-Identifier: MIT
/* What the program needs of cameras beside `camera_source` (source.h). */
#ifndef TRIPOOL_CAMERA_H
#define TRIPOOL_CAMERA_H

#include <stdbool.h>
#include <stdio.h>

#include "tripool.h"

/* Prints every camera with its names, pixel formats, sizes and rates: as a table for a person, or as a JSON array. A
 * device that cannot be opened is listed with the reason. Returns how many cameras there are. Errors: -ENODEV: none
 * (the array is empty then). */
int camera_list(FILE *out, bool json, struct tripool_error *error);

/* Prints all controls of the camera that `argument` means (camera_find.h) as a table for a person or as one JSON
 * object.
 */
int camera_controls_list(FILE *out, const char *argument, bool json, struct tripool_error *error);

#endif
