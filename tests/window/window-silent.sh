#!/bin/bash
# SPDX-License-Identifier: MIT
# A producer that is there but publishes nothing is told from one that does: its last frame is dimmed, with the frame's
# age over it, which goes on, until the next frame comes. A stream that is slow by what it says of itself is not dimmed.
. "$(dirname "$0")/lib.sh"
start_x

brightness() {
	picture "$work/now.png"
	convert "$work/now.png" -resize 1x1 -colorspace gray -format '%[fx:int(1000*mean)]' info:
}
shows_a_frame() { # coloured bars, not a few words on black
	[ "$(brightness)" -gt 150 ]
}
dimmed() { # to below two thirds of $1
	[ $(($(brightness) * 3)) -lt $(($1 * 2)) ]
}
bright() {
	! dimmed "$1"
}
differs() { # from $1, what the window shows now
	picture "$work/now.png"
	[ "$(compare -metric AE "$1" "$work/now.png" null: 2>&1)" != 0 ]
}
words() { # the only bright thing in the middle of a dimmed picture
	[ "$(convert "$1" -gravity center -crop 320x60+0+0 -format '%[fx:int(100*maxima)]' info:)" -gt 90 ]
}

start capture "$capture" pattern -n silent -s 640x360 -f nv12 -r 30
producer=$pid
start slow "$capture" pattern -n slow -s 640x360 -f nv12 -r 1/5
for renderer in gpu surface; do
	start view "$view" silent --renderer $renderer --json
	viewer=$pid
	wait_window '^tripool: silent$'
	within 30 shows_a_frame || fail "$renderer: no frame"
	live=$(brightness)
	for time in once again; do
		kill -STOP "$producer"
		within 30 dimmed "$live" || fail "$renderer, $time: the frame of a silent producer is not dimmed"
		picture "$work/silent.png"
		words "$work/silent.png" || fail "$renderer, $time: no words over the last frame"
		keep silent "$work/silent.png"
		within 30 differs "$work/silent.png" || fail "$renderer, $time: the age of the last frame does not go on"
		kill -CONT "$producer"
		within 30 bright "$live" || fail "$renderer, $time: still dimmed with new frames"
	done
	press q
	wait "$viewer" || fail "$renderer: q ended the viewer with status $?"
	expect_json "$work/view.out" reconnects 0

	start view "$view" slow --renderer $renderer
	viewer=$pid
	wait_window '^tripool: slow$'
	within 30 shows_a_frame || fail "$renderer: no frame of the slow stream"
	live=$(brightness)
	for _ in {1..10}; do
		sleep 0.4
		dimmed "$live" && fail "$renderer: a slow stream is dimmed"
	done
	stop "$viewer"
	echo "$renderer: a silent producer is told from a slow one"
done
