// SPDX-License-Identifier: MIT
/* The memory's figures: each is there, they fit one another, and a wrong frame is noticed. */
#include "bench/bandwidth.h"
#include "bench/pixels.h"
#include "bench/transport.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#define BYTES 100000 /* no whole number of pages */
#define SECONDS 0.02

/* The sanitizers' malloc does not fail: it ends the program. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FIRST_TO_FAIL BANDWIDTH_SHARED
#else
#define FIRST_TO_FAIL BANDWIDTH_PRIVATE
#endif

/* In place of those of pixels.c: each 7th frame that is handed over gets a wrong byte, where `spoil` says so. Shared
 * with the process that measures. */
static struct {
	_Atomic uint64_t spoilt, checked;
	size_t spoil; /* which byte; 0: none */
} * shared;

void pixels_write(uint8_t *frame, size_t bytes, uint64_t sequence)
{
	memset(frame, (int)(sequence % 251), bytes);
	if (shared->spoil && sequence % 7 == 6) {
		frame[shared->spoil]++;
		atomic_fetch_add(&shared->spoilt, 1);
	}
}

bool pixels_are(const uint8_t *frame, size_t bytes, uint64_t sequence)
{
	atomic_fetch_add(&shared->checked, 1);
	return frame[0] == sequence % 251 && memcmp(frame, frame + 1, bytes - 1) == 0;
}

static struct bandwidth measured(enum bandwidth_memory memory, size_t spoil)
{
	struct bandwidth b;
	char why[WHY_BYTES];
	memset(&b, 0xff, sizeof(b));
	memset(shared, 0, sizeof(*shared));
	shared->spoil = spoil;
	assert_int_equal(bandwidth_measure(BYTES, SECONDS, memory, &b, why), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no process is left */
	return b;
}

static void all_figures_are_there(void **state)
{
	(void)state;
	for (int memory = BANDWIDTH_PRIVATE; memory <= BANDWIDTH_SHARED; memory++) {
		struct bandwidth b = measured((enum bandwidth_memory)memory, 0);
		const double figures[] = {b.memset_gbs, b.memcpy_gbs, b.read_gbs, b.memset_two_gbs, b.memcpy_two_gbs,
		    b.read_two_gbs, b.read_other_gbs};
		for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++)
			assert_true(figures[i] > 0.001 && figures[i] < 10000); /* true of any machine */
		assert_true(b.turns > 0);
		assert_true(b.turns_fps > 0);
		assert_true(b.turns_fps <= (double)b.turns / SECONDS); /* it took no less than it was told */
		assert_int_equal(b.wrong, 0);
		assert_true(atomic_load(&shared->checked) > b.turns);
		assert_true(b.huge_bytes < UINT64_C(1) << 40);
	}
}

static void each_wrong_frame_is_noticed(void **state)
{
	(void)state;
	const size_t spoil[] = {1, BYTES / 2, BYTES - 1};
	for (int i = 0; i < 3; i++) {
		struct bandwidth b = measured(BANDWIDTH_PRIVATE, spoil[i]);
		assert_true(atomic_load(&shared->spoilt) > 0);
		assert_int_equal(b.wrong, atomic_load(&shared->spoilt));
	}
}

static void memory_that_is_not_to_be_had_is_said(void **state)
{
	(void)state;
	struct bandwidth b, untouched;
	char why[WHY_BYTES];
	memset(&b, 0x55, sizeof(b));
	untouched = b;
	for (int memory = FIRST_TO_FAIL; memory <= BANDWIDTH_SHARED; memory++) {
		assert_true(bandwidth_measure((size_t)1 << 60, SECONDS, (enum bandwidth_memory)memory, &b, why) < 0);
		assert_non_null(strstr(why, "six frames of 1152921504606846976 bytes: "));
		assert_memory_equal(&b, &untouched, sizeof(b));
	}
}

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_figures_are_there),
	    cmocka_unit_test(each_wrong_frame_is_noticed),
	    cmocka_unit_test(memory_that_is_not_to_be_had_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
