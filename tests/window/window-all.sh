#!/bin/bash
# SPDX-License-Identifier: MIT
# --all shows the streams that there are: none at first, those that come, and no longer those that have gone.
. "$(dirname "$0")/lib.sh"
start_x
cd "$work" || exit 1

shows_at() { # WxH+X+Y
	picture now.png
	convert now.png -crop "$1" +repage tile.png
	"$read_strip" tile.png 640 360 >/dev/null 2>&1
}

for renderer in gpu surface; do
	start view "$view" --all --renderer $renderer --geometry 1282x722 --json
	viewer=$pid
	wait_window '^tripool: $'
	within 30 eval 'picture now.png; [ "$(convert now.png -format "%[fx:maxima>0.9]" info:)" = 1 ]' ||
		fail "$renderer: no words where there is no stream"

	start one "$capture" pattern -n one -s 640x360 -r 30
	one=$pid
	within 30 title_matches '^tripool: one$' || fail "$renderer: the title is '$(title)'"
	start two "$capture" pattern -n two -s 640x360 -r 30
	two=$pid
	start three "$capture" pattern -n three -s 640x360 -r 30
	three=$pid
	within 30 eval 'shows_at 640x360+0+0 && shows_at 640x360+642+0 && shows_at 640x360+0+362' ||
		fail "$renderer: not all streams are shown"

	stop "$one" KILL
	start one "$capture" pattern -n one -s 640x360 -r 30
	one=$pid
	stop "$two"
	stop "$three" KILL
	within 30 title_matches '^tripool: one$' || fail "$renderer: the title is '$(title)' after the others have gone"
	stop "$one"
	within 30 title_matches '^tripool: $' || fail "$renderer: a stream stays that has gone"
	press q
	wait "$viewer" || fail "$renderer: q ended the viewer with status $?"
	[ "$(cat view.out)" = "[]" ] || fail "$renderer: the summary of no stream is '$(cat view.out)'"
	echo "$renderer: streams come and go"
done
