#!/bin/bash
# SPDX-License-Identifier: MIT
# Movies that cannot be played, or not to their end: one line each that says what was wrong, soon, and nothing is left.
# Usage: movie-errors.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
program=$capture
. "$(dirname "$0")/../lib.sh"
mkdir "$work/files"
cd "$work/files" || exit 1

published() { # published FRAMES: by the command line before
	[ "$(jq .frames_published "$work/out")" = "$1" ] || complain "the one before" "not $1 frames: $(cat "$work/out")"
}

make() { # make FILE FFMPEG-ARGUMENT...: ten frames
	ffmpeg -v error -f lavfi -i testsrc=s=160x90:r=50 -frames:v 10 "${@:2}" "$1" </dev/null
}

cut() { # cut FILE PERCENT: makes cut-FILE
	head -c $(($(stat -c %s "$1") * $2 / 100)) "$1" >"cut-$1"
}

# a server that takes a connection and says nothing: this takes ten seconds, in which the rest is done
url=tcp://127.0.0.1:$((20000 + $$ % 20000))
timeout 40 ffmpeg -v quiet -i "$url?listen=1" -f null - </dev/null &
server=$!
(
	sleep 0.5
	TRIPOOL_DIR=$work timeout -k 1 30 "$capture" "movie:$url" >"$work/silent.out" 2>"$work/silent.err" </dev/null
	echo "status $?" >>"$work/silent.err"
) &
silent=$!

# The command line
bad 2 "source 'movie': which?" movie
bad 2 "source 'movie:': which?" movie:
bad 2 "say movie:/tmp/x.mkv" /tmp/x.mkv
bad 2 "movie:FILE or -" x.mkv
bad 2 "--loop: source 'pattern' does not end" --loop
bad 2 "--loop: source 'camera' does not end" camera --loop
bad 2 "--loop: standard input cannot be read again" - --loop
bad 2 "--on-demand: a movie would begin anew" movie:x.mkv --on-demand
bad 2 "--on-demand: a movie would begin anew" - --on-demand
bad 2 "source 'movie' has no controls" movie:x.mkv --set brightness=1

# Nothing to be played
make x.mkv -c:v mjpeg
make x.avi -c:v mjpeg
make x.mp4 -c:v libx264 -movflags faststart
make big.avi -vf scale=40000:16 -c:v huffyuv -pix_fmt rgb24
make x.y4m -pix_fmt yuv420p
ffmpeg -v error -f lavfi -i sine -t 0.1 audio.wav </dev/null
: >empty.mkv
head -c 20000 /dev/zero >zeros.mkv
printf 'YUV4MPEG2 W160 H90 F50:1 C420\n' >none.y4m
touch secret.mkv && chmod 000 secret.mkv
mkdir directory
# a codec that nobody knows
sed 's/MJPG/XYZQ/g' x.avi >unknown.avi
bad 1 "cannot read movie 'nonsense.mkv': No such file" movie:nonsense.mkv
bad 1 "cannot read movie 'directory': it is a directory; name a file in it" movie:directory
bad 1 "cannot read movie 'empty.mkv': it is empty" movie:empty.mkv
bad 1 "cannot read movie 'zeros.mkv': " movie:zeros.mkv
bad 1 "cannot read movie '/dev/null': it is empty" movie:/dev/null
bad 1 "movie 'audio.wav' has no video, only audio" movie:audio.wav
bad 1 "movie 'unknown.avi': its codec 'XYZQ' is not known" movie:unknown.avi
bad 1 "movie 'big.avi': size 40000x16 is not between 1x1 and 32768x32768; -s WxH scales it" movie:big.avi
bad 1 "movie 'none.y4m' has no frame that can be decoded" movie:none.y4m
bad 1 "cannot read movie 'nonsense://x': this FFmpeg does not have that protocol" movie:nonsense://x
bad 1 "Connection refused" movie:tcp://127.0.0.1:1
bad 2 "unknown pixel format 'nonsense'" movie:x.mkv -f nonsense
bad 2 "pixel format 'pal8' is not raw pixels" movie:x.mkv -f pal8
bad 2 "libswscale does not write that" movie:x.mkv -f bayer_rggb8
if [ "$(id -u)" != 0 ]; then
	bad 1 "Permission denied" movie:secret.mkv
