// SPDX-License-Identifier: MIT
/*
 * The data path on plain memory, one step at a time: every order of steps that two parties can take is taken at random,
 * beside a model that knows what must hold after each.
 */
#include "reader.h"
#include "writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tripool_header header;
static struct tripool_lease_page page[TRIPOOL_MAX_SLOTS];
static struct tripool_writer writer;
static uint64_t contents[TRIPOOL_MAX_SLOTS]; /* what was last written to each slot: a frame's number stands for it */

static void fresh(uint32_t slots, uint32_t depth)
{
	memset(&header, 0, sizeof(header));
	memset(page, 0, sizeof(page));
	tripool_writer_init(&writer, &header, slots, depth, 0);
}

static uint32_t write_frame(void)
{
	int slot = tripool_writer_begin(&writer);
	assert_true(slot >= 0);
	contents[slot] = writer.sequence + 1;
	struct tripool_frame_info info = {.source_sequence = contents[slot] * 3};
	tripool_writer_publish(&writer, (uint32_t)slot, (int64_t)contents[slot], &info);
	return (uint32_t)slot;
}

static void three_slots_are_enough_for_one_viewer(void **state)
{
	(void)state;
	struct tripool_reader reader;
	struct tripool_claim claim;
	fresh(3, 1);
	tripool_writer_add(&writer, &page[0], 1, false);
	tripool_reader_init(&reader, &header, &page[0], 3);
	assert_int_equal(tripool_reader_acquire(&reader, 0, &claim), -EAGAIN);
	for (uint64_t n = 1; n <= 1000; n++) {
		write_frame();
		int slot = tripool_reader_acquire(&reader, 0, &claim);
		assert_int_equal(claim.sequence, writer.sequence);
		assert_int_equal(claim.info.source_sequence, claim.sequence * 3);
		assert_int_equal(claim.publish_ns, claim.sequence);
		for (int more = rand() % 4; more > 0; more--)
			assert_int_not_equal(write_frame(), slot);
		assert_int_equal(contents[slot], claim.sequence);
		tripool_reader_release(&reader, 0);
	}
}

static void what_a_frame_says_arrives(void **state)
{
	(void)state;
	struct tripool_reader reader;
	struct tripool_claim claim;
	/* Much, little, and what was said of the frame before last must not stay. */
	static const struct tripool_frame_info said[] = {
	    {.capture_ns = 11, .source_sequence = 12, .bytes_used = 13, .flags = TRIPOOL_FRAME_CRC32C, .crc32c = 14},
	    {.capture_ns = INT64_MIN,
		.source_sequence = UINT64_MAX,
		.flags = TRIPOOL_FRAME_CRC32C,
		.crc32c = UINT32_MAX},
	    {.capture_ns = 21},
	    {.bytes_used = UINT64_MAX},
	    {.capture_ns = 41, .flags = TRIPOOL_FRAME_CRC32C},
	    {.capture_ns = 51},
	    {.capture_ns = 61, .flags = 1u << 30},
	};
	fresh(3, 1);
	tripool_writer_add(&writer, &page[0], 1, false);
	tripool_reader_init(&reader, &header, &page[0], 3);
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		struct tripool_frame_info info = said[i];
		info.flags |= TRIPOOL_FLAG_MORE; /* not the caller's to set */
		tripool_writer_publish(&writer, (uint32_t)tripool_writer_begin(&writer), (int64_t)i, &info);
		assert_true(tripool_reader_acquire(&reader, 0, &claim) >= 0);
		assert_int_equal(claim.publish_ns, i);
		assert_memory_equal(&claim.info, &said[i], sizeof(claim.info));
		tripool_reader_release(&reader, 0);
	}
}

static void random_steps_keep_every_lease(void **state)
{
	(void)state;
	enum { VIEWERS = 5, CELLS = 3, DEPTH = 2, SLOTS = 1 + DEPTH + VIEWERS * CELLS };
	struct tripool_reader reader[VIEWERS];
	struct {
		int slot;
		uint64_t sequence;
	} held[VIEWERS][CELLS];
	int writing[DEPTH];
	for (unsigned seed = 0; seed < 40; seed++) {
		srand(seed);
		fresh(SLOTS, DEPTH);
		memset(held, 0xff, sizeof(held));
		memset(writing, 0xff, sizeof(writing));
		for (int v = 0; v < VIEWERS; v++) {
			tripool_writer_add(&writer, &page[v], CELLS, false);
			tripool_reader_init(&reader[v], &header, &page[v], SLOTS);
		}
		for (int step = 0; step < 5000; step++) {
			int v = rand() % VIEWERS, c = rand() % CELLS, w = rand() % DEPTH;
			if (rand() % 2) {
				struct tripool_frame_info info = {0};
				if (writing[w] < 0)
					writing[w] = tripool_writer_begin(&writer);
				else if (rand() % 4)
					contents[writing[w]] = writer.sequence + 1,
					tripool_writer_publish(&writer, (uint32_t)writing[w], 0, &info),
					writing[w] = -1;
				else
					tripool_writer_cancel(&writer, (uint32_t)writing[w]), writing[w] = -1;
			} else if (held[v][c].slot < 0) {
				struct tripool_claim claim = {0};
				held[v][c].slot = tripool_reader_acquire(&reader[v], (uint32_t)c, &claim);
				held[v][c].sequence = claim.sequence;
				if (held[v][c].slot >= 0)
					assert_int_equal(claim.sequence, writer.sequence); /* the newest */
			} else {
				tripool_reader_release(&reader[v], (uint32_t)c);
				held[v][c].slot = -1;
			}
			for (v = 0; v < VIEWERS; v++)
				for (c = 0; c < CELLS; c++) {
					if (held[v][c].slot < 0)
						continue;
					assert_int_equal(contents[held[v][c].slot], held[v][c].sequence);
					for (w = 0; w < DEPTH; w++)
						assert_int_not_equal(writing[w], held[v][c].slot);
				}
		}
	}
}

