#!/bin/bash
# SPDX-License-Identifier: MIT
# What tripool-capture prints, where, and how it ends.
# Usage: capture-cli.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
. "$(dirname "$0")/../lib.sh"

run() { # run ARGUMENT...: sets $status
	timeout -k 1 60 "$capture" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
}

wait_for_socket() { # wait_for_socket NAME
	wait_for test -S "$TRIPOOL_DIR/$1.sock"
}

number='[0-9]+'
us='[0-9]+[.][0-9]'
json='^\{"stream":"%s","source":"test pattern %s","path":"draw","copies_per_frame":0,"pix_fmt":"%s","width":%s,'
json+='"height":%s,"frames_published":%s,"frames_dropped":'$number',"camera_gaps":0,"restarts":0,'
json+='"capture_to_publish_us":{"p50":'$us',"p90":'$us',"p99":'$us',"max":'$us'},"viewers_peak":0,"slots":%s,'
json+='"slots_touched":[12],"pool_resident_bytes":'$number',"generations":1\}$'
is_json() { # is_json STREAM KIND PIX_FMT WIDTH HEIGHT FRAMES SLOTS
	# shellcheck disable=SC2059
	[ "$(wc -l <"$work/out")" = 1 ] && grep -qE "$(printf "$json" "$@")" "$work/out" &&
		jq -e '[.capture_to_publish_us[]] | . == sort' "$work/out" >/dev/null
}

# Not a terminal: not a word, but the object that was asked for. The source may stand anywhere.
run --frames 5 -s 128x64 pattern:box -r 200 --json -n one -f bgra --max-viewers 3
check "--json: status" [ $status = 0 ]
check "--json: the object" is_json one box bgra 128 64 5 5
check "--json: silence" [ ! -s "$work/err" ]
run --duration 0.3 --json pattern:noise
check "--duration: status" [ $status = 0 ]
check "--duration: the object" is_json default noise nv12 1280 720 "$number" 18
check "--duration: silence" [ ! -s "$work/err" ]
run --frames 2 --checksum
check "without --json: silence" [ $status = 0 -a ! -s "$work/out" -a ! -s "$work/err" ]

# -v says what it does; -q and a terminal.
run --frames 2 -v -n loud
check "-v: the source" grep -q "^stream 'loud': test pattern bars, nv12 1280x720 at 60 fps, path draw, 0 copies" "$work/err"
run --duration 1.3 -v
check "-v: a line a second" grep -qE "^[0-9.]+ fps  dropped $number  viewers 0  frames $number$" "$work/err"
run --duration 1.3 -v -r 10
check "-v: the first frame is not an interval" awk '/ fps / && $1 > 10.5 { exit 1 }' "$work/err"
script -qec "'$capture' --duration 1.3" /dev/null >"$work/out" 2>"$work/err" </dev/null
check "a terminal: the status line" grep -qaE $'^\r[0-9.]+ fps  dropped '"$number  viewers 0  frames $number"$'\e\[K\r$' "$work/out"
script -qec "'$capture' --duration 1.3 -q" /dev/null >"$work/out" 2>"$work/err" </dev/null
check "-q on a terminal: silence" [ ! -s "$work/out" ]

# Signals end it cleanly: at once, with the object, with status 0 and without leavings.
for signal in INT TERM HUP; do
	"$capture" --json -r 1/100 -n "by-$signal" >"$work/out" 2>"$work/err" &
	wait_for_socket "by-$signal"
	sleep 0.1
	kill -$signal $!
	for ((i = 0; i < 100; i++)); do
		kill -0 $! 2>/dev/null || break
		sleep 0.02
	done
	check "SIG$signal: within two seconds" [ $i -lt 100 ]
	wait $!
	status=$?
	check "SIG$signal: status $status" [ $status = 0 ]
	check "SIG$signal: the object" is_json "by-$signal" bars nv12 1280 720 "[01]" 18
	check "SIG$signal: nothing left" [ -z "$(ls -A "$TRIPOOL_DIR")" ]
done

# Under nohup it stays when the terminal goes.
(trap '' HUP && exec "$capture" -n stays 2>"$work/err") &
wait_for_socket stays
kill -HUP $!
sleep 0.3
check "nohup: it stays" kill -0 $!
kill $!
wait $!
check "nohup: status $?" [ $? = 0 ]

# Who may connect.
"$capture" -n shared --mode 0660 --group "$(id -gn)" --duration 20 2>"$work/err" &
wait_for_socket shared
check "--mode" [ "$(stat -c %a "$TRIPOOL_DIR/shared.sock")" = 660 ]
check "--group" [ "$(stat -c %g "$TRIPOOL_DIR/shared.sock")" = "$(id -g)" ]
kill $!
wait $!

# Output that cannot be written is a failure that is told.
for arguments in "--json --frames 1" --help --version; do
	# shellcheck disable=SC2086
	timeout -k 1 60 "$capture" $arguments >/dev/full 2>"$work/err"
	status=$?
	check "$arguments on a full disk: status $status" [ $status = 1 ]
	check "$arguments on a full disk: the reason" grep -q "^tripool-capture: .*No space left" "$work/err"
done

# Standard fds that are closed are not taken by something else.
timeout -k 1 60 "$capture" --frames 2 --json >&- 2>"$work/err"
check "stdout closed: status $?" [ $? = 1 ]
check "stdout closed: the reason" grep -q '^tripool-capture: cannot write to standard output: Bad file' "$work/err"
timeout -k 1 60 "$capture" --frames 2 >&- 2>"$work/err"
check "stdout closed and not needed: status $?" [ $? = 0 ]
timeout -k 1 60 "$capture" --frames 2 --json >"$work/out" 2>&- <&-
check "stdin and stderr closed: status $?" [ $? = 0 ]
check "stdin and stderr closed: the object" is_json default bars nv12 1280 720 2 18

run --help
check "--help" grep -q '^Usage: tripool-capture' "$work/out"
for option in name size rate pix-fmt frames duration max-viewers mode group lossless loop checksum json quiet verbose list controls set help version; do
	check "--help: --$option" grep -qe "--$option" "$work/out"
done
check "--help: silence" [ $status = 0 -a ! -s "$work/err" ]
run --version
check "--version" grep -qE '^tripool-capture [0-9]+\.[0-9]+\.[0-9]+$' "$work/out"
check "nothing left" [ -z "$(ls -A "$TRIPOOL_DIR")" ]

echo "$failures failures"
[ "$failures" = 0 ]
