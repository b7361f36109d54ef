// SPDX-License-Identifier: MIT
/* Leased frames as FFmpeg's: when and in which thread their leases end, and what the pictures say. The viewer is one of
 * this test's own, which only notes what is released. */
#include "tripool_av.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/pixdesc.h>

#include <cmocka.h>

#define MOST 16

struct tripool_viewer {
	pthread_t owner;
	bool held[MOST];
	uint64_t released;
};

static struct tripool_viewer viewer;
static struct tripool_av *av;
static uint8_t memory[MOST][64 * 64];

void tripool_viewer_release(struct tripool_viewer *v, struct tripool_frame *frame)
{
	assert_true(pthread_equal(v->owner, pthread_self()));
	bool *held = frame->lease;
	assert_true(*held);
	*held = false;
	frame->lease = NULL;
	v->released++;
	/* what a producer does next: TSan sees who still reads */
	memset((uint8_t *)(uintptr_t)frame->memory, (int)v->released, 64 * 64);
}

static struct tripool_format format = {
    .pix_fmt = "yuv420p",
    .width_px = 64,
    .height_px = 32,
    .frame_rate_num = 60,
    .frame_rate_den = 1,
    .sample_aspect_num = 4,
    .sample_aspect_den = 3,
    .matrix = 1,
    .full_range = 0,
    .primaries = 9,
    .transfer = 16,
};

static struct tripool_frame lease(int i, uint64_t sequence)
{
	assert_false(viewer.held[i]);
	viewer.held[i] = true;
	struct tripool_frame f = {
	    .format = &format, .memory = memory[i], .sequence = sequence, .lease = &viewer.held[i]};
	f.info.capture_ns = (int64_t)sequence * 1000;
	for (uint32_t p = 0; p < format.plane_count; p++)
		f.plane[p] = memory[i] + format.offset_bytes[p];
	return f;
}

static int set_up(void **state)
{
	(void)state;
	viewer = (struct tripool_viewer){.owner = pthread_self()};
	return tripool_format_layout(&format, NULL) < 0 || tripool_av_create(&av, &viewer, NULL) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	tripool_av_destroy(av);
	av = NULL;
	return 0;
}

static void a_picture_says_what_the_frame_does(void **state)
{
	(void)state;
	AVFrame *picture = av_frame_alloc();
	struct tripool_frame f = lease(0, 7);
	assert_int_equal(tripool_av_lend(av, &f, picture), 0);
	assert_null(f.lease);
	assert_string_equal(av_get_pix_fmt_name(picture->format), "yuv420p");
	assert_int_equal(picture->width, 64);
	assert_int_equal(picture->height, 32);
	for (int p = 0; p < 3; p++) {
		assert_ptr_equal(picture->data[p], f.plane[p]);
		assert_int_equal(picture->linesize[p], format.stride_bytes[p]);
	}
	assert_int_equal(picture->sample_aspect_ratio.num, 4);
	assert_int_equal(picture->sample_aspect_ratio.den, 3);
	assert_int_equal(picture->colorspace, AVCOL_SPC_BT709);
	assert_int_equal(picture->color_range, AVCOL_RANGE_MPEG);
	assert_int_equal(picture->color_primaries, AVCOL_PRI_BT2020);
	assert_int_equal(picture->color_trc, AVCOL_TRC_SMPTE2084);
	assert_int_equal(picture->pts, 7000);
	assert_int_equal(picture->time_base.den, 1000000000);
	assert_false(av_frame_is_writable(picture));
	/* given back already, or of a format that does not exist here */
	AVFrame *other = av_frame_alloc();
	assert_int_equal(tripool_av_lend(av, &f, other), -EINVAL);
	struct tripool_format strange = format;
	strcpy(strange.pix_fmt, "nonsense");
	struct tripool_frame g = lease(1, 8);
	g.format = &strange;
	assert_int_equal(tripool_av_lend(av, &g, other), -EINVAL);
	assert_true(viewer.held[1] && g.lease);
	/* or of one that FFmpeg's int cannot say: nothing is lent, and no aspect is told */
	strange = format;
	strange.stride_bytes[2] = UINT32_C(1) << 31;
	assert_int_equal(tripool_av_lend(av, &g, other), -EINVAL);
	assert_true(viewer.held[1] && g.lease);
	struct tripool_slot slot = {.memory = memory[1]};
	assert_int_equal(tripool_av_slot(&strange, &slot, other), -EINVAL);
	assert_null(other->buf[0]);
	static const uint32_t aspects[][2] = {{UINT32_C(1) << 31, 1}, {1, UINT32_C(1) << 31}, {0, 0}};
	for (int i = 0; i < 3; i++) {
		strange = format;
		strange.sample_aspect_num = aspects[i][0];
		strange.sample_aspect_den = aspects[i][1];
		assert_int_equal(tripool_av_slot(&strange, &slot, other), 0);
		assert_int_equal(other->sample_aspect_ratio.num, 0);
		av_frame_unref(other);
	}
	av_frame_free(&other);
	av_frame_free(&picture);
	assert_int_equal(tripool_av_collect(av), 0);
}

