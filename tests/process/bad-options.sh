#!/bin/bash
# SPDX-License-Identifier: MIT
# Wrong command lines of tripool-capture: each ends with a non-zero status, prints one line on
# stderr that names what was wrong and nothing on stdout, and leaves nothing behind.
# Usage: bad-options.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
program=$capture
. "$(dirname "$0")/../lib.sh"

# Options
bad 2 "'--nonsense'" --nonsense
bad 2 "'--nonsense=3'" --nonsense=3
bad 2 "'-x'" -x
bad 2 "'-x'" --json -qx
bad 2 "'-x'" --json -xq
bad 2 "'-n'" -n
bad 2 "'--name'" --name
bad 2 "'--frames'" pattern --frames
bad 2 "'--json=yes'" --json=yes
bad 2 "'--lossless=1'" --lossless=1
bad 2 "'--quiet=1'" --quiet=1
bad 2 "'--m'" --m
bad 2 "'-q'" -q -v

# Controls are a camera's; the device is looked at only when the command line makes sense.
bad 2 "--set: source 'pattern' has no controls" --set brightness=1
bad 2 "--set: source 'pattern' has no controls" pattern:box --set brightness=1
bad 2 "--controls: source 'pattern' has no controls" --controls
bad 2 "--controls: source 'pattern' has no controls" --controls --json pattern
bad 2 "'brightness'" camera:/dev/null --set brightness
bad 2 "'=1'" camera:/dev/null --set =1
bad 2 "'--set'" camera:/dev/null --set
bad 2 "'--controls=all'" camera:/dev/null --controls=all
bad 2 "'--controls' and '--set'" camera:/dev/null --controls --set brightness=1
bad 2 "'--list' and '--set'" camera:/dev/null --list --set brightness=1
bad 2 "'--list' and '--controls'" camera:/dev/null --list --controls
many=()
for ((i = 0; i < 65; i++)); do
	many+=(--set "number_$i=1")
done
bad 2 "'number_64=1'" camera:/dev/null "${many[@]}"
bad 1 "'/dev/null'" camera:/dev/null "${many[@]:0:128}"
bad 1 "'/dev/null'" camera:/dev/null --controls

# Sources
bad 2 "'nonsense'" nonsense
bad 2 "''" ''
bad 2 "'patter'" patter
bad 2 "'patterns:bars'" patterns:bars
bad 2 "'Pattern'" Pattern
bad 2 "'pattern:'" pattern:
bad 2 "'camera:'" --json camera:
bad 2 "'box'" pattern --json box
bad 2 "say camera:/dev/video0" /dev/video0
bad 2 "say 'camera:/dev/video0'" camera /dev/video0
bad 2 "say 'camera:HD Webcam'" camera --json "HD Webcam"
bad 2 "'box?x'" $'box\nx'
bad 2 "'nonsense'" pattern:nonsense
bad 2 "'bars '" 'pattern:bars '
bad 1 "/dev/nonsense" camera:/dev/nonsense
bad 1 "/dev/null" camera:/dev/null
bad 1 "no camera" "camera:no such camera"
bad 1 "$work" "camera:$work"

# Numbers
for number in '' 0 -1 +1 1.5 1e3 0x10 10x ' 5' 5m 18446744073709551616 abc; do
	bad 2 "--frames: '$number'" --frames "$number"
	bad 2 "--max-viewers: '$number'" --max-viewers "$number"
done
bad 2 "'63'" --max-viewers 63
bad 2 "'4294967297'" --max-viewers=4294967297
for seconds in '' 0 -1 +1 1e3 0x10 10s inf nan 1.2.3; do
	bad 2 "--duration: '$seconds'" --duration "$seconds"
done
for size in '' 0x0 640 640x x480 640x480x3 -640x480 640x-480 640*480 640X480 4294967936x480 32769x480 640x0; do
	bad 2 "--size: '$size'" -s "$size"
