// SPDX-License-Identifier: MIT
#include "camera_modes.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "v4l2.h"

#define LISTED_MAX 256 /* sizes of a format, rates of a size: a driver may not keep us for ever */

#define USUAL_RATE 30
#define SAME_RATE 0.002 /* 29.97 and 30 are one rate here */

static uint32_t nearest(const struct camera_steps *steps, uint32_t asked)
{
	uint64_t step = steps->step ? steps->step : 1, count;

	if (asked <= steps->min)
		return steps->min;
	count = ((asked < steps->max ? asked : steps->max) - steps->min + step / 2) / step;
	if (steps->min + count * step > steps->max)
		count = (steps->max - steps->min) / step;
	return (uint32_t)(steps->min + count * step);
}

static int add(struct camera_modes *modes, const struct camera_offer *offer)
{
	/* Room doubles: it is used up whenever the count is a power of two. */
	if ((modes->count & (modes->count - 1)) == 0) {
		size_t room = modes->count ? modes->count * (size_t)2 : 1;
		struct camera_offer *more = realloc(modes->offer, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		modes->offer = more;
	}
	modes->offer[modes->count++] = *offer;
	return 0;
}

static int list_rates(struct camera_modes *modes, const struct camera_device *device, struct camera_offer offer,
    uint32_t width_px, uint32_t height_px)
{
	struct v4l2_frmivalenum interval = {.pixel_format = offer.fourcc, .width = width_px, .height = height_px};
	bool discrete = true, any = false;
	int r = 0;

	for (unsigned i = 0; i < LISTED_MAX && discrete && r == 0; i++) {
		interval.index = i;
		if (v4l2_call(device->fd, VIDIOC_ENUM_FRAMEINTERVALS, &interval) < 0)
			break;
		discrete = interval.type == V4L2_FRMIVAL_TYPE_DISCRETE;
		offer.shortest = discrete ? interval.discrete : interval.stepwise.min;
		offer.longest = discrete ? interval.discrete : interval.stepwise.max;
		if (offer.shortest.numerator && offer.shortest.denominator && offer.longest.numerator &&
		    offer.longest.denominator) {
			any = true;
			r = add(modes, &offer);
		}
	}
	if (any || r < 0)
		return r;
	offer.shortest = offer.longest = (struct v4l2_fract){0, 0};
	return add(modes, &offer);
}

static int list_sizes(struct camera_modes *modes, const struct camera_device *device, uint32_t fourcc,
    uint32_t width_px, uint32_t height_px)
{
	struct v4l2_frmsizeenum size = {.pixel_format = fourcc};
	const struct v4l2_frmsize_stepwise *s = &size.stepwise;
	struct camera_offer offer = {.fourcc = fourcc};
	bool discrete = true;
	unsigned i;
	int r = 0;

	for (i = 0; i < LISTED_MAX && discrete && r == 0; i++) {
		size.index = i;
		if (v4l2_call(device->fd, VIDIOC_ENUM_FRAMESIZES, &size) < 0)
			break;
		discrete = size.type == V4L2_FRMSIZE_TYPE_DISCRETE;
		if (discrete) {
			offer.width_px = (struct camera_steps){size.discrete.width, size.discrete.width, 1};
			offer.height_px = (struct camera_steps){size.discrete.height, size.discrete.height, 1};
		} else {
			offer.width_px = (struct camera_steps){s->min_width, s->max_width, s->step_width};
			offer.height_px = (struct camera_steps){s->min_height, s->max_height, s->step_height};
		}
		r = list_rates(
		    modes, device, offer, nearest(&offer.width_px, width_px), nearest(&offer.height_px, height_px));
	}
	return i == 0 ? add(modes, &offer) : r;
}

int camera_modes_list(
    struct camera_modes *modes, const struct camera_device *device, uint32_t width_px, uint32_t height_px)
{
	uint32_t fourccs[CAMERA_MAX_FORMATS];
	unsigned count = camera_device_formats(device, fourccs);
	struct camera_modes m = {NULL, 0};

	for (unsigned i = 0; i < count; i++) {
		int r = list_sizes(&m, device, fourccs[i], width_px, height_px);

		if (r < 0) {
			camera_modes_finish(&m);
			return r;
		}
	}
	*modes = m;
	return 0;
}

void camera_modes_finish(struct camera_modes *modes)
{
	free(modes->offer);
	*modes = (struct camera_modes){NULL, 0};
}

bool camera_same_size(const struct camera_offer *a, const struct camera_offer *b)
{
	return a->fourcc == b->fourcc && memcmp(&a->width_px, &b->width_px, sizeof(a->width_px)) == 0 &&
	       memcmp(&a->height_px, &b->height_px, sizeof(a->height_px)) == 0;
}

/* How far an offer is from what is asked; less is better, the first that differs decides. */
struct merit {
	bool last_resort;
	uint64_t size;
	double rate;
	bool decoded;
	ptrdiff_t place; /* in the table of formats */
	double rate_exactly;
};

static bool better(const struct merit *a, const struct merit *b)
{
	if (a->last_resort != b->last_resort)
		return b->last_resort;
	if (a->size != b->size)
		return a->size < b->size;
	if (a->rate != b->rate)
		return a->rate < b->rate;
	if (a->decoded != b->decoded)
		return b->decoded;
	if (a->place != b->place)
		return a->place < b->place;
	return a->rate_exactly < b->rate_exactly;
}

static uint64_t distance(uint32_t a, uint32_t b)
{
	return a < b ? b - a : a - b;
}

/* The offer's rate that is nearest to the one asked for, into the pick, and how near. */
static void judge_rate(struct camera_pick *pick, struct merit *merit, const struct camera_offer *offer,
    const struct source_request *request)
{
	uint32_t num = request->rate_num ? request->rate_num : USUAL_RATE;
	uint32_t den = request->rate_num ? request->rate_den : 1;
	double asked = (double)num / den, rate;

	if (!offer->shortest.numerator) {
		pick->rate_num = request->rate_num;
		pick->rate_den = request->rate_num ? request->rate_den : 0;
		return;
	}
	if (asked * offer->shortest.numerator >= offer->shortest.denominator) {
		num = offer->shortest.denominator;
		den = offer->shortest.numerator;
	} else if (asked * offer->longest.numerator <= offer->longest.denominator) {
		num = offer->longest.denominator;
		den = offer->longest.numerator;
	}
	rate = (double)num / den;
	pick->rate_num = num;
	pick->rate_den = den;
	merit->rate_exactly = fabs(rate - asked);
	/* Nobody asked: what is faster than usual is as good. */
	if (merit->rate_exactly > asked * SAME_RATE && (request->rate_num || rate < asked))
		merit->rate = merit->rate_exactly;
}

/* What the offer comes to; false: it gives nothing that is asked for. */
static bool judge(struct camera_pick *pick, struct merit *merit, const struct camera_offer *offer,
    const struct source_request *request)
{
	const struct camera_format *source = camera_format_find(offer->fourcc);

	*merit = (struct merit){.size = 0};
	if (!source || !camera_choose(&pick->choice, source, request->pix_fmt))
		return false;
	pick->width_px = request->width_px;
	pick->height_px = request->height_px;
	if (offer->width_px.max) {
		pick->width_px = nearest(&offer->width_px, request->width_px);
		pick->height_px = nearest(&offer->height_px, request->height_px);
	}
	merit->size = distance(pick->width_px, request->width_px) + distance(pick->height_px, request->height_px);
	judge_rate(pick, merit, offer, request);
	merit->decoded = pick->choice.source != pick->choice.published;
	merit->last_resort = source->kind == CAMERA_GRAY || (source->kind == CAMERA_BAYER && !merit->decoded);
	merit->place = camera_format_place(source, request->pix_fmt);
	return true;
}

/* The best of the offers of one format, or (0) of all formats. */
static bool best(struct camera_pick *pick, struct merit *merit, const struct camera_modes *modes, uint32_t fourcc,
    const struct source_request *request)
{
	bool any = false;

	for (unsigned i = 0; i < modes->count; i++) {
		struct camera_pick p;
		struct merit m;

		if ((fourcc && modes->offer[i].fourcc != fourcc) || !judge(&p, &m, &modes->offer[i], request) ||
		    (any && !better(&m, merit)))
			continue;
		*pick = p;
		*merit = m;
		any = true;
	}
	return any;
}

/* The formats, each once. */
static unsigned formats(const struct camera_modes *modes, uint32_t fourccs[CAMERA_MAX_FORMATS])
{
	unsigned count = 0;

	for (unsigned i = 0; i < modes->count && count < CAMERA_MAX_FORMATS; i++)
		if (i == 0 || modes->offer[i].fourcc != modes->offer[i - 1].fourcc)
			fourccs[count++] = modes->offer[i].fourcc;
	return count;
}

int camera_modes_choose(struct camera_pick *pick, const struct camera_modes *modes,
    const struct source_request *request, struct tripool_error *error)
{
	uint32_t fourccs[CAMERA_MAX_FORMATS];
	struct merit merit;

	if (best(pick, &merit, modes, 0, request))
		return 0;
	return camera_no_choice(fourccs, formats(modes, fourccs), request->pix_fmt, error);
}

/* " at 30" and the unit, or nothing where the rate is not known. */
static void put_rate(FILE *out, const struct camera_pick *pick, const char *unit)
{
	if (pick->rate_num)
		fprintf(out, " at %.4g%s", (double)pick->rate_num / pick->rate_den, unit);
}

void camera_modes_explain(char *text, size_t size, const struct camera_pick *pick, const struct camera_modes *modes,
    const struct source_request *request)
{
	uint32_t fourccs[CAMERA_MAX_FORMATS], own = pick->choice.source->fourcc;
	unsigned count = formats(modes, fourccs), others = 0;
	struct merit picked, merit;
	struct camera_pick other;
	char *whole = NULL;
	size_t length;
	FILE *out = open_memstream(&whole, &length);

	text[0] = '\0';
	if (!out)
		return;
	best(&other, &picked, modes, own, request);
	fprintf(out, "%s %ux%u", camera_fourcc_text(own).text, pick->width_px, pick->height_px);
	put_rate(out, pick, " fps");
	fprintf(out, ", %s; ", picked.decoded ? "decoded" : "native");
	for (unsigned i = 0; i < count; i++) {
		if (fourccs[i] == own || !best(&other, &merit, modes, fourccs[i], request) || merit.size != picked.size)
			continue;
		fprintf(out, "%s%s", others++ ? ", " : "as near in size: ", camera_fourcc_text(fourccs[i]).text);
		put_rate(out, &other, "");
	}
	if (!others)
		fputs("no other format comes as near in size", out);
	if (fclose(out) == 0)
		snprintf(
		    text, size, "%.*s%s", (int)(length < size ? length : size - 4), whole, length < size ? "" : "...");
	free(whole);
}
