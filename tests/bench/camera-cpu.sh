#!/bin/bash
# SPDX-License-Identifier: MIT
#
# camera-cpu.sh BUILD_DIR: the processor time a frame by USERPTR costs tripool-capture, beside v4l2-ctl --stream-user
# on the same device in the same run; and whether it depends on the size of the frame. tests/vm/boot runs it, for
# ./run bench camera:
#
#   tests/vm/boot --count-instructions build/camera-cpu tests/bench/camera-cpu.sh build
#
# Processor time is instructions there, a thousand for a microsecond.
set -euo pipefail

capture=$(realpath "$1")/producer/tripool-capture
device=/dev/video0
few=20 many=4020
export TRIPOOL_DIR=/run/tripool

# cpu COMMAND...: user and system time in milliseconds.
cpu() {
    local TIMEFORMAT='%U %S' spent
    spent=$({ time "$@" >/dev/null 2>&1; } 2>&1)
    awk '{ print ($1 + $2) * 1000 }' <<<"$spent"
}

ours() { "$capture" "camera:$device" -s "$1" -r 25 -f yuyv422 --frames "$2" -q --json; }
theirs() {
    v4l2-ctl -d "$device" --set-fmt-video="width=${1%x*},height=${1#*x},pixelformat=YUYV" --set-parm=25 \
        --stream-user=4 --stream-count="$2"
}

# a_frame WHO SIZE: microseconds, without what starting and ending cost.
a_frame() {
    awk -v few="$(cpu "$1" "$2" $few)" -v many="$(cpu "$1" "$2" $many)" -v n=$((many - few)) \
        'BEGIN { printf "%.2f", (many - few) * 1000 / n }'
}

for size in 320x180 1280x720; do
    t=$(a_frame theirs $size)
    o=$(a_frame ours $size)
    echo "$size: tripool-capture $o us a frame, v4l2-ctl --stream-user $t us: $(awk "BEGIN { printf \"%.2f\", $o / $t }") times"
    echo "$size: $(ours $size 100 2>/dev/null | jq -c '{path, copies_per_frame, capture_to_publish_us}')"
done
