#!/bin/bash
# SPDX-License-Identifier: MIT
# The window shows the frame it claims to show: freeze it, take its picture from outside, decode the frame's strip.
# With both renderers, for the formats that go to SDL as they are and for some that are converted.
. "$(dirname "$0")/lib.sh"
start_x

# shows RENDERER FORMAT SIZE
shows() {
	local size=$3 what="$1, $2 $3"
	start capture "$capture" pattern -n seq -s "$size" -f "$2" -r 30
	local producer=$pid
	start view "$view" seq --renderer "$1" --json
	local viewer=$pid
	wait_window '^tripool: seq$'
	wait_frame "${size%x*}" "${size#*x}"
	press space
	within 30 title_matches 'frozen at frame [0-9]' || fail "$what: space does not freeze, title '$(title)'"
	local claimed shown
	claimed=$(title | sed 's/.*frame //')
	still_picture "$work/shot.png"
	shown=$("$read_strip" "$work/shot.png" "${size%x*}" "${size#*x}") || fail "$what: the picture cannot be read"
	[ "$shown" = "$claimed" ] || fail "$what: the window shows frame $shown, its title says $claimed"
	press space
	within 30 title_matches '^tripool: seq$' || fail "$what: space does not unfreeze"
	press q
	wait "$viewer" || fail "$what: q ended the viewer with status $?"
	expect_json "$work/view.out" renderer "$1"
	stop "$producer"
	echo "$what: frame $shown, copies per frame $(json "$work/view.out" copies_per_frame)"
}

for renderer in gpu surface; do
	shows $renderer nv12 640x360
	shows $renderer yuv420p 642x362
	shows $renderer uyvy422 640x480
	shows $renderer bgra 320x240
	shows $renderer gray 644x360
	shows $renderer rgb24 640x360
done
