#!/bin/bash
# SPDX-License-Identifier: MIT
#
# camera.sh BUILD_DIR: the camera's side of tripool against the kernel's own test driver. Run it by tests/vm/boot.
set -uo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# stream NAME DEVICE PIX_FMT PATH COPIES: a capture with two viewers, one of them the real program, until both have
# seen enough; the capture is then ended as by Ctrl-C. Words in ${driver[@]} make the driver a lesser one.
stream() {
    local name=$1 device=$2 pix_fmt=$3 path=$4 copies=$5 capture_pid view_pid watch_pid

    start "$name-watch" "$watch" "$name" 15
    watch_pid=$!
    start "$name-view" "$view" "$name" --renderer surface --frames 20 --verify --json
    view_pid=$!
    start "$name-capture" env "${driver[@]}" \
        "$capture" "camera:$device" -n "$name" -s 640x360 -r 25 -f "$pix_fmt" --checksum --json
    capture_pid=$!
    ended_well "$name-watch" "$watch_pid"
    ended_well "$name-view" "$view_pid"
    kill -INT "$capture_pid"
    ended_well "$name-capture" "$capture_pid"

    says "$name-capture" ".pix_fmt == \"$pix_fmt\""
    says "$name-capture" ".path == \"$path\""
    says "$name-capture" ".copies_per_frame == $copies"
    says "$name-capture" '.width == 640 and .height == 360'
    says "$name-capture" '.frames_published >= 20'
    says "$name-capture" '.viewers_peak >= 1'
    says "$name-capture" '.generations == 1'
    says "$name-view" '.frames_shown == 20'
    says "$name-view" '.frames_torn == 0 and .frames_verified == .frames_shown'
    says "$name-view" '.copies_per_frame == 0'
}

# refused LABEL WORD [capture arguments]: one line on stderr with WORD in it, nothing on stdout, not status 0. Sets
# $status.
refused() {
    local label=$1 word=$2
    shift 2
    start "$label" "$capture" "$@"
    wait $!
    status=$?
    check "$label: exit status $status is an error" test "$status" -gt 0 -a "$status" -lt 124
    check "$label: one line on stderr" test "$(wc -l <"$RESULT/$label.err")" -eq 1
    check "$label: says '$word'" grep -qF -- "$word" "$RESULT/$label.err"
    check "$label: nothing on stdout" test ! -s "$RESULT/$label.json"
    sed 's/^/      /' "$RESULT/$label.err"
}

# breaks LABEL BUTTON: a capture that runs, and then meets that fault, ends with one line and not status 0.
breaks() {
    local label=$1 pid status

    start "$label" "$capture" "camera:$video" -n "$label" -s 640x360 -r 25 --once
    pid=$!
    start "$label-watch" "$watch" "$label" 1
    ended_well "$label-watch" $!
    inject "$2"
    wait "$pid"
    status=$?
    check "$label: exit status $status is an error" test "$status" -gt 0 -a "$status" -lt 124
    check "$label: one line on stderr" test "$(wc -l <"$RESULT/$label.err")" -eq 1
    sed 's/^/      /' "$RESULT/$label.err"
}

# Controls: all are listed, those of each type are set in the order given, and what v4l2-ctl says of them is believed.
controls=$RESULT/controls
"$capture" "camera:$video" --controls >"$controls.txt" 2>"$controls.err"
check "controls: exit status" test $? -eq 0
start controls-list "$capture" "camera:$video" --controls --json
ended_well controls-list $!
v4l2-ctl -d "$video" --list-ctrls | awk '/ 0x/ { print $1 }' >"$controls.wanted"
check "controls: there are some" grep -qx brightness "$controls.wanted"
jq -r '.controls[].name' "$RESULT/controls-list.json" >"$controls.names"
check "controls: --json has those of v4l2-ctl" test -z "$(grep -vxFf "$controls.names" "$controls.wanted")"
awk '$1 !~ /:$/ { print $1 }' "$controls.txt" >"$controls.names"
check "controls: the table has those of v4l2-ctl" test -z "$(grep -vxFf "$controls.names" "$controls.wanted")"
check "controls: a menu's entry" grep -q '^ *3: Menu Item 3$' "$controls.txt"
check "controls: a range" grep -Eq '^integer_64_bits +integer64 ' "$controls.txt"
check "controls: read-only" grep -Eq '^read_only_integer_32_bits .*read-only' "$controls.txt"

# set_to ASSIGNMENT VALUE: VALUE is what v4l2-ctl -C prints then.
sets=()
wants=()
set_to() { sets+=(--set "$1"); wants+=("${1%%=*}: $2"); }
set_to brightness=77 77
set_to contrast=0x11 17
set_to boolean=off 0
set_to 'menu=menu item 4' 4
set_to integer_menu=5 5
set_to bitmask=0x80400010 $((0x80400010 - (1 << 32)))
set_to 'string=a=b ' "'a=b '"
set_to integer_64_bits=-5000000000 -5000000000
start controls-set "$capture" "camera:$video" -n controls -s 640x360 --frames 3 --json \
    "${sets[@]}" --set button=1 --set brightness=78 --set brightness=77
