#!/bin/bash
# SPDX-License-Identifier: MIT
# What tripool-record writes has each frame, whole and once, however the recording ends.
# Usage: record.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
record=$1/consumer/record/tripool-record
read_strips=$1/tests/process/read-strips
. "$(dirname "$0")/../lib.sh"
change_size=$1/tests/process/change-size
producer=

produce() { # produce ARGUMENT...: stream "p"
	rm -f "$TRIPOOL_DIR/p.sock" # of one that was killed
	"$capture" -n p "$@" 2>"$work/capture.err" &
	producer=$!
	wait_for test -S "$TRIPOOL_DIR/p.sock"
}

end_producer() { # end_producer SIGNAL
	kill "-$1" "$producer"
	wait "$producer" 2>/dev/null
	producer=
}

run() { # run ARGUMENT...: sets $status
	timeout -k 1 60 "$record" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
}

start() { # start ARGUMENT...: in the background, until it has recorded something; sets $recorder
	"$record" "$@" >"$work/out" 2>"$work/err" </dev/null &
	recorder=$!
	sleep 1.5
}

said() { # said FILTER: what the summary has
	jq -e "$1" "$work/out" >/dev/null
}

# strips PIX_FMT WIDTH HEIGHT FILE: decodes it; the frames must be those that the summary tells of
strips() {
	ffmpeg -v error -i "$4" -fps_mode passthrough -f rawvideo -pix_fmt "$1" - 2>/dev/null </dev/null |
		"$read_strips" "$1" "$2" "$3" >"$work/strips" 2>>"$work/err" &&
		[ "$(cat "$work/strips")" = "$(jq -r '"\(.first_sequence) \(.last_sequence) \(.frames_recorded) \(.frames_lost)"' "$work/out")" ]
}

# Lossless: every frame, and no copy where the encoder takes the stream's format.
produce --lossless -f yuv420p -s 1920x1080 -r 60
run p "$work/a.mkv" -c:v ffv1 --frames 120 --json
check "FFV1: status $status" [ $status = 0 ]
check "FFV1: none lost, none copied" said '.frames_recorded == 120 and .frames_lost == 0 and .copies_per_frame == 0 and .ended_by == "frames"'
check "FFV1: silence" [ ! -s "$work/err" ]
check "FFV1: 120 frames in the file" strips yuv420p 1920 1080 "$work/a.mkv"
run p "$work/a.nut" -c:v rawvideo -t 1 --json
check "rawvideo: none lost, none copied" said '.frames_recorded > 2 and .frames_lost == 0 and .copies_per_frame == 0 and .ended_by == "duration"'
check "rawvideo: the frames in the file" strips yuv420p 1920 1080 "$work/a.nut"
# an encoder with threads of its own, which hold frames
run p "$work/b.nut" -c:v mjpeg -b:v 80M --frames 90 --json
check "MJPEG: none lost" said '.frames_recorded == 90 and .frames_lost == 0'
check "MJPEG: the frames in the file" strips yuv420p 1920 1080 "$work/b.nut"
run p "$work/a.mp4" --preset ultrafast --frames 60 --json
check "mp4: its own encoder" said '.encoder == "libx264" and .copies_per_frame == 0'
check "mp4: the frames in the file" strips yuv420p 1920 1080 "$work/a.mp4"
ffprobe -v error -select_streams v -show_entries stream=color_space,color_range,r_frame_rate -of csv=p=0 "$work/a.mp4" >"$work/strips"
check "mp4: colours and rate" grep -qx "tv,bt709,60/1" "$work/strips"

# Standard output.
timeout 60 "$record" p - --frames 30 2>"$work/err" | ffmpeg -v error -f yuv4mpegpipe -i - -fps_mode passthrough -f rawvideo -pix_fmt yuv420p - 2>/dev/null |
	"$read_strips" yuv420p 1920 1080 >"$work/strips"
check "Y4M on standard output" grep -q ' 30 0$' "$work/strips"

# A producer that is killed, and signals, leave whole files.
for file in killed.mp4 killed.mkv; do
	start p "$work/$file" --preset ultrafast --json
	end_producer KILL
	wait $recorder
	status=$?
	check "$file: status $status" [ $status = 0 ]
	check "$file: said so" grep -q "^tripool-record: the producer of 'p' is gone" "$work/err"
	check "$file: the reason" said '.ended_by == "producer" and .frames_recorded > 2 and .frames_lost == 0'
	check "$file: the frames in the file" strips yuv420p 1920 1080 "$work/$file"
	produce --lossless -f yuv420p -s 1920x1080 -r 60
done
end_producer TERM

produce --lossless -s 640x360 -r 60
for signal in INT TERM HUP; do
	start p "$work/$signal.mp4" --preset ultrafast --json
	kill -$signal $recorder
	wait $recorder
	status=$?
	check "SIG$signal: status $status" [ $status = 0 ]
	check "SIG$signal: the reason" said '.ended_by == "signal" and .frames_recorded > 2'
	check "SIG$signal: the frames in the file" strips yuv420p 640 360 "$work/$signal.mp4"
done

