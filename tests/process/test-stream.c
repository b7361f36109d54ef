// SPDX-License-Identifier: MIT
/* The promises about frames, between real processes: whole, newest, never waited for, no more memory than needed. */
#include "puppet.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void newest_is_newest(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	puppet_publish(producer, 5);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	struct puppet_answer a = puppet_acquire(&v, 0);
	assert_int_equal(a.result, 0);
	assert_int_equal(a.sequence, 5);
	assert_int_equal(a.info.source_sequence, 15);
	assert_int_equal(a.info.capture_ns, 42);
	assert_int_equal(a.info.bytes_used, 64 * 16);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_release(&v, 0);
	assert_int_equal(puppet_acquire(&v, 0).result, -EAGAIN);
	puppet_publish(producer, 7);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 12);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	assert_int_equal(puppet_stats(&v).sequence, 6);
	puppet_end(&v);
	puppet_produce_end();
}

static void a_leased_frame_never_changes(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 2, false).result, 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 1);
	puppet_publish(producer, 500);
	assert_int_equal(puppet_acquire(&v, 1).sequence, 501);
	puppet_publish(producer, 500);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	assert_int_equal(puppet_check(&v, 1).result, 0);
	/* No third lease, and the two are still good; one given back is one to have. */
	assert_int_equal(puppet_acquire(&v, 2).result, -EBUSY);
	puppet_release(&v, 0);
	assert_int_equal(puppet_acquire(&v, 2).sequence, 1001);
	puppet_publish(producer, 100);
	assert_int_equal(puppet_check(&v, 1).result, 0);
	assert_int_equal(puppet_check(&v, 2).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

static void memory_is_what_the_work_needs(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 4096);
	struct tripool_producer_stats stats;
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	for (int i = 0; i < 50; i++) {
		puppet_publish(producer, 1);
		assert_int_equal(puppet_acquire(&v, 0).result, 0);
		puppet_publish(producer, 1 + i % 3);
		puppet_release(&v, 0);
	}
	tripool_producer_get_stats(producer, &stats);
	assert_int_equal(stats.slots_touched, 3);
	/* Three frames of 64 KiB, and the header's few pages. */
	assert_in_range(stats.pool_resident_bytes, 3 * 65536, 3 * 65536 + 16384);

	struct puppet w = puppet_start();
	assert_int_equal(puppet_view(&w, 3, false).result, 0);
	for (uint32_t held = 1; held <= 3; held++) {
		puppet_publish(producer, 10);
		assert_int_equal(puppet_acquire(&w, held).result, 0);
		puppet_publish(producer, 10);
		tripool_producer_get_stats(producer, &stats);
		assert_in_range(stats.slots_touched, 3, 2 + held);
	}
	assert_int_equal(stats.slots_touched, 5);
	assert_in_range(stats.pool_resident_bytes, 6 * 65536, 6 * 65536 + 16384);
	puppet_end(&v);
	puppet_end(&w);
	puppet_produce_end();
}

static void the_producer_never_waits(void **state)
{
	(void)state;
	struct tripool_producer *producer =
	    puppet_produce(&(struct tripool_producer_options){.max_viewers = 4, .max_leases = 62}, 64);
	struct puppet v[4];
	for (int i = 0; i < 4; i++) {
		v[i] = puppet_start();
		assert_int_equal(puppet_view(&v[i], i < 3 ? 16 : 14, false).result, 0);
	}
	/* Every lease there is holds a different frame; then all viewers stop for ever, one of them armed. */
	for (uint32_t cell = 0; cell < 16; cell++)
		for (int i = 0; i < 4; i++) {
			puppet_publish(producer, 1);
			if (i < 3 || cell < 14)
				assert_int_equal(puppet_acquire(&v[i], cell).result, 0);
		}
	puppet_tell_wait(&v[3], -1);
	usleep(20000);
	for (int i = 0; i < 4; i++)
		assert_int_equal(kill(v[i].pid, SIGSTOP), 0);
	puppet_publish(producer, 3000);
	struct tripool_producer_stats stats;
	tripool_producer_get_stats(producer, &stats);
	assert_int_equal(stats.slots, 64);
	assert_int_equal(stats.slots_touched, 64);
	for (int i = 0; i < 4; i++)
		assert_int_equal(kill(v[i].pid, SIGCONT), 0);
	assert_int_equal(puppet_hear(&v[3]).result, 1);
	for (int i = 0; i < 4; i++) {
		for (uint32_t cell = 0; cell < (i < 3 ? 16 : 14); cell++)
			assert_int_equal(puppet_check(&v[i], cell).result, 0);
		puppet_end(&v[i]);
	}
	puppet_produce_end();
}