static void range_may_be_full_or_unknown(void **state)
{
	(void)state;
	static const int expected[] = {AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG, AVCOL_RANGE_UNSPECIFIED};
	for (uint8_t range = 0; range < 3; range++) {
		struct tripool_format f = format;
		struct tripool_slot slot = {.memory = memory[0]};
		AVFrame *picture = av_frame_alloc();
		f.full_range = range;
		assert_int_equal(tripool_av_slot(&f, &slot, picture), 0);
		assert_int_equal(picture->color_range, expected[range]);
		av_frame_free(&picture);
	}
}

static void the_last_reference_is_the_lease(void **state)
{
	(void)state;
	AVFrame *picture = av_frame_alloc(), *second = av_frame_alloc();
	struct tripool_frame f = lease(0, 1);
	assert_int_equal(tripool_av_lend(av, &f, picture), 0);
	assert_int_equal(av_frame_ref(second, picture), 0);
	av_frame_unref(picture);
	assert_int_equal(tripool_av_collect(av), 1);
	assert_true(viewer.held[0]);
	av_frame_unref(second);
	assert_true(viewer.held[0]); /* not before the viewer's thread looks */
	assert_int_equal(tripool_av_collect(av), 0);
	assert_false(viewer.held[0]);
	/* lending collects, too */
	f = lease(0, 2);
	assert_int_equal(tripool_av_lend(av, &f, picture), 0);
	av_frame_unref(picture);
	struct tripool_frame g = lease(1, 3);
	assert_int_equal(tripool_av_lend(av, &g, second), 0);
	assert_false(viewer.held[0]);
	/* a copy lets go */
	assert_int_equal(av_frame_make_writable(second), 0);
	assert_int_equal(tripool_av_collect(av), 0);
	av_frame_free(&second);
	av_frame_free(&picture);
}

static void what_outlives_the_lender_is_let_go_of_safely(void **state)
{
	(void)state;
	AVFrame *picture = av_frame_alloc();
	struct tripool_frame f = lease(0, 1);
	assert_int_equal(tripool_av_lend(av, &f, picture), 0);
	tripool_av_destroy(av);
	av = NULL;
	av_frame_free(&picture);
	assert_true(viewer.held[0]); /* that lease is the viewer's to end */
}

static void a_slot_is_a_picture_to_write_into(void **state)
{
	(void)state;
	struct tripool_slot slot = {.memory = memory[3]};
	AVFrame *picture = av_frame_alloc();
	for (uint32_t p = 0; p < format.plane_count; p++)
		slot.plane[p] = memory[3] + format.offset_bytes[p];
	assert_int_equal(tripool_av_slot(&format, &slot, picture), 0);
	assert_true(av_frame_is_writable(picture));
	assert_int_equal(av_frame_make_writable(picture), 0);
	assert_ptr_equal(picture->data[1], slot.plane[1]);
	memset(picture->data[2] + 15 * picture->linesize[2], 99, 32);
	assert_int_equal(memory[3][format.offset_bytes[2] + 15 * format.stride_bytes[2]], 99);
	av_frame_free(&picture);
}

/* ---- An encoder's threads ---- */

#define WORKERS 3
#define ROUNDS 20000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static AVFrame *work[MOST];
static int works;
static bool no_more;

static void *let_go_of_pictures(void *sum)
{
	for (;;) {
		pthread_mutex_lock(&mutex);
		while (works == 0 && !no_more)
			pthread_cond_wait(&change, &mutex);
		AVFrame *picture = works ? work[--works] : NULL;
		pthread_mutex_unlock(&mutex);
		if (!picture)
			return NULL;
		*(unsigned *)sum += picture->data[0][0] + picture->data[2][8];
		av_frame_free(&picture);
	}
}

static void other_threads_may_let_go(void **state)
{
	(void)state;
	pthread_t worker[WORKERS];
	unsigned sum[WORKERS] = {0};
	uint64_t lent = 0;
	no_more = false;
	for (int i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&worker[i], NULL, let_go_of_pictures, &sum[i]), 0);
	while (lent < ROUNDS) {
		int i = 0;
		tripool_av_collect(av);
		while (i < MOST && viewer.held[i])
			i++;
		if (i == MOST)
			continue;
		struct tripool_frame f = lease(i, ++lent);
		AVFrame *picture = av_frame_alloc();
		assert_int_equal(tripool_av_lend(av, &f, picture), 0);
		pthread_mutex_lock(&mutex);
		work[works++] = picture;
		pthread_cond_signal(&change);
		pthread_mutex_unlock(&mutex);
	}
	pthread_mutex_lock(&mutex);
	no_more = true;
	pthread_cond_broadcast(&change);
	pthread_mutex_unlock(&mutex);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(worker[i], NULL);
	assert_int_equal(tripool_av_collect(av), 0);
	assert_int_equal(viewer.released, ROUNDS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_picture_says_what_the_frame_does),
	    TEST(range_may_be_full_or_unknown),
	    TEST(the_last_reference_is_the_lease),
	    TEST(what_outlives_the_lender_is_let_go_of_safely),
	    TEST(a_slot_is_a_picture_to_write_into),
	    TEST(other_threads_may_let_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
