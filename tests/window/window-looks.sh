#!/bin/bash
# SPDX-License-Identifier: MIT
# How a frozen frame can be looked at: mirrored, turned, 1:1, moved, enlarged, covering the window; by keys and by mouse.
# What the window shows is compared with what ImageMagick makes of the plain picture. Help and pixel values come and go.
. "$(dirname "$0")/lib.sh"
start_x
cd "$work" || exit 1

same_as() { # FILE: what the window shows
	picture now.png
	[ "$(compare -metric AE "$1" now.png null: 2>&1)" = 0 ]
}
differs_from() {
	! same_as "$1"
}
shows() { # FILE WHAT
	within 30 same_as "$1" || fail "$renderer: $2 is not as it should be"
}
resize() {
	xdotool windowsize --sync "$window" "$1" "$2"
}
colours() {
	convert "$1" -unique-colors -depth 8 txt: | grep -o '#[0-9A-F]*' | sort -u
}

start capture "$capture" pattern -n looks -s 640x360 -f bgra -r 30
producer=$pid
for renderer in gpu surface; do
	kill -CONT "$producer"
	start view "$view" looks --renderer $renderer --geometry 640x360+0+0 --title "by hand"
	viewer=$pid
	wait_window '^by hand$'
	wait_frame 640 360
	kill -STOP "$producer" # so that the frame stays the newest
	press space
	within 30 title_matches 'by hand - frozen at frame' || fail "$renderer: not frozen"
	picture plain.png

	press m
	convert plain.png -flop expected.png
	shows expected.png "mirrored"
	press m
	shows plain.png "mirrored and back"

	press r
	resize 360 640
	convert plain.png -rotate 90 expected.png
	shows expected.png "turned"
	press m
	convert plain.png -flop -rotate 90 expected.png
	shows expected.png "mirrored and turned"
	keep mirrored-turned now.png
	press m
	press r
	press r
	convert plain.png -rotate 270 expected.png
	shows expected.png "turned three times"
	press r
	resize 640 360
	shows plain.png "turned once around"

	resize 320 180
	xdotool mousemove --window "$window" 160 90
	press z
	convert plain.png -crop 320x180+160+90 +repage expected.png
	shows expected.png "1:1"
	press Left
	convert plain.png -crop 320x180+96+90 +repage expected.png
	shows expected.png "moved by a key"
	xdotool mousemove --window "$window" 100 100 mousedown 1 mousemove --window "$window" 130 110 mousemove --window "$window" 150 120 mouseup 1
	convert plain.png -crop 320x180+46+70 +repage expected.png
	shows expected.png "moved by the mouse"

	xdotool mousemove --window "$window" 60 60 click 4 click 4 click 4 click 4
	within 30 differs_from expected.png || fail "$renderer: the wheel does not zoom"
	still_picture zoomed.png
	keep zoomed zoomed.png
	[ -z "$(comm -23 <(colours zoomed.png) <(colours plain.png))" ] ||
		fail "$renderer: an enlarged picture has colours between those of its pixels"
	press 0
	resize 640 360
	shows plain.png "the whole picture again"

	resize 360 360
	press c
	within 30 differs_from plain.png
	still_picture covered.png
	keep covering covered.png
	for edge in 4x360+0+0 4x360+356+0 360x4+0+150 360x4+0+200; do
		[ "$(convert covered.png -crop $edge -format '%[fx:maxima>0.1]' info:)" = 1 ] ||
			fail "$renderer: a border where the picture should cover the window ($edge)"
	done
	press c
	resize 640 360
	shows plain.png "fitted again"

	press h
	within 30 differs_from plain.png || fail "$renderer: h shows nothing"
	keep help
	press h
	shows plain.png "without help"
	press p
	xdotool mousemove --window "$window" 320 100
	within 30 differs_from plain.png || fail "$renderer: p shows nothing"
	picture pixel.png
	keep pixel pixel.png
	xdotool mousemove --window "$window" 500 100
	within 30 differs_from pixel.png || fail "$renderer: another pixel has the same words"
	press p
	shows plain.png "without pixel values"

	press q
	wait "$viewer" || fail "$renderer: q ended the viewer with status $?"
	echo "$renderer: mirrored, turned, zoomed, moved, covering"
done
kill -CONT "$producer"