static void all_slots_can_be_busy_but_one(void **state)
{
	(void)state;
	struct tripool_reader reader[62];
	struct tripool_claim claim;
	fresh(64, 1);
	for (uint32_t v = 0; v < 62; v++) {
		tripool_writer_add(&writer, &page[v], 1, false);
		tripool_reader_init(&reader[v], &header, &page[v], 64);
		write_frame();
		assert_true(tripool_reader_acquire(&reader[v], 0, &claim) >= 0);
	}
	for (int n = 0; n < 100; n++)
		write_frame();
	assert_int_equal(writer.touched, UINT64_MAX);
	for (uint32_t v = 0; v < 62; v++)
		assert_int_equal(contents[page[v].cell[0] - 1], v + 1);
}

static void beyond_the_depth_is_busy(void **state)
{
	(void)state;
	fresh(8, 2);
	assert_int_equal(tripool_writer_begin(&writer), 0);
	assert_int_equal(tripool_writer_begin(&writer), 1);
	assert_int_equal(tripool_writer_begin(&writer), -EBUSY);
	tripool_writer_cancel(&writer, 0);
	assert_int_equal(tripool_writer_begin(&writer), 0);
}

static void a_reader_that_left_claims_nothing(void **state)
{
	(void)state;
	fresh(5, 1);
	for (uint32_t v = 0; v < 3; v++) {
		tripool_writer_add(&writer, &page[v], 1, false);
		page[v].cell[0] = v + 1;
	}
	assert_int_equal(tripool_writer_begin(&writer), 3);
	tripool_writer_cancel(&writer, 3);
	tripool_writer_remove(&writer, 0); /* page 2 takes its place */
	assert_int_equal(tripool_writer_begin(&writer), 0);
	tripool_writer_cancel(&writer, 0);
	page[1].armed = 1;
	page[2].armed = 1;
	struct tripool_frame_info info = {0};
	uint32_t slot = (uint32_t)tripool_writer_begin(&writer);
	assert_int_equal(tripool_writer_publish(&writer, slot, 0, &info), 3);
	assert_int_equal(page[1].armed + page[2].armed, 0);
}

static void arming_never_misses(void **state)
{
	(void)state;
	struct tripool_reader reader;
	struct tripool_frame_info info = {0};
	struct tripool_claim claim;
	fresh(3, 1);
	tripool_writer_add(&writer, &page[0], 1, false);
	tripool_reader_init(&reader, &header, &page[0], 3);
	assert_false(tripool_reader_arm(&reader));
	uint32_t slot = (uint32_t)tripool_writer_begin(&writer);
	assert_int_equal(tripool_writer_publish(&writer, slot, 0, &info), 1); /* wakes it, once */
	slot = (uint32_t)tripool_writer_begin(&writer);
	assert_int_equal(tripool_writer_publish(&writer, slot, 0, &info), 0);
	assert_true(tripool_reader_arm(&reader)); /* there is news: it must not sleep */
	assert_true(tripool_reader_disarm(&reader));
	assert_true(tripool_reader_acquire(&reader, 0, &claim) >= 0);
	assert_false(tripool_reader_arm(&reader));
	write_frame();
	assert_false(tripool_reader_disarm(&reader)); /* a wake-up is on its way */
}

static void a_retired_pool_says_so(void **state)
{
	(void)state;
	struct tripool_reader reader;
	struct tripool_claim claim;
	fresh(3, 1);
	tripool_writer_add(&writer, &page[0], 1, false);
	tripool_reader_init(&reader, &header, &page[0], 3);
	write_frame();
	tripool_writer_retire(&writer);
	assert_true(tripool_reader_has_news(&reader));
	assert_true(tripool_reader_is_retired(&reader));
	assert_int_equal(tripool_reader_acquire(&reader, 0, &claim), -ESTALE);
	assert_int_equal(page[0].cell[0], 0);
}

static void going_back_is_a_broken_protocol(void **state)
{
	(void)state;
	struct tripool_reader reader;
	struct tripool_claim claim;
	fresh(3, 1);
	tripool_reader_init(&reader, &header, &page[0], 3);
	header.latest = 7 << 8 | 1;
	assert_int_equal(tripool_reader_acquire(&reader, 0, &claim), 1);
	assert_int_equal(claim.sequence, 7);
	header.latest = 6 << 8 | 2;
	assert_int_equal(tripool_reader_acquire(&reader, 0, &claim), -EPROTO);
	assert_int_equal(page[0].cell[0], 0);
	header.latest = 8 << 8 | 3;
	assert_int_equal(tripool_reader_acquire(&reader, 0, &claim), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(three_slots_are_enough_for_one_viewer),
	    cmocka_unit_test(what_a_frame_says_arrives),
	    cmocka_unit_test(random_steps_keep_every_lease),
	    cmocka_unit_test(all_slots_can_be_busy_but_one),
	    cmocka_unit_test(beyond_the_depth_is_busy),
	    cmocka_unit_test(a_reader_that_left_claims_nothing),
	    cmocka_unit_test(arming_never_misses),
	    cmocka_unit_test(a_retired_pool_says_so),
	    cmocka_unit_test(going_back_is_a_broken_protocol),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
