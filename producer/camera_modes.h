// SPDX-License-Identifier: MIT
/* What a camera offers, formats by sizes by rates, and which of it is nearest to what is asked for. */
#ifndef TRIPOOL_CAMERA_MODES_H
#define TRIPOOL_CAMERA_MODES_H

#include "camera_device.h"
#include "source.h"

/* min, min + step ... up to max; one value where min is max. */
struct camera_steps {
	uint32_t min, max, step;
};

/* A format in a size (or sizes) at a rate (or rates). Offers of one format, and in it of one size, follow one another.
 */
struct camera_offer {
	uint32_t fourcc;
	struct camera_steps width_px, height_px; /* max 0: the driver lists no sizes of this format */
	/* Seconds between frames; numerator 0: the driver lists none for this size. For sizes in steps they hold for
	 * the size nearest to the one that was asked about. */
	struct v4l2_fract shortest, longest;
};

struct camera_modes {
	struct camera_offer *offer;
	unsigned count;
};

/* Asks the driver for all of it. `width_px` x `height_px`: where sizes come in steps, the rates of which. -ENOMEM. */
int camera_modes_list(
    struct camera_modes *modes, const struct camera_device *device, uint32_t width_px, uint32_t height_px);
void camera_modes_finish(struct camera_modes *modes);

/* Whether two offers are of one format and one size (or range of sizes). */
bool camera_same_size(const struct camera_offer *a, const struct camera_offer *b);

/* Exactly what to ask of the driver. */
struct camera_pick {
	struct camera_choice choice;
	uint32_t width_px, height_px;
	uint32_t rate_num, rate_den; /* 0/0: nothing is known and nothing is asked for */
};

/*
 * Picks the nearest: in size, then in rate (not asked for: 30 frames a second, or more), then what need not be decoded,
 * then what stands first in the table of formats. Gray and raw sensor data come last, unless asked for. What the driver
 * does not list is taken for a hit. `request` has a size. -EINVAL: nothing fits; the text says what the camera has.
 */
int camera_modes_choose(struct camera_pick *pick, const struct camera_modes *modes,
    const struct source_request *request, struct tripool_error *error);

/* For a person: the mode that was picked, and what other formats come as near to the size. */
void camera_modes_explain(char *text, size_t size, const struct camera_pick *pick, const struct camera_modes *modes,
    const struct source_request *request);

#endif
