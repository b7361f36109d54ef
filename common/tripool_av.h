// SPDX-License-Identifier: MIT
/*
 * tripool_av: frames and slots of tripool as FFmpeg's AVFrame, without a copy. A library of its own (libtripool-av), so
 * that libtripool's users need no FFmpeg; of FFmpeg it needs libavutil alone.
 *
 * A leased frame is *lent*: its AVFrame's one buffer reference is the lease, and the lease ends when the last reference
 * to that buffer is let go of, wherever FFmpeg keeps it.
 *
 *     struct tripool_av *av;
 *     AVFrame *picture = av_frame_alloc();
 *     tripool_av_create(&av, viewer, NULL);
 *     while (tripool_viewer_acquire(viewer, &frame) == 0) {
 *         if (tripool_av_lend(av, &frame, picture) < 0)
 *             break;
 *         picture->pts = ...;
 *         avcodec_send_frame(encoder, picture);
 *         av_frame_unref(picture);
 *     }
 *     avcodec_free_context(&encoder);
 *     tripool_av_destroy(av);
 *     tripool_viewer_destroy(viewer);
 *
 * Threads: a viewer is one thread's, and an encoder with threads of its own lets go of pictures in those. So a
 * reference that is let go of only puts the lease on a list, without a lock and in any thread; the viewer's thread
 * releases what is on the list in tripool_av_collect, which lend and destroy do as well. All functions here are for the
 * viewer's thread (or the producer's, for tripool_av_slot); av_frame_unref and av_buffer_unref are for any.
 *
 * A lease that was let go of but not collected still keeps its slot from the producer, and nobody is told that it could
 * be collected: who sleeps while FFmpeg holds frames should wake now and then and collect, above all where the stream
 * is lossless and the producer may be waiting for room. An encoder may hold as many frames as it likes: with all leases
 * held, tripool_viewer_acquire says -EBUSY; a copy (av_frame_make_writable) lets go of one.
 */
#ifndef TRIPOOL_AV_H
#define TRIPOOL_AV_H

#include "tripool.h"

#ifdef __cplusplus
extern "C" { /* FFmpeg's headers do not say so themselves */
#endif
#include <libavutil/frame.h>
#pragma GCC visibility push(default)

/* The frames that one viewer has lent. */
struct tripool_av;

/* The viewer stays the caller's. Errors: -ENOMEM. */
int tripool_av_create(struct tripool_av **av, struct tripool_viewer *viewer, struct tripool_error *error);

/*
 * Collects. To be called before tripool_viewer_destroy, after every encoder or filter that may hold a frame was freed.
 * References that are held even so may be let go of later, but their leases end with the viewer, and with them their
 * pixels. NULL is fine.
 */
void tripool_av_destroy(struct tripool_av *av);

/*
 * Moves a lease into `picture`, which must be empty (av_frame_alloc, av_frame_unref): data, linesize, buf[0] (read-only
 * to FFmpeg: av_frame_make_writable copies), format, width, height, sample_aspect_ratio, the four colour fields, and
 * the capture time as pts, in a time_base of 1/1,000,000,000 (CLOCK_MONOTONIC). Afterwards `frame` may be read (its
 * sequence, say) while `picture` has its reference, and needs no release. Errors: -EINVAL (a frame that was released, a
 * pixel format that this libavutil does not have), -ENOMEM; the lease is the caller's then. Does not block.
 */
int tripool_av_lend(struct tripool_av *av, struct tripool_frame *frame, AVFrame *picture);

/* Releases the leases that were let go of. Returns how many frames are lent still. Wait-free, but for what
 * tripool_viewer_release does. */
int tripool_av_collect(struct tripool_av *av);

/*
 * A slot as a picture to write into, with the fields that lend sets but for pts. `format` is the stream's. The
 * reference owns nothing: picture and slot are the producer's until it publishes or cancels, and the picture may not be
 * written, nor its references be held for writing, afterwards. Errors: -EINVAL (pixel format, a size beyond what an
 * AVFrame can tell), -ENOMEM. Any thread; does not block.
 */
int tripool_av_slot(const struct tripool_format *format, const struct tripool_slot *slot, AVFrame *picture);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
