// SPDX-License-Identifier: MIT
/*
 * GStreamer: appsrc ! shmsink in the producer, shmsrc ! appsink in the viewer. Frames are made in buffers of a pool,
 * which are used again; the two transports differ in where the pool has its memory from: the heap, then shmsink copies
 * each frame into its segment, or shmsink's own allocator, then nothing is copied. A viewer that is too slow makes the
 * producer wait for a buffer: nothing is dropped.
 *
 * GStreamer does not live through a fork: it is initialised by each side, never by the parent.
 */
#include "side.h"

#include <errno.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* The segment is of shmsink's usual size, but of no less than this many frames: one being filled, one sent, one queued
 * by the viewer, one looked at; and one for each further viewer. More than the most gain nothing. */
#define SEGMENT_BYTES (64 << 20)
#define LEAST_FRAMES 4
#define MOST_FRAMES 8
#define HEAP_FRAMES 4 /* one being filled, one being copied, the others queued */
#define ALIGN 63
#define SLACK 4096 /* a frame, of shmsink's bookkeeping and alignment */
#define ATTACH_MS 10000
#define RETRY_MS 5
#define MOST_PATH 107 /* of a Unix socket */

struct gstreamer {
	char path[MOST_PATH + 1];
	_Atomic pid_t *producer; /* for the parent: shmsink names its segment by it */
	bool copies;
	GstElement *pipeline, *app; /* the latter is the appsrc or the appsink */
	GstBufferPool *pool;
	GstBuffer *buffer;
	GstSample *sample;
	GstMapInfo map;
	struct link *link; /* of this side */
};

/* ---- Parent ---- */

static int prepare(struct link *link, bool copies)
{
	struct gstreamer *g = calloc(1, sizeof(*g));
	if (!g)
		return link_fail(link, "calloc", errno);
	link->own = g;
	g->copies = copies;
	g->producer = mmap(NULL, sizeof(*g->producer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g->producer == MAP_FAILED)
		return link_fail(link, "mmap", errno);
	if (snprintf(g->path, sizeof(g->path), "%s/gstreamer", link->directory) > MOST_PATH)
		return link_fail(link, link->directory, ENAMETOOLONG);
	return 0;
}

static int prepare_shm(struct link *link)
{
	return prepare(link, true);
}

static int prepare_shm_alloc(struct link *link)
{
	return prepare(link, false);
}

/* What a side that was killed has left. */
static void gstreamer_clean(struct link *link)
{
	struct gstreamer *g = link->own;
	if (!g)
		return;
	if (g->path[0])
		unlink(g->path);
	if (g->producer != MAP_FAILED) {
		char name[32];
		snprintf(name, sizeof(name), "/shmpipe.%5d.%5d", (int)*g->producer, 0);
		if (*g->producer > 0)
			shm_unlink(name);
		munmap(g->producer, sizeof(*g->producer));
	}
	free(g);
}

/* ---- Both sides ---- */

static int fail(struct link *link, const char *what, GError *error)
{
	snprintf(link->why, WHY_BYTES, "%s: %.200s", what, error ? error->message : "failed");
	g_clear_error(&error);
	return -EIO;
}

/* In GStreamer's threads. The reason is what ends this side; a producer that waits for a buffer would not see it. */
static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer user)
{
	struct gstreamer *g = user;
	(void)bus;
	if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
		GError *error = NULL;
		gst_message_parse_error(message, &error, NULL);
		fail(g->link, GST_MESSAGE_SRC_NAME(message), error);
		if (g->pool)
			gst_buffer_pool_set_flushing(g->pool, TRUE);
	}
	gst_message_unref(message);
	return GST_BUS_DROP;
}

static int pipeline_create(struct link *link, const char *text)
{
	struct gstreamer *g = link->own;
	GError *error = NULL;
	if (!gst_init_check(NULL, NULL, &error))
		return fail(link, "gst_init", error);
	g->link = link;
	g->pipeline = gst_parse_launch_full(text, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
	if (!g->pipeline)
		return fail(link, "gstreamer1.0-plugins-base, gstreamer1.0-plugins-bad", error);
	g->app = gst_bin_get_by_name(GST_BIN(g->pipeline), "app");
	GstBus *bus = gst_element_get_bus(g->pipeline);
	gst_bus_set_sync_handler(bus, on_message, g, NULL);
	gst_object_unref(bus);
	return 0;
}

static void pool_destroy(GstBufferPool *pool)
{
	if (!pool)
		return;
	gst_buffer_pool_set_active(pool, FALSE);
	gst_object_unref(pool);
}

static void gstreamer_close(struct link *link)
{
	struct gstreamer *g = link->own;
	if (!g->pipeline)
		return;
	gst_element_set_state(g->pipeline, GST_STATE_NULL);
	pool_destroy(g->pool);
	gst_object_unref(g->app);
	gst_object_unref(g->pipeline);
}

static GstCaps *caps_of(const struct link *link)
{
	return gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING, "NV12", "width", G_TYPE_INT,
	    (int)link->width_px, "height", G_TYPE_INT, (int)link->height_px, "framerate", GST_TYPE_FRACTION, 0, 1,
	    NULL);
}

