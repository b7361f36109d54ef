// SPDX-License-Identifier: MIT
/* Where a frame goes in its area: fit, fill, zoom and pan, mirrored and turned; and back from the screen to the pixel.
 */
#include "view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const SDL_Rect areas[] = {
    {0, 0, 640, 360}, {10, 20, 640, 360}, {0, 0, 1000, 360}, {5, 0, 300, 900}, {0, 7, 1920, 1080}, {0, 0, 33, 17}};
#define AREAS ((int)(sizeof(areas) / sizeof(*areas)))

static struct tripool_format frame(uint32_t width, uint32_t height)
{
	return (struct tripool_format){.pix_fmt = "nv12", .width_px = width, .height_px = height};
}

static struct view any_view(unsigned *seed)
{
	struct view v = {
	    .fill = rand_r(seed) % 2,
	    .mirrored = rand_r(seed) % 2,
	    .turns = rand_r(seed) % 4,
	};
	if (rand_r(seed) % 2) {
		v.zoom = 0.2 + rand_r(seed) % 1000 / 50.0;
		v.across = rand_r(seed) % 1001 / 1000.0;
		v.down = rand_r(seed) % 1001 / 1000.0;
	}
	return v;
}

static void fitted_is_all_of_it_in_its_shape(void **state)
{
	(void)state;
	struct tripool_format f = frame(640, 360);
	for (int i = 0; i < AREAS; i++) {
		for (int turns = 0; turns < 4; turns++) {
			SDL_Rect a = areas[i];
			struct placement p = view_place(&(struct view){.turns = turns}, &f, a);
			double shape = turns % 2 ? 360.0 / 640 : 640.0 / 360;
			assert_true(p.picture.w == a.w || p.picture.h == a.h);
			assert_true(p.picture.x >= a.x && p.picture.x + p.picture.w <= a.x + a.w);
			assert_true(p.picture.y >= a.y && p.picture.y + p.picture.h <= a.y + a.h);
			assert_true(fabs(p.picture.w - p.picture.h * shape) <= fmax(1, shape));
			assert_true(fabs((p.picture.x - a.x) - (a.x + a.w - p.picture.x - p.picture.w)) <= 1);
			assert_false(p.enlarged);
		}
	}
	/* not square pixels */
	f.sample_aspect_num = 4;
	f.sample_aspect_den = 3;
	struct placement p = view_place(&(struct view){0}, &f, (SDL_Rect){0, 0, 1000, 1000});
	assert_int_equal(p.picture.w, 1000);
	assert_int_equal(p.picture.h, 422); /* 1000 * 360 / 853 */
}

static void filled_leaves_no_border(void **state)
{
	(void)state;
	struct tripool_format f = frame(640, 360);
	for (int i = 0; i < AREAS; i++) {
		SDL_Rect a = areas[i];
		struct placement p = view_place(&(struct view){.fill = true}, &f, a);
		assert_true(p.picture.w == a.w || p.picture.h == a.h);
		assert_true(p.picture.x <= a.x && p.picture.x + p.picture.w >= a.x + a.w);
		assert_true(p.picture.y <= a.y && p.picture.y + p.picture.h >= a.y + a.h);
	}
}

/* Every pixel that is seen lies where view_where says, and is found again from there. */
static void a_pixel_is_found_where_it_is_shown(void **state)
{
	(void)state;
	unsigned seed = 1, looked = 0;
	for (int i = 0; i < 20000; i++) {
		struct tripool_format f = frame(1 + (uint32_t)rand_r(&seed) % 800, 1 + (uint32_t)rand_r(&seed) % 600);
		struct view v = any_view(&seed);
		struct placement p = view_place(&v, &f, areas[rand_r(&seed) % AREAS]);
		SDL_Point pixel = {rand_r(&seed) % (int)f.width_px, rand_r(&seed) % (int)f.height_px}, found;
		SDL_FRect where = view_where(&p, &f, (SDL_Rect){pixel.x, pixel.y, 1, 1});
		SDL_Point at = {(int)floorf(where.x + where.w / 2), (int)floorf(where.y + where.h / 2)};
		if (!SDL_PointInRect(&at, &p.area) || where.w < 1.5f || where.h < 1.5f)
			continue; /* not seen, or too small to be hit */
		looked++;
		assert_true(view_pixel_at(&p, &f, at, &found));
		assert_int_equal(found.x, pixel.x);
		assert_int_equal(found.y, pixel.y);
		SDL_Rect visible = view_visible(&p, &f);
		assert_true(SDL_PointInRect(&pixel, &visible));
	}
	assert_true(looked > 2000);
}

