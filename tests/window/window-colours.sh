#!/bin/bash
# SPDX-License-Identifier: MIT
# Colours reach the screen as they are meant: known ones, encoded by each matrix and range, are within 30 of 255 in the
# window, with both renderers, at the frame's size and scaled, and in screenshots; what a stream leaves open is guessed
# as mpv does.
. "$(dirname "$0")/lib.sh"
colour_bars=$bin/tests/window/colour-bars
start_x

mkfifo "$work/lines"
exec 7<>"$work/lines"
start bars bash -c 'exec "$0" publish bars <"$1"' "$colour_bars" "$work/lines"
turn=0

# show FORMAT SIZE MATRIX FULL_RANGE [SAID_MATRIX SAID_FULL_RANGE]
show() {
	turn=$((turn + 1))
	format=$1 what=$*
	echo "$1 ${2/x/ } $3 $4 ${5-$3} ${6-$4} $turn" >&7
}
right() {
	picture "$work/$renderer.png"
	"$colour_bars" check "$work/$renderer.png" "$format" $turn 2>"$work/$renderer-check.err"
}
expect() {
	for renderer in gpu surface; do
		window=${windows[$renderer]}
		within 30 right || fail "$renderer, $size, $what: wrong colours"
	done
	rm -f "$work"/*-check.err
}

show bgra 320x180 0 1
declare -A windows viewers
for renderer in gpu surface; do
	start "view-$renderer" "$view" bars --renderer $renderer --screenshot "$work/saved-$renderer.png" --json
	viewers[$renderer]=$pid
	another_window() {
		window=$(xdotool search --all --onlyvisible --pid "$pid" --name '^tripool: bars$' 2>/dev/null)
		[ -n "$window" ]
	}
	within 30 another_window || fail "$renderer: no window"
	windows[$renderer]=$window
	# side by side: xwd takes what lies over a window for the window
	xdotool windowmove "$window" $((${#windows[@]} * 600 - 500)) 0
done

size="as large as the frame"
expect
for matrix in 6 1; do
	for full_range in 0 1; do
		for format in nv12 yuyv422 yuv420p; do
			show $format 320x180 $matrix $full_range
			expect
		done
	done
done
# every other row of nv16's chroma is shown; y210be is unpacked by rows
show nv16 320x180 1 0
expect
show y210be 320x180 6 1
expect
for full_range in 0 1; do
	show gray 320x180 2 $full_range
	expect
	show rgb24 320x180 0 1
	expect
done
# what is not said: full range for gray, limited for others; BT.601 up to 576 lines of less than 1280 pixels
show gray 320x180 2 1 2 2
expect
show yuv420p 320x180 6 0 2 2
expect

size=scaled
for renderer in gpu surface; do
	xdotool windowsize "${windows[$renderer]}" 480 270
done
show bgra 320x180 0 1
expect
for matrix in 6 1; do
	for full_range in 0 1; do
		show nv12 320x180 $matrix $full_range
		expect
	done
done
show gray 320x180 2 0
expect
show nv12 1024x576 6 0 2 2
expect
show nv12 1280x528 1 0 2 2
xdotool windowsize "${windows[gpu]}" 480 198 windowsize "${windows[surface]}" 480 198
expect
show nv12 1056x594 1 0 2 2
xdotool windowsize "${windows[gpu]}" 480 270 windowsize "${windows[surface]}" 480 270
expect

for renderer in gpu surface; do
	keep scaled "$work/$renderer.png"
done

# --screenshot reads the picture another way; nv12 of these colours needs no conversion for a GPU
show nv12 320x180 6 1
expect
for renderer in gpu surface; do
	stop "${viewers[$renderer]}" || fail "$renderer: SIGTERM ended it with status $?"
	"$colour_bars" check "$work/saved-$renderer.png" "$format" $turn || fail "$renderer: the screenshot's colours"
	expect_json "$work/view-$renderer.out" copies_per_frame 0
done
echo "$turn frames with the right colours"
