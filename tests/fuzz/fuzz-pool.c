// SPDX-License-Identifier: MIT
/*
 * What a producer may put into a pool: its header, a queue in the lease page, and what changes there later. A viewer
 * that accepts it reads every byte that it was promised. And formats of any kind.
 */
#include "harness.h"
#include "input.h"
#include "mapping.h"
#include "memory.h"
#include "queue.h"

#include <errno.h>
#include <fcntl.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LAID_OUT, SOUND, MAPPED, NEWEST, EVERY, CHANGED };
static struct fuzz_goal goal[] = {[LAID_OUT] = {"formats-laid-out", 0},
    [SOUND] = {"formats-sound", 0},
    [MAPPED] = {"pools-mapped", 0},
    [NEWEST] = {"newest-frames", 0},
    [EVERY] = {"queued-frames", 0},
    [CHANGED] = {"frames-after-a-change", 0},
    {NULL, 0}};

#define MOST_POOL_BYTES (1u << 20)

/* By libavutil's list, so that none is left out; the last ones are none. */
static void choose_pixels(struct input *in, struct tripool_format *f)
{
	static const char *const often[] = {
	    "gray", "nv12", "yuv420p", "rgb24", "yuva444p16le", "gbrp", "p010le", "uyyvyy411"};
	const AVPixFmtDescriptor *d;
	uint32_t n;
	switch (input_choice(in, "olr")) {
	case 'o':
		snprintf(f->pix_fmt, sizeof(f->pix_fmt), "%s", often[input_digit(in, 8)]);
		break;
	case 'l':
		n = input_byte(in);
		d = av_pix_fmt_desc_get((enum AVPixelFormat)n);
		snprintf(f->pix_fmt, sizeof(f->pix_fmt), "%s", d ? d->name : "");
		break;
	case 'r':
		input_bytes(in, f->pix_fmt, 1 + input_digit(in, sizeof(f->pix_fmt)));
		break;
	}
}

/* A format as a producer would ask for it. */
static struct tripool_format wished_format(struct input *in)
{
	struct tripool_format f = {.pix_fmt = ""};
	choose_pixels(in, &f);
	f.width_px = (uint32_t)input_number(in);
	f.height_px = (uint32_t)input_number(in);
	f.stride_bytes[0] = (uint32_t)input_number(in);
	f.size_bytes = input_number(in);
	return f;
}

/* What check promises, by arithmetic of another kind: with 128 bits. */
static void check_planes(const struct tripool_format *f)
{
	int row_bytes[4];
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(av_get_pix_fmt(f->pix_fmt));
	CHECK(d && f->plane_count >= 1 && f->plane_count <= TRIPOOL_MAX_PLANES);
	CHECK(f->width_px >= 1 && f->width_px <= 32768 && f->height_px >= 1 && f->height_px <= 32768);
	CHECK(av_image_fill_linesizes(row_bytes, av_get_pix_fmt(f->pix_fmt), (int)f->width_px) >= 0);
	for (uint32_t p = 0; p < f->plane_count; p++) {
		bool chroma = (p == 1 || p == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);
		unsigned shift = chroma ? d->log2_chroma_h : 0;
		uint32_t rows = (f->height_px + (1u << shift) - 1) >> shift;
		unsigned __int128 end = (unsigned __int128)f->stride_bytes[p] * (rows - 1) + (unsigned)row_bytes[p];
		CHECK(f->stride_bytes[p] >= (uint32_t)row_bytes[p]);
		CHECK(f->offset_bytes[p] + end <= f->size_bytes);
	}
}

static void try_format(struct input *in)
{
	struct tripool_error error = {""};
	struct tripool_format f = wished_format(in), before;
	if (in->left > 0)
		input_poke(in, &f, sizeof(f));
	before = f;
	int r = tripool_format_layout(&f, &error);
	CHECK(r == 0 || r == -EINVAL);
	if (r == 0) {
		goal[LAID_OUT].times++;
		CHECK(tripool_format_check(&f, NULL) == 0);
		check_planes(&f);
		CHECK(f.size_bytes >= before.size_bytes);
	} else {
		CHECK(memcmp(&f, &before, sizeof(f)) == 0);
		CHECK(error.text[0] && fuzz_is_printable(error.text));
	}
	while (in->left > 0)
		input_poke(in, &f, sizeof(f));
	if (tripool_format_check(&f, &error) == 0) {
		goal[SOUND].times++;
		check_planes(&f);
	}
}

