#!/bin/bash
# SPDX-License-Identifier: MIT
# A producer that is killed leaves its last frame, dimmed, with words over it that change; when another comes the window
# goes on with its frames. A viewer that was there first waits.
. "$(dirname "$0")/lib.sh"
start_x

brightness() {
	convert "$1" -resize 1x1 -colorspace gray -format '%[fx:int(1000*mean)]' info:
}
shows_a_frame() { # coloured bars, not a few words on black
	picture "$work/now.png"
	[ "$(brightness "$work/now.png")" -gt 150 ]
}
differs() { # from $1, what the window shows now
	picture "$work/now.png"
	[ "$(compare -metric AE "$1" "$work/now.png" null: 2>&1)" != 0 ]
}
waits_in_words() {
	picture "$work/waiting.png"
	[ "$(convert "$work/waiting.png" -colorspace gray -format '%[fx:int(100*maxima)]' info:)" -gt 90 ]
}
words_are_whole() {
	picture "$work/now.png"
	convert "$work/now.png" -threshold 60% -crop "$words" +repage "$work/words-now.png"
	[ "$(compare -metric AE "$work/words.png" "$work/words-now.png" null: 2>&1)" = 0 ]
}
dimmed() { # to below two thirds of $1
	picture "$work/now.png"
	[ $(($(brightness "$work/now.png") * 3)) -lt $(($1 * 2)) ]
}
bright() {
	! dimmed "$1"
}

for renderer in gpu surface; do
	start view "$view" signal --renderer $renderer --json
	viewer=$pid
	wait_window '^tripool: signal$'
	within 30 waits_in_words || fail "$renderer: a window that waits does not say so"
	[ "$(brightness "$work/waiting.png")" -lt 50 ] || fail "$renderer: a window that waits is not dark"
	keep waiting "$work/waiting.png"
	words=$(convert "$work/waiting.png" -threshold 60% -format '%@' info:)
	convert "$work/waiting.png" -threshold 60% -crop "$words" +repage "$work/words.png"
	press i
	within 30 differs "$work/waiting.png" || fail "$renderer: i shows nothing"
	within 30 words_are_whole || fail "$renderer: the figures cover the words"
	press i

	start capture "$capture" pattern -n signal -s 640x360 -f nv12 -r 30
	producer=$pid
	within 30 shows_a_frame || fail "$renderer: no frame after the producer came"
	picture "$work/live.png"
	live=$(brightness "$work/live.png")

	stop "$producer" KILL
	within 30 dimmed "$live" || fail "$renderer: the frame is not dimmed after the producer died"
	picture "$work/lost.png"
	within 30 differs "$work/lost.png" || fail "$renderer: the age of the last frame does not go on"
	keep lost "$work/now.png"
	# the words are the only bright thing in the middle of a dimmed picture
	brightest=$(convert "$work/now.png" -gravity center -crop 320x60+0+0 -format '%[fx:int(100*maxima)]' info:)
	[ "$brightest" -gt 90 ] || fail "$renderer: no words over the last frame"

	start capture "$capture" pattern -n signal -s 640x360 -f nv12 -r 30
	producer=$pid
	within 30 bright "$live" || fail "$renderer: no frame after the producer came back"
	press q
	wait "$viewer" || fail "$renderer: q ended the viewer with status $?"
	stop "$producer"
	expect_json "$work/view.out" reconnects 1
	echo "$renderer: no signal, and again: $(json "$work/view.out" frames_shown) frames shown"
done
