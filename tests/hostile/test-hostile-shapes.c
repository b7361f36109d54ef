// SPDX-License-Identifier: MIT
/*
 * A pool's description, mutated field by field and bit by bit: the viewer takes it or not, but what it takes is safe.
 * Every byte that an accepted frame claims is read, so that a wrong acceptance is a crash, and where it lies is
 * checked.
 *
 * usage: test-hostile-shapes [SEED [PAIRS]]: of the random pairs, and how many for each format
 */
#include "impostor.h"
#include "mapping.h"
#include "random.h"
#include "scratch.h"
#include "tools/cli.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOTS 4

static uint64_t seed = 1, generator, pairs = 3000;

static const struct {
	const char *pix_fmt;
	uint32_t width_px, height_px;
} formats[] = {
    {"gray", 64, 16},
    {"nv12", 64, 32},
    {"yuv420p", 33, 17},
    {"yuyv422", 62, 9},
    {"yuva420p", 31, 5},
    {"gbrap16le", 17, 3},
    {"rgb24", 1, 1},
};

struct prey {
	struct tripool_pool pool;
	struct tripool_lease_page *page;
	struct tripool_pool_shape sound;
	int page_fd;
	uint64_t cases, accepted, frames, bytes;
	uint32_t sum; /* so that reading is not left out */
};

static uint64_t any_number(void)
{
	return random_next(&generator);
}

/* ---- What is taken is safe ---- */

static void read_bytes(struct prey *p, const struct tripool_mapping *m, const uint8_t *at, uint64_t bytes)
{
	const uint8_t *pool = (const uint8_t *)m->header;
	assert_true(at >= pool + sizeof(struct tripool_header) && bytes <= m->shape.pool_bytes);
	assert_true((uint64_t)(at - pool) <= m->shape.pool_bytes - bytes);
	for (uint64_t i = 0; i < bytes; i++)
		p->sum += at[i];
	p->bytes += bytes;
}

static void read_frame(struct prey *p, const struct tripool_mapping *m, const struct tripool_frame *f)
{
	const struct tripool_format *format = f->format;
	enum AVPixelFormat pix_fmt = av_get_pix_fmt(format->pix_fmt);
	const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(pix_fmt);
	int row_bytes[4];
	assert_non_null(d);
	assert_true(av_image_fill_linesizes(row_bytes, pix_fmt, (int)format->width_px) >= 0);
	read_bytes(p, m, f->memory, format->size_bytes);
	read_bytes(p, m, f->memory, f->info.bytes_used);
	assert_in_range(format->plane_count, 1, TRIPOOL_MAX_PLANES);
	const uint8_t *end[TRIPOOL_MAX_PLANES];
	for (uint32_t plane = 0; plane < format->plane_count; plane++) {
		bool chroma = (plane == 1 || plane == 2) && !(d->flags & AV_PIX_FMT_FLAG_RGB);
		uint32_t shift = chroma ? d->log2_chroma_h : 0;
		uint32_t rows = (format->height_px + (1u << shift) - 1) >> shift;
		for (uint32_t y = 0; y < rows; y++)
			read_bytes(p, m, f->plane[plane] + (uint64_t)y * format->stride_bytes[plane],
			    (uint64_t)row_bytes[plane]);
		end[plane] = f->plane[plane] + (uint64_t)(rows - 1) * format->stride_bytes[plane] + row_bytes[plane];
		for (uint32_t other = 0; other < plane; other++)
			assert_true(f->plane[plane] >= end[other] || f->plane[other] >= end[plane]);
	}
	p->frames++;
}

static void read_slots(struct prey *p, struct tripool_mapping *m)
{
	uint64_t sequence = 0;
	for (uint32_t slot = 0; slot < m->shape.slot_count; slot++) {
		struct tripool_frame f;
		atomic_store(&p->pool.header->latest, ++sequence << TRIPOOL_LATEST_SLOT_BITS | slot);
		assert_int_equal(tripool_mapping_acquire(m, &f), 0);
		read_frame(p, m, &f);
		tripool_mapping_release(f.lease);
	}
	atomic_store(&p->pool.header->latest, ++sequence << TRIPOOL_LATEST_SLOT_BITS | m->shape.slot_count);
	struct tripool_frame f;
	assert_int_equal(tripool_mapping_acquire(m, &f), -EPROTO);
	atomic_store(&p->pool.header->latest, 0);
}

