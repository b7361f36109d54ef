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
fps_of() { # [OPTION]: that the viewer shows
	timeout 120 "$view" fast --renderer $renderer --duration 4 --json "$@" >view.out 2>view.err ||
		fail "$renderer: status $?"
	json view.out fps
}

start capture "$capture" pattern -n fast -s 320x180 -f bgra -r 240
for renderer in gpu surface; do
	for try in 1 2 3 4 5; do # a machine that is busy for a while may show fewer either way
		paced=$(fps_of) && skipped=$(json view.out frames_skipped) && free=$(fps_of --no-vsync) || exit 1
		between "$paced" 0 61 || fail "$renderer: $paced fps on a screen of 60 Hz"
		between "$free" 0 245 || fail "$renderer: $free fps of a stream of 240"
		[ "$skipped" -gt 200 ] && between "$free" "$paced * 1.3" 245 && break
		[ $try -lt 5 ] || fail "$renderer: $paced fps with vsync and $free without, $skipped frames skipped"
	done

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
	echo "$renderer: $paced fps, $free without vsync; hidden: $hidden ticks of 400"
done
