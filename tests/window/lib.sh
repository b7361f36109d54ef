# SPDX-License-Identifier: MIT
# What the window tests share: an X server, a directory and a set of processes of their own, all gone at the end.
# A test sources it with the directory of the built programs as its first argument.

bin=$(realpath "${1:?usage: $0 DIRECTORY-OF-THE-BUILD}")
capture=$bin/producer/tripool-capture
view=$bin/consumer/tripool-view
read_strip=$bin/tests/window/read-strip
test_name=$(basename "$0" .sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/tripool-$test_name.XXXXXX")
export TRIPOOL_DIR=$work/streams XDG_RUNTIME_DIR=$work SDL_VIDEODRIVER=x11
unset WAYLAND_DISPLAY
started=()

finish() {
	local status=$?
	trap - EXIT
	for pid in "${started[@]}"; do kill -CONT "$pid" 2>/dev/null; kill -9 "$pid" 2>/dev/null; done
	wait 2>/dev/null
	if [ $status -ne 0 ] && [ -n "$TRIPOOL_KEEP" ]; then
		echo "kept: $work" >&2
	else
		rm -rf "$work"
	fi
	exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

fail() {
	echo "$test_name: $*" >&2
	for log in "$work"/*.err; do [ -s "$log" ] && sed "s|^|  $(basename "$log"): |" "$log" >&2; done
	exit 1
}

# start NAME COMMAND...: in the background; output in $work/NAME.{out,err}, pid in $pid
start() {
	local name=$1
	shift
	"$@" >"$work/$name.out" 2>"$work/$name.err" &
	pid=$!
	started+=("$pid")
}

# The pid is reaped here, so that it cannot be another process's when finish comes.
stop() {
	kill -"${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	local status=$? left=()
	for p in "${started[@]}"; do [ "$p" = "$1" ] || left+=("$p"); done
	started=("${left[@]}")
	return $status
}

# within SECONDS COMMAND...: until it succeeds
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# start_x [SIZE]: of the screen
start_x() {
	start xvfb Xvfb -displayfd 3 -screen 0 "${1:-1600x1200}x24" -nolisten tcp -noreset 3>"$work/display"
	within 30 test -s "$work/display" || fail "Xvfb did not start"
	DISPLAY=:$(cat "$work/display")
	export DISPLAY
}

# wait_window TITLE-PATTERN: its id in $window
find_window() {
	window=$(xdotool search --onlyvisible --name "$1" 2>/dev/null | tail -n 1)
	[ -n "$window" ]
}
wait_window() {
	within 30 find_window "$1" || fail "no window with the title '$1'"
}

# press KEY: in $window
press() {
	xdotool windowfocus --sync "$window" && xdotool key "$1" || fail "cannot press '$1'"
}

title() {
	xdotool getwindowname "$window"
}
title_matches() {
	title | grep -q "$1"
}

# picture FILE: of $window, as the X server has it, which refuses while the window changes its size
take_picture() {
	xwd -silent -id "$window" 2>"$work/xwd.err" | convert xwd:- "$1" 2>/dev/null
}
picture() {
	within 30 take_picture "$1" || fail "cannot take a picture of the window"
}

# still_picture FILE: of $window once it shows the same for a while
stands_still() {
	sleep 0.3
	mv "$1" "$1.before"
	picture "$1"
	[ "$(compare -metric AE "$1.before" "$1" null: 2>&1)" = 0 ]
}
still_picture() {
	picture "$1"
	within 30 stands_still "$1" || fail "the window does not stand still"
	rm "$1.before"
}

# wait_frame WIDTH HEIGHT: $window shows a frame of that size, unscaled
shows_frame() {
	picture "$work/frame.png"
	"$read_strip" "$work/frame.png" "$@" >/dev/null 2>&1
}
wait_frame() {
	within 30 shows_frame "$@" || fail "no frame of $1x$2 in the window"
}

# keep NAME [PICTURE]: leaves that picture, else one of $window as it is now, where a person can look at it
keep() {
	local to=$bin/screenshots/$test_name${renderer:+-$renderer}-$1.png
	mkdir -p "$bin/screenshots"
	if [ -n "$2" ]; then cp "$2" "$to"; else picture "$to"; fi
}

# json FILE KEY: a top-level value
json() {
	jq -r ".$2" "$1"
}

expect_json() {
	local value
	value=$(json "$1" "$2")
	[ "$value" = "$3" ] || fail "$2 is '$value', should be '$3'"
}