/* ---- Producer ---- */

/* shmsink's own; NULL where it has none. */
static GstAllocator *sink_allocator(struct gstreamer *g, GstCaps *caps)
{
	GstElement *sink = gst_bin_get_by_name(GST_BIN(g->pipeline), "sink");
	GstPad *pad = gst_element_get_static_pad(sink, "sink");
	GstQuery *query = gst_query_new_allocation(caps, FALSE);
	GstAllocator *allocator = NULL;
	if (gst_pad_query(pad, query) && gst_query_get_n_allocation_params(query) > 0)
		gst_query_parse_nth_allocation_param(query, 0, &allocator, NULL);
	gst_query_unref(query);
	gst_object_unref(pad);
	gst_object_unref(sink);
	return allocator;
}

/* Memory that the system gives only when it is first written would be had while it is measured. */
static int touch(struct link *link, GstBufferPool *pool, unsigned frames)
{
	GstBuffer *buffer[MOST_FRAMES + MOST_VIEWERS];
	unsigned n = 0;
	while (n < frames && gst_buffer_pool_acquire_buffer(pool, &buffer[n], NULL) == GST_FLOW_OK)
		gst_buffer_memset(buffer[n++], 0, 0, link->bytes);
	for (unsigned i = 0; i < n; i++)
		gst_buffer_unref(buffer[i]);
	return n == frames ? 0 : fail(link, "cannot have all buffers of a pool", NULL);
}

static int pool_create(struct link *link, GstCaps *caps, GstAllocator *allocator, unsigned frames, GstBufferPool **pool)
{
	GstAllocationParams params = {.align = ALIGN};
	*pool = gst_buffer_pool_new();
	GstStructure *config = gst_buffer_pool_get_config(*pool);
	gst_buffer_pool_config_set_params(config, caps, (guint)link->bytes, frames, frames);
	gst_buffer_pool_config_set_allocator(config, allocator, &params);
	if (!gst_buffer_pool_set_config(*pool, config) || !gst_buffer_pool_set_active(*pool, TRUE))
		return fail(link, "cannot make a pool of buffers", NULL);
	return touch(link, *pool, frames);
}

static unsigned segment_frames(const struct link *link)
{
	size_t frames = SEGMENT_BYTES / link->bytes;
	frames = frames < LEAST_FRAMES ? LEAST_FRAMES : frames > MOST_FRAMES ? MOST_FRAMES : frames;
	return (unsigned)frames + (unsigned)link->viewers - 1;
}

/* Of the segment, where frames are to be written there; where they are copied there, of the heap. */
static int choose_pool(struct link *link)
{
	struct gstreamer *g = link->own;
	GstCaps *caps = caps_of(link);
	GstAllocator *allocator = sink_allocator(g, caps);
	GstBufferPool *pool = NULL;
	int r = allocator ? 0 : fail(link, "shmsink offers no allocator", NULL);
	if (r == 0)
		r = pool_create(link, caps, allocator, segment_frames(link), &pool);
	if (r == 0 && g->copies) {
		pool_destroy(pool);
		r = pool_create(link, caps, NULL, HEAP_FRAMES, &pool);
	}
	if (allocator)
		gst_object_unref(allocator);
	gst_caps_unref(caps);
	g->pool = pool;
	return r;
}

