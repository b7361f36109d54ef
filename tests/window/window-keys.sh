#!/bin/bash
# SPDX-License-Identifier: MIT
# What the keys do that no other test presses: i figures, s screenshot; and the options --fullscreen, --duration and a place
# alone as --geometry. A closed window ends the viewer.
. "$(dirname "$0")/lib.sh"
start_x
cd "$work" || exit 1

has_size() {
	[ "$(xdotool getwindowgeometry --shell "$window" | grep -cx -e "WIDTH=$1" -e "HEIGHT=$2")" = 2 ]
}
differs() {
	picture now.png
	[ "$(compare -metric AE "$1" now.png null: 2>&1)" != 0 ]
}
same() {
	! differs "$1"
}

start capture "$capture" pattern -n keys -s 640x360 -f nv12 -r 30
start small "$capture" pattern -n small -s 320x240 -f nv12 -r 30
for renderer in gpu surface; do
	start view "$view" keys --renderer $renderer
	viewer=$pid
	wait_window '^tripool: keys$'
	within 30 has_size 640 360 || fail "$renderer: the window has not the frame's size"
	wait_frame 640 360
	press space
	within 30 title_matches frozen || fail "$renderer: space does not freeze"
	frame=$(title | sed 's/.*frame //')
	still_picture plain.png
	keep frozen plain.png

	press s
	within 30 grep -q saved view.err || fail "$renderer: it does not say where the screenshot is"
	shot=$(sed -n 's/^saved //p' view.err)
	[[ $shot =~ ^\./tripool-keys-$frame-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z\.png$ ]] || fail "$renderer: saved as '$shot'"
	[ "$("$read_strip" "$shot" 640 360)" = "$frame" ] || fail "$renderer: the screenshot is wrong"
	cp "$shot" first.png
	press s
	within 30 grep -qxF "saved ${shot%.png}-2.png" view.err || fail "$renderer: no second screenshot of the frame"
	cmp -s "$shot" first.png || fail "$renderer: the second screenshot replaced the first"
	[ "$("$read_strip" "${shot%.png}-2.png" 640 360)" = "$frame" ] || fail "$renderer: the second one is wrong"

	press i
	within 30 differs plain.png || fail "$renderer: i shows nothing"
	keep figures now.png
	convert now.png -crop 640x90+0+270 +repage lower.png
	convert plain.png -crop 640x90+0+270 +repage plain-lower.png
	[ "$(compare -metric AE lower.png plain-lower.png null: 2>&1)" = 0 ] ||
		fail "$renderer: the figures are not in their corner"
	press i
	within 30 same plain.png || fail "$renderer: i leaves something behind"

	press space
	xdotool windowclose "$window" # as the server ends a client's window
	within 30 eval '! kill -0 "$viewer" 2>/dev/null' || fail "$renderer: outlives its window"
	stop "$viewer"

	# no window manager is here to make it large: but it does not become as small as the frame
	start view "$view" small --renderer $renderer --fullscreen --duration 3
	viewer=$pid
	wait_window '^tripool: small$'
	has_size 320 240 && fail "$renderer: --fullscreen has a window of the frame's size"
	wait "$viewer" || fail "$renderer: --duration ended with status $?"

	start view "$view" small --renderer $renderer --geometry +100+50
	viewer=$pid
	wait_window '^tripool: small$'
	within 30 has_size 320 240 || fail "$renderer: a place alone takes the frame's size away"
	[ "$(xdotool getwindowgeometry --shell "$window" | grep -cx -e X=100 -e Y=50)" = 2 ] ||
		fail "$renderer: --geometry +100+50 is elsewhere"
	stop "$viewer" || fail "$renderer: ended with status $?"
	echo "$renderer: keys and options do what they should"
done
