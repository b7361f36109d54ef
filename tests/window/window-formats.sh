#!/bin/bash
# SPDX-License-Identifier: MIT
# Pixel formats of every kind, one after the other in one running viewer of each renderer: known colours, by every matrix
# and range, are within 30 of 255 in the window, at the frame's size and scaled from another one.
. "$(dirname "$0")/lib.sh"
colour_bars=$bin/tests/window/colour-bars
start_x
cd "$work" || exit 1

formats=(
	# YUV: planar, of two planes, packed
	yuv420p yuvj420p yuv422p yuv444p yuv440p yuv411p yuv410p yuvj444p yuva420p yuva444p yuv420p9be yuv420p10le yuv422p10be
	yuv444p12le yuv440p12be yuv420p14le yuv444p16le yuv422p16be yuva422p12le yuva444p16be
	nv12 nv21 nv16 nv24 nv42 nv20le nv20be p010le p010be p016le p210le p216be p410be p416le
	yuyv422 uyvy422 yvyu422 y210le y210be ayuv64le ayuv64be
	# gray
	gray gray9be gray10le gray12be gray14le gray16le gray16be ya8 ya16be grayf32le
	# RGB: packed, of few bits, planar
	rgb24 bgr24 rgba bgra argb abgr rgb0 bgr0 0rgb 0bgr rgb48le bgr48be rgba64le bgra64be x2rgb10le x2rgb10be
	x2bgr10be rgb565le bgr565be rgb555le bgr555be rgb444le bgr444be rgb4_byte
	gbrp gbrp9be gbrp10le gbrp14be gbrp16le gbrap gbrap12be gbrpf32le gbrapf32be
	# Bayer
	bayer_bggr8 bayer_rggb8 bayer_gbrg8 bayer_grbg8 bayer_rggb16le bayer_grbg16be
)
matrices=(6 1 9)
sizes=(320x180 480x270 320x180 97x55)

mkfifo lines
exec 7<>lines
start bars bash -c 'exec "$0" publish formats <"$1"' "$colour_bars" lines
turn=0
wrong=()

right() { # WINDOW
	xwd -silent -id "$1" >now.xwd && "$colour_bars" check now.xwd "$format" $turn 2>check.err
}
# show SIZE: in both windows
show() {
	local matrix=${matrices[turn % 3]} full_range=$((turn / 3 % 2)) said=$((turn / 3 % 2))
	turn=$((turn + 1))
	# some say the range by their name
	[[ $format != yuvj* && $format != *f32* ]] || full_range=1 said=2
	echo "$format ${1/x/ } $matrix $full_range $matrix $said $turn" >&7
	for renderer in gpu surface; do
		[ -n "${windows[$renderer]}" ] || continue
		within 30 right "${windows[$renderer]}" && continue
		wrong+=("$renderer: $format $1, matrix $matrix, range $full_range: $(head -n 1 check.err)")
		kill -0 "${viewers[$renderer]}" 2>/dev/null || fail "$renderer: $format $1 ended the viewer"
		convert now.xwd now.png
		keep "$format" now.png
		[ ${#wrong[@]} -lt 12 ] || fail "$(printf '%s\n' "${wrong[@]}")"
	done
}

declare -A windows viewers
format=bgra
show 320x180
for renderer in gpu surface; do
	start "view-$renderer" "$view" formats --renderer $renderer --json
	viewers[$renderer]=$pid
	another_window() {
		window=$(xdotool search --all --onlyvisible --pid "$pid" --name '^tripool: formats$' 2>/dev/null)
		[ -n "$window" ]
	}
	within 30 another_window || fail "$renderer: no window"
	windows[$renderer]=$window
	# side by side: xwd takes what lies over a window for the window
	xdotool windowmove "$window" $((${#windows[@]} * 600 - 500)) 0
done

for i in "${!formats[@]}"; do
	format=${formats[i]}
	# the first of a format has the size that the last one of the format before has
	show "${sizes[i % 4]}"
	show "${sizes[(i + 1) % 4]}"
done
rm -f check.err
[ ${#wrong[@]} -eq 0 ] || fail "$(printf '%s\n' "${wrong[@]}")"
for renderer in gpu surface; do
	window=${windows[$renderer]}
	keep last
	stop "${viewers[$renderer]}" || fail "$renderer: SIGTERM ended it with status $?"
	expect_json "view-$renderer.out" reconnects 0
	[ ! -s "view-$renderer.err" ] || fail "$renderer: complains"
done
echo "${#formats[@]} formats, $turn frames with the right colours"