static void what_is_visible_is_no_more_than_that(void **state)
{
	(void)state;
	unsigned seed = 2;
	for (int i = 0; i < 20000; i++) {
		struct tripool_format f = frame(1 + (uint32_t)rand_r(&seed) % 800, 1 + (uint32_t)rand_r(&seed) % 600);
		struct view v = any_view(&seed);
		struct placement p = view_place(&v, &f, areas[rand_r(&seed) % AREAS]);
		SDL_Rect part = view_visible(&p, &f);
		assert_true(part.w > 0 && part.h > 0 && part.x >= 0 && part.y >= 0);
		assert_true(part.x + part.w <= (int)f.width_px && part.y + part.h <= (int)f.height_px);
		/* no whole row or column of pixels lies outside the area */
		SDL_FRect where = view_where(&p, &f, part);
		double pixel = fmax(where.w / part.w, where.h / part.h) + 1;
		if (v.turns % 2)
			pixel = fmax(where.w / part.h, where.h / part.w) + 1;
		assert_true(where.x > p.area.x - pixel && where.x + where.w < p.area.x + p.area.w + pixel);
		assert_true(where.y > p.area.y - pixel && where.y + where.h < p.area.y + p.area.h + pixel);
	}
	struct tripool_format f = frame(640, 360);
	struct placement p = view_place(&(struct view){0}, &f, areas[1]);
	SDL_Rect all = view_visible(&p, &f);
	assert_true(SDL_RectEquals(&all, &(SDL_Rect){0, 0, 640, 360}));
	p.area = (SDL_Rect){2000, 2000, 10, 10};
	assert_int_equal(view_visible(&p, &f).w, 0);
}

static void turned_and_mirrored_by_hand(void **state)
{
	(void)state;
	/* the corners of a frame of 4x2 shown at 100x: which pixel is where */
	struct tripool_format f = frame(4, 2);
	static const struct {
		struct view view;
		SDL_Point at, pixel;
	} cases[] = {
	    {{0}, {5, 5}, {0, 0}},
	    {{.mirrored = true}, {5, 5}, {3, 0}},
	    {{.turns = 1}, {195, 5}, {0, 0}}, /* clockwise: the first pixel is at the right */
	    {{.turns = 1}, {195, 395}, {3, 0}},
	    {{.turns = 2}, {395, 195}, {0, 0}},
	    {{.turns = 3}, {5, 395}, {0, 0}},
	    {{.turns = 3}, {5, 5}, {3, 0}},
	    {{.mirrored = true, .turns = 1}, {195, 5}, {3, 0}},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool tall = cases[i].view.turns % 2;
		SDL_Point pixel;
		struct placement p =
		    view_place(&cases[i].view, &f, (SDL_Rect){0, 0, tall ? 200 : 400, tall ? 400 : 200});
		assert_true(view_pixel_at(&p, &f, cases[i].at, &pixel));
		assert_int_equal(pixel.x, cases[i].pixel.x);
		assert_int_equal(pixel.y, cases[i].pixel.y);
		assert_false(view_pixel_at(&p, &f, (SDL_Point){-1, 0}, &pixel));
		assert_false(view_pixel_at(&p, &f, (SDL_Point){0, tall ? 400 : 200}, &pixel));
	}
}