static void a_sleeping_viewer_is_woken(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	assert_int_equal(puppet_wait(&v, 0).result, 0);
	assert_int_equal(puppet_wait(&v, 30).result, 0);
	for (int i = 0; i < 300; i++) {
		puppet_tell_wait(&v, 10000);
		if (i % 2) /* asleep, or just about to be */
			usleep(i * 3);
		puppet_publish(producer, 1);
		assert_int_equal(puppet_hear(&v).result, 1);
		assert_int_equal(puppet_acquire(&v, 0).sequence, i + 1);
		puppet_release(&v, 0);
	}
	puppet_end(&v);
	puppet_produce_end();
}

static void several_frames_are_written_at_once(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(&(struct tripool_producer_options){.write_depth = 4}, 64);
	struct tripool_slot slot[5];
	for (int i = 0; i < 4; i++) {
		assert_int_equal(tripool_producer_begin(producer, &slot[i]), 0);
		assert_int_equal(slot[i].index, i);
	}
	assert_int_equal(tripool_producer_begin(producer, &slot[4]), -EBUSY);
	assert_int_equal(tripool_producer_publish(producer, &slot[2], NULL), 0);
	assert_int_equal(tripool_producer_publish(producer, &slot[2], NULL), -EINVAL);
	assert_int_equal(tripool_producer_begin(producer, &slot[4]), 0);
	assert_int_equal(slot[4].index, 4); /* slot 2 is the newest */
	assert_int_equal(tripool_producer_cancel(producer, &slot[0]), 0);
	assert_int_equal(tripool_producer_cancel(producer, &slot[0]), -EINVAL);
	assert_int_equal(tripool_producer_begin(producer, &slot[0]), 0);
	assert_int_equal(slot[0].index, 0);
	assert_int_equal(tripool_producer_publish(producer, &(struct tripool_slot){.index = 99}, NULL), -EINVAL);
	struct tripool_frame_info info = {.bytes_used = 64 * 16 + 1};
	assert_int_equal(tripool_producer_publish(producer, &slot[0], &info), -EINVAL);
	puppet_produce_end();
}

static void the_next_pool_may_be_written_deeper(void **state)
{
	(void)state;
	struct tripool_producer *producer =
	    puppet_produce(&(struct tripool_producer_options){.max_viewers = 2, .max_leases = 9}, 64);
	struct tripool_slot slot[56];
	struct tripool_producer_stats stats;
	struct tripool_format f = puppet_format(64);
	assert_int_equal(tripool_producer_set_write_depth(producer, 0), -EINVAL);
	assert_int_equal(tripool_producer_set_write_depth(producer, 55), -EINVAL);
	assert_int_equal(tripool_producer_set_write_depth(producer, 54), 0);
	/* This pool is as it was, also for who comes now. */
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 9, false).result, 0);
	assert_int_equal(tripool_producer_begin(producer, &slot[0]), 0);
	assert_int_equal(tripool_producer_begin(producer, &slot[1]), -EBUSY);
	assert_int_equal(tripool_producer_cancel(producer, &slot[0]), 0);
	assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
	tripool_producer_get_stats(producer, &stats);
	assert_int_equal(stats.slots, 64);
	for (int i = 0; i < 54; i++)
		assert_int_equal(tripool_producer_begin(producer, &slot[i]), 0);
	assert_int_equal(tripool_producer_begin(producer, &slot[54]), -EBUSY);
	puppet_end(&v);
	puppet_produce_end();
}

