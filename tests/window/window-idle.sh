#!/bin/bash
# SPDX-License-Identifier: MIT
# Between frames the viewer sleeps: the processor time it took, counted by the kernel, is under 2 % of the time that
# passed, with one frame a second and with none, whatever the reason.
. "$(dirname "$0")/lib.sh"
start_x

ticks() {
	sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}
per_second=$(getconf CLK_TCK)

# idles PID WHAT
idles() {
	local before spent
	sleep 2 # the beginning costs what it costs
	before=$(ticks "$1")
	sleep 4
	spent=$(($(ticks "$1") - before))
	[ $((spent * 100)) -lt $((4 * per_second * 2)) ] || fail "$2: $spent ticks of $((4 * per_second))"
	echo "$2: $spent ticks of $((4 * per_second))"
}

for renderer in gpu surface; do
	start view "$view" idle --renderer $renderer
	viewer=$pid
	wait_window '^tripool: idle$'
	idles "$viewer" "$renderer, no producer yet"
	start capture "$capture" pattern -n idle -s 640x360 -f nv12 -r 1
	producer=$pid
	idles "$viewer" "$renderer, one frame a second"
	press space
	idles "$viewer" "$renderer, frozen"
	press space
	kill -STOP "$producer"
	idles "$viewer" "$renderer, a silent producer"
	stop "$producer" KILL
	idles "$viewer" "$renderer, no signal"
	stop "$viewer" || fail "$renderer: SIGTERM ended the viewer with status $?"
done
