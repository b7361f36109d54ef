#!/bin/bash
# SPDX-License-Identifier: MIT
#
# unplugged.sh BUILD_DIR: a camera that is pulled out and put back, that fails, and that is on only while somebody
# views, with viewers that stay. Run it by tests/vm/boot.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

times=20
limit_s=180 # twenty times take more than a minute on a machine that has other things to do

# until_true SECONDS COMMAND...
until_true() {
    local tries=$(($1 * 20))
    shift
    for ((; tries > 0; tries--)); do
        "$@" && return
        sleep 0.05
    done
    return 1
}

said() { [[ $(grep -c "$2" "$RESULT/$1.err") -ge $3 ]]; } # LABEL WORDS TIMES

# All of the driver goes, devices and module, as soon as nobody has it open; and all of it comes back.
pull_out() { v4l2-ctl -d "$video" -c disconnect=1 && until_true 10 rmmod vivid 2>/dev/null; }
# shellcheck disable=SC2086 # the arguments are several
put_back() { insmod /run/vivid.ko $VIVID_ARGS; }

# v4l2-ctl's exit status does not tell.
is_on() { timeout 5 v4l2-ctl -d "$video" --stream-mmap --stream-count=1 2>&1 | grep -q busy; }
is_off() { ! is_on; }

# ---- Pulled out and put back, with a viewer that stays ----

start steady "$capture" "camera:$video" -n steady -s 640x360 -r 25 --set brightness=77 --checksum --json
pid=$!
start steady-watch "$watch" steady 1
ended_well steady-watch $!
start steady-view "$view" steady --renderer surface --verify --json
view_pid=$!
for ((i = 1; i <= times; i++)); do
    check "pulled out $i" pull_out
    check "is said to be gone $i" until_true 10 said steady 'is gone' "$i"
    check "put back $i" put_back
    check "is back $i" until_true 10 said steady 'is back' "$i"
done

check "its control is set again" test "$(v4l2-ctl -d "$video" -C brightness)" = 'brightness: 77'

# Fails while it runs; and as it starts again, for which it has another try.
inject inject_vidioc_streamon_error
inject inject_fatal_streaming_error
check "is back after a failure, and after one more" until_true 10 said steady 'is back' $((times + 1))
check "said why it did not start" said steady 'cannot start' 1
start steady-watch "$watch" steady 1
ended_well steady-watch $!
kill -INT "$view_pid"
ended_well steady-view "$view_pid"
kill -INT "$pid"
ended_well steady "$pid"
says steady ".restarts == $times + 1"
says steady '.generations == 1 and .path == "userptr"'
says steady-view '.reconnects == 0'
says steady-view ".frames_shown > $times"
says steady-view '.frames_torn == 0 and .frames_verified == .frames_shown'

# ---- On demand ----

start demand "$capture" "camera:$video" -n demand -s 640x360 -r 25 --on-demand --json
pid=$!
check "on demand: there is a stream" until_true 10 test -S "$TRIPOOL_DIR/demand.sock"
check "on demand: off without a viewer" is_off
for i in 1 2; do
    start "demand-view-$i" "$view" demand --renderer surface --frames 100 --json
    view_pid=$!
    check "on demand: on with a viewer" until_true 10 is_on
    ended_well "demand-view-$i" "$view_pid"
    sleep 1
    check "on demand: off a second after" is_off
done
kill -INT "$pid"
ended_well demand "$pid"
says demand '.restarts == 2'

finish
