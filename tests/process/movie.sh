#!/bin/bash
# SPDX-License-Identifier: MIT
# A movie as a stream: each of its frames, once and in order, by the shortest way, at its own pace or flat out.
# Usage: movie.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
record=$1/consumer/record/tripool-record
read_strips=$1/tests/process/read-strips
. "$(dirname "$0")/../lib.sh"

strips() { # strips PIX_FMT FILE: "FIRST LAST FRAMES MISSING"
	ffmpeg -v error -i "$2" -fps_mode passthrough -f rawvideo -pix_fmt "$1" - 2>/dev/null </dev/null |
		"$read_strips" "$1" 320 180 2>>"$work/read.err"
}

# start ARGUMENT...: plays as stream "m", in the background, with what is on fd 3 on its standard input; sets $player
start() {
	rm -f "$work/play.json"
	timeout -k 1 60 "$capture" "$@" -n m --json >"$work/play.json" 2>"$work/play.err" <&3 &
	player=$!
	wait_for test -S "$TRIPOOL_DIR/m.sock"
}

end() { # until it has ended; sets $status
	wait $player
	status=$?
	check "nothing left" [ -z "$(ls -A "$TRIPOOL_DIR")" ]
}

said() { # said FILTER: what the player's summary has
	jq -e "$1" "$work/play.json" >/dev/null
}

# again PIX_FMT FILE: what is played from now on, recorded; it has the frames of FILE
again() {
	timeout -k 1 60 "$record" m "$work/again.nut" -c:v rawvideo -y --json >"$work/record.json" 2>"$work/record.err"
	strips "$1" "$2" >"$work/a.strips"
	strips "$1" "$work/again.nut" >"$work/b.strips"
	[ -s "$work/a.strips" ] && cmp -s "$work/a.strips" "$work/b.strips"
}

times() { # times FILE: the distances of its frames in ms
	ffprobe -v error -show_entries packet=pts_time -of csv=p=0 "$1" | awk -F, 'NR > 1 { printf "%.0f ", ($1 - last) * 1000 } { last = $1 }'
}

# Movies of the test pattern, whose frames say their numbers.
exec 3</dev/null
for pix_fmt in yuv420p nv12; do
	timeout 60 "$capture" -n "$pix_fmt" -f $pix_fmt -s 320x180 -r 100 --lossless &
	wait_for test -S "$TRIPOOL_DIR/$pix_fmt.sock"
done
while read -r file pix_fmt options; do
	# shellcheck disable=SC2086
	"$record" "$pix_fmt" "$work/$file" $options --frames 40 -q || check "making $file" false
done <<'END'
mjpeg.avi yuv420p -c:v mjpeg -b:v 40M
huffyuv.mkv yuv420p -c:v ffvhuff
utvideo.mkv yuv420p -c:v utvideo
ffv1.mkv yuv420p -c:v ffv1
h264.mp4 yuv420p -c:v libx264 --preset ultrafast
raw.nut nv12 -c:v rawvideo
END
kill %1 %2
wait %1 %2

# Each codec by its way: straight into the slots where nothing refers to a picture later, else by one copy.
while read -r file pix_fmt path copies; do
	start "movie:$work/$file" --lossless
	check "$file: each frame" again $pix_fmt "$work/$file"
	end
	check "$file: status $status" [ $status = 0 ]
	check "$file: the way" said ".path == \"$path\" and .copies_per_frame == $copies and .pix_fmt == \"$pix_fmt\" and .frames_published == 40"
	check "$file: silence" [ ! -s "$work/play.err" ]
	check "$file: its own times" [ "$(times "$work/$file")" = "$(times "$work/again.nut")" ]
done <<'END'
mjpeg.avi yuv420p decode 0
huffyuv.mkv yuv420p decode 0
utvideo.mkv yuv420p decode 0
ffv1.mkv yuv420p copy 1
h264.mp4 yuv420p copy 1
raw.nut nv12 copy 1
END

