#!/bin/bash
# SPDX-License-Identifier: MIT
# What tripool-stat prints, waits for, and leaves of a terminal.
# Usage: stat.sh BUILD-DIRECTORY
set -u
capture=$1/producer/tripool-capture
stat=$1/consumer/stat/tripool-stat
hold=$1/tests/process/hold-frames
count_wakes=$1/tests/process/count-wakes
change_size=$1/tests/process/change-size
program=$stat
. "$(dirname "$0")/../lib.sh"
export LC_ALL=C.UTF-8

run() { # run ARGUMENT...: sets $status
	timeout -k 1 60 "$stat" "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
}

said() { # said FILTER: what the JSON has
	jq -e "$1" "$work/out" >/dev/null
}

# Wrong usage
bad 2 "'--nonsense'" --nonsense
bad 2 "'-x'" -x
bad 2 "'--json=1'" --json=1
bad 2 "'--wait' and '--json'" --wait --json cam
bad 2 "'--wait' and '--once'" --wait --once cam
bad 2 "which stream" --wait
bad 2 "--timeout is for --wait" --timeout 3 cam
bad 2 "'0'" --wait cam --timeout 0
bad 2 "'a b'" "a b"
bad 2 "'../x'" --wait ../x
run --help
check "--help" [ $status = 0 -a -s "$work/out" ]

# Nobody there, nor the directory, which is not made
run
check "no streams: status $status" [ $status = 0 ]
check "no streams" grep -qx 'no streams' "$work/out"
run --json
check "no streams in JSON" said '. == []'
run --once gone
check "a stream that is not there: status $status" [ $status = 1 ]
check "a stream that is not there" grep -qE '^gone +- it has no producer$' "$work/out"
check "the directory is not made" [ ! -e "$TRIPOOL_DIR" ]
bad 1 "gone: it has no producer after 0.2 seconds" --wait gone --timeout 0.2

# --wait ends with the first frame, not with the socket
timeout 60 "$stat" --wait late 2>"$work/err" &
waiter=$!
sleep 0.3
check "--wait waits" kill -0 $waiter
"$capture" -n late -s 320x240 -r 30 -q &
late=$!
wait $waiter
status=$?
check "--wait: status $status" [ $status = 0 ]
run --json late
check "--wait: there is a frame" said '.[0].sequence > 0 and .[0].age_ms != null'
kill $late
wait $late
"$change_size" idle 200 &
idle=$!
wait_for test -S "$TRIPOOL_DIR/idle.sock"
run --wait idle --timeout 50
check "its first frame: status $status" [ $status = 0 ]
wait $idle

# --wait asks those that are missing, and not all the time
"$count_wakes" ready frame >"$work/ready" &
ready=$!
"$count_wakes" unready >"$work/unready" &
unready=$!
wait_for test -S "$TRIPOOL_DIR/ready.sock" -a -S "$TRIPOOL_DIR/unready.sock"
leaves_nothing=true # there are streams
bad 1 "unready: there is no frame after 3 seconds" --wait ready unready --timeout 3
run --json unready
check "a stream without a frame" said '.[0] | .error == null and .sequence == 0 and .age_ms == null and .fps == null'
kill $ready $unready
wait $ready $unready
check "--wait: woke one that was ready $(cat "$work/ready") times" [ "$(cat "$work/ready")" -lt 10 ]
check "--wait: woke one that was not $(cat "$work/unready") times" [ "$(cat "$work/unready")" -lt 50 ]

# Figures
"$capture" pattern:box -n cam -s 640x360 -r 30 -q &
cam=$!
"$capture" -n "$(printf '%064d' 7)" -s 320x240 -r 30 --lossless --max-viewers 3 -q &
long=$!
timeout 60 "$stat" --wait cam "$(printf '%064d' 7)"
"$hold" cam $'new\e[31m\u202est' 2 >"$work/newest" &
newest=$!
"$hold" cam 'each one' 3 every >"$work/every" &
every=$!
wait_for test -s "$work/newest" -a -s "$work/every"
holds_all() { # what a viewer that is behind can
	run --json cam
	said '.[0].viewers | map(select((.mode == "every" and .lag == 5) or (.mode == "newest" and .lag > 5))) | length == 2'
}
check "viewers that hold what they have" wait_for holds_all
check "a stream: status $status" [ $status = 0 ]
check "a stream in JSON" said ".[0] | .stream == \"cam\" and .producer_pid == $cam and .error == null and
	.source == \"test pattern box\" and .pix_fmt == \"nv12\" and .width == 640 and .height == 360 and .frame_rate == 30 and
	.fps > 0 and .generation == 1 and .sequence > 5 and .age_ms >= 0 and (.lossless | not) and
	.pool_resident_bytes > 3 * 640 * 360 and .pool_bytes >= .pool_resident_bytes and .leases == 16 and (.viewers | length) == 2"