static void a_new_format_is_a_new_generation(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet sleeper = puppet_start(), busy = puppet_start();
	assert_int_equal(puppet_view(&sleeper, 2, false).result, 0);
	assert_int_equal(puppet_view(&busy, 2, false).result, 0);
	puppet_publish(producer, 10);
	assert_int_equal(puppet_acquire(&sleeper, 0).sequence, 10);
	assert_int_equal(puppet_acquire(&busy, 0).sequence, 10);
	for (uint64_t g = 2; g <= 4; g++) {
		struct tripool_format f = puppet_format(64 + (uint32_t)g);
		puppet_tell_wait(&sleeper, 10000);
		assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
		assert_int_equal(puppet_hear(&sleeper).result, 1);
		puppet_publish(producer, 1);
		/* Said once, then served; the one that never slept finds out from the pool itself. */
		assert_int_equal(puppet_acquire(&sleeper, 1).result, -ESTALE);
		assert_int_equal(puppet_acquire(&busy, 1).result, -ESTALE);
		struct puppet_answer a = puppet_acquire(&sleeper, 1), b = puppet_acquire(&busy, 1);
		assert_int_equal(a.result, 0);
		assert_int_equal(a.sequence, 9 + g);
		assert_int_equal(a.generation, g);
		assert_int_equal(b.sequence, 9 + g);
		assert_int_equal(puppet_check(&sleeper, 1).result, 0);
		puppet_publish(producer, 100 * (g == 4));
		/* The frame from before the change is still what it was. */
		assert_int_equal(puppet_check(&sleeper, 0).result, 0);
		assert_int_equal(puppet_check(&busy, 0).result, 0);
		puppet_release(&busy, 1);
		puppet_release(&sleeper, 1);
	}
	puppet_release(&sleeper, 0);
	assert_int_equal(puppet_acquire(&sleeper, 1).sequence, 113);
	puppet_end(&sleeper);
	puppet_end(&busy);
	puppet_produce_end();
}

static void a_lease_of_an_old_format_has_no_cell_in_the_new(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	struct tripool_format f = puppet_format(65);
	struct tripool_slot slot;
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 0).sequence, 1);
	assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
	puppet_publish(producer, 1);
	assert_int_equal(puppet_acquire(&v, 1).result, -ESTALE);
	/* What is held from before does not keep a slot of the new pool from being written ... */
	assert_int_equal(tripool_producer_begin(producer, &slot), 0);
	assert_int_equal(slot.index, 0);
	assert_int_equal(tripool_producer_cancel(producer, &slot), 0);
	puppet_publish(producer, 10);
	/* ... nor count among the leases, and letting it go does not let go what is held of the new one. */
	assert_int_equal(puppet_acquire(&v, 1).sequence, 12);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_release(&v, 0);
	puppet_publish(producer, 10);
	assert_int_equal(puppet_check(&v, 1).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

static void formats_changed_while_asleep_are_one_change(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct puppet v = puppet_start();
	assert_int_equal(puppet_view(&v, 1, false).result, 0);
	for (uint32_t g = 2; g <= 5; g++) {
		struct tripool_format f = puppet_format(64 * g);
		assert_int_equal(tripool_producer_set_format(producer, &f, NULL), 0);
	}
	puppet_publish(producer, 3);
	assert_int_equal(puppet_acquire(&v, 0).result, -ESTALE);
	struct puppet_answer a = puppet_acquire(&v, 0);
	assert_int_equal(a.sequence, 3);
	assert_int_equal(a.generation, 5);
	assert_int_equal(puppet_check(&v, 0).result, 0);
	puppet_end(&v);
	puppet_produce_end();
}

static void a_failed_change_leaves_the_stream_as_it_was(void **state)
{
	(void)state;
	struct tripool_producer *producer = puppet_produce(NULL, 64);
	struct tripool_format f = puppet_format(64);
	f.stride_bytes[0] = 3;
	struct tripool_error e;
	assert_int_equal(tripool_producer_set_format(producer, &f, &e), -EINVAL);
	assert_non_null(strstr(e.text, "stride"));
	puppet_publish(producer, 3);
	assert_int_equal(tripool_producer_sequence(producer), 3);
	puppet_produce_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, puppet_setup, puppet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(newest_is_newest),
	    TEST(a_leased_frame_never_changes),
	    TEST(memory_is_what_the_work_needs),
	    TEST(the_producer_never_waits),
	    TEST(a_sleeping_viewer_is_woken),
	    TEST(several_frames_are_written_at_once),
	    TEST(the_next_pool_may_be_written_deeper),
	    TEST(a_new_format_is_a_new_generation),
	    TEST(a_lease_of_an_old_format_has_no_cell_in_the_new),
	    TEST(formats_changed_while_asleep_are_one_change),
	    TEST(a_failed_change_leaves_the_stream_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