done
for rate in '' 0 -5 60fps 1/0 0/1 60/ 29.97/1 99999 1/9999999 nan; do
	bad 2 "--rate: '$rate'" -r "$rate"
done
for mode in '' 0 8 0680 rw 1777 -600 06000000000000000000000600; do
	bad 2 "--mode: '$mode'" --mode "$mode"
done

# What only the source or the stream can judge
bad 2 "127x64" -s 127x64
bad 2 "128x63" -s 128x63
bad 2 "size 32768x32768 is too large for a test pattern" -s 32768x32768
bad 2 "size 24000x24000 is too large for a test pattern" -s 24000x24000 -f bgra
bad 2 "1281" -s 1281x720 -f yuyv422
for pix_fmt in '' nonsense NV12 vaapi pal8 monob bayer_rggb8 xyz12le; do
	bad 2 "'$pix_fmt'" -f "$pix_fmt"
done
bad 2 "name" -n ''
bad 2 "'$(printf '%064d' 0)" -n "$(printf '%065d' 0)"
for name in .hidden a/b ../up 'two words' ümlaut; do
	bad 2 "'$name'" -n "$name"
done
bad 2 "no-such-group" --group no-such-group

# The directory
: >"$work/file"
TRIPOOL_DIR=$work/file/. bad 1 "$work/file" --json
TRIPOOL_DIR=$work/file/below bad 1 "$work/file/below"
TRIPOOL_DIR=/proc/nonsense bad 1 "/proc/nonsense"

# Not enough of something
for fds in 4 5 6 7 8 9 10 11 12 13 14 20; do
	cases=$((cases + 1))
	(
		# Whatever the caller left open would count as well.
		exec >"$work/out" 2>"$work/err" </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		exec timeout -k 1 60 bash -c 'ulimit -n "$0"; exec "$@"' $fds "$capture" --frames 1
	)
	status=$?
	[ $status = 0 ] || [ $status = 1 ] || complain "with $fds fds" "status $status"
	[ "$(wc -l <"$work/err")" = $status ] || complain "with $fds fds" "status $status, not as many lines on stderr"
	[ -z "$(ls -A "$TRIPOOL_DIR" 2>/dev/null)" ] || complain "with $fds fds" "left something in $TRIPOOL_DIR"
done
cases=$((cases + 1))
(ulimit -f 100 && exec timeout -k 1 60 "$capture" --frames 1 >"$work/out" 2>"$work/err")
status=$?
[ $status = 1 ] && [ "$(wc -l <"$work/err")" = 1 ] || complain "with a limit on file sizes" "status $status"

# A name that is taken; the one who has it is not disturbed.
"$capture" -n taken --duration 20 2>"$work/first" &
first=$!
for ((i = 0; i < 100; i++)); do
	[ -S "$TRIPOOL_DIR/taken.sock" ] && break
	sleep 0.05
done
cases=$((cases + 1))
timeout -k 1 60 "$capture" -n taken >"$work/out" 2>"$work/err"
status=$?
[ $status = 1 ] && [ "$(wc -l <"$work/err")" = 1 ] && grep -q "'taken'.*$first" "$work/err" ||
	complain "a name that is taken" "status $status"
[ -S "$TRIPOOL_DIR/taken.sock" ] || complain "a name that is taken" "the first producer's socket is gone"
kill -INT $first
wait $first || complain "a name that is taken" "the first producer failed"

# And a right one, so that the above says something.
cases=$((cases + 1))
timeout -k 1 60 "$capture" --frames 2 -s 128x64 >"$work/out" 2>"$work/err" || complain "a right command line" "status $?"
[ ! -s "$work/out" ] && [ ! -s "$work/err" ] || complain "a right command line" "printed something"
[ -z "$(ls -A "$TRIPOOL_DIR")" ] || complain "a right command line" "left something in $TRIPOOL_DIR"

echo "$cases command lines, $failures failures"
[ "$failures" = 0 ]
