#!/bin/bash
# SPDX-License-Identifier: MIT
# Full screen and back, by f or Esc, as a window manager does it: what the window shows follows, also while nothing comes
# that would wake it.
. "$(dirname "$0")/lib.sh"
start_x
start openbox openbox --sm-disable
cd "$work" || exit 1
managed() {
	xprop -root _NET_SUPPORTED 2>/dev/null | grep -q _NET_WM_STATE_FULLSCREEN
}
within 30 managed || fail "no window manager"

has_size() {
	[ "$(xdotool getwindowgeometry --shell "$window" | grep -cx -e "WIDTH=$1" -e "HEIGHT=$2")" = 2 ]
}
same_as() {
	picture now.png
	[ "$(compare -metric AE "$1" now.png null: 2>&1)" = 0 ]
}
# what is bright lies in the middle of WxH: words
words_in_the_middle_of() {
	picture now.png
	local box x y
	box=$(convert now.png -threshold 50% -format '%@' info:) # WxH+X+Y of it
	IFS=x+ read -r w h x y <<<"$box"
	x=$((x * 2 + w - ${1%x*})) y=$((y * 2 + h - ${1#*x}))
	[ "${x#-}" -lt 20 ] && [ "${y#-}" -lt 20 ]
}

start capture "$capture" pattern -n there -s 640x360 -f nv12 -r 30
start other "$capture" pattern -n other -s 640x360 -f nv12 -r 60
for renderer in gpu surface; do
	start view "$view" absent --renderer $renderer
	viewer=$pid
	wait_window '^tripool: absent$'
	within 30 words_in_the_middle_of 640x360 || fail "$renderer: no words"
	press f
	within 30 has_size 1600 1200 || fail "$renderer: f does not fill the screen"
	within 30 words_in_the_middle_of 1600x1200 || fail "$renderer: words that wait do not follow the window"
	keep waiting
	press f
	within 30 has_size 640 360 || fail "$renderer: f does not go back"
	within 30 words_in_the_middle_of 640x360 || fail "$renderer: words that wait do not follow the window back"
	stop "$viewer" || fail "$renderer: ended with status $?"

	start view "$view" there --renderer $renderer
	viewer=$pid
	wait_window '^tripool: there$'
	within 30 has_size 640 360 || fail "$renderer: the window has not the frame's size"
	wait_frame 640 360
	press space
	within 30 title_matches frozen || fail "$renderer: space does not freeze"
	still_picture plain.png
	press f
	within 30 has_size 1600 1200 || fail "$renderer: f does not fill the screen"
	within 30 eval 'picture now.png; "$read_strip" now.png 640 360 0 150 1600 900 >/dev/null 2>&1' ||
		fail "$renderer: a frozen picture does not follow the window"
	press f
	within 30 same_as plain.png || fail "$renderer: f and f again changes the picture"
	press f
	within 30 has_size 1600 1200 || fail "$renderer: f does not fill the screen again"
	press Escape
	within 30 same_as plain.png || fail "$renderer: Esc does not leave the full screen"
	press q
	wait "$viewer" || fail "$renderer: q ended the viewer with status $?"

	# tiles that lie one above the other on the screen, side by side in the window
	start view "$view" there other --renderer $renderer --geometry 600x300 --fullscreen
	viewer=$pid
	wait_window '^tripool: there, other$'
	within 30 has_size 1600 1200 || fail "$renderer: --fullscreen does not fill the screen"
	for _ in 1 2 3 4 5 6 7; do
		press f
		within 30 has_size 600 300 || fail "$renderer: several streams: f does not leave the full screen"
		press f
		within 30 has_size 1600 1200 || fail "$renderer: several streams: f does not fill the screen"
	done
	press q
	wait "$viewer" || fail "$renderer: q ended the viewer of several with status $?"
	echo "$renderer: full screen and back"
done
