#!/bin/bash
# SPDX-License-Identifier: MIT
# A window of another shape than the frame shows all of the frame, in the frame's shape, in the middle, and black around
# it; also while it is frozen, and again after another resize.
. "$(dirname "$0")/lib.sh"
start_x

# holds WIDTH HEIGHT X Y W H: after a resize to the first two the frame is in that rectangle
resized() {
	picture "$work/shot.png"
	[ "$(identify -format '%wx%h' "$work/shot.png")" = "$1x$2" ] || return 1
	"$read_strip" "$work/shot.png" 640 360 "$3" "$4" "$5" "$6" >"$work/strip" 2>"$work/strip.err"
}
holds() {
	xdotool windowmove "$window" 0 0 windowsize "$window" "$1" "$2" # all of it on the screen: xwd cuts off the rest
	within 30 resized "$@" || fail "$renderer, $1x$2, frozen $frozen: $(cat "$work/strip.err")"
}

start capture "$capture" pattern -n shape -s 640x360 -f nv12 -r 30
for renderer in gpu surface; do
	start view "$view" shape --renderer $renderer
	viewer=$pid
	wait_window '^tripool: shape$'
	for frozen in no yes; do
		if [ $frozen = yes ]; then
			press space
			within 30 title_matches frozen || fail "$renderer: space does not freeze"
		fi
		holds 640 360 0 0 640 360
		holds 1000 360 180 0 640 360
		holds 800 800 0 175 800 450
		holds 1280 400 284 0 711 400
		keep wide "$work/shot.png"
		holds 400 720 0 247 400 225
		keep high "$work/shot.png"
		holds 1280 720 0 0 1280 720
	done
	press Escape
	wait "$viewer" || fail "$renderer: Esc ended the viewer with status $?"
	echo "$renderer: the shape is kept"
done
