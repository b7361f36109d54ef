// SPDX-License-Identifier: MIT
#include "camera_layout.h"

#include "memory.h"

#include <libavutil/common.h>
#include <libavutil/pixdesc.h>

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The driver's plane that is plane `plane` of the published format. */
static uint32_t source_plane(const struct camera_format *source, uint32_t plane)
{
	return plane > 0 && camera_format_swapped(source) ? 3 - plane : plane;
}

static int lay_together(struct camera_layout *layout, struct tripool_format *format,
    const struct camera_picture *picture, struct tripool_error *error)
{
	uint64_t second;
	int r;

	format->stride_bytes[0] = picture->stride_bytes[0];
	r = tripool_format_layout(format, error);
	if (r < 0)
		return r;
	if (camera_format_swapped(camera_format_find(picture->fourcc))) {
		second = format->offset_bytes[1];
		format->offset_bytes[1] = format->offset_bytes[2];
		format->offset_bytes[2] = second;
	}
	layout->plane[0].least_bytes = lesser(format->size_bytes, picture->size_bytes[0]);
	if (format->size_bytes < picture->size_bytes[0])
		format->size_bytes = picture->size_bytes[0];
	layout->plane[0].room_bytes = tripool_round_to_pages(format->size_bytes);
	return 0;
}

static int lay_apart(struct camera_layout *layout, struct tripool_format *format, const struct camera_picture *picture,
    struct tripool_error *error)
{
	const struct camera_format *source = camera_format_find(picture->fourcc);
	const AVPixFmtDescriptor *av = av_pix_fmt_desc_get(av_get_pix_fmt(format->pix_fmt));
	int r = tripool_format_layout(format, error);
	uint64_t end = 0;

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < picture->planes; i++) {
		layout->plane[i].offset_bytes = end;
		layout->plane[i].room_bytes = tripool_round_to_pages(picture->size_bytes[i]);
		end += layout->plane[i].room_bytes;
	}
	for (uint32_t p = 0; p < format->plane_count; p++) {
		uint32_t i = source_plane(source, p);
		int rows = p ? AV_CEIL_RSHIFT((int)format->height_px, av->log2_chroma_h) : (int)format->height_px;

		format->offset_bytes[p] = layout->plane[i].offset_bytes;
		format->stride_bytes[p] = picture->stride_bytes[i];
		layout->plane[i].least_bytes =
		    lesser((uint64_t)picture->stride_bytes[i] * (uint32_t)rows, picture->size_bytes[i]);
	}
	format->size_bytes = end;
	return tripool_format_check(format, error);
}

int camera_layout_init(struct camera_layout *layout, struct tripool_format *format,
    const struct camera_picture *picture, struct tripool_error *error)
{
	struct camera_layout l = {.planes = picture->planes};
	struct tripool_format f = *format;
	int r;

	f.width_px = picture->width_px;
	f.height_px = picture->height_px;
	r = l.planes > 1 ? lay_apart(&l, &f, picture, error) : lay_together(&l, &f, picture, error);
	if (r < 0)
		return r;
	*layout = l;
	*format = f;
	return 0;
}
