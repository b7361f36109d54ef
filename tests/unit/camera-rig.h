// SPDX-License-Identifier: MIT
/* A camera source on its way, the fake driver below it and the memory it writes to. */
#ifndef TRIPOOL_CAMERA_RIG_H
#define TRIPOOL_CAMERA_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake-v4l2.h"
#include "source.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SLOTS 7
#define WIDTH 64
#define HEIGHT 48

extern struct rig {
	struct source *source;
	struct source_description description;
	struct tripool_error error;
	struct tripool_pool_memory pool;
	int fds; /* open before the camera was */
} rig;

extern const struct source_request request_64x48;

/* For each test: a driver with YUYV and NV12 in any size, and without DMABUF; afterwards all of it must have been given
 * back. */
int set_up(void **state);
int tear_down(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int open_camera(const struct source_request *request);
int attach(uint32_t slots);
int queue(uint32_t index);
int dequeue(struct tripool_slot *slot, struct tripool_frame_info *info);
uint64_t dropped(void);

/* Opened at 64x48, prepared, attached, the write depth queued: slots 0, 1, ... */
void start(const char *pix_fmt);

/* There is no frame, and nothing was written where it would be told. */
void expect_nothing(void);

/* The error has this in it. */
void expect_text(const char *part);

/* A raw picture that tells the number it was made with; the same memory each time. */
const void *picture(uint8_t number);
#define PICTURE_BYTES ((size_t)WIDTH * HEIGHT * 2)

#endif
