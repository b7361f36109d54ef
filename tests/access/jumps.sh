#!/bin/bash
# SPDX-License-Identifier: MIT
# The programs where the clocks jump: pattern and movie go on at their pace, and a recording loses nothing.
# Usage: jumps.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture record=$1/consumer/record/tripool-record stat=$1/consumer/stat/tripool-stat
jump=$1/tests/access/libjump.so
. "$(dirname "$0")/../lib.sh"
export JUMP=$work/jump
# The sanitizer likes to be loaded first.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0

frame() { # the newest one's number
	local n
	n=$("$stat" t --json 2>/dev/null | jq '.[0].sequence // 0')
	echo "${n:-0}"
}

has_frame() { # has_frame NUMBER: and that within the time that it takes, not in ten hours
	[ "$(frame)" -ge "$1" ]
}

says() { # says CONDITION FILE
	jq -e "$1" "$work/$2.json" >/dev/null
}

ended_well() {
	wait "$1"
	check "$2 ends well: $?" [ $? = 0 ]
}

# A recording from before the jump to after it, of a lossless stream; its producer has waited for it now and then.
LD_PRELOAD=$jump "$capture" -q -n t -s 128x64 -r 50 --lossless --json >"$work/capture.json" 2>"$work/capture.err" &
producer=$!
wait_for has_frame 1
LD_PRELOAD=$jump "$record" t "$work/out.mkv" -q --json --frames 200 >"$work/record.json" 2>"$work/record.err" &
recorder=$!
wait_for has_frame 60
touch "$JUMP"
before=$(frame)
check "the pattern goes on" wait_for has_frame $((before + 50))
ended_well $recorder "the recording"
check "all are recorded" says '.frames_recorded == 200 and .frames_lost == 0' record
kill -INT $producer
ended_well $producer "the pattern"
# The hours that nothing was published in are counted, and not made good.
check "nothing is made good" says '.frames_published < 5000 and .frames_dropped >= 1700000' capture

# A movie, whose frames come one by one again after the jump.
rm "$JUMP"
LD_PRELOAD=$jump "$capture" -q "movie:$work/out.mkv" --loop -n t --json >"$work/movie.json" 2>"$work/movie.err" &
producer=$!
wait_for has_frame 20
touch "$JUMP"
before=$(frame)
check "the movie goes on" wait_for has_frame $((before + 50))
kill -INT $producer
ended_well $producer "the movie"
check "it does not hurry" says '.frames_published < 5000' movie

echo "$failures failures"
[ "$failures" = 0 ]