check "a viewer of the newest" said ".[0].viewers[] | select(.mode == \"newest\") |
	.pid == $newest and .leases == 8 and .leases_held == 2 and .lag > 5 and .frames_acquired == 2 and (.closed | not)"
check "a viewer of each" said ".[0].viewers[] | select(.mode == \"every\") |
	.name == \"each one\" and .pid == $every and .leases == 8 and .leases_held == 3 and .lag == 5 and .frames_acquired == 3"
check "a name in JSON" said '[.[0].viewers[].name] | index("new?[31m\u202est") != null'
run
check "the table: status $status" [ $status = 0 ]
check "the table: its heads" [ "$(head -n 2 "$work/out" | tr -s ' ')" = "STREAM PID FORMAT FPS FRAME AGE MEMORY
 VIEWER PID MODE LAG SKIPPED HELD TAKEN" ]
check "the table: the stream" grep -qE "^cam +$cam nv12 640x360 +[0-9.]+ +[0-9]+ +[0-9.]+ m?s +[0-9.]+ [kM]B$" "$work/out"
check "the table: the viewer" grep -qE "^  each one +$every every +5 +[0-9]+  3 of  8 +3$" "$work/out"
check "the table: a name that turns the line around" grep -qF 'new?[31m?st' "$work/out"
check "the table: lossless" grep -qF '0 of 3 viewers, 0 of 3 leases' "$work/out"
check "the table: the name in full" grep -q "^$(printf '%064d' 7) " "$work/out"
check "the table: no escapes" [ -z "$(tr -d '[:print:]\n' <"$work/out")" ]
LC_ALL=C run
check "the table: only what the locale can show" [ -z "$(LC_ALL=C tr -d '[:print:]\n' <"$work/out")" ]

# One that does not answer is told; the others are not kept.
kill -STOP $cam
run
check "a stopped producer: status $status" [ $status = 1 ]
check "a stopped producer" grep -qE "^cam +$cam its producer does not answer" "$work/out"
check "a stopped producer: the other" grep -qE "^0+7 +$long nv12" "$work/out"
run --json cam
check "a stopped producer in JSON" said ".[0] | .producer_pid == $cam and (.error | test(\"does not answer\")) and has(\"fps\") == false"
bad 1 "cam: its producer does not answer after 0.3 seconds" --wait cam --timeout 0.3
kill -CONT $cam
run cam
check "a producer that goes on: status $status" [ $status = 0 ]

# Output that cannot be written
timeout 60 "$stat" --json >/dev/full 2>"$work/err"
status=$?
check "a full disk: status $status" [ $status = 1 ]
check "a full disk: said so" grep -q 'cannot write to standard output' "$work/err"

# ---- Live, in a terminal of 80 columns and 12 rows ----

# live [job]: starts it, so that nobody would continue it (as with ssh -t), or in the job of a shell; sets $live, and $session for the end. Bytes written to $work/keys are typed.
live() {
	rm -f "$work"/{out,keys,tty,pid,before,after,status}
	mkfifo "$work/keys"
	cat >"$work/session" <<-END
		stty cols 80 rows 12
		tty >$work/tty
		stty -g >$work/before
		sh -c 'echo \$\$ >$work/pid; exec $stat'
		echo \$? >$work/status
		stty -g >$work/after
	END
	local run="bash $work/session"
	[ $# = 0 ] || run="bash -mc '$run; :'"
	timeout -k 1 300 script -qfc "$run" "$work/out" <"$work/keys" >/dev/null 2>"$work/err" &
	session=$!
	exec 9>"$work/keys"
	wait_for test -s "$work/pid"
	live=$(cat "$work/pid")
	wait_for shows 'STREAM '
}

shows() { # in what the terminal got so far; all of it stays there
	grep -qF -- "$1" "$work/out" 2>/dev/null
}

restored() { # restored WHAT: it has ended well, and the terminal is as it was
	wait $session
	exec 9>&-
	check "$1: status" [ "$(cat "$work/status")" = 0 ]
	check "$1: the terminal's state" cmp -s "$work/before" "$work/after"
	check "$1: the first screen, the cursor, the wrapping" [ "$(
		grep -aoP '\e\[\?(1049|25|7)[hl]' "$work/out" | tail -n 3 | tr -d '\033\n'
	)" = "[?7h[?25h[?1049l" ]
}

live
check "live: the second screen" shows $'\e[?1049h'
check "live: the stream" shows "cam "
check "live: a name that is cut" grep -qaE '0{10,20}~ ' "$work/out"
check "live: lines of 80 columns" [ -z "$(sed -e '/^Script/d' -e 's/\x1b\[[?0-9;]*[a-zA-Z]//g' "$work/out" | tr -d '\r' | LC_ALL=C.UTF-8 grep -aE '^.{81}')" ]
check "live: nothing of a client's escapes" [ "$(grep -ac $'\e\\[31m' "$work/out")" = 0 ]
# one that comes later is shown, and one that is killed is not any more
"$capture" -n another -s 320x240 -r 30 -q &
another=$!
check "live: one that comes" wait_for shows "another "
kill -KILL $another
gone() { ! tail -c 1500 "$work/out" | grep -qa "another "; }
check "live: one that goes" wait_for gone
kill -STOP $cam
check "live: one that is stopped" wait_for shows "does not answer"
kill -CONT $cam
goes_on() { ! tail -c 1500 "$work/out" | grep -qa "does not answer"; }
check "live: one that goes on" wait_for goes_on
# a directory that is not trusted any more: no row looks as if it were new
chmod 770 "$TRIPOOL_DIR"
check "live: no list, and no answer" wait_for grep -qaE "cam +- [^ ]" "$work/out"
chmod 700 "$TRIPOOL_DIR"
trusted() { ! tail -c 1500 "$work/out" | grep -qaE "cam +- [^ ]"; }
check "live: a list again" wait_for trusted
stty cols 60 rows 4 <"$(cat "$work/tty")"
check "live: a small terminal" wait_for shows "lines more)"
stty cols 100 rows 40 <"$(cat "$work/tty")"
printf q >&9
restored "key q"

# stopped and continued
screens() { # screens [hl]...: entered and left, so far
	[ "$(grep -aoP '\e\[\?1049[hl]' "$work/out" | grep -o '.$' | tr -d '\n')" = "$1" ]
}
is_stopped() { grep -q "^State:.T" "/proc/$live/status" 2>/dev/null; }
live job
for before in h hlh; do # the second time is like the first
	kill -TSTP $live
	check "live: stopped" wait_for is_stopped
	# what it wrote before that may still be on its way through script
	check "live: stopped with the first screen" wait_for screens ${before}l
	kill -CONT $live
	check "live: continued" wait_for screens ${before}lh
done
printf q >&9
restored "key q, after a stop"
live
printf '\032' >&9
check "Ctrl-Z that nobody would continue: goes on" wait_for screens hlh
printf q >&9
restored "key q, after that"

for signal in INT TERM HUP QUIT; do
	live
	kill -$signal "$live"
	restored "SIG$signal"
done
live
printf '\003' >&9
restored "Ctrl-C"

# Not a terminal: once
kill $newest $every
wait $newest $every 2>/dev/null
run
check "not a terminal" [ $status = 0 -a "$(grep -c '^STREAM' "$work/out")" = 1 ]
kill $cam $long
wait $cam $long
rm -f "$TRIPOOL_DIR"/another.{sock,lock} # it was killed
check "nothing left" [ -z "$(ls -A "$TRIPOOL_DIR")" ]
echo "$failures failures"
[ "$failures" = 0 ]