fi

# Not to the end
cut x.mkv 60
cut x.avi 60
cut x.mp4 90
bad 0 "movie 'cut-x.mkv' ends early: File ended prematurely" movie:cut-x.mkv --json
bad 0 "movie 'cut-x.avi' ends early: after 0.1 seconds of " movie:cut-x.avi --json
bad 0 "movie 'cut-x.mp4' ends early: " movie:cut-x.mp4 --json
cut x.y4m 55
bad 0 "movie 'cut-x.y4m' ends in the middle of frame 6, which is not shown" movie:cut-x.y4m --json
published 5

# Again and again, and said once; a packet of MPEG-TS that is missing spoils a picture in each round
bad 0 "movie 'cut-x.mkv' ends early: File ended prematurely" movie:cut-x.mkv --loop --frames 40 --json
published 40
ffmpeg -v error -f lavfi -i testsrc2=s=320x180:r=50 -frames:v 10 -c:v mpeg2video -b:v 4M -g 1 x.ts </dev/null
for ((lost = $(stat -c %s x.ts) / 376; lost > 0; lost--)); do # no first one of a picture, and none of a table
	[ "$(od -An -tx1 -j $((lost * 188 + 1)) -N 2 x.ts)" = " 01 00" ] && break
done
{ head -c $((lost * 188)) x.ts && tail -c +$((lost * 188 + 189)) x.ts; } >spoiled.ts
bad 0 "movie 'spoiled.ts': 1 of its packets could not be decoded" movie:spoiled.ts --json
published 9
cases=$((cases + 1))
timeout -k 1 60 "$capture" movie:spoiled.ts --loop --frames 36 --json >"$work/out" 2>"$work/err"
jq -e '.frames_published == 36 and .frames_dropped >= 4' "$work/out" >/dev/null ||
	complain "spoiled.ts again and again" "$(cat "$work/out")"

# Standard input
bad 1 "cannot read standard input: it is empty" -
input=zeros.mkv
bad 1 "cannot read standard input: Invalid data" -
make late.mp4 -vf noise=alls=80:allf=t -c:v libx264 -qp 4
input=late.mp4
bad 1 "its index is at the end, and a pipe cannot be sought in; use movie:FILE" -
input=cut-x.y4m
bad 1 "standard input ends in the middle of frame 6, which is not shown" - --json
published 5
head -c $((160 * 90 * 4)) /dev/zero >raw
input=raw
bad 1 "standard input ends in the middle of frame 3, which is not shown" - -s 160x90 -f nv12 --json
published 2
bad 1 "standard input ends in the middle of frame 1" - -s 1600x900 -f nv12
bad 2 "unknown pixel format 'nonsense'" - -s 160x90 -f nonsense
cases=$((cases + 1))
script -qec "'$capture' -" /dev/null >"$work/err" </dev/null
grep -q "standard input is a terminal" "$work/err" || complain "a terminal" "is not told"

# What plays to its end says nothing.
for file in x.mkv x.avi x.mp4 x.y4m; do
	cases=$((cases + 1))
	timeout -k 1 60 "$capture" movie:$file >"$work/out" 2>"$work/err" || complain $file "status $?"
	[ ! -s "$work/err" ] || complain $file "says something"
done

wait $silent
cases=$((cases + 1))
grep -q "nothing came for 10 seconds" "$work/silent.err" && grep -qx "status 1" "$work/silent.err" ||
	{ cp "$work/silent.err" "$work/err" && complain "a server that says nothing" ""; }
kill "$server" 2>/dev/null
echo "$cases command lines, $failures failures"
[ "$failures" = 0 ]