# At its own pace; faster; and again and again.
began=$(date +%s%N)
start "movie:$work/h264.mp4"
end
took=$((($(date +%s%N) - began) / 1000000))
check "real time: status $status" [ $status = 0 ]
check "real time: took $took ms" [ $took -ge 400 ]
check "real time: all of it" said '.frames_published == 40 and .frames_dropped == 0'
began=$(date +%s%N)
start "movie:$work/h264.mp4" -r 20 --loop --frames 50
end
took=$((($(date +%s%N) - began) / 1000000))
check "20 a second: took $took ms" [ $took -ge 2450 ]
check "--loop: as often as asked for" said '.frames_published == 50'

# Converted on request, which is a copy.
start "movie:$work/utvideo.mkv" -f nv12 --lossless
check "-f: each frame" again nv12 "$work/utvideo.mkv"
end
check "-f: the way" said '.path == "convert" and .copies_per_frame == 1 and .pix_fmt == "nv12"'
start "movie:$work/utvideo.mkv" -s 640x480
end
check "-s: the way" said '.path == "convert" and .copies_per_frame == 1 and .width == 640 and .height == 480'

# A movie on its side is played so, and that is said once.
ffmpeg -v error -i "$work/h264.mp4" -c copy -metadata:s:v rotate=270 "$work/side.mp4"
start "movie:$work/side.mp4" --loop --frames 60
end
check "on its side: status $status" [ $status = 0 ]
check "on its side: one line" [ "$(wc -l <"$work/play.err")" = 1 ]
check "on its side: which" grep -qE "is to be turned by (90|270) degrees, which is not done: tripool-view's r does" "$work/play.err"

# Another size in the middle: a new generation, and no frame is lost.
for extension in mjpeg h264; do
	for size in 320x180 160x90; do
		ffmpeg -v error -f lavfi -i testsrc2=s=$size:r=50 -frames:v 10 -g 100 "$work/$size.$extension"
	done
	cat "$work"/{320x180,160x90,320x180}.$extension >"$work/sizes.$extension"
	start "movie:$work/sizes.$extension"
	end
	check "sizes of $extension: status $status" [ $status = 0 ]
	check "sizes of $extension" said '.generations == 3 and .frames_published == 30 and .width == 320'
done

# Standard input: Y4M, raw frames, and any container.
ffmpeg -v error -i "$work/ffv1.mkv" -fps_mode passthrough "$work/all.y4m"
ffmpeg -v error -i "$work/ffv1.mkv" -fps_mode passthrough -f rawvideo "$work/all.yuv"
for kind in y4m yuv; do
	exec 3< <(cat "$work/all.$kind")
	if [ $kind = y4m ]; then start - --lossless; else start - -s 320x180 -f yuv420p -r 50 --lossless; fi
	check "$kind: each frame" again yuv420p "$work/ffv1.mkv"
	end
	check "$kind: status $status" [ $status = 0 ]
	check "$kind: the way" said '.path == "copy" and .frames_published == 40'
done
exec 3< <(cat "$work/all.y4m")
start - -s 160x90 -f nv12 --lossless
check "y4m with -s and -f: recording" timeout -k 1 60 "$record" m "$work/small.nut" -c:v rawvideo -y -q
end
check "y4m with -s and -f: the way" said '.path == "convert" and .pix_fmt == "nv12" and .width == 160 and .frames_published == 40'
exec 3< <(cat "$work/utvideo.mkv")
start - --lossless
check "Matroska on standard input: each frame" again yuv420p "$work/utvideo.mkv"
end
check "Matroska on standard input: the way" said '.path == "decode" and .copies_per_frame == 0'

# A signal ends it at once, also while nothing comes; a stream of tripool's is no different.
exec 3< <(head -c 200000 "$work/all.y4m"; exec sleep 20)
sleeper=$!
start -
sleep 0.3
began=$(date +%s%N)
kill -TERM $player
end
took=$((($(date +%s%N) - began) / 1000000))
check "silence: status $status" [ $status = 0 ]
check "silence: took $took ms" [ $took -lt 1000 ]
check "silence: what came until then" said '.frames_published == 2'
kill $sleeper

echo "$failures failures"
[ "$failures" = 0 ]
