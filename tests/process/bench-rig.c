// SPDX-License-Identifier: MIT
#include "bench-rig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct rig *rig;

static struct {
	_Atomic uint64_t posted; /* frames */
	_Atomic uint64_t released[MOST_VIEWERS];
	_Atomic int viewers;
	uint8_t frame[RIG_BYTES];
} * wire;

/* Of the side that this process is. */
static uint8_t begun[RIG_BYTES];
static uint64_t taken_posts;
static int number;

int rig_make(void)
{
	void *p =
	    mmap(NULL, sizeof(*rig) + sizeof(*wire) + 128, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	rig = p;
	wire = (void *)((uint8_t *)p + (sizeof(*rig) + 127) / 128 * 128);
	return 0;
}

void rig_clear(void)
{
	memset(rig, 0, sizeof(*rig));
	rig->frames = 100;
}

struct job rig_job(void)
{
	return (struct job){.transport = &rig_transport,
	    .width_px = RIG_WIDTH,
	    .height_px = RIG_HEIGHT,
	    .hz = 100,
	    .seconds = 1,
	    .viewers = 1,
	    .patience_s = 2};
}

/* A file, so that it is seen whether clean was called. */
static int path_of(struct link *link, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/rig", link->directory) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int prepare(struct link *link)
{
	char path[PATH_MAX];
	int r = path_of(link, path);
	if (r < 0)
		return r;
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return link_fail(link, path, errno);
	close(fd);
	memset(wire, 0, sizeof(*wire));
	return rig->prepare ? rig->prepare(link) : 0;
}

static void clean(struct link *link)
{
	char path[PATH_MAX];
	if (path_of(link, path) == 0)
		unlink(path);
}

/* ---- Producer ---- */

static int open_producer(struct link *link)
{
	return rig->open_producer ? rig->open_producer(link) : 0;
}

static uint8_t *begin(struct link *link)
{
	(void)link;
	return rig->begin_fails ? NULL : begun;
}

void rig_deliver(struct link *link, const uint8_t *frame)
{
	memcpy(wire->frame, frame, RIG_BYTES);
	link->copied_bytes += RIG_BYTES;
	uint64_t post = atomic_fetch_add(&wire->posted, 1) + 1;
	for (int i = 0; i < link->viewers && !rig->does_not_wait; i++)
		while (atomic_load(&wire->released[i]) < post && !atomic_load(&rig->gone))
			sched_yield();
}

static int publish(struct link *link, const struct stamp *stamp)
{
	int r = rig->publish ? rig->publish(link, stamp->sequence) : 0;
	if (r < 0)
		return r;
	if (!rig->carry) {
		rig_deliver(link, begun);
		return 0;
	}
	int made = rig->carry(link, begun, stamp->sequence);
	if (stamp->sequence >= 2 && stamp->sequence <= rig->frames + 1)
		rig->made += (uint64_t)made;
	return 0;
}

static void close_producer(struct link *link)
{
	(void)link;
	if (rig->close_producer)
		rig->close_producer();
}

/* ---- Viewer ---- */

static int open_viewer(struct link *link)
{
	number = atomic_fetch_add(&wire->viewers, 1);
	return rig->open_viewer ? rig->open_viewer(link) : 0;
}

static void give_back(void)
{
	atomic_store(&wire->released[number], taken_posts);
}

static int take(struct link *link, struct taken *taken)
{
	uint64_t posted = atomic_load(&wire->posted);
	if (posted == taken_posts) {
		sched_yield();
		return 0;
	}
	taken_posts = posted;
	struct stamp head;
	memcpy(&head, wire->frame, sizeof(head));
	atomic_store(&rig->seen[number], head.sequence);
	int r = rig->take ? rig->take(link, number, head.sequence) : 0;
	if (r > 0)
		give_back();
	if (r != 0)
		return r < 0 ? r : 0;
	link->copied_bytes += RIG_VIEWER_COPIES;
	taken->frame = wire->frame;
	return 1;
}

static void release(struct link *link, struct taken *taken)
{
	(void)link;
	(void)taken;
	if (rig->release)
		rig->release(number);
	give_back();
}

static void close_viewer(struct link *link)
{
	(void)link;
	if (rig->close_viewer)
		rig->close_viewer();
}

const struct transport rig_transport = {
    .name = "rig",
    .what = "at fault as told",
    .kind = TRANSPORT_BASELINE,
    .prepare = prepare,
    .clean = clean,
    .open_producer = open_producer,
    .begin = begin,
    .publish = publish,
    .close_producer = close_producer,
    .open_viewer = open_viewer,
    .take = take,
    .release = release,
    .close_viewer = close_viewer,
};
