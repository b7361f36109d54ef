#!/bin/bash
# SPDX-License-Identifier: MIT
# What tripool-record cannot do: each ends soon with one line that names what was wrong, and leaves no file.
# Usage: record-errors.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
record=$1/consumer/record/tripool-record
program=$record
. "$(dirname "$0")/../lib.sh"
mkdir "$work/files"
cd "$work/files" || exit 1
no_file() {
	[ -z "$(ls -A .)" ]
}
leaves_nothing=no_file

bad 1 "'p'" p out.mkv
bad 2 "NAME OUTPUT" p
bad 2 "NAME OUTPUT"

"$capture" -n p -s 640x360 -f yuv420p -q &
producer=$!
wait_for test -S "$TRIPOOL_DIR/p.sock"

bad 2 "'b.mkv' is a second one" p a.mkv b.mkv
bad 2 "output's name is empty" p ''
bad 2 "'--nonsense'" p a.mkv --nonsense
bad 2 "'-x'" p a.mkv -x
bad 2 "'--frames'" p a.mkv --frames
bad 2 "--frames: '0'" p a.mkv --frames 0
bad 2 "--duration: '1h'" p a.mkv -t 1h
for rate in '' 0 8G 8MB -1 10k0 20000M; do
	bad 2 "-b:v: '$rate'" p a.mkv -b:v "$rate"
done
bad 2 "both want standard output" p - --json
bad 2 "name" a/b a.mkv
bad 1 "'nobody'" nobody a.mkv

bad 2 "'nonsense' is not a video encoder" p a.mkv -c:v nonsense
bad 2 "'aac' is not a video encoder" p a.mkv -c:v aac
bad 2 "container 'nonsense' is not known" p a.mkv -f nonsense
bad 2 "'a.nonsense': its name does not say" p a.nonsense
bad 2 "'a': its name does not say" p a
bad 2 "container 'wav' has no video encoder" p a.wav
bad 2 "encoder 'ffv1' has no presets" p a.mkv -c:v ffv1 --preset fast
bad 2 "--preset: encoder 'libsvtav1' has none that is called '99'" p a.mkv -c:v libsvtav1 --preset 99
bad 2 "cannot begin 'a.mp4'" p a.mp4 -c:v rawvideo
bad 1 "cannot write to '/proc/nonsense/a.mkv': No such file" p /proc/nonsense/a.mkv
bad 1 "cannot write to '$work': Is a directory" p "$work" -f nut
bad 1 "cannot write to 'nonsense://host/a': " p nonsense://host/a -f nut
bad 1 "cannot write to 'tcp://127.0.0.1:1': Connection refused" p tcp://127.0.0.1:1
# a full disk, found at once or later
bad 1 "'/dev/full': No space left on device" p /dev/full -f nut -c:v rawvideo -q
(ulimit -f 2000 && timeout 60 "$record" p big.mkv -c:v rawvideo >"$work/out" 2>"$work/err")
status=$?
[ $status = 1 ] && grep -q "cannot write to 'big.mkv': File too large" "$work/err" || complain "a file that may not grow" "status $status"
[ "$(ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 big.mkv 2>/dev/null)" -ge 4 ] ||
	complain "a file that may not grow" "what is there cannot be played"
rm -f big.mkv
"$record" p - --frames 100 2>"$work/err" | head -c 1000 >"$work/out"
status=${PIPESTATUS[0]}
[ "$status" = 1 ] && grep -q "cannot write to 'pipe:1': Broken pipe" "$work/err" || complain "a reader that ends" "status $status"

kill $producer
wait $producer
producer=
timeout 60 "$record" --help >"$work/out" 2>"$work/err" || complain --help "status $?"
for option in codec bit-rate preset format duration frames overwrite json quiet help version; do
	grep -qe "--$option" "$work/out" || complain --help "says nothing of --$option"
done
echo "$cases command lines, $failures failures"
[ "$failures" = 0 ]
