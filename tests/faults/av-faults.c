// SPDX-License-Identifier: MIT
/* What lending frames to FFmpeg needs fails. */
#include "faults.h"
#include "puppet.h"
#include "scenarios.h"
#include "tripool_av.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Makes the object, lends a frame by it and describes a slot: where one of these fails, what the others need goes as
 * it came. */
void a_frame_that_cannot_be_lent_stays_a_lease(void **state)
{
	(void)state;
	struct faults_walk walk = {.name = "lend", .lasting = 1};
	struct puppet host = puppet_start();
	assert_int_equal(puppet_become_producer(&host, 64).result, 0);
	assert_int_equal(puppet_make_frames(&host, 1).result, 0);
	puppet_tell_host(&host);
	const struct tripool_viewer_options o = {.name = "t"};
	struct tripool_viewer *v;
	assert_int_equal(tripool_viewer_create(&v, &o, NULL), 0);
	AVFrame *picture = av_frame_alloc();
	const struct faults_stock before = faults_take_stock();
	while (faults_next(&walk)) {
		struct tripool_av *av = NULL;
		struct tripool_frame frame;
		struct tripool_error error = {""};
		uint8_t memory[1024];
		const struct tripool_slot slot = {.memory = memory, .plane = {memory}};
		tripool_viewer_rewind(v);
		assert_int_equal(tripool_viewer_acquire(v, &frame), 0);
		const struct tripool_format format = *frame.format;
		faults_arm(&walk);
		int r = tripool_av_create(&av, v, walk.round == 0 ? &error : NULL);
		bool made = r == 0;
		if (r == 0 && (r = tripool_av_lend(av, &frame, picture)) == 0) {
			av_frame_unref(picture);
			r = tripool_av_slot(&format, &slot, picture);
		}
		faults_disarm(&walk);
		assert_int_equal(r, walk.hit ? -ENOMEM : 0);
		if (!made && walk.round == 0)
			faults_judge(&walk, r, &error);
		assert_true(r == 0 || !picture->buf[0]);
		av_frame_unref(picture);
		tripool_av_destroy(av);            /* which ends the lease that was lent */
		tripool_viewer_release(v, &frame); /* and this the one that was not */
		faults_expect_stock(&walk, &before);
	}
	av_frame_free(&picture);
	tripool_viewer_destroy(v);
	puppet_end(&host);
}