# The same signal to the process and to its group, at once, is one.
start p "$work/two.mp4" --preset ultrafast --json
kill -INT $recorder
sleep 0.02
kill -INT $recorder 2>/dev/null
wait $recorder
status=$?
check "two signals: status $status" [ $status = 0 ]
check "two signals: the frames in the file" strips yuv420p 640 360 "$work/two.mp4"
check "two signals: its size" said ".bytes_written == $(stat -c %s "$work/two.mp4")"

# NV12, which is no Y4M, and which FFV1 does not take.
timeout 60 "$record" p - --frames 30 2>"$work/err" | ffmpeg -v error -f nut -i - -fps_mode passthrough -f rawvideo -pix_fmt nv12 - 2>/dev/null |
	"$read_strips" nv12 640 360 >"$work/strips"
check "NUT on standard output" grep -q ' 30 0$' "$work/strips"
run p "$work/nv12.mkv" -c:v ffv1 --frames 30 --json
check "a conversion is told" grep -q "'ffv1' does not take nv12: each frame is converted to yuv420p, which is a copy" "$work/err"
check "a conversion is a copy" said '.copies_per_frame == 1 and .pix_fmt == "nv12" and .encoded_pix_fmt == "yuv420p"'
check "a conversion: the frames in the file" strips yuv420p 640 360 "$work/nv12.mkv"

# Over a network, in what receivers expect.
url=udp://127.0.0.1:$((20000 + $$ % 20000))
timeout 60 ffmpeg -v error -i "$url?timeout=8000000" -frames:v 30 -c copy "$work/received.ts" </dev/null 2>"$work/strips" &
receiver=$!
sleep 0.5
run p "$url" --preset ultrafast -t 4 --json
check "UDP: status $status" [ $status = 0 ]
check "UDP: the container and encoder" said '.container == "mpegts" and .encoder == "libx264" and .frames_lost == 0'
wait $receiver
check "UDP: received" [ "$(ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$work/received.ts" | head -n 1)" = 30 ]

# A file is not lost by mistake.
before=$(stat -c %Y.%s "$work/nv12.mkv")
run p "$work/nv12.mkv" --frames 3
check "a file that exists: status $status" [ $status = 1 ]
check "a file that exists: said so" grep -q 'exists: give -y' "$work/err"
check "a file that exists: untouched" [ "$before" = "$(stat -c %Y.%s "$work/nv12.mkv")" ]
run p "file:$work/nv12.mkv" --frames 3
check "a file that exists, as a URL" [ $status = 1 ]
run p "$work/nv12.mkv" --frames 3 -y -f wav -c:v ffv1
check "a container that cannot: status $status" [ $status = 2 ]
check "a file that exists: untouched by what cannot be" [ "$before" = "$(stat -c %Y.%s "$work/nv12.mkv")" ]
mkdir "$work/numbered"
run p "$work/numbered/%d.png" --frames 2
check "numbered files: status $status" [ $status = 0 ]
run p "$work/numbered/%d.png" --frames 2
check "numbered files that exist: said so" grep -q "numbered/1.png' exists: give -y" "$work/err"
run p "$work/nv12.mkv" --frames 3 -y --json
check "-y" strips nv12 640 360 "$work/nv12.mkv"

# Standard output that nobody reads does not keep it from ending.
mkfifo "$work/fifo"
sleep 30 <"$work/fifo" &
sleeper=$!
"$record" p - -q 2>"$work/err" >"$work/fifo" &
recorder=$!
sleep 1
kill -INT $recorder
wait $recorder
status=$?
check "a pipe that hangs: status $status" [ $status = 1 ]
check "a pipe that hangs: said so" grep -q "^tripool-record: cannot write to 'pipe:1'" "$work/err"
check "a pipe that hangs: before its reader" kill $sleeper
end_producer TERM

# Without --lossless, one that cannot keep up loses frames, and tells how many.
produce -s 640x360 -r 60
start p "$work/gaps.mkv" --preset ultrafast --json
kill -STOP $recorder
sleep 1
kill -CONT $recorder
sleep 0.3
kill -INT $recorder
wait $recorder
status=$?
check "gaps: status $status" [ $status = 0 ]
check "gaps: told" grep -qE '^tripool-record: [0-9]+ frames of [0-9]+ are missing' "$work/err"
check "gaps: counted" said '.frames_lost > 20'
check "gaps: as many are not in the file" strips yuv420p 640 360 "$work/gaps.mkv"
end_producer TERM

# Another size ends the file.
"$change_size" p &
changer=$!
wait_for test -S "$TRIPOOL_DIR/p.sock"
run p "$work/size.mkv" -c:v ffv1 --json
check "another size: status $status" [ $status = 1 ]
check "another size: said so" grep -q 'the stream is yuv420p 256x64 from frame 151 on, no longer yuv420p 128x64' "$work/err"
check "another size: the summary" said '.ended_by == "format" and .last_sequence == 150 and .frames_lost == 0'
frames=$(ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$work/size.mkv")
check "another size: the file" said ".frames_recorded == $frames"
wait $changer

# Started together: it may come first.
"$record" p "$work/first.nut" --frames 5 >"$work/out" 2>"$work/err" </dev/null &
recorder=$!
sleep 0.5
produce -f yuv420p -s 640x360 -r 30
wait $recorder
status=$?
check "before its producer: status $status" [ $status = 0 ]
end_producer TERM

check "nothing left" [ -z "$(ls -A "$TRIPOOL_DIR")" ]
echo "$failures failures"
[ "$failures" = 0 ]