static void zoom_keeps_what_is_under_the_mouse(void **state)
{
	(void)state;
	struct tripool_format f = frame(640, 360);
	SDL_Rect area = {0, 0, 640, 360};
	SDL_Point at = {200, 100}, before, after;
	for (int turns = 0; turns < 4; turns += 2) {
		struct view v = {.turns = turns};
		struct placement p = view_place(&v, &f, area);
		assert_true(view_pixel_at(&p, &f, at, &before));
		for (int i = 0; i < 30; i++) {
			view_zoom(&v, &f, area, 1.25, at);
			p = view_place(&v, &f, area);
			assert_true(view_pixel_at(&p, &f, at, &after));
			assert_in_range(after.x, before.x - 1, before.x + 1);
			assert_in_range(after.y, before.y - 1, before.y + 1);
		}
		assert_true(fabs(view_scale(&v, &f, area) - VIEW_MOST_ZOOM) < 1e-9);
		assert_true(p.enlarged);
		for (int i = 0; i < 30; i++)
			view_zoom(&v, &f, area, 1 / 1.25, at);
		assert_true(v.zoom == 0); /* no further than the whole picture */
	}
}

static void zoom_stops_at_one_to_one(void **state)
{
	(void)state;
	struct tripool_format f = frame(3840, 2160);
	SDL_Rect area = {0, 0, 1000, 600};
	struct view v = {0};
	int met = 0;
	for (int i = 0; i < 20; i++) {
		view_zoom(&v, &f, area, 1.3, (SDL_Point){500, 300});
		met += v.zoom == 1;
	}
	assert_int_equal(met, 1);
	for (int i = 0; i < 40; i++) {
		view_zoom(&v, &f, area, 1 / 1.3, (SDL_Point){500, 300});
		met += v.zoom == 1;
	}
	assert_int_equal(met, 2);
	view_zoom_to_pixels(&v, &f, area, (SDL_Point){0, 0});
	struct placement p = view_place(&v, &f, area);
	assert_int_equal(p.picture.w, 3840);
	assert_false(p.enlarged);
	/* a small picture is not made larger for it */
	f = frame(100, 50);
	v = (struct view){0};
	view_zoom_to_pixels(&v, &f, area, (SDL_Point){500, 300});
	p = view_place(&v, &f, area);
	assert_int_equal(p.picture.w, 100);
	assert_int_equal(p.picture.x, 450);
}

static void panning_ends_at_the_border(void **state)
{
	(void)state;
	struct tripool_format f = frame(640, 360);
	SDL_Rect a = {10, 20, 640, 360};
	unsigned seed = 3;
	struct view v = {0};
	view_pan(&v, &f, a, 100, 100);
	assert_true(v.zoom == 0 && view_place(&v, &f, a).picture.x == 10); /* not zoomed: there is nothing to move */
	view_zoom(&v, &f, a, 3, (SDL_Point){300, 200});
	SDL_FRect was = view_place(&v, &f, a).picture;
	view_pan(&v, &f, a, 7, -9);
	SDL_FRect is = view_place(&v, &f, a).picture;
	assert_int_equal(is.x - was.x, 7);
	assert_int_equal(is.y - was.y, -9);
	for (int i = 0; i < 1000; i++) {
		view_pan(&v, &f, a, rand_r(&seed) % 2001 - 1000, rand_r(&seed) % 2001 - 1000);
		is = view_place(&v, &f, a).picture;
		assert_true(is.x <= a.x && is.x + is.w >= a.x + a.w);
		assert_true(is.y <= a.y && is.y + is.h >= a.y + a.h);
	}
	view_pan(&v, &f, a, 100000, 0);
	assert_int_equal(view_place(&v, &f, a).picture.x, a.x);
	view_pan(&v, &f, a, -5, 0); /* at once, however far it was pushed */
	assert_int_equal(view_place(&v, &f, a).picture.x, a.x - 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fitted_is_all_of_it_in_its_shape),
	    cmocka_unit_test(filled_leaves_no_border),
	    cmocka_unit_test(a_pixel_is_found_where_it_is_shown),
	    cmocka_unit_test(what_is_visible_is_no_more_than_that),
	    cmocka_unit_test(turned_and_mirrored_by_hand),
	    cmocka_unit_test(zoom_keeps_what_is_under_the_mouse),
	    cmocka_unit_test(zoom_stops_at_one_to_one),
	    cmocka_unit_test(panning_ends_at_the_border),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
