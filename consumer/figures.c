// SPDX-License-Identifier: MIT
#include "figures.h"

#include <inttypes.h>
#include <libavutil/pixdesc.h>
#include <stdarg.h>
#include <stdio.h>

#include "pixels.h"

#define LEAST_SPAN_NS (NS_PER_SECOND / 2)
#define FRAME_ROW 2

static void begin(struct tile *t, int64_t now_ns)
{
	struct stream *s = &t->stream;
	struct tripool_viewer_stats stats;
	tripool_viewer_get_stats(s->viewer, &stats);
	t->rows_since_ns = now_ns;
	t->rows_frames_shown = s->frames_shown;
	t->rows_sequence = s->last.sequence;
	t->rows_publish_ns = s->last.publish_ns;
	t->rows_reconnects = stats.reconnects;
	distribution_clear(&s->recent.publish);
	distribution_clear(&s->recent.capture);
}

void figures_begin(struct tile *t, int64_t now_ns)
{
	t->row_count = 0;
	begin(t, now_ns);
}

__attribute__((format(printf, 3, 4))) static void add(struct tile *t, const char *label, const char *format, ...)
{
	va_list arguments;
	struct text_row *row = &t->rows[t->row_count++];
	row->label = label;
	va_start(arguments, format);
	vsnprintf(row->value, sizeof(row->value), format, arguments);
	va_end(arguments);
}

static const char *matrix_name(int matrix)
{
	switch (matrix) {
	case AVCOL_SPC_BT470BG:
		return "BT.601";
	case AVCOL_SPC_BT709:
		return "BT.709";
	case AVCOL_SPC_BT2020_NCL:
		return "BT.2020";
	default:
		return av_color_space_name((enum AVColorSpace)matrix);
	}
}

static void add_picture(struct tile *t)
{
	const struct tripool_format *f = &t->picture->format;
	struct pixels_colour colour = pixels_colour(f);
	if (!t->has_format)
		add(t, "picture", "–");
	else if (pixels_is_rgb(f))
		add(t, "picture", "%s %" PRIu32 "x%" PRIu32, f->pix_fmt, f->width_px, f->height_px);
	else
		add(t, "picture", "%s %" PRIu32 "x%" PRIu32 " · %s %s", f->pix_fmt, f->width_px, f->height_px,
		    matrix_name(colour.matrix), colour.full_range ? "full" : "limited");
}

static void write_rate(char *text, size_t size, uint64_t frames, int64_t span_ns)
{
	if (span_ns < LEAST_SPAN_NS)
		snprintf(text, size, "–");
	else
		snprintf(text, size, "%.1f fps", (double)frames * NS_PER_SECOND / (double)span_ns);
}

/* Of the source by the frames' own times, whether they were shown or not. */
static void add_rates(struct tile *t, const struct tripool_viewer_stats *stats, int64_t now_ns)
{
	char source[32], shown[32];
	const struct stream *s = &t->stream;
	bool same =
	    stats->reconnects == t->rows_reconnects && t->rows_sequence > 0 && s->last.sequence > t->rows_sequence;
	write_rate(source, sizeof(source), s->last.sequence - t->rows_sequence,
	    same ? s->last.publish_ns - t->rows_publish_ns : 0);
	write_rate(shown, sizeof(shown), s->frames_shown - t->rows_frames_shown, now_ns - t->rows_since_ns);
	add(t, "rate", "source %s · shown %s", source, shown);
}

static void add_latency(struct tile *t, const char *label, const struct distribution *d)
{
	if (d->count > 0)
		add(t, label, "p50 %.2f ms · p99 %.2f ms", distribution_percentile_us(d, 50) / 1e3,
		    distribution_percentile_us(d, 99) / 1e3);
	else
		add(t, label, "–");
}

static void number_frame(struct tile *t)
{
	struct text_row *row = &t->rows[FRAME_ROW];
	if (t->stream.last.sequence > 0)
		snprintf(row->value, sizeof(row->value), "%" PRIu64, t->stream.last.sequence);
}

void figures_write(struct tile *t, int64_t now_ns)
{
	const struct stream *s = &t->stream;
	const struct display *d = t->display;
	struct tripool_viewer_stats stats;
	if (t->row_count > 0 && now_ns - t->rows_since_ns < LEAST_SPAN_NS) {
		/* but the number is that of the frame under it, which may be frozen now */
		number_frame(t);
		return;
	}
	tripool_viewer_get_stats(s->viewer, &stats);
	t->row_count = 0;
	add(t, "stream", "%s", s->name);
	add_picture(t);
	add(t, "frame", "–");
	number_frame(t);
	add_rates(t, &stats, now_ns);
	add_latency(t, "since capture", &s->recent.capture);
	add_latency(t, "since publish", &s->recent.publish);
	add(t, "lost", "%" PRIu64 " skipped here · %" PRIu64 " before they were published", stats.frames_skipped,
	    s->gaps);
	add(t, "path", "%s%s%s · %d %s a frame", d->class->name, d->detail[0] ? " " : "", d->detail,
	    t->picture->copies_per_frame, t->picture->copies_per_frame == 1 ? "copy" : "copies");
	begin(t, now_ns);
}