ended_well controls-set $!
check "controls: nothing to remark" test ! -s "$RESULT/controls-set.err"
for want in "${wants[@]}"; do
    v4l2-ctl -d "$video" -C "${want%%:*}" >"$controls.is"
    check "controls: $want, as set (it is $(cat "$controls.is"))" grep -qF -- "$want" "$controls.is"
done
wrong() { # LABEL SAID ASSIGNMENT: refused, with status 2
    refused "$1" "$2" "camera:$video" -n wrong --set brightness=1 --set "$3"
    check "$1: exit status is 2" test "$status" -eq 2
}
wrong wrong-name "the nearest is 'brightness'" brightnes=10
wrong wrong-value "from 0 to 255" contrast=256
wrong wrong-entry "3 (Menu Item 3)" menu=nonsense
wrong wrong-bit "a mask of the bits in 0x80402010" bitmask=1
wrong read-only "is read-only" read_only_integer_32_bits=1
wrong inactive "is inactive" gain=1
v4l2-ctl -d "$video" -c brightness=128,contrast=128 # what follows compares pictures, which must be bright enough

# Formats that the camera gives as they are, written by the driver into the slots.
driver=()
stream yuyv "$video" yuyv422 userptr 0
stream nv12 "$video" nv12 userptr 0
stream multi "$multi" nv12 userptr 0

driver=(LD_PRELOAD="$lesser" LESSER_FORMAT=YV12)
stream yv12 "$video" yuv420p userptr 0

# The same with each plane in memory of its own, Cr before Cb in the second.
driver=(LD_PRELOAD="$lesser" LESSER_FORMAT=NM12)
stream nv12m "$multi" nv12 userptr 0
driver=(LD_PRELOAD="$lesser" LESSER_FORMAT=YM21)
stream yvu420m "$multi" yuv420p userptr 0
driver=(LD_PRELOAD="$lesser" LESSER_FORMAT=YM21 LESSER_NO_USERPTR=1 LESSER_NO_DMABUF=1)
stream apart-copy "$multi" yuv420p copy 1

# A driver without USERPTR writes into the slots as dma-bufs, where the kernel can make such.
if [[ -c /dev/udmabuf ]]; then
    driver=(LD_PRELOAD="$lesser" LESSER_NO_USERPTR=1)
    stream dmabuf "$video" yuyv422 dmabuf 0
    check "dmabuf: says why, and what it costs" grep -q 'USERPTR: Invalid argument.*all 9 slots' "$RESULT/dmabuf-capture.err"
    driver=(LD_PRELOAD="$lesser" LESSER_NO_USERPTR=1 LESSER_FORMAT=YM21)
    stream apart-dmabuf "$multi" yuv420p dmabuf 0
else
    echo "skip  dmabuf: the kernel $(uname -r) has no /dev/udmabuf"
fi

# Without both it costs a copy; a format that must be decoded is decoded into the slot.
driver=(LD_PRELOAD="$lesser" LESSER_NO_USERPTR=1 LESSER_NO_DMABUF=1)
stream copy "$video" yuyv422 copy 1
check "copy: says why" grep -q 'USERPTR: Invalid argument, DMABUF: Invalid argument' "$RESULT/copy-capture.err"
driver=(LD_PRELOAD="$lesser" LESSER_FORMAT=RGGB)
stream bayer "$video" yuv420p convert 0

# A number of frames, without a viewer.
start count "$capture" "camera:$video" -n count -s 640x360 -r 60 --frames 20 --json
ended_well count $!
says count '.frames_published == 20'
says count '.path == "userptr"'

# A raw sensor's bytes, far down in the driver's list of formats.
start raw "$capture" "camera:$video" -n raw -s 640x360 -f bayer_rggb8 --frames 3 --json
ended_well raw $!
says raw '.path == "userptr" and .pix_fmt == "bayer_rggb8"'

# What there is, with the links that udev would have made.
mkdir -p /dev/v4l/by-id /dev/v4l/by-path
ln -s ../../video0 /dev/v4l/by-id/usb-vivid-index0
ln -s ../../video0 /dev/v4l/by-path/platform-vivid.0-index0
ln -s ../../video1 /dev/v4l/by-path/platform-vivid.1-index0
"$capture" --list >"$RESULT/list.txt"
check "list: exit status" test $? -eq 0
for word in "$video" "$multi" yuyv422 nv12 640x360 /dev/v4l/by-id/usb-vivid-index0; do
    check "list: shows $word" grep -qF "$word" "$RESULT/list.txt"