static int gstreamer_open_producer(struct link *link)
{
	struct gstreamer *g = link->own;
	char text[512];
	*g->producer = getpid();
	snprintf(text, sizeof(text),
	    "appsrc name=app is-live=true format=time max-bytes=0 ! "
	    "shmsink name=sink socket-path=\"%s\" shm-size=%zu sync=false async=false wait-for-connection=false "
	    "enable-last-sample=false",
	    g->path, (link->bytes + SLACK) * segment_frames(link));
	int r = pipeline_create(link, text);
	if (r < 0)
		return r;
	GstCaps *caps = caps_of(link);
	gst_app_src_set_caps(GST_APP_SRC(g->app), caps);
	gst_caps_unref(caps);
	if (gst_element_set_state(g->pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
		return link->why[0] ? -EIO : fail(link, "shmsink cannot start", NULL);
	return choose_pool(link);
}

static uint8_t *gstreamer_begin(struct link *link)
{
	struct gstreamer *g = link->own;
	if (gst_buffer_pool_acquire_buffer(g->pool, &g->buffer, NULL) != GST_FLOW_OK)
		return NULL;
	return gst_buffer_map(g->buffer, &g->map, GST_MAP_WRITE) ? g->map.data : NULL;
}

static int gstreamer_publish(struct link *link, const struct stamp *stamp)
{
	struct gstreamer *g = link->own;
	(void)stamp;
	gst_buffer_unmap(g->buffer, &g->map);
	if (gst_app_src_push_buffer(GST_APP_SRC(g->app), g->buffer) != GST_FLOW_OK)
		return fail(link, "appsrc takes no more buffers", NULL);
	if (g->copies)
		link->copied_bytes += link->bytes; /* by shmsink */
	return 0;
}

/* ---- Viewer ---- */

/* shmsrc has its socket only once the producer has made it. */
static int connect_to_sink(struct link *link)
{
	struct gstreamer *g = link->own;
	for (int waited_ms = 0; waited_ms < ATTACH_MS; waited_ms += RETRY_MS) {
		if (access(g->path, F_OK) == 0) {
			if (gst_element_set_state(g->pipeline, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE) {
				link->why[0] = 0;
				return 0;
			}
			gst_element_set_state(g->pipeline, GST_STATE_NULL);
		}
		nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000}, NULL);
	}
	return link->why[0] ? -EIO : link_fail(link, "there is no shmsink after 10 s", ETIMEDOUT);
}

static int gstreamer_open_viewer(struct link *link)
{
	struct gstreamer *g = link->own;
	char text[512];
	snprintf(text, sizeof(text),
	    "shmsrc socket-path=\"%s\" is-live=true ! "
	    "appsink name=app sync=false async=false max-buffers=2 drop=false enable-last-sample=false",
	    g->path);
	int r = pipeline_create(link, text);
	if (r < 0)
		return r;
	GstCaps *caps = caps_of(link);
	gst_app_sink_set_caps(GST_APP_SINK(g->app), caps);
	gst_caps_unref(caps);
	return connect_to_sink(link);
}

static int gstreamer_take(struct link *link, struct taken *taken)
{
	struct gstreamer *g = link->own;
	g->sample = gst_app_sink_try_pull_sample(GST_APP_SINK(g->app), link->sleeping ? TAKE_MS * GST_MSECOND : 0);
	if (!g->sample) {
		if (gst_app_sink_is_eos(GST_APP_SINK(g->app)))
			return link->why[0] ? -EPIPE : fail(link, "the stream has ended", NULL);
		/* The thread that reads from shmsink is on this core. */
		if (!link->sleeping)
			sched_yield();
		return 0;
	}
	if (!gst_buffer_map(gst_sample_get_buffer(g->sample), &g->map, GST_MAP_READ))
		return fail(link, "gst_buffer_map", NULL);
	if (g->map.size != link->bytes)
		return link_fail(link, "a buffer that is no frame", EPROTO);
	taken->frame = g->map.data;
	return 1;
}

static void gstreamer_release(struct link *link, struct taken *taken)
{
	struct gstreamer *g = link->own;
	(void)taken;
	gst_buffer_unmap(gst_sample_get_buffer(g->sample), &g->map);
	gst_sample_unref(g->sample);
}

#define GSTREAMER                                                                                                      \
	.kind = TRANSPORT_BASELINE, .clean = gstreamer_clean, .open_producer = gstreamer_open_producer,                \
	.begin = gstreamer_begin, .publish = gstreamer_publish, .close_producer = gstreamer_close,                     \
	.open_viewer = gstreamer_open_viewer, .take = gstreamer_take, .release = gstreamer_release,                    \
	.close_viewer = gstreamer_close

const struct transport transport_gst_shm = {
    .name = "gst-shm", .what = "GStreamer shmsink, which copies each frame", .prepare = prepare_shm, GSTREAMER};
const struct transport transport_gst_shm_alloc = {.name = "gst-shm-alloc",
    .what = "GStreamer shmsink, frames written in its memory",
    .prepare = prepare_shm_alloc,
    GSTREAMER};
