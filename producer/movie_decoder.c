// SPDX-License-Identifier: MIT
#include "movie_decoder.h"

#include <errno.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include "error.h"

#define ALIGNMENT_BYTES 64 /* of planes: the most that FFmpeg wants of its own */
#define BEYOND_BYTES 16    /* the last plane may be read so far behind its end */

static void let_go(void *opaque, uint8_t *memory)
{
	struct movie_decoder *decoder = opaque;

	if (decoder->lent == memory)
		decoder->lent = NULL;
}

/* Read-only: nobody is to write there again once the picture is whole. */
static int lend_slot(struct movie_decoder *decoder, AVFrame *frame)
{
	for (uint32_t p = 0; p < decoder->layout->plane_count; p++) {
		frame->data[p] = decoder->slot.plane[p];
		frame->linesize[p] = (int)decoder->layout->stride_bytes[p];
	}
	frame->extended_data = frame->data;
	frame->buf[0] = av_buffer_create(
	    decoder->slot.memory, decoder->layout->size_bytes, let_go, decoder, AV_BUFFER_FLAG_READONLY);
	if (!frame->buf[0])
		return AVERROR(ENOMEM);
	decoder->lent = decoder->slot.memory;
	return 0;
}

static int get_buffer(AVCodecContext *context, AVFrame *frame, int flags)
{
	struct movie_decoder *decoder = context->opaque;

	if (decoder->has_slot && !decoder->lent && frame->format == decoder->format &&
	    frame->width == decoder->coded_width && frame->height == decoder->coded_height)
		return lend_slot(decoder, frame);
	int r = avcodec_default_get_buffer2(context, frame, flags);
	if (r < 0 || decoder->layout)
		return r;
	decoder->format = frame->format;
	decoder->coded_width = frame->width;
	decoder->coded_height = frame->height;
	decoder->own = frame->data[0];
	return 0;
}

static bool can_write_slots(const AVCodec *codec)
{
	const AVCodecDescriptor *descriptor = avcodec_descriptor_get(codec->id);

	return codec->capabilities & AV_CODEC_CAP_DR1 && descriptor && descriptor->props & AV_CODEC_PROP_INTRA_ONLY;
}

static int open_context(
    struct movie_decoder *decoder, const AVCodec *codec, const AVFrame *like, struct tripool_error *error)
{
	AVCodecContext *c = avcodec_alloc_context3(codec);
	int r = c ? avcodec_parameters_to_context(c, decoder->parameters) : AVERROR(ENOMEM);

	if (r >= 0) {
		if (like) {
			c->width = c->coded_width = like->width;
			c->height = c->coded_height = like->height;
		}
		c->opaque = decoder;
		c->pkt_timebase = decoder->time_base;
		c->thread_count = 0; /* as many as there are processors */
		c->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
		if (decoder->direct) {
			/* with threads for frames it would be called in those */
			c->thread_type = FF_THREAD_SLICE;
			c->get_buffer2 = get_buffer;
		}
		r = avcodec_open2(c, codec, NULL);
	}
	if (r >= 0) {
		decoder->context = c;
		return 0;
	}
	avcodec_free_context(&c);
	return tripool_fail(error, r == AVERROR(ENOMEM) ? -ENOMEM : -EBADMSG, "%s: the decoder '%s' refuses it: %s",
	    decoder->name, codec->name, av_err2str(r));
}

int movie_decoder_open(struct movie_decoder *decoder, const AVCodecParameters *parameters, AVRational time_base,
    const char *name, struct tripool_error *error)
{
	const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
	char tag[AV_FOURCC_MAX_STRING_SIZE];

	*decoder = (struct movie_decoder){
	    .parameters = parameters, .time_base = time_base, .name = name, .format = AV_PIX_FMT_NONE};
	if (!codec && parameters->codec_id == AV_CODEC_ID_NONE)
		return tripool_fail(error, -ENOTSUP, "%s: its codec '%s' is not known to this FFmpeg", name,
		    av_fourcc_make_string(tag, parameters->codec_tag));
	if (!codec)
		return tripool_fail(error, -ENOTSUP, "%s: this FFmpeg has no decoder for '%s'", name,
		    avcodec_get_name(parameters->codec_id));
	decoder->direct = can_write_slots(codec);
	return open_context(decoder, codec, NULL, error);
}

int movie_decoder_restart(struct movie_decoder *decoder, const AVFrame *like, const struct tripool_format *layout,
    struct tripool_error *error)
{
	const AVCodec *codec = decoder->context->codec;

	avcodec_free_context(&decoder->context);
	decoder->layout = layout;
	decoder->has_slot = false;
	return open_context(decoder, codec, like, error);
}

void movie_decoder_close(struct movie_decoder *decoder)
{
	avcodec_free_context(&decoder->context);
}

bool movie_decoder_could_write(const struct movie_decoder *decoder, const AVFrame *frame)
{
	return decoder->direct && decoder->own && frame->data[0] == decoder->own &&
	       frame->format == (int)decoder->format;
}

/* As FFmpeg lays out its own buffers. */
int movie_decoder_lay_out(struct movie_decoder *decoder, struct tripool_format *format, struct tripool_error *error)
{
	int width = decoder->coded_width, height = decoder->coded_height;
	int alignment[AV_NUM_DATA_POINTERS], linesize[4];
	ptrdiff_t strides[4];
	size_t sizes[4];
	uint64_t end = 0;
	bool aligned;

	avcodec_align_dimensions2(decoder->context, &width, &height, alignment);
	do {
		if (av_image_fill_linesizes(linesize, decoder->format, width) < 0)
			return tripool_fail(error, -EINVAL, "libavutil has no rows for them");
		width += width & -width;
		aligned = true;
		for (int p = 0; p < 4; p++)
			aligned = aligned && linesize[p] % alignment[p] == 0;
	} while (!aligned);
	for (int p = 0; p < 4; p++)
		strides[p] = linesize[p];
	if (av_image_fill_plane_sizes(sizes, decoder->format, height, strides) < 0)
		return tripool_fail(error, -EINVAL, "libavutil has no planes for them");
	for (uint32_t p = 0; p < format->plane_count; p++) {
		format->offset_bytes[p] = end;
		format->stride_bytes[p] = (uint32_t)linesize[p];
		end += sizes[p] + BEYOND_BYTES + ALIGNMENT_BYTES - 1;
		end -= end % ALIGNMENT_BYTES;
	}
	format->size_bytes = end;
	return tripool_format_check(format, error);
}

void movie_decoder_give(struct movie_decoder *decoder, const struct tripool_slot *slot)
{
	decoder->slot = *slot;
	decoder->has_slot = true;
	decoder->lent = NULL;
}

bool movie_decoder_wrote_slot(const struct movie_decoder *decoder, const AVFrame *frame)
{
	bool same = decoder->has_slot;

	for (uint32_t p = 0; same && p < decoder->layout->plane_count; p++)
		same = frame->data[p] == decoder->slot.plane[p] &&
		       frame->linesize[p] == (int)decoder->layout->stride_bytes[p];
	return same;
}