/* As the description is now. */
static void offer(struct prey *p, uint64_t bytes)
{
	struct tripool_mapping *m;
	struct tripool_error e = {""};
	struct tripool_pool_message granted = {1, bytes};
	int r = tripool_mapping_create(&m, &granted, p->pool.fd_readonly, p->page, 1, &e);
	p->cases++;
	if (r == 0) {
		p->accepted++;
		read_slots(p, m);
		tripool_mapping_destroy(m);
	} else {
		assert_true(r == -EPROTO || r == -EPROTONOSUPPORT);
		assert_true(e.text[0] != '\0');
		for (const char *c = e.text; *c; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
}

/* ---- Mutations ---- */

/* What field of `bits` bits, whose value is `right`, becomes in its n-th mutation; they end with false. */
static bool mutate(uint64_t right, unsigned bits, unsigned n, uint64_t *wrong)
{
	uint64_t max = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	const uint64_t special[] = {0, 1, max, max / 2, max / 2 + 1, max - 1, right + 1, right - 1, right * 2,
	    right / 2, ~right, 0 - right, right + 4096, right - 4096, UINT32_MAX, 32768, 32769};
	const unsigned specials = sizeof(special) / sizeof(*special);
	if (n >= specials + bits)
		return false;
	*wrong = (n < specials ? special[n] : right ^ UINT64_C(1) << (n - specials)) & max;
	return true;
}

static void put(struct prey *p, size_t at, unsigned bits, uint64_t value)
{
	memcpy((uint8_t *)&p->pool.header->shape + at, &value, bits / 8);
}

static uint64_t get(const struct prey *p, size_t at, unsigned bits)
{
	uint64_t value = 0;
	memcpy(&value, (const uint8_t *)&p->sound + at, bits / 8);
	return value;
}

static void restore(struct prey *p)
{
	p->pool.header->shape = p->sound;
}

/* Whatever is a field: taken as bytes, as words of 32 bits and of 64. */
static void each_alone(struct prey *p)
{
	for (unsigned bits = 8; bits <= 64; bits = bits == 8 ? 32 : bits * 2)
		for (size_t at = 0; at < sizeof(p->sound); at += bits / 8) {
			uint64_t wrong;
			for (unsigned n = 0; mutate(get(p, at, bits), bits, n, &wrong); n++) {
				put(p, at, bits, wrong);
				offer(p, p->pool.bytes);
			}
			restore(p);
		}
}

static void any_two(struct prey *p)
{
	/* All but the reserved words, which nobody looks at. */
	static const size_t begin[] = {0, offsetof(struct tripool_pool_shape, format)};
	static const size_t end[] = {offsetof(struct tripool_pool_shape, reserved), sizeof(struct tripool_pool_shape)};
	for (uint64_t i = 0; i < pairs; i++) {
		for (int k = 0; k < 2 + (int)(any_number() % 2); k++) {
			unsigned bits = any_number() >> 20 & 1 ? 32 : 64;
			size_t part = any_number() >> 20 & 1, bytes = bits / 8;
			size_t at = begin[part] + (any_number() >> 16) % ((end[part] - begin[part]) / bytes) * bytes;
			uint64_t wrong, right = get(p, at, bits);
			if (mutate(right, bits, (unsigned)((any_number() >> 16) % (17 + bits)), &wrong))
				put(p, at, bits, any_number() >> 30 & 7 ? wrong : any_number());
		}
		offer(p, p->pool.bytes);
		restore(p);
	}
}

/* What the message says of the pool's size, which must be the kernel's word as well. */
static void each_size(struct prey *p)
{
	uint64_t wrong;
	for (unsigned n = 0; mutate(p->pool.bytes, 64, n, &wrong); n++) {
		uint64_t accepted = p->accepted;
		p->pool.header->shape.pool_bytes = wrong;
		offer(p, wrong);
		assert_true(wrong == p->pool.bytes || p->accepted == accepted);
	}
	restore(p);
}

static void what_is_taken_of_a_mutated_pool_is_safe(void **state)
{
	(void)state;
	print_message("seed %llu, %llu pairs a format\n", (unsigned long long)seed, (unsigned long long)pairs);
	struct belongings before = belongings();
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct prey p = {
		    .pool = impostor_pool(formats[i].pix_fmt, formats[i].width_px, formats[i].height_px, SLOTS)};
		assert_int_equal(tripool_lease_create(&p.page, &p.page_fd, NULL), 0);
		p.sound = p.pool.header->shape;
		offer(&p, p.pool.bytes);
		assert_int_equal(p.accepted, 1);
		each_alone(&p);
		each_size(&p);
		any_two(&p);
		print_message("%s %ux%u: %llu cases, %llu taken, %llu frames of them read\n", formats[i].pix_fmt,
		    formats[i].width_px, formats[i].height_px, (unsigned long long)p.cases,
		    (unsigned long long)p.accepted, (unsigned long long)p.frames);
		tripool_lease_unmap(p.page);
		close(p.page_fd);
		tripool_pool_destroy(&p.pool);
	}
	struct belongings after = belongings();
	assert_int_equal(after.fds, before.fds);
	assert_int_equal(after.maps, before.maps);
}

/* What a frame says of itself: bits of the newest's word, and how many bytes are used. */
static void what_a_frame_claims_lies_in_the_pool(void **state)
{
	(void)state;
	struct prey p = {.pool = impostor_pool("nv12", 64, 32, SLOTS)};
	struct tripool_mapping *m;
	struct tripool_pool_message granted = {1, p.pool.bytes};
	struct tripool_header *h = p.pool.header;
	uint64_t taken = 0, size_bytes = h->shape.format.size_bytes, wrong;
	assert_int_equal(tripool_lease_create(&p.page, &p.page_fd, NULL), 0);
	for (uint64_t i = 0; i < 20000; i++) {
		assert_int_equal(tripool_mapping_create(&m, &granted, p.pool.fd_readonly, p.page, 1, NULL), 0);
		uint64_t latest = (1 + i % 7) << TRIPOOL_LATEST_SLOT_BITS | i % SLOTS;
		if (mutate(latest, 64, (unsigned)(i % 89), &wrong) && i % 3)
			latest = wrong;
		atomic_store(&h->latest, latest);
		for (int at = 0; at < 2; at++) {
			atomic_store(&h->flags[at], (uint32_t)any_number());
			(void)mutate(size_bytes, 64, (unsigned)((any_number() >> 16) % 81), &wrong);
			atomic_store(&h->bytes_used[at], wrong);
		}
		struct tripool_frame f;
		int r = tripool_mapping_acquire(m, &f);
		if (r == 0) {
			read_frame(&p, m, &f);
			taken++;
			tripool_mapping_release(f.lease);
		} else {
			assert_true(r == -EPROTO || r == -EAGAIN || r == -ESTALE);
			for (int cell = 0; cell < TRIPOOL_MAX_LEASES; cell++)
				assert_int_equal(atomic_load(&p.page->cell[cell]), 0);
		}
		tripool_mapping_destroy(m);
	}
	print_message("20000 cases, %llu taken\n", (unsigned long long)taken);
	assert_in_range(taken, 1000, 19000);
	tripool_lease_unmap(p.page);
	close(p.page_fd);
	tripool_pool_destroy(&p.pool);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = cli_uint("SEED", argv[1], 0, UINT64_MAX);
	if (argc > 2)
		pairs = cli_uint("PAIRS", argv[2], 1, UINT64_MAX);
	if (argc > 3)
		cli_fail("usage: test-hostile-shapes [SEED [PAIRS]]");
	generator = random_first(seed);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_taken_of_a_mutated_pool_is_safe),
	    cmocka_unit_test(what_a_frame_claims_lies_in_the_pool),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
