// SPDX-License-Identifier: MIT
/* Which mode of a camera is picked: from tables of offers alone, and with the driver asked for it. */
#include "camera_modes.h"

#include <errno.h>
#include <string.h>

#include "camera-rig.h"

#define ONE(n)                                                                                                         \
	{                                                                                                              \
		n, n, 1                                                                                                \
	}
#define OFFER(f, w, h, num, den)                                                                                       \
	{                                                                                                              \
		V4L2_PIX_FMT_##f, ONE(w), ONE(h), {den, num},                                                          \
		{                                                                                                      \
			den, num                                                                                       \
		}                                                                                                      \
	}

/* A USB camera whose bus has no room for large raw pictures. */
static const struct camera_offer usb[] = {
    OFFER(MJPEG, 640, 480, 30, 1),
    OFFER(MJPEG, 1280, 720, 30, 1),
    OFFER(MJPEG, 1920, 1080, 30, 1),
    OFFER(YUYV, 640, 480, 30, 1),
    OFFER(YUYV, 640, 480, 15, 1),
    OFFER(YUYV, 1280, 720, 9, 1),
    OFFER(YUYV, 1920, 1080, 5, 1),
};

/* Fast, with fractions, gray (for infrared) larger than colour. */
static const struct camera_offer odd[] = {
    OFFER(GREY, 1280, 720, 30, 1),
    OFFER(SRGGB8, 1280, 720, 30, 1),
    OFFER(MJPEG, 800, 600, 60, 1),
    OFFER(MJPEG, 800, 600, 30, 1),
    OFFER(UYVY, 800, 600, 15, 1),
    OFFER(UYVY, 800, 600, 30000, 1001),
    OFFER(UYVY, 800, 600, 120, 1),
    OFFER(YVYU, 640, 480, 30, 1),
    OFFER(NV12, 640, 480, 24, 1),
    OFFER(H264, 640, 480, 30, 1),
};

/* Faster than usual. */
static const struct camera_offer fast[] = {
    OFFER(MJPEG, 640, 480, 30, 1),
    OFFER(YUYV, 640, 480, 120, 1),
    OFFER(YUYV, 640, 480, 60, 1),
    OFFER(RGB24, 640, 480, 60, 1),
};

/* Sizes in steps, rates from 5 to 60; and one format of which nothing is listed, one whose rates are not. */
static const struct camera_offer steps[] = {{V4L2_PIX_FMT_YUYV, {16, 1007, 8}, {16, 1080, 8}, {1, 60}, {1, 5}}};
static const struct camera_offer unlisted[] = {{.fourcc = V4L2_PIX_FMT_MJPEG}, {.fourcc = V4L2_PIX_FMT_YUYV}};
static const struct camera_offer no_rates[] = {
    OFFER(MJPEG, 640, 480, 30, 1), {V4L2_PIX_FMT_UYVY, ONE(640), ONE(480), {0, 0}, {0, 0}}};

