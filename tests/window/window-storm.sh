#!/bin/bash
# SPDX-License-Identifier: MIT
# Storms over a window of one stream and over one of four at 60 frames a second: a hundred resizes at random, keys, the
# wheel, formats and sizes that change, a producer that is killed and comes back. Afterwards the picture is right, and
# further storms have left no fd, no mapping and no memory that the first had not.
. "$(dirname "$0")/lib.sh"
start_x
cd "$work" || exit 1
colour_bars=$bin/tests/window/colour-bars
RANDOM=4711

# A sanitizer finds leaks by itself, and keeps freed memory for a while. What D-Bus keeps to the end is not ours, nor what
# Mesa does.
sanitized=
ldd "$view" | grep -q libasan && sanitized=yes
echo leak:libdbus >leaks.supp
export LSAN_OPTIONS=suppressions=$work/leaks.supp:print_suppressions=0
asan_options=$ASAN_OPTIONS

formats=(nv12 bgra yuyv422 yuv422p10le rgb24 nv16 gray gbrp12be bayer_rggb8 yuv444p p010le uyvy422)
mkfifo lines
exec 7<>lines
start bars bash -c 'exec "$0" publish bars <"$1"' "$colour_bars" lines
turn=0
bars() { # WIDTH HEIGHT
	format=${formats[turn++ % ${#formats[@]}]}
	echo "$format $1 $2 6 1 6 1 $turn" >&7
}
mortal() { # PATTERN FORMAT SIZE
	start mortal "$capture" "pattern:$1" -n mortal -s "$3" -f "$2" -r 60
	mortal=$pid
}

# the_user: a hundred resizes; now and then something besides, which is undone at once
the_user() {
	local i size actions=()
	local deeds=("key r sleep 0.02 key r key r sleep 0.02 key r" "key m sleep 0.02 key m" "key c sleep 0.02 key c"
		"key i sleep 0.05 key i" "key h sleep 0.02 key h" "key z sleep 0.02 key Left key Down key 0"
		"key plus sleep 0.02 key plus key 0" "key 1 sleep 0.02 key 1" "click 4 click 4 sleep 0.02 key 0"
		"windowmove $window 30 20")
	# a stream that just changes its format has no frame to freeze: then the second press would
	[ "$width" -eq 320 ] || deeds+=("mousemove --window $window 2 2 key space sleep 0.05 key space")
	for ((i = 0; i < 100; i++)); do
		size="$((RANDOM % 900 + 1)) $((RANDOM % 700 + 1))"
		actions+=(windowsize "$window" $size sleep 0.0$((RANDOM % 4)))
		[ $((i % 4)) -ne 0 ] || actions+=(mousemove --window "$window" $((RANDOM % 100)) $((RANDOM % 100))
			${deeds[i / 4 % ${#deeds[@]}]})
	done
	xdotool windowfocus --sync "$window" "${actions[@]}"
}
storm() {
	local n=0 user
	start user the_user
	user=$pid
	while kill -0 "$user" 2>/dev/null; do
		bars $((RANDOM % 500 + 16)) $((RANDOM % 300 + 16))
		case $((n++ % 24)) in
		2 | 14) stop "$mortal" KILL ;;
		6) mortal noise rgb24 640x360 ;;
		18) mortal bars yuv420p 320x180 ;;
		esac
		sleep 0.05
	done
	if ! kill -0 "$viewer" 2>/dev/null; then
		wait "$viewer"
		fail "$what: the viewer has ended with status $?"
	fi
	stop "$user" || fail "$what: xdotool failed"
	stop "$mortal" KILL
	mortal bars yuv420p 320x180
	bars 320 180
	xdotool windowmove "$window" 0 0 windowsize "$window" "$width" "$height" mousemove 1599 1199
}

cell() { # X Y
	xwd -silent -id "$window" | convert xwd:- -crop "320x180+$1+$2" +repage cell.png 2>/dev/null
}
colours_at() {
	cell "$1" "$2" && "$colour_bars" check cell.png "$format" $turn >look.err 2>&1
}
frame_at() {
	cell "$1" "$2" && "$read_strip" cell.png 320 180 >look.err 2>&1
}
has_size() {
	[ "$(xdotool getwindowgeometry --shell "$window" | grep -cx -e "WIDTH=$width" -e "HEIGHT=$height")" = 2 ]
}
# Where no window manager undoes it, and X events are handled in their order, this is what there is then.
one_is_right() {
	has_size && colours_at 0 0
}
four_are_right() {
	has_size && frame_at 0 0 && colours_at 322 0 && frame_at 0 182 && frame_at 322 182
}

fds() {
	find "/proc/$viewer/fd" -mindepth 1 2>/dev/null | wc -l
}
memory_kib() { # its own, without the streams' pools
	awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$viewer/smaps_rollup"
}
mappings() {
	wc -l <"/proc/$viewer/maps"
}
# Keys that the viewer reads together with a resize that came after them: the window is no longer what it was laid out for.
keys_with_a_resize() {
	local key
	what="$renderer, a resize on the heels of"
	start view "$view" steady --renderer $renderer --geometry 900x700+0+0 --title storm
	viewer=$pid
	width=320 height=180
	wait_window '^storm$'
	for key in space space p p s m m i i h h r f; do
		xdotool windowsize --sync "$window" 900 700
		sleep 0.1
		kill -STOP "$viewer"
		xdotool windowfocus "$window" key $key windowsize "$window" 320 180
		kill -CONT "$viewer"
		sleep 0.1
		kill -0 "$viewer" 2>/dev/null || fail "$what $key: the viewer has ended"
	done
	stop "$viewer" || fail "$what $key: SIGTERM ended it with status $?"
}
no_more_than() { # WHAT BEFORE MORE AFTER
	[ "$4" -le $(($2 + $3)) ] || fail "$what: $4 $1, there were $2"
}
survives() { # WIDTH HEIGHT CHECK STREAM...
	local check=$3 fds kib mappings
	width=$1 height=$2
	shift 3
	what="$renderer, $# streams"
	bars 320 180
	start view "$view" "$@" --renderer $renderer --geometry "${width}x$height+0+0" --title storm
	viewer=$pid
	wait_window '^storm$'
	within 30 $check || fail "$what: not right before the storm: $(cat look.err)"
	storm
	within 30 $check || fail "$what: not right after the storm: $(cat look.err)"
	fds=$(fds) kib=$(memory_kib) mappings=$(mappings)
	# The renderer keeps now more, now less for itself: what is lost grows with each storm.
	for again in second third fourth fifth; do
		storm
		within 30 $check || fail "$what: not right after the $again storm: $(cat look.err)"
		[ "$(memory_kib)" -gt $((kib + 8192)) ] || break
	done
	keep "$#"
	echo "$what: $fds, then $(fds) fds; $mappings, then $(mappings) mappings; $kib, then $(memory_kib) KiB"
	no_more_than fds "$fds" 0 "$(fds)"
	[ -n "$sanitized" ] || no_more_than mappings "$mappings" 30 "$(mappings)"
	[ -n "$sanitized" ] || no_more_than KiB "$kib" 8192 "$(memory_kib)"
	stop "$viewer" || fail "$what: SIGTERM ended it with status $?"
}

start steady "$capture" pattern -n steady -s 320x180 -f nv12 -r 60
start slow "$capture" pattern:noise -n slow -s 320x180 -f yuyv422 -r 25
mortal bars yuv420p 320x180
for renderer in gpu surface; do
	export ASAN_OPTIONS=$asan_options
	[ $renderer = surface ] || ASAN_OPTIONS+=:detect_leaks=0
	keys_with_a_resize
	survives 320 180 one_is_right bars
	survives 642 362 four_are_right steady bars mortal slow
done
rm -f look.err
