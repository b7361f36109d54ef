#!/bin/bash
# SPDX-License-Identifier: MIT
# The window shows no more than the screen can (60 a second here), --no-vsync each frame; and nothing at all while nobody
# can see it.
. "$(dirname "$0")/lib.sh"
start_x
cd "$work" || exit 1

ticks() { # of the viewer, user and system
	awk '{ print $14 + $15 }' "/proc/$viewer/stat"
}
between() { # VALUE LOW HIGH
	jq -ne "$1 >= $2 and $1 <= $3" >/dev/null
}

start capture "$capture" pattern -n fast -s 320x180 -f bgra -r 240
for renderer in gpu surface; do
	timeout 60 "$view" fast --renderer $renderer --duration 5 --json >view.out 2>view.err || fail "$renderer: status $?"
	fps=$(json view.out fps)
	between "$fps" 30 61 || fail "$renderer: $fps fps on a screen of 60 Hz"
	[ "$(json view.out frames_skipped)" -gt 300 ] || fail "$renderer: the frames between are not skipped"
	timeout 60 "$view" fast --renderer $renderer --duration 5 --no-vsync --json >view.out 2>view.err ||
		fail "$renderer: status $?"
	free=$(json view.out fps)
	between "$free" "$fps * 1.3" 245 || fail "$renderer: $free fps without vsync, $fps with"

	start view "$view" fast --renderer $renderer --json
	viewer=$pid
	wait_window '^tripool: fast$'
	sleep 1
	xdotool windowunmap --sync "$window"
	sleep 1
	before=$(ticks)
	sleep 4
	hidden=$(($(ticks) - before))
	[ $hidden -le 2 ] || fail "$renderer: $hidden ticks of 400 while the window was hidden"
	xdotool windowmap --sync "$window"
	sleep 1
	picture now.png
	"$read_strip" now.png 320 180 >/dev/null 2>read.err || fail "$renderer: no frame after it was hidden"
	press q
	wait "$viewer" || fail "$renderer: q ended the viewer with status $?"
	[ "$(json view.out frames_shown)" -lt 400 ] || fail "$renderer: $(json view.out frames_shown) frames, also while hidden"
	echo "$renderer: $fps fps, $free without vsync; hidden: $hidden ticks of 400"
done