static const struct pick_case {
	const struct camera_offer *offers;
	unsigned count;
	struct source_request request;
	uint32_t source;
	const char *published;
	uint32_t width_px, height_px, rate_num, rate_den;
} picks[] = {
#define FROM(table) table, COUNT(table)
#define ASK(w, h, num, den, f)                                                                                         \
	{                                                                                                              \
		.width_px = w, .height_px = h, .rate_num = num, .rate_den = den, .pix_fmt = f                          \
	}
    /* not asked for a rate: what reaches 30; where both do, what need not be decoded */
    {FROM(usb), ASK(1280, 720, 0, 0, NULL), V4L2_PIX_FMT_MJPEG, "yuv420p", 1280, 720, 30, 1},
    {FROM(usb), ASK(640, 480, 0, 0, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 640, 480, 30, 1},
    {FROM(usb), ASK(700, 500, 0, 0, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 640, 480, 30, 1},
    {FROM(usb), ASK(1700, 1000, 0, 0, NULL), V4L2_PIX_FMT_MJPEG, "yuv420p", 1920, 1080, 30, 1},
    /* asked for one: the nearest */
    {FROM(usb), ASK(1280, 720, 9, 1, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 1280, 720, 9, 1},
    {FROM(usb), ASK(1280, 720, 60, 1, NULL), V4L2_PIX_FMT_MJPEG, "yuv420p", 1280, 720, 30, 1},
    {FROM(usb), ASK(1280, 720, 21, 1, NULL), V4L2_PIX_FMT_MJPEG, "yuv420p", 1280, 720, 30, 1},
    {FROM(usb), ASK(1280, 720, 19, 1, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 1280, 720, 9, 1},
    {FROM(usb), ASK(640, 480, 20, 1, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 640, 480, 15, 1},
    {FROM(usb), ASK(640, 480, 30000, 1001, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 640, 480, 30, 1},
    /* asked for a format */
    {FROM(usb), ASK(1920, 1080, 0, 0, "native"), V4L2_PIX_FMT_YUYV, "yuyv422", 1920, 1080, 5, 1},
    {FROM(usb), ASK(1920, 1080, 0, 0, "yuyv422"), V4L2_PIX_FMT_YUYV, "yuyv422", 1920, 1080, 5, 1},
    {FROM(usb), ASK(1280, 720, 0, 0, "rgb24"), V4L2_PIX_FMT_MJPEG, "rgb24", 1280, 720, 30, 1},
    {FROM(usb), ASK(1280, 720, 10, 1, "rgb24"), V4L2_PIX_FMT_YUYV, "rgb24", 1280, 720, 9, 1},
    {FROM(usb), ASK(640, 480, 0, 0, "decoded"), V4L2_PIX_FMT_MJPEG, "yuv420p", 640, 480, 30, 1},
    {FROM(usb), ASK(640, 480, 15, 1, "decoded"), V4L2_PIX_FMT_YUYV, "yuv420p", 640, 480, 15, 1},
    {FROM(usb), ASK(1280, 720, 0, 0, "decoded"), V4L2_PIX_FMT_MJPEG, "yuv420p", 1280, 720, 30, 1},
    /* 29.97 is as good as 30, and 120 too, but what is nearest to 30 is taken; asked for, it is told apart */
    {FROM(odd), ASK(800, 600, 0, 0, NULL), V4L2_PIX_FMT_UYVY, "uyvy422", 800, 600, 30000, 1001},
    {FROM(odd), ASK(800, 600, 30, 1, NULL), V4L2_PIX_FMT_UYVY, "uyvy422", 800, 600, 30000, 1001},
    {FROM(odd), ASK(800, 600, 100, 1, NULL), V4L2_PIX_FMT_UYVY, "uyvy422", 800, 600, 120, 1},
    {FROM(odd), ASK(800, 600, 60, 1, NULL), V4L2_PIX_FMT_MJPEG, "yuv420p", 800, 600, 60, 1},
    {FROM(odd), ASK(640, 480, 0, 0, NULL), V4L2_PIX_FMT_YVYU, "yvyu422", 640, 480, 30, 1},
    {FROM(odd), ASK(640, 480, 24, 1, NULL), V4L2_PIX_FMT_NV12, "nv12", 640, 480, 24, 1},
    {FROM(fast), ASK(640, 480, 0, 0, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 640, 480, 60, 1},
    {FROM(fast), ASK(640, 480, 60, 1, "rgb24"), V4L2_PIX_FMT_RGB24, "rgb24", 640, 480, 60, 1},
    {FROM(fast), ASK(640, 480, 30, 1, "rgb24"), V4L2_PIX_FMT_MJPEG, "rgb24", 640, 480, 30, 1},
    /* gray last, however near; raw sensor data too, unless it is decoded */
    {FROM(odd), ASK(1280, 720, 0, 0, "native"), V4L2_PIX_FMT_UYVY, "uyvy422", 800, 600, 30000, 1001},
    {FROM(odd), ASK(1280, 720, 0, 0, NULL), V4L2_PIX_FMT_SRGGB8, "yuv420p", 1280, 720, 30, 1},
    {FROM(odd), ASK(640, 480, 0, 0, "gray"), V4L2_PIX_FMT_GREY, "gray", 1280, 720, 30, 1},
    {FROM(odd), ASK(640, 480, 0, 0, "bayer_rggb8"), V4L2_PIX_FMT_SRGGB8, "bayer_rggb8", 1280, 720, 30, 1},
    /* steps: the nearest of them, inside the ends */
    {FROM(steps), ASK(601, 339, 24, 1, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 600, 336, 24, 1},
    {FROM(steps), ASK(604, 340, 0, 0, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 608, 344, 30, 1},
    {FROM(steps), ASK(1007, 5000, 100, 1, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 1000, 1080, 60, 1},
    {FROM(steps), ASK(1, 2, 30, 7, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 16, 16, 5, 1},
    /* what is not listed is a hit, and is asked for as it is */
    {FROM(unlisted), ASK(1000, 700, 25, 2, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 1000, 700, 25, 2},
    {FROM(unlisted), ASK(1000, 700, 0, 0, NULL), V4L2_PIX_FMT_YUYV, "yuyv422", 1000, 700, 0, 0},
    {FROM(no_rates), ASK(640, 480, 0, 0, NULL), V4L2_PIX_FMT_UYVY, "uyvy422", 640, 480, 0, 0},
    {FROM(no_rates), ASK(640, 480, 60, 1, NULL), V4L2_PIX_FMT_UYVY, "uyvy422", 640, 480, 60, 1},
};

static void test_pick(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(picks); i++) {
		const struct pick_case *c = &picks[i];
		struct camera_modes modes = {(struct camera_offer *)c->offers, c->count};
		struct camera_pick p = {.width_px = 0};
		int r = camera_modes_choose(&p, &modes, &c->request, NULL);

		if (r < 0 || p.choice.source->fourcc != c->source ||
		    strcmp(p.choice.published->pix_fmt, c->published) != 0 || p.width_px != c->width_px ||
		    p.height_px != c->height_px || p.rate_num != c->rate_num || p.rate_den != c->rate_den)
			fail_msg("case %zu: %d, %s as %s %ux%u at %u/%u", i, r,
			    r < 0 ? "" : camera_fourcc_text(p.choice.source->fourcc).text,
			    r < 0 ? "" : p.choice.published->pix_fmt, p.width_px, p.height_px, p.rate_num, p.rate_den);
	}
}

static void test_nothing_fits(void **state)
{
	const struct source_request request = {.width_px = 640, .height_px = 480, .pix_fmt = "nv12"};
	struct camera_modes modes = {(struct camera_offer *)usb, COUNT(usb)};
	struct camera_pick pick = {.width_px = 99};
	struct tripool_error error;

	(void)state;
	assert_int_equal(camera_modes_choose(&pick, &modes, &request, &error), -EINVAL);
	assert_string_equal(error.text, "the camera has no 'nv12': choose one of yuyv422, yuv420p, rgb24, bgr24");
	modes.count = 0;
	assert_int_equal(camera_modes_choose(&pick, &modes, &request, &error), -EINVAL);
	assert_int_equal(pick.width_px, 99);
}

static void explained(const struct camera_offer *offers, unsigned count, uint32_t width_px, size_t size, const char *is)
{
	const struct source_request request = {.width_px = width_px, .height_px = width_px * 9 / 16};
	struct camera_modes modes = {(struct camera_offer *)offers, count};
	struct camera_pick pick;
	char text[160];

	assert_int_equal(camera_modes_choose(&pick, &modes, &request, NULL), 0);
	camera_modes_explain(text, size, &pick, &modes, &request);
	assert_string_equal(text, is);
}

static void test_explain(void **state)
{
	(void)state;
	explained(FROM(usb), 1280, 160, "MJPG 1280x720 at 30 fps, decoded; as near in size: YUYV at 9");
	explained(FROM(usb), 1280, 24, "MJPG 1280x720 at 30 ...");
	explained(FROM(odd), 800, 160, "UYVY 800x600 at 29.97 fps, native; as near in size: MJPG at 30");
	explained(FROM(steps), 320, 160, "YUYV 320x184 at 30 fps, native; no other format comes as near in size");
	explained(FROM(unlisted), 320, 160, "YUYV 320x180, native; as near in size: MJPG");
}

/* From here on with the driver, which in these tests takes nothing but a mode that it lists. */

static const struct fake_format usb_formats[] = {{V4L2_PIX_FMT_MJPEG, 0, 0, 1}, {V4L2_PIX_FMT_YUYV, 16, 16, 1}};
static const struct fake_mode usb_modes[] = {
    {V4L2_PIX_FMT_MJPEG, 1920, 1080, 30},
    {V4L2_PIX_FMT_MJPEG, 1280, 720, 30},
    {V4L2_PIX_FMT_YUYV, 640, 480, 30},
    {V4L2_PIX_FMT_YUYV, 640, 480, 15},
    {V4L2_PIX_FMT_YUYV, 1280, 720, 9},
};

static int open_usb(const struct source_request *request)
{
	fake.formats = usb_formats;
	fake.format_count = COUNT(usb_formats);
	fake.modes = usb_modes;
	fake.mode_count = COUNT(usb_modes);
	fake.rate_num = 5; /* left by the last program */
	fake.rate_den = 1;
	return open_camera(request);
}

static void test_asked_of_driver(void **state)
{
	const struct source_request request = {.width_px = 0};
	const struct tripool_format *format = &rig.description.format;

	(void)state;
	assert_int_equal(open_usb(&request), 0);
	assert_int_equal(fake.format.fmt.pix.pixelformat, V4L2_PIX_FMT_MJPEG);
	assert_int_equal(format->width_px, 1280);
	assert_int_equal(format->height_px, 720);
	assert_int_equal(fake.rate_num, 30);
	assert_int_equal(format->frame_rate_num, 30);
	assert_string_equal(rig.description.path, "convert");
	assert_string_equal(rig.description.note, "");
	assert_string_equal(
	    rig.description.mode_reason, "MJPG 1280x720 at 30 fps, decoded; as near in size: YUYV at 9");
}

static void test_asked_of_driver_multiplanar(void **state)
{
	const struct source_request request = {.width_px = 600, .height_px = 400, .rate_num = 10, .rate_den = 1};

	(void)state;
	fake.multiplanar = true;
	assert_int_equal(open_usb(&request), 0);
	assert_int_equal(fake.format.fmt.pix_mp.pixelformat, V4L2_PIX_FMT_YUYV);
	assert_int_equal(fake.format.fmt.pix_mp.width, 640);
	assert_int_equal(fake.rate_num, 15);
	assert_string_equal(rig.description.note,
	    "asked for 600x400, the camera makes 640x480; asked for 10 frames a second, the camera makes 15");
}

static void test_asked_as_it_comes(void **state)
{
	const struct source_request request = {.pix_fmt = "native"};

	(void)state;
	assert_int_equal(open_usb(&request), 0);
	assert_string_equal(rig.description.format.pix_fmt, "yuyv422");
	assert_int_equal(rig.description.format.width_px, 1280);
	assert_int_equal(fake.rate_num, 9);
	assert_string_equal(rig.description.note, "");
}

/* 1080 is not a whole number of a JPEG's blocks: that is made rgb24 unless yuv420p was asked for. */
static void test_asked_decoded(void **state)
{
	const struct source_request request = {.width_px = 1920, .height_px = 1080, .pix_fmt = "decoded"};

	(void)state;
	assert_int_equal(open_usb(&request), 0);
	assert_string_equal(rig.description.format.pix_fmt, "rgb24");
	assert_int_equal(fake.format.fmt.pix.width, 1920);
}

/* A driver that lists nothing is asked, and says what it makes of it. */
static void test_asked_unlisted(void **state)
{
	const struct source_request request = {.width_px = 1000, .height_px = 700, .rate_num = 25, .rate_den = 1};

	(void)state;
	fake.no_sizes = true;
	fake.width_px = 768;
	fake.height_px = 576;
	fake.rate_num = 30;
	fake.rate_den = 1;
	assert_int_equal(open_camera(&request), 0);
	assert_int_equal(fake.rate_num, 25);
	assert_string_equal(rig.description.note, "asked for 1000x700, the camera makes 768x576");
	assert_string_equal(
	    rig.description.mode_reason, "NV12 1000x700 at 25 fps, native; as near in size: YUYV at 25");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pick),
	    cmocka_unit_test(test_nothing_fits),
	    cmocka_unit_test(test_explain),
	    TEST(test_asked_of_driver),
	    TEST(test_asked_of_driver_multiplanar),
	    TEST(test_asked_as_it_comes),
	    TEST(test_asked_decoded),
	    TEST(test_asked_unlisted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
