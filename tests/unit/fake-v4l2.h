// SPDX-License-Identifier: MIT
/* A V4L2 driver in this process, in the place of producer/v4l2.c and udmabuf.c: one camera, "/dev/video3", that behaves
 * as videobuf2 does, and each fault a driver can have. Other paths are opened for real. */
#ifndef TRIPOOL_FAKE_V4L2_H
#define TRIPOOL_FAKE_V4L2_H

#include <linux/videodev2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_PATH "/dev/video3"
#define FAKE_PLANES 3

/* How the driver lays a format out. */
struct fake_format {
	uint32_t fourcc;
	uint32_t first_plane_bits; /* a pixel's, in the first plane; 0: compressed */
	uint32_t bits;             /* a pixel's, in all */
	uint32_t memory_planes;    /* 0: one */
};

struct fake_control {
	uint32_t id, type;
	const char *name;
	int64_t minimum, maximum;
	uint64_t step;
	int64_t default_value;
	uint32_t flags;
	uint32_t dims;
	const char *const *menu; /* by number, with NULL for a gap */
	uint32_t ruled_by;       /* inactive while the control of that id is not 0 */
	int64_t value;
	char text[32];
	int sets;
};

/* One that the driver lists. Sizes of a format stand together, and so do rates of a size. */
struct fake_mode {
	uint32_t fourcc, width_px, height_px, rate;
};

struct fake_camera {
	const char *name, *stable_path; /* NULL: none */
};

struct fake_v4l2 {
	/* the cameras, from FAKE_PATH on, alike but for their names; 0: one, "Fake Camera" */
	const struct fake_camera *cameras;
	unsigned camera_count;

	/* what they are */
	const struct fake_format *formats;
	unsigned format_count;
	uint32_t device_caps; /* 0: a camera's */
	bool multiplanar;
	bool absent;
	const struct fake_mode *modes; /* all that it can be asked for; NULL: */
	unsigned mode_count;
	uint32_t width_px, height_px; /* the only size; 0: any */
	bool no_sizes;                /* it lists none */
	bool any_rate;                /* lists 5 to 60 frames a second, else 29.97 and 7.5 */
	uint32_t row_padding_bytes, size_padding_bytes;
	uint32_t rate_num, rate_den; /* 0: it does not tell; the only rate when `one_rate`, else any */
	bool one_rate;
	uint32_t min_buffers; /* 0: no such control */
	uint32_t colorspace;
	uint32_t other_format; /* set whatever is asked for */
	uint32_t timestamp_flags;

	struct fake_control *controls; /* in the order of ids */
	unsigned control_count;
	bool no_ext_query;    /* it has VIDIOC_QUERYCTRL alone */
	int64_t control_most; /* clamps values to it, and lengths; 0: it does not */

	/* its faults: -errno, or 0 */
	int open_error, format_error, reqbufs_error, user_reqbufs_error, user_qbuf_error, qbuf_error, streamon_error,
	    dqbuf_error, control_error, dmabuf_reqbufs_error, dmabuf_qbuf_error, udmabuf_error;
	bool gone;
	bool few_buffers; /* grants fewer than asked */
	int udmabufs_max; /* then udmabuf_error comes; 0: at once, if it is set */

	/* what the program has done */
	struct v4l2_format format;
	uint32_t memory, count;
	bool streaming;
	int opened, opened_camera, streamoffs;
	uint32_t queued[VIDEO_MAX_FRAME], queued_count; /* in order */
	struct fake_buffer {
		struct {
			uint8_t *memory;
			uint32_t length, bytes_used;
			int dmabuf;
		} plane[FAKE_PLANES];
		bool queued;
		uint32_t flags, sequence;
	} buffer[VIDEO_MAX_FRAME];
	uint32_t done[VIDEO_MAX_FRAME], done_count; /* in order */
	int udmabufs, syncs;
};

extern struct fake_v4l2 fake;

/* The oldest queued buffer is filled: its first `size` bytes with `data`. Returns its index. */
uint32_t fake_deliver(const void *data, size_t size, uint32_t sequence, uint32_t flags);

/* The same for a format of several memory planes. */
uint32_t fake_deliver_planes(
    const void *const data[FAKE_PLANES], const size_t size[FAKE_PLANES], uint32_t sequence, uint32_t flags);

#endif
