#!/bin/bash
# SPDX-License-Identifier: MIT
# What tripool-view prints where that cannot be written, what it does without standard fds, and that it stays under
# nohup when the terminal goes.
. "$(dirname "$0")/lib.sh"
start_x
start capture "$capture" -n cli -s 320x240 -r 30

# ends STATUS WORD: the last command ended so, with one line that has WORD in it; no WORD: without a line
ends() {
	local got=$?
	[ $got -eq "$1" ] || fail "$what: status $got, should be $1"
	[ "$(wc -l <"$work/view.err")" -eq $(($# - 1)) ] || fail "$what: not $(($# - 1)) lines on stderr"
	[ $# -eq 1 ] || grep -q "^tripool-view: .*$2" "$work/view.err" || fail "$what: its line does not say '$2'"
}

for arguments in --help --version "cli --frames 2 --json"; do
	what="$arguments on a full disk"
	# shellcheck disable=SC2086
	timeout 120 "$view" $arguments >/dev/full 2>"$work/view.err"
	ends 1 'No space left'
	what="$arguments without standard output"
	# shellcheck disable=SC2086
	timeout 120 "$view" $arguments >&- 2>"$work/view.err"
	ends 1 'cannot write to standard output: Bad file'
done
what="a pipe that nobody reads"
mkfifo "$work/pipe"
exec 9<>"$work/pipe" 8>"$work/pipe"
exec 9>&-
timeout 120 "$view" cli --frames 2 --json >&8 2>"$work/view.err" 8>&-
ends 1 'Broken pipe'
exec 8>&-

what="without any standard fd"
timeout 120 "$view" cli --frames 2 >&- 2>&- <&- || fail "$what: status $?"
timeout 120 "$view" cli --frames 2 >&- 2>"$work/view.err" <&-
ends 0

for signal in INT TERM HUP; do
	start view "$view" cli --json
	wait_window '^tripool: cli$'
	stop "$pid" $signal || fail "SIG$signal: status $?"
	[ "$(json "$work/view.out" stream)" = cli ] || fail "SIG$signal: no summary"
done
start view bash -c 'trap "" HUP; exec "$@"' bash "$view" cli
wait_window '^tripool: cli$'
kill -HUP "$pid"
sleep 0.5
kill -0 "$pid" 2>/dev/null || fail "under nohup SIGHUP ends it"
stop "$pid" || fail "under nohup: status $?"
echo "what it cannot write it tells, and nohup is respected"
