#!/bin/bash
# SPDX-License-Identifier: MIT
# Several streams in one window: each in its place, with a state of its own; one that comes later fills its place; a click
# or a number enlarges one. And the summary of all of them.
. "$(dirname "$0")/lib.sh"
start_x
cd "$work" || exit 1

# two by two, with two pixels between them: each as large as its frames
places=("0 0" "642 0" "0 362" "642 362")
live() { # INDEX: shows a frame there
	picture now.png
	local at=(${places[$1]})
	convert now.png -crop "640x360+${at[0]}+${at[1]}" +repage tile.png
	"$read_strip" tile.png 640 360 >"strip$1" 2>/dev/null
}
goes_on() { # INDEX: not the frame it showed before
	local was
	was=$(cat "strip$1")
	within 30 eval "live $1 && [ \"\$(cat strip$1)\" != '$was' ]"
}
bright() { # INDEX, in thousandths
	local at=(${places[$1]})
	picture now.png
	convert now.png -crop "640x360+${at[0]}+${at[1]}" -resize 1x1 -colorspace gray -format '%[fx:int(1000*mean)]' info:
}
large() {
	picture now.png
	"$read_strip" now.png 640 360 0 0 1282 721 >/dev/null 2>&1 || "$read_strip" now.png 640 360 0 1 1282 721 >/dev/null 2>&1
}
small() {
	live 0 && live 1
}
stream() {
	start "$1" "$capture" "pattern:$2" -n "$1" -s 640x360 -f "$3" -r "$4"
}

stream cam0 bars nv12 30
stream cam1 bars yuyv422 15
stream cam2 noise yuv420p 60
third=$pid
for renderer in gpu surface; do
	start view "$view" cam0 cam1 cam2 late --renderer $renderer --geometry 1282x722 --json
	viewer=$pid
	wait_window '^tripool: cam0, cam1, cam2, late$'
	for i in 0 1 2; do
		within 30 live $i || fail "$renderer: no frame in place $i"
		goes_on $i || fail "$renderer: place $i stands still"
	done
	xdotool mousemove --window "$window" 900 100
	press s
	within 30 grep -q saved view.err || fail "$renderer: it does not say where the screenshot is"
	shot=$(sed -n 's/^saved //p' view.err)
	[[ $shot =~ ^\./tripool-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z\.png$ ]] || fail "$renderer: a picture of all saved as '$shot'"
	live 3 && fail "$renderer: a frame of a stream that is not there"
	[ "$(bright 3)" -lt 50 ] || fail "$renderer: a tile that waits is not dark"

	stream late bars rgb24 10
	late=$pid
	within 30 live 3 || fail "$renderer: a stream that comes later does not fill its place"

	xdotool mousemove --window "$window" 900 100 click 1
	within 30 large || fail "$renderer: a click does not enlarge"
	keep enlarged now.png
	press s
	within 30 grep -q 'saved ./tripool-cam1-' view.err || fail "$renderer: a picture of one is not saved as its own"
	within 30 title_matches '^tripool: cam1$' || fail "$renderer: the title is '$(title)'"
	xdotool click 1
	within 30 small || fail "$renderer: another click does not go back"
	press 3
	within 30 large || fail "$renderer: 3 does not enlarge the third"
	press KP_3
	within 30 small || fail "$renderer: 3 on the keypad does not go back"
	press KP_2
	within 30 title_matches '^tripool: cam1$' || fail "$renderer: 2 on the keypad does not enlarge the second"
	press Escape
	within 30 small || fail "$renderer: Esc does not go back"

	before=$(bright 2)
	stop "$third" KILL
	within 30 eval '[ $(($(bright 2) * 3)) -lt $((before * 2)) ]' || fail "$renderer: a dead producer's tile is not dimmed"
	goes_on 0 || fail "$renderer: others stand still when one dies"
	keep lost
	stream cam2 noise yuv420p 60
	third=$pid
	within 30 eval '[ $(($(bright 2) * 10)) -gt $((before * 8)) ]' || fail "$renderer: not bright after its return"
	goes_on 2 || fail "$renderer: stands still after its return"

	stop "$late"
	press q
	wait "$viewer" || fail "$renderer: q ended the viewer with status $?"
	[ "$(jq -r '[.[].stream] | join(" ")' view.out)" = "cam0 cam1 cam2 late" ] || fail "$renderer: the summary's streams"
	[ "$(jq '[.[].reconnects] == [0, 0, 1, 0]' view.out)" = true ] || fail "$renderer: the summary's reconnects"
	[ "$(jq 'all(.[]; .frames_shown > 5 and .latency_us.p50 > 0 and .capture_latency_us.p50 >= .latency_us.p50)' view.out)" = true ] ||
		fail "$renderer: the summary's frames: $(cat view.out)"
	echo "$renderer: four streams, each for itself"
done
