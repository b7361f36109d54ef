#!/bin/bash
# SPDX-License-Identifier: MIT
# The examples do what they say, with each other and with tripool-capture, and leave nothing behind.
# Usage: examples.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
read_strips=$1/tests/process/read-strips
here=$1/tests/examples
sources=$(dirname "$0")
. "$(dirname "$0")/../lib.sh"
trap 'kill -KILL $(jobs -p) 2>/dev/null; ipcrm -M "$key" 2>/dev/null; rm -rf "$work"' EXIT

# start PROGRAM ARGUMENT...: in the background, what it prints in $work/PROGRAM.out; sets $pid
start() {
	local name=${1##*/}
	: >"$work/$name.out"
	env --default-signal=INT "$@" >>"$work/$name.out" 2>"$work/$name.err" &
	pid=$!
}

# run PROGRAM ARGUMENT...: sets $status
run() {
	timeout -k 1 60 "$here/$1" "${@:2}" >"$work/run.out" 2>"$work/run.err" </dev/null
	status=$?
}

end() { # end SIGNAL PID: sets $status; one that does not end is killed
	kill "-$1" "$2"
	for ((i = 0; i < 1500; i++)); do
		kill -0 "$2" 2>/dev/null || break
		sleep 0.02
	done
	kill -KILL "$2" 2>/dev/null
	wait "$2" 2>/dev/null
	status=$?
}

says() { # says TEXT: the last run, and nothing else
	[ "$(cat "$work/run.out" "$work/run.err")" = "$1" ]
}

ended() { # ended STATUS COMMAND...: the last program did, and the command succeeds
	[ "$status" = "$1" ] && "${@:2}"
}

is_empty() { # is_empty FILE
	[ ! -s "$work/$1" ]
}

prints() { # prints PROGRAM ARGUMENT TEXT
	run "$1" "$2"
	ended 0 says "$3"
}

has() { # has PATTERN FILE
	grep -qE -- "$1" "$work/$2"
}

segment_exists() {
	ipcs -m | grep -q "^$key "
}

no_segment() {
	! segment_exists
}

capture() { # capture ARGUMENT...: stream "cam"; sets $pid
	start "$capture" -n cam -s 320x180 "$@"
	wait_for test -S "$TRIPOOL_DIR/cam.sock"
}

# The key that ftok makes of a file, which nobody else may have.
while
	named=$(mktemp "$work/named.XXXXXX")
	read -r device inode < <(stat -c '%d %i' "$named")
	key=$(printf '0x74%02x%04x' $((device & 255)) $((inode & 65535)))
	segment_exists
do :; done

# ---- To be copied: short, and what README shows ----
for source in "$sources"/*.c; do
	check "${source##*/} has less than 80 lines" [ "$(wc -l <"$source")" -lt 80 ]
done
sed -n '/^## Your own program/,/^## /{/^```c$/,/^```$/{/^```/!p}}' "$sources/../../README.md" >"$work/readme.out"
check "README shows the smallest viewer as it is" cmp "$work/readme.out" "$sources/viewer.c"

# ---- The textbook's pair, and tripool's ----
mkfifo "$work/sysv-keys" "$work/line-keys"
write_lines() { # both writers; sets $sysv and $line, and what is typed goes to fds 3 and 4
	"$here/sysv-write" "$named" <"$work/sysv-keys" 2>"$work/sysv-write.err" &
	sysv=$!
	"$here/line-write" line <"$work/line-keys" 2>"$work/line-write.err" &
	line=$!
	exec 3>"$work/sysv-keys" 4>"$work/line-keys"
}
type_keys() {
	printf "$1" >&3
	printf "$1" >&4
}
write_lines
type_keys 'one whole line\n'
check "sysv-read: the line" wait_for prints sysv-read "$named" 'one whole line'
check "line-read: the line" wait_for prints line-read line 'one whole line'
check "line-read: a second reader" prints line-read line 'one whole line'
type_keys 'half a li'
check "sysv-read: half a line, for there is nothing to tell that it is" wait_for prints sysv-read "$named" 'half a li'
sleep 0.2
check "line-read: whole lines only" prints line-read line 'one whole line'
type_keys 'ne\n'
check "line-read: the line, now whole" wait_for prints line-read line 'half a line'
run line-write line
check "line-write: a second one is told" ended 1 says "stream 'line' already has a producer (pid $line)"

{
	kill -KILL "$sysv" "$line"
	wait "$sysv" "$line"
} 2>/dev/null
check "sysv-read: a dead writer's line looks like a living one's" prints sysv-read "$named" 'half a line'
check "sysv-write: killed, it leaves its segment" segment_exists
run line-read line
check "line-read: a dead writer is told" ended 1 has "'line' has no producer" run.err

exec 3>&- 4>&-
write_lines
type_keys 'again\n'
check "sysv-read: after the writer's death" wait_for prints sysv-read "$named" 'again'
check "line-read: after the writer's death" wait_for prints line-read line 'again'
end INT "$sysv"
check "sysv-write: Ctrl-C" [ $status = 0 ]
check "sysv-write: no segment is left" no_segment
run sysv-read "$named"
check "sysv-read: no segment" ended 1 has 'No such file' run.err
end TERM "$line"
check "line-write: SIGTERM" [ $status = 0 ]
check "line-write: nothing is left" no_stream
exec 3>&- 4>&-

