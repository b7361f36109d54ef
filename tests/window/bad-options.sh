#!/bin/bash
# SPDX-License-Identifier: MIT
# Each wrong option, name or place gets one line on stderr that names it, nothing on stdout, and a status of its own: 2
# for wrong usage, 1 for what went wrong.
. "$(dirname "$0")/lib.sh"
unset DISPLAY

# refuses STATUS WORD ARGUMENTS...: WORD must be in the line
refuses() {
	local status=$1 word=$2 got
	shift 2
	timeout 120 "$view" "$@" >"$work/view.out" 2>"$work/view.err"
	got=$?
	[ $got -eq "$status" ] || fail "tripool-view $*: status $got, should be $status"
	[ "$(wc -l <"$work/view.err")" -eq 1 ] || fail "tripool-view $*: not one line on stderr"
	grep -qF -- "$word" "$work/view.err" || fail "tripool-view $*: its line does not say '$word'"
	[ ! -s "$work/view.out" ] || fail "tripool-view $*: something on stdout"
}

refuses 2 --nonsense --nonsense
refuses 2 "unknown option '-x'" -x
refuses 2 "unknown option '-x'" -xq
refuses 2 --frames --frames
refuses 2 "'0'" --frames 0
refuses 2 "'-1'" --frames -1
refuses 2 "'ten'" --frames ten
refuses 2 "'5x'" --frames 5x
refuses 2 "'99999999999999999999999'" --frames 99999999999999999999999
refuses 2 "'0'" --duration 0
refuses 2 "'-2'" --duration -2
refuses 2 "'nan'" --duration nan
refuses 2 "'inf'" --duration inf
refuses 2 "'1h'" --duration 1h
refuses 2 "'metal'" --renderer metal
refuses 2 --screenshot --screenshot ''
refuses 2 --json --json=yes
for geometry in '' 640 640x 640x480+1 0x480 640x0 640x480x2 640x480+1+1+1 16385x10 123456x10 -5+5 +5-5 +5 640X480 '640x480 ' wide; do
	refuses 2 "'$geometry' is not a geometry" --geometry "$geometry"
done
refuses 2 --geometry stream --geometry
refuses 2 --title --title
refuses 2 "'stream'" --all stream
refuses 2 "'second'" first second second
refuses 2 "'first'" first second first
refuses 2 '65' n{1..65}
refuses 2 name ''
refuses 2 name first ''
refuses 2 "'a/b'" first a/b
refuses 2 "'.hidden'" .hidden
refuses 2 "'a/b'" a/b
refuses 2 "$(printf 'n%.0s' {1..64})" "$(printf 'n%.0s' {1..65})"
refuses 1 /nowhere/shot.png --screenshot /nowhere/shot.png
refuses 1 "$work" --screenshot "$work"
mkfifo "$work/fifo"
refuses 1 "$work/fifo" --screenshot "$work/fifo"
refuses 1 /dev/full --screenshot /dev/full
refuses 1 'DISPLAY' stream
refuses 1 'DISPLAY' first second
refuses 1 'DISPLAY' n{1..64}
refuses 1 'DISPLAY' --all
refuses 1 'DISPLAY' --geometry 16384x1+99999+0 --title ''
refuses 1 'DISPLAY' stream --screenshot "$work/shot.png"
[ ! -e "$work/shot.png" ] || fail "a run that showed nothing left a screenshot"
DISPLAY=:nowhere refuses 1 'DISPLAY' stream
# SDL's own choice: not its drivers that show nothing to anyone
(
	unset SDL_VIDEODRIVER XDG_RUNTIME_DIR
	refuses 1 'no display' stream --duration 2
	DISPLAY=:987 refuses 1 'no display' stream --duration 2
) || exit 1
(
	: >"$work/file"
	export TRIPOOL_DIR=$work/file
	refuses 1 "$work/file" stream
) || exit 1
for word in --help -h --version; do
	timeout 120 "$view" $word >"$work/view.out" 2>"$work/view.err" || fail "$word: status $?"
	[ -s "$work/view.out" ] || fail "$word: prints nothing"
	[ ! -s "$work/view.err" ] || fail "$word: something on stderr"
done
echo "every mistake is told"
