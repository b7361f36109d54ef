#!/bin/bash
# SPDX-License-Identifier: MIT
# 200 frames verified by checksum and strips, whole each; and a stream with nothing to verify says so.
. "$(dirname "$0")/lib.sh"
start_x

start capture "$capture" pattern:noise -n sum -s 1280x720 -f nv12 -r 120 --checksum
for renderer in gpu surface; do
	timeout 120 "$view" sum --frames 200 --renderer $renderer --verify --json \
		--screenshot "$work/shot.png" >"$work/view.out" 2>"$work/view.err" || fail "$renderer: status $?"
	expect_json "$work/view.out" frames_shown 200
	expect_json "$work/view.out" frames_verified 200
	expect_json "$work/view.out" frames_torn 0
	expect_json "$work/view.out" copies_per_frame 0
	last=$(json "$work/view.out" last_sequence)
	shown=$("$read_strip" "$work/shot.png" 1280 720) || fail "$renderer: the screenshot cannot be read"
	[ "$shown" = "$last" ] || fail "$renderer: the screenshot shows frame $shown, the last one was $last"
	keep screenshot "$work/shot.png"
	echo "$renderer: 200 frames whole, screenshot of frame $shown"
done
