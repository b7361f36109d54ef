// SPDX-License-Identifier: MIT
#include "transport.h"

extern const struct transport transport_hand_off, transport_ring, transport_eventfd, transport_futex;
extern const struct transport transport_tripool_lossless;
extern const struct transport transport_pipe, transport_fifo, transport_socket, transport_posix_queue,
    transport_sysv_queue, transport_sysv_shm, transport_posix_shm;
extern const struct transport transport_zeromq, transport_gst_shm, transport_gst_shm_alloc, transport_iceoryx;

const struct transport *const transports[] = {
    &transport_hand_off,
    &transport_ring,
    &transport_eventfd,
    &transport_futex,
    &transport_tripool,
    &transport_tripool_lossless,
    &transport_pipe,
    &transport_fifo,
    &transport_socket,
    &transport_posix_queue,
    &transport_sysv_queue,
    &transport_sysv_shm,
    &transport_posix_shm,
#ifdef BENCH_ZEROMQ
    &transport_zeromq,
#endif
#ifdef BENCH_GSTREAMER
    &transport_gst_shm,
    &transport_gst_shm_alloc,
#endif
#ifdef BENCH_ICEORYX
    &transport_iceoryx,
#endif
    NULL,
};

const struct missing_transport missing_transports[] = {
#ifndef BENCH_ZEROMQ
    {"zeromq", "libzmq3-dev"},
#endif
#ifndef BENCH_GSTREAMER
    {"gst-shm", "libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-bad"},
    {"gst-shm-alloc", "libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-bad"},
#endif
#ifndef BENCH_ICEORYX
    {"iceoryx", "libiceoryx-binding-c-dev iceoryx"},
#endif
    {0},
};