done
"$capture" --list --json >"$RESULT/list.json"
check "list --json: exit status" test $? -eq 0
for arguments in --list "--list --json" "camera --controls"; do
    # shellcheck disable=SC2086
    "$capture" $arguments >/dev/full 2>"$RESULT/full.err"
    check "$arguments on a full disk: status $?" test $? -eq 1
    check "$arguments on a full disk: the reason" grep -q 'No space left' "$RESULT/full.err"
done
says list 'length == 2 and all(.name == "vivid" and .error == null)'
says list '.[0].path == "/dev/video0" and .[0].stable_path == "/dev/v4l/by-id/usb-vivid-index0"'
says list '.[1].path == "/dev/video1" and .[1].stable_path == "/dev/v4l/by-path/platform-vivid.1-index0"'
says list '.[0].formats[] | select(.fourcc == "YUYV") | .pix_fmt == "yuyv422" and .use == "native"'
says list '.[0].formats[0].sizes[] | select(.width == 640 and .height == 360) | .rates | contains(["25", "30"])'

# By a path that is a link; by a name, which two cameras have here.
start link "$capture" camera:/dev/v4l/by-id/usb-vivid-index0 -n link -s 640x360 --frames 1 --json
ended_well link $!
says link '.source == "vivid (/dev/v4l/by-id/usb-vivid-index0)"'
refused two-of-a-name "$video (/dev/v4l/by-id/usb-vivid-index0), $multi (/dev/v4l/by-path/" camera:vivid
refused no-such-name "'vivid' $video, 'vivid' $multi" "camera:HD Webcam"
mv "$video" /dev/hidden
start name "$capture" camera:VIV -n name -s 640x360 --frames 1 --json
ended_well name $!
mv /dev/hidden "$video"
says name ".source == \"vivid ($multi)\""

# A picture that the driver marks as spoiled is dropped and counted, and the stream goes on.
start spoiled "$capture" "camera:$video" -n spoiled -s 640x360 -r 25 --json
pid=$!
start spoiled-watch "$watch" spoiled 5
ended_well spoiled-watch $!
inject inject_v4l2_buf_flag_error
start spoiled-watch "$watch" spoiled 5
ended_well spoiled-watch $!
kill -INT "$pid"
ended_well spoiled "$pid"
says spoiled '.frames_dropped >= 1'

# What cannot be had.
refused no-device /dev/video9 camera:/dev/video9
refused no-camera /dev/null camera:/dev/null
refused no-format yuv444p "camera:$video" -f yuv444p

# A size that the camera lacks: it makes the nearest, and that is said.
start nearest "$capture" "camera:$video" -n nearest -s 600x340 --frames 1 --json
ended_well nearest $!
says nearest '.width == 640 and .height == 360'
check "nearest: says so" grep -q '600x340.*640x360' "$RESULT/nearest.err"

# A rate that it lacks: the nearest, where the driver itself would take the next higher one.
start rate "$capture" "camera:$video" -n rate -s 640x360 -r 26 --frames 1 --json -v
ended_well rate $!
check "rate: says so" grep -q '26 frames a second.*makes 25$' "$RESULT/rate.err"
check "rate: -v says the mode" grep -q '^mode: NV12 640x360 at 25 fps, native; as near in size: ' "$RESULT/rate.err"

# The same camera as it comes and decoded; one that has raw sensor data alone, as that.
start native "$capture" "camera:$video" -n native -s 640x360 -f native --frames 1 --json
ended_well native $!
says native '.path == "userptr" and .pix_fmt == "nv12"'
start decoded "$capture" "camera:$video" -n decoded -s 640x360 -f decoded --frames 1 --json
ended_well decoded $!
says decoded '.path == "convert" and .pix_fmt == "yuv420p"'
start sensor env LD_PRELOAD="$lesser" LESSER_FORMAT=RGGB \
    "$capture" "camera:$video" -n sensor -s 640x360 -f native --frames 1 --json
ended_well sensor $!
says sensor '.path == "userptr" and .pix_fmt == "bayer_rggb8"'

start first "$capture" "camera:$video" -n first -s 640x360 -r 25 --json
pid=$!
start first-watch "$watch" first 1
ended_well first-watch $!
refused busy '(tripool-capture) has it' "camera:$video" -n second -s 640x360
# shellcheck disable=SC2217 # it is to have it open, no more
sleep 60 <"$video" &
other=$!
refused busy-twice 'have it; any number can view its stream' "camera:$video" -n second -s 640x360
kill "$other"
kill -INT "$pid"
ended_well first "$pid"

# Fails as it starts; fails while it runs; is pulled out. Nothing streams from the device after that: keep it last.
inject inject_vidioc_streamon_error
refused streamon "$video" "camera:$video" -n streamon
breaks fatal inject_fatal_streaming_error
breaks pulled disconnect

finish
