// SPDX-License-Identifier: MIT
/* Where tiles lie in a window, and how often the window may show something else. */
#include "grid.h"
#include "refresh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define NS 1000000000LL

static void tiles_share_the_window(void **state)
{
	(void)state;
	for (int count = 1; count <= GRID_MOST_TILES; count++) {
		SDL_Rect r[GRID_MOST_TILES];
		for (int i = 0; i < count; i++) {
			r[i] = grid_cell(count, i, 1282, 722, 16.0 / 9);
			assert_true(r[i].x >= 0 && r[i].y >= 0 && r[i].x + r[i].w <= 1282 && r[i].y + r[i].h <= 722);
			assert_true(abs(r[i].w - r[0].w) <= 1 && abs(r[i].h - r[0].h) <= 1);
			for (int j = 0; j < i; j++)
				assert_false(SDL_HasIntersection(&r[i], &r[j]));
		}
	}
}

static void as_large_as_can_be(void **state)
{
	(void)state;
	SDL_Rect r = grid_cell(1, 0, 1280, 720, 16.0 / 9);
	assert_true(SDL_RectEquals(&r, &(SDL_Rect){0, 0, 1280, 720}));
	r = grid_cell(4, 3, 1282, 722, 16.0 / 9);
	assert_true(SDL_RectEquals(&r, &(SDL_Rect){642, 362, 640, 360}));
	r = grid_cell(3, 1, 3000, 500, 16.0 / 9); /* a wide window: one row */
	assert_int_equal(r.y, 0);
	assert_int_equal(r.h, 500);
	r = grid_cell(3, 1, 400, 2000, 16.0 / 9); /* a high one: one column */
	assert_int_equal(r.x, 0);
	assert_int_equal(r.w, 400);
	r = grid_cell(2, 1, 1000, 1000, 9.0 / 16); /* phones stand side by side */
	assert_int_equal(r.y, 0);
	r = grid_cell(2, 1, 1000, 1000, 16.0 / 9);
	assert_int_equal(r.x, 0);
	r = grid_cell(64, 63, 3, 2, 1); /* a window too small for it has no empty tile */
	assert_true(r.w >= 1 && r.h >= 1);
}

/* How many of frames that come at a rate for ten seconds, up to `jitter_ns` late, are shown; and the longest wait. */
static int shown(double fps, int64_t jitter_ns, int64_t interval_ns, int64_t *longest_ns)
{
	struct refresh refresh = {.interval_ns = interval_ns};
	int64_t now = 5 * NS, end = 15 * NS;
	unsigned seed = 1;
	int count = 0;
	*longest_ns = 0;
	for (int i = 0;; i++) {
		int64_t comes = 5 * NS + (int64_t)(i * (double)NS / fps) + (jitter_ns ? rand_r(&seed) % jitter_ns : 0);
		if (comes >= end)
			return count;
		if (comes < now)
			continue; /* a newer one took its place */
		int64_t due = refresh_due_ns(&refresh), at = due > comes ? due : comes;
		*longest_ns = at - comes > *longest_ns ? at - comes : *longest_ns;
		refresh_shown(&refresh, at);
		now = at + 1;
		count++;
	}
}

static void no_more_often_than_the_screen(void **state)
{
	(void)state;
	int64_t interval = NS / 60, longest;
	assert_in_range(shown(240, 0, interval, &longest), 595, 605);
	assert_in_range(shown(1000, 500000, interval, &longest), 595, 605);
	assert_in_range(shown(24, 0, interval, &longest), 239, 241);
	assert_int_equal(longest, 0);
	assert_in_range(shown(1000, 0, 0, &longest), 9990, 10000); /* no limit */
	assert_int_equal(longest, 0);
}

static void a_frame_a_little_early_does_not_wait(void **state)
{
	(void)state;
	int64_t longest;
	assert_in_range(shown(60, 5000000, NS / 60, &longest), 595, 601);
	assert_int_equal(longest, 0);
}

static void no_frame_waits_because_of_a_late_one(void **state)
{
	(void)state;
	int64_t longest;
	assert_in_range(shown(60, 16000000, NS / 60, &longest), 595, 601);
	assert_int_equal(longest, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tiles_share_the_window),
	    cmocka_unit_test(as_large_as_can_be),
	    cmocka_unit_test(no_more_often_than_the_screen),
	    cmocka_unit_test(a_frame_a_little_early_does_not_wait),
	    cmocka_unit_test(no_frame_waits_because_of_a_late_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
