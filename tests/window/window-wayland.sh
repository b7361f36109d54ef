#!/bin/bash
# SPDX-License-Identifier: MIT
# The same on Wayland: weston, whose screen is a window of the X server, shows frames as they are in windows that are
# resized by hand and made as large as the screen, of one stream and of two, also with two pixels for one. What needs the
# window's memory is refused, and a compositor that goes takes the viewer with it.
. "$(dirname "$0")/lib.sh"
start_x
cd "$work" || exit 1
renderer=gpu
background='#204060'
colour_bars=$bin/tests/window/colour-bars

cat >weston.ini <<-TEXT
	[core]
	idle-time=0
	[shell]
	panel-position=none
	background-color=0xff${background#?}
	locking=false
	animation=none
	startup-animation=none
	close-animation=none
TEXT
screen_is_there() {
	window=$(xdotool search --onlyvisible --class '^weston' 2>/dev/null)
	[ -n "$window" ] && [ -S "$XDG_RUNTIME_DIR/$WAYLAND_DISPLAY" ]
}
# start_weston SCALE: a screen of 640x400 pixels in $window, its pid in $weston
start_weston() {
	unset SDL_VIDEODRIVER
	export WAYLAND_DISPLAY=wayland-$1
	start weston weston --backend=x11-backend.so --use-pixman --width=$((640 / $1)) --height=$((400 / $1)) --scale="$1" \
		--socket="$WAYLAND_DISPLAY" --config="$work/weston.ini"
	weston=$pid
	within 30 screen_is_there || fail "weston did not start"
	xdotool windowfocus --sync "$window"
}
# The mouse, which weston draws, to where there is hardly any room for it. Weston learns where it is only as it enters.
away() {
	xdotool mousemove 1599 1199 sleep 0.1 mousemove 638 398
}
# Without DISPLAY, SDL finds Wayland by itself.
view() {
	away
	start view env -u DISPLAY "$view" "$@"
	viewer=$pid
}

# look [OPTIONS of convert]: now.png is the whole screen, with black in place of the mouse
look() {
	xwd -silent -id "$window" | convert xwd:- -fill black -draw 'rectangle 634,394 639,399' -write now.png "${@:-null:}" ||
		fail "cannot take a picture of the screen"
}
# shows WIDTH HEIGHT X Y: a frame there, which it is in `strip`
shows() {
	convert now.png -crop "$1x$2+$3+$4" +repage frame.png
	"$read_strip" frame.png 320 180 >strip 2>strip.err
}
# A window of that size on the screen: where it is in $x, $y.
is_there() { # WIDTH HEIGHT
	box=$(look -fill "$background" -draw 'rectangle 634,394 639,399' \
		-fill white +opaque "$background" -fill black -opaque "$background" -format '%@' info: 2>/dev/null)
	IFS='x+' read -r width height x y <<<"$box"
	[ "$width $height" = "$1 $2" ]
}
has_window() { # WIDTH HEIGHT: with a frame all over
	is_there "$1" "$2" && shows "$1" "$2" "$x" "$y"
}
is_resized() { # black around the frame
	is_there 240 155 && convert now.png -crop "240x155+$x+$y" +repage window.png &&
		"$read_strip" window.png 320 180 0 10 240 135 >strip 2>strip.err
}
fills_screen() {
	look && "$read_strip" now.png 320 180 0 20 640 360 >strip 2>strip.err
}
both() { # two streams in a window, two pixels between them
	is_there 320 362 && shows 320 180 "$x" "$y" && shows 320 180 "$x" $((y + 182))
}
is_noise() { # frame.png: without colours
	[ "$(convert frame.png -colorspace HSL -channel G -separate -format '%[fx:mean<0.02]' info:)" = 1 ]
}
second() {
	is_there 320 362 && shows 320 180 "$x" $((y + 91)) && is_noise
}
goes_on() { # CHECK...: and is not the frame of before
	local was
	was=$(cat strip)
	within 30 eval "$* && [ \"\$(cat strip)\" != '$was' ]"
}
brightness() {
	look
	convert now.png -resize 1x1 -colorspace gray -format '%[fx:int(1000*mean)]' info:
}
dimmed() { # to below two thirds of $1
	[ $(($(brightness) * 3)) -lt $(($1 * 2)) ]
}
key() {
	xdotool key "$1"
}

start_weston 1
start capture "$capture" pattern -n way -s 320x180 -f nv12 -r 30
producer=$pid

env -u DISPLAY timeout 120 "$view" way --renderer surface >refused.out 2>refused.err
[ $? -eq 1 ] || fail "--renderer surface does not fail"
[ "$(grep -c '^tripool-view:' refused.err)" = 1 ] && grep -q '^tripool-view: .*--renderer gpu' refused.err ||
	fail "--renderer surface: not one line that says what to do"
rm refused.err

view way --json
within 30 has_window 320 180 || fail "no window of the frame's size with a frame in it, but $box"
goes_on has_window 320 180 || fail "stands still"
keep window
key f
within 30 fills_screen || fail "f does not fill the screen: $(cat strip.err)"
goes_on fills_screen || fail "stands still on the whole screen"
keep full-screen
key f
within 30 has_window 320 180 || fail "f and f again: not the window of before, but $box"

xdotool mousemove $((x + width - 20)) $((y + height - 20)) keydown Super_L mousedown 3 mousemove_relative -- -30 -5 \
	mousemove_relative -- -50 -20 mouseup 3 keyup Super_L
away
within 30 is_resized || fail "resized by hand: $box, $(cat strip.err)"
goes_on is_resized || fail "stands still after it was resized"
keep resized

key f
within 30 fills_screen || fail "f does not fill the screen again: $(cat strip.err)"
live=$(brightness)
stop "$producer" KILL
within 30 dimmed "$live" || fail "the frame is not dimmed after the producer died"
keep lost
start capture "$capture" pattern -n way -s 320x180 -f nv12 -r 30
within 30 fills_screen && goes_on fills_screen || fail "no frames after the producer came back"
key space
frozen() {
	fills_screen && cp strip before && sleep 0.5 && fills_screen && cmp -s strip before
}
within 30 frozen || fail "space does not freeze"
key q
wait "$viewer" || fail "q ended the viewer with status $?"
expect_json view.out last_sequence "$(cat strip)"
expect_json view.out reconnects 1
expect_json view.out copies_per_frame 0
expect_json view.out renderer gpu
echo "one stream: $(json view.out frames_shown) frames, $(json view.out fps) fps"

# exact colours, as in window-colours.sh
mkfifo lines
exec 7<>lines
start bars bash -c 'exec "$0" publish bars <"$1"' "$colour_bars" lines
view bars --fullscreen --json
turn=0
for format in nv12 bgra yuv422p10le; do
	turn=$((turn + 1))
	echo "$format 320x200 6 1 6 1 $turn" | tr x ' ' >&7
	right() {
		look
		"$colour_bars" check now.png $format $turn 2>check.err
	}
	within 30 right || fail "$format: wrong colours"
	rm check.err
done
keep colours
stop "$viewer" || fail "SIGTERM ended it with status $?"
echo "colours: $turn formats"

start other "$capture" pattern:noise -n other -s 320x180 -f yuyv422 -r 20
view way other --geometry 320x362
within 30 both || fail "two streams: not both are there, in $box"
goes_on both || fail "two streams: stand still"
keep two
key 2
within 30 second || fail "two streams: 2 does not enlarge the second"
key Escape
within 30 both || fail "two streams: Esc does not go back"

stop "$weston" KILL
ended() {
	! kill -0 "$viewer" 2>/dev/null
}
within 30 ended || fail "outlives the compositor"
wait "$viewer"
status=$?
[ $status -lt 128 ] || fail "died of a signal with the compositor: status $status"
echo "two streams; without its compositor: status $status"

# two pixels for one: the mouse comes in other units than pixels
start_weston 2
view way --fullscreen
within 30 fills_screen || fail "two pixels for one: the frame does not fill the screen"
stop "$viewer"
view way other --fullscreen
lower() {
	look && shows 354 199 143 201
}
large() { # the name covers a part of the upper strip
	look '(' +clone -crop 640x8+0+372 +repage ')' -geometry +0+20 -composite now.png && shows 640 360 0 20 && is_noise
}
within 30 lower || fail "two pixels for one: not two streams"
xdotool mousemove 320 300 click 1
away
within 30 large || fail "two pixels for one: a click does not enlarge"
keep two-pixels-for-one
stop "$viewer" || fail "SIGTERM ended it with status $?"
echo "two pixels for one"
