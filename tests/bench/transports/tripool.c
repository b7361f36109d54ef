// SPDX-License-Identifier: MIT
/* Newest mode: what the producer publishes while the viewer is busy is skipped by it. And a lossless stream whose
 * viewer gets every frame: the producer waits when eight are under way. */
#include "tripool.h"
#include "transport.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOSSLESS_LEASES 8

struct tripool {
	bool lossless;
	struct tripool_producer *producer;
	struct tripool_slot slot;
	struct tripool_viewer *viewer;
	struct tripool_frame frame;
};

static int told(struct link *link, const char *what, int r, const struct tripool_error *error)
{
	snprintf(link->why, WHY_BYTES, "%s: %.180s", what, error->text);
	return r;
}

static int tripool_prepare(struct link *link)
{
	link->own = calloc(1, sizeof(struct tripool));
	return link->own ? 0 : -ENOMEM;
}

/* A producer that was killed has left the two files of its stream, which the next of the same name would take over. */
static int lossless_prepare(struct link *link)
{
	int r = tripool_prepare(link);
	if (r == 0)
		((struct tripool *)link->own)->lossless = true;
	return r;
}

static void tripool_clean(struct link *link)
{
	static const char *const files[] = {"bench.sock", "bench.lock"};
	char path[PATH_MAX];
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", link->directory, files[i]);
		unlink(path);
	}
	free(link->own);
}

static int tripool_open_producer(struct link *link)
{
	struct tripool *t = link->own;
	struct tripool_format format = {.pix_fmt = "nv12", .width_px = link->width_px, .height_px = link->height_px};
	struct tripool_producer_options o = {
	    .name = "bench", .max_viewers = 16, .max_leases = t->lossless ? 48 : 16, .lossless = t->lossless};
	struct tripool_error error;
	int r = tripool_format_layout(&format, &error);
	if (r == 0)
		r = tripool_producer_create(&t->producer, &o, &format, &error);
	return r < 0 ? told(link, "tripool_producer_create", r, &error) : 0;
}

static uint8_t *tripool_begin(struct link *link)
{
	struct tripool *t = link->own;
	return tripool_producer_begin(t->producer, &t->slot) < 0 ? NULL : t->slot.memory;
}

static int tripool_publish(struct link *link, const struct stamp *stamp)
{
	struct tripool *t = link->own;
	(void)stamp;
	return tripool_producer_publish(t->producer, &t->slot, NULL);
}

static void tripool_close_producer(struct link *link)
{
	struct tripool *t = link->own;
	tripool_producer_destroy(t->producer);
}

static int tripool_open_viewer(struct link *link)
{
	struct tripool *t = link->own;
	struct tripool_viewer_options o = {.name = "bench",
	    .client_name = "bench",
	    .wait_for_producer = true,
	    .every = t->lossless,
	    .leases = t->lossless ? LOSSLESS_LEASES : 1};
	struct tripool_error error;
	int r = tripool_viewer_create(&t->viewer, &o, &error);
	return r < 0 ? told(link, "tripool_viewer_create", r, &error) : 0;
}

static int tripool_take(struct link *link, struct taken *taken)
{
	struct tripool *t = link->own;
	int r = tripool_viewer_acquire(t->viewer, &t->frame);
	if (r == 0) {
		taken->frame = t->frame.memory;
		return 1;
	}
	if (r == -EPIPE) {
		tripool_viewer_wait(t->viewer, TAKE_MS);
		r = tripool_viewer_reconnect(t->viewer, NULL);
		return r == 0 || r == -ENOENT ? 0 : r;
	}
	if (r != -EAGAIN && r != -ESTALE)
		return link_fail(link, "tripool_viewer_acquire", -r);
	if (link->sleeping)
		tripool_viewer_wait(t->viewer, TAKE_MS);
	return 0;
}

static void tripool_release(struct link *link, struct taken *taken)
{
	struct tripool *t = link->own;
	(void)taken;
	tripool_viewer_release(t->viewer, &t->frame);
}

static void tripool_close_viewer(struct link *link)
{
	struct tripool *t = link->own;
	tripool_viewer_destroy(t->viewer);
}

const struct transport transport_tripool = {
    .name = "tripool",
    .what = "tripool, newest mode",
    .kind = TRANSPORT_TRIPOOL,
    .skips = true,
    .prepare = tripool_prepare,
    .clean = tripool_clean,
    .open_producer = tripool_open_producer,
    .begin = tripool_begin,
    .publish = tripool_publish,
    .close_producer = tripool_close_producer,
    .open_viewer = tripool_open_viewer,
    .take = tripool_take,
    .release = tripool_release,
    .close_viewer = tripool_close_viewer,
};

const struct transport transport_tripool_lossless = {
    .name = "tripool-lossless",
    .what = "tripool, each frame in order",
    .kind = TRANSPORT_TRIPOOL,
    .prepare = lossless_prepare,
    .clean = tripool_clean,
    .open_producer = tripool_open_producer,
    .begin = tripool_begin,
    .publish = tripool_publish,
    .close_producer = tripool_close_producer,
    .open_viewer = tripool_open_viewer,
    .take = tripool_take,
    .release = tripool_release,
    .close_viewer = tripool_close_viewer,
};
