#!/bin/bash
# SPDX-License-Identifier: MIT
# A screenshot is whole or not there: it replaces a file at the end of a run that went well, and a run that fails or is
# killed leaves the old file as it was and nothing new. It says which frame of which stream it is of, and when that was.
. "$(dirname "$0")/lib.sh"
start_x
mkdir "$work/shots"
cd "$work/shots" || exit 1
start capture "$capture" pattern:noise -n shot -s 640x360 -f yuyv422 -r 30

# only FILES: what the directory holds, all of it
only() {
	[ "$(ls -A | tr '\n' ' ')" = "${*:+$* }" ] || fail "$what: there is '$(ls -A)', should be '$*'"
}
# shoot STATUS ARGUMENTS...
shoot() {
	local status=$1 got
	shift
	timeout 120 "$view" shot "$@" >"$work/view.out" 2>"$work/view.err"
	got=$?
	[ $got -eq "$status" ] || fail "$what: status $got, should be $status"
}

what="a new file"
(umask 027 && shoot 0 --frames 3 --screenshot new.png) || exit 1
only new.png
[ "$(stat -c %a new.png)" = 640 ] || fail "$what: has not the umask's mode"
"$read_strip" new.png 640 360 >/dev/null || fail "$what: cannot be read"
rm new.png

# said KEY: the text of new.png under that key
said() {
	identify -verbose new.png | sed -n "s/^ *$1: //p"
}
# says KEY PATTERN
says() {
	[[ $(said "$1") =~ ^$2$ ]] || fail "$what: $1 is '$(said "$1")'"
}
what="what it says"
before_ms=$(date +%s%3N)
shoot 0 --frames 3 --screenshot new.png
says Software 'tripool-view [0-9.]+'
says tripool:stream shot
says tripool:sequence "$("$read_strip" new.png 640 360)"
says tripool:pix_fmt yuyv422
says tripool:size 640x360
says tripool:source_sequence '[0-9]+'
says 'Creation Time' '20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z'
says png:tIME '20.*Z'
created_ms=$(date -d "$(said 'Creation Time')" +%s%3N)
((created_ms > before_ms - 1000 && created_ms <= $(date +%s%3N))) || fail "$what: created $(said 'Creation Time')"
(($(said tripool:capture_ns) <= $(said tripool:publish_ns))) || fail "$what: published before it was captured"
rm new.png

what="before there is a frame"
timeout 120 "$view" nobody --duration 1 --screenshot new.png >"$work/view.out" 2>"$work/view.err" || fail "$what: status $?"
says Software 'tripool-view [0-9.]+'
says 'Creation Time' '20.*Z'
identify -verbose new.png | grep -q tripool: && fail "$what: says '$(identify -verbose new.png | grep tripool:)'"
rm new.png

what="an old file, by a link"
echo old >old.png
chmod 604 old.png
ln -s old.png link.png
shoot 0 --frames 3 --screenshot link.png
only link.png old.png
[ -L link.png ] || fail "$what: the link is gone"
[ "$(stat -c %a old.png)" = 604 ] || fail "$what: has another mode"
"$read_strip" old.png 640 360 >/dev/null || fail "$what: cannot be read"
rm link.png

what="no room for the picture"
echo old >old.png
(ulimit -f 64 && shoot 1 --frames 3 --screenshot old.png) || exit 1
only old.png
[ "$(cat old.png)" = old ] || fail "$what: the old file is lost"
[ "$(wc -l <"$work/view.err")" = 1 ] && grep -q "screenshot 'old.png': File too large" "$work/view.err" ||
	fail "$what: does not say why"
(ulimit -f 64 && shoot 1 --frames 3 --screenshot new.png) || exit 1
only old.png

what="a killed viewer"
start view "$view" shot --screenshot new.png
wait_window '^tripool: shot$'
only old.png
stop "$pid" KILL
only old.png

what="what a killed viewer left stands in the way"
start view "$view" shot --screenshot new.png
wait_window '^tripool: shot$'
: >".tripool-view-$pid-0.tmp"
stop "$pid" || fail "$what: status $?"
rm ".tripool-view-$pid-0.tmp"
only new.png old.png
"$read_strip" new.png 640 360 >/dev/null || fail "$what: cannot be read"
echo "screenshots are whole or not there"