/* ---- A pool ---------------------------------------------------------------------------------------------------- */

struct sham {
	int fd;
	uint64_t bytes;
	struct tripool_header *header; /* the producer's own mapping: it can write there at any time */
	struct tripool_lease_page *page;
	struct tripool_mapping *mapping;
	struct tripool_queue queue;
	uint64_t sequence, head;
	uint32_t leases;
	struct tripool_frame frame[TRIPOOL_MAX_LEASES]; /* those held; lease NULL: none */
	bool queued[TRIPOOL_MAX_LEASES];
	bool changed; /* since it was mapped */
};

static void make_memory(struct sham *s, uint64_t bytes)
{
	s->bytes = bytes;
	s->fd = memfd_create("sham", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CHECK(s->fd >= 0 && ftruncate(s->fd, (off_t)bytes) == 0);
	s->header = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	CHECK(s->header != MAP_FAILED);
	CHECK(fcntl(s->fd, F_ADD_SEALS, TRIPOOL_SEALS) == 0);
}

/* Sound, as a real producer would make it, but for what the input pokes into it. */
static bool make_pool(struct sham *s, struct input *in)
{
	struct tripool_format f = wished_format(in);
	uint32_t slots = 1 + input_digit(in, 6);
	if (tripool_format_layout(&f, NULL) < 0 || f.size_bytes * slots > MOST_POOL_BYTES)
		return false;
	uint64_t slot_bytes = tripool_round_to_pages(f.size_bytes);
	make_memory(s, tripool_round_to_pages(sizeof(*s->header)) + slots * slot_bytes);
	s->header->shape = (struct tripool_pool_shape){.magic = TRIPOOL_MAGIC,
	    .version = TRIPOOL_PROTOCOL,
	    .generation = 1,
	    .pool_bytes = s->bytes,
	    .slots_offset_bytes = tripool_round_to_pages(sizeof(*s->header)),
	    .slot_bytes = slot_bytes,
	    .slot_count = slots,
	    .format = f};
	for (uint32_t pokes = input_digit(in, 8); pokes > 0; pokes--)
		input_poke(in, &s->header->shape, sizeof(s->header->shape));
	return true;
}

/* Bytes of the input as they are. */
static void make_raw_pool(struct sham *s, struct input *in)
{
	uint64_t bytes = 1 + input_number(in) % (2 * sizeof(struct tripool_header));
	make_memory(s, bytes);
	input_bytes(in, s->header, bytes < in->left ? bytes : in->left);
	if (bytes >= sizeof(struct tripool_header))
		s->header->shape.pool_bytes = bytes;
}

/* All that a viewer may rely on. */
static void read_frame(const struct sham *s, const struct tripool_frame *frame)
{
	const struct tripool_format *f = frame->format;
	const uint8_t *pool = (const uint8_t *)s->mapping->header;
	CHECK(tripool_format_check(f, NULL) == 0);
	check_planes(f);
	CHECK(frame->memory >= pool + sizeof(struct tripool_header));
	CHECK(f->size_bytes <= s->bytes && (uint64_t)(frame->memory - pool) <= s->bytes - f->size_bytes);
	CHECK(frame->info.bytes_used > 0 && frame->info.bytes_used <= f->size_bytes);
	CHECK(frame->sequence > 0);
	for (uint32_t p = 0; p < f->plane_count; p++)
		CHECK(frame->plane[p] == frame->memory + f->offset_bytes[p]);
	fuzz_read_all(frame->memory, f->size_bytes + 64);
}

static void keep(struct sham *s, const struct tripool_frame *frame, bool queued)
{
	const struct tripool_lease *lease = frame->lease;
	CHECK(lease->cell < s->leases && !s->frame[lease->cell].lease);
	s->frame[lease->cell] = *frame;
	s->queued[lease->cell] = queued;
	goal[queued ? EVERY : NEWEST].times++;
	goal[CHANGED].times += s->changed;
	read_frame(s, frame);
}

static void acquire_newest(struct sham *s)
{
	struct tripool_frame frame;
	int r = tripool_mapping_acquire(s->mapping, &frame);
	CHECK(r == 0 || r == -EAGAIN || r == -EBUSY || r == -ESTALE || r == -EPROTO);
	if (r == 0)
		keep(s, &frame, false);
}

/* As viewer.c does it. */
static void acquire_next(struct sham *s)
{
	struct tripool_claim claim;
	struct tripool_frame frame;
	uint64_t generation;
	uint32_t slot, place = (uint32_t)(s->queue.next % s->queue.places);
	int r = tripool_queue_peek(&s->queue, &claim, &generation, &slot);
	CHECK(r == 0 || r == -EAGAIN || r == -EPROTO);
	CHECK(r != 0 || !(s->queue.held & 1u << place));
	if (r == 0 && tripool_mapping_lease(s->mapping, slot, place, &claim, &frame) == 0) {
		CHECK(tripool_queue_take(&s->queue, &claim) == place);
		keep(s, &frame, true);
	}
}

static void release(struct sham *s, uint32_t place)
{
	if (!s->frame[place].lease)
		return;
	tripool_mapping_release(s->frame[place].lease);
	if (s->queued[place])
		(void)tripool_queue_let_go(&s->queue, place);
	s->frame[place].lease = NULL;
}

/* As an honest producer does it. */
static void publish(struct sham *s, uint32_t slot, bool queue)
{
	s->sequence++;
	if (queue) {
		struct tripool_queued *q = &s->page->queue[s->head++ % s->leases];
		atomic_store(&q->sequence, s->sequence);
		atomic_store(&q->generation, 1);
		atomic_store(&q->slot, slot);
		atomic_store(&s->page->head, s->head);
	} else {
		atomic_store(&s->header->latest, s->sequence << TRIPOOL_LATEST_SLOT_BITS | slot);
	}
}

static void play(struct sham *s, struct input *in)
{
	bool every = input_choice(in, "ne") == 'e'; /* a viewer has one mode */
	while (in->left > 0) {
		switch (input_choice(in, "apqrfle")) {
		case 'a':
			every ? acquire_next(s) : acquire_newest(s);
			break;
		case 'p':
			input_poke(in, s->header, sizeof(*s->header));
			s->changed = true;
			break;
		case 'q':
			input_poke(in, s->page, sizeof(*s->page));
			s->changed = true;
			break;
		case 'r':
			release(s, input_digit(in, s->leases));
			break;
		case 'f':
			publish(s, input_digit(in, 8), every);
			break;
		case 'l': /* latest, which most depends on */
			input_set(in, &s->header->latest, sizeof(s->header->latest));
			break;
		case 'e': /* the entry that comes next */
			input_poke(in, &s->page->queue[s->queue.next % s->leases], sizeof(s->page->queue[0]));
			break;
		}
	}
}

static void try_pool(struct input *in, bool raw)
{
	struct sham s = {.fd = -1, .leases = 1 + input_digit(in, TRIPOOL_MAX_LEASES)};
	struct tripool_error error = {""};
	int lease_fd;
	if (raw)
		make_raw_pool(&s, in);
	else if (!make_pool(&s, in))
		return;
	CHECK(tripool_lease_create(&s.page, &lease_fd, NULL) == 0);
	struct tripool_pool_message granted = {1, s.bytes};
	int r = tripool_mapping_create(&s.mapping, &granted, s.fd, s.page, s.leases, &error);
	if (r == 0) {
		goal[MAPPED].times++;
		CHECK(s.mapping->shape.slot_count >= 1 && s.mapping->shape.slot_count <= TRIPOOL_MAX_SLOTS);
		tripool_queue_init(&s.queue, s.page, s.leases);
		play(&s, in);
		tripool_mapping_destroy(s.mapping);
	} else {
		CHECK(r == -EPROTO || r == -EPROTONOSUPPORT);
		CHECK(error.text[0] && fuzz_is_printable(error.text));
	}
	tripool_lease_unmap(s.page);
	munmap(s.header, s.bytes);
	close(lease_fd);
	close(s.fd);
}

void fuzz_begin(void)
{
	fuzz_set_goals(goal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	int fds = fuzz_count_fds();
	switch (input_choice(&in, "pfR")) {
	case 'p':
		try_pool(&in, false);
		break;
	case 'f':
		try_format(&in);
		break;
	case 'R':
		try_pool(&in, true);
		break;
	}
	CHECK(fuzz_count_fds() == fds);
	return 0;
}