# ---- The smallest producer, the smallest viewer, and one with a poll loop ----
rising() { # each frame's number is larger, its first byte one less (the producer's sum of x, y and frames before)
	awk -F '[ ,]+' '{ n++; if ($2 <= last || $7 != ($2 - 1) % 256 || $3 " " $4 != "gray 640x480") bad = 1; last = $2 }
		END { exit bad || n < 10 }' "$work/viewer.out"
}
processor_ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}
start "$here/viewer" cam
viewer=$pid
start "$here/poll-viewer" cam
poll_viewer=$pid
check "poll-viewer: its timer runs without a producer" wait_for has '^0 frames/s, newest 0, 0 skipped$' poll-viewer.out
start "$here/producer" cam
producer=$pid
check "viewer: the producer's frames" wait_for rising
run producer cam
check "producer: a second one is told" ended 1 says "stream 'cam' already has a producer (pid $producer)"
check "poll-viewer: about 30 frames a second" wait_for has '^(2.|3.) frames/s, newest [1-9]' poll-viewer.out
check "poll-viewer: sleeps meanwhile" [ "$(processor_ticks "$poll_viewer")" -lt 50 ]
end INT "$producer"
check "producer: Ctrl-C" [ $status = 0 ]
check "producer: nothing is left" no_stream
: >"$work/viewer.out"
start "$here/producer" cam
producer=$pid
check "viewer: the next producer's frames" wait_for has '^frame [1-9]?[0-9],' viewer.out
end INT "$viewer"
check "viewer: Ctrl-C" ended 130 is_empty viewer.err
end INT "$poll_viewer"
check "poll-viewer: Ctrl-C" ended 0 is_empty poll-viewer.err
end TERM "$producer"
check "producer: SIGTERM" [ $status = 0 ]
check "producer: nothing is left again" no_stream

# ---- Motion: none in lines that are alike, all of it where another one comes ----
"$here/line-write" cam <"$work/line-keys" 2>"$work/line-write.err" &
line=$!
exec 4>"$work/line-keys"
start "$here/motion" cam
motion=$pid
check "motion: comes to see" wait_for grep -q memfd "/proc/$motion/maps"
for ((n = 0; n < 10; n++)); do
	printf '%0200d\n' 0 >&4
	sleep 0.05
done
check "motion: none in a still picture" is_empty motion.out
printf '%0200d\n' 0 | tr 0 '~' >&4
check "motion: where it was, how much, and when" wait_for has \
	'^frame 11: 78\.1 % changed, seen [0-9]+\.[0-9]{3} ms after capture$' motion.out
printf '%0200d\n' 0 | tr 0 '~' >&4
sleep 0.2
check "motion: once" [ "$(wc -l <"$work/motion.out")" = 1 ]
end TERM "$line"
exec 4>&-
: >"$work/motion.out"
capture -f yuyv422 pattern
check "motion: in the test pattern, after another format" wait_for has '^frame [0-9]+: [0-9.]+ % changed, seen' motion.out
end TERM "$pid"
capture -f nv12 pattern
: >"$work/motion.out"
check "motion: of the next producer, of another format" wait_for has '^frame [0-9]+: ' motion.out
end INT "$motion"
check "motion: Ctrl-C" ended 130 is_empty motion.err
end TERM "$pid"
capture -f rgb24 pattern
run motion cam
check "motion: no luma is told" ended 1 says "'cam': no luma of 8 bits in there"
end TERM "$pid"
check "motion: nothing is left" no_stream

# ---- FFmpeg ----
whole() { # whole FILE: sets $first and $last; the frames in it have each number between, and ffprobe counts as many
	local frames lost counted
	read -r first last frames lost < <(ffmpeg -v error -i "$work/$1" -fps_mode passthrough -f rawvideo - 2>/dev/null \
		</dev/null | "$read_strips" yuv420p 320 180)
	counted=$(ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 "$work/$1")
	[ "$counted" = "$frames" ] && [ "$lost" = 0 ] && [ "$frames" = $((last - first + 1)) ] && [ "$frames" -gt 5 ]
}
capture --lossless -f yuv420p -r 60 --json pattern
producer=$pid
start "$here/to-ffmpeg" cam "$work/one.mkv"
one=$pid
wait_for test -e "$work/one.mkv"
sleep 1
end INT "$one"
check "to-ffmpeg: Ctrl-C" [ $status = 0 ]
check "to-ffmpeg: each frame until Ctrl-C" whole one.mkv
run to-ffmpeg cam "$work/none/out.mkv"
check "to-ffmpeg: a file that cannot be" ended 1 has 'No such file' run.err
start "$here/to-ffmpeg" cam "$work/two.mkv"
two=$pid
wait_for test -e "$work/two.mkv"
sleep 1
end TERM "$producer"
wait "$two"
check "to-ffmpeg: the stream's end" [ $? = 0 ]
check "to-ffmpeg: each frame until the end" whole two.mkv
check "to-ffmpeg: until the last" [ "$last" = "$(jq .frames_published "$work/tripool-capture.out")" ]
run to-ffmpeg cam "$work/out.mkv"
check "to-ffmpeg: no producer" ended 1 says "stream 'cam' has no producer"
check "nothing is left" no_stream
[ $failures = 0 ]
