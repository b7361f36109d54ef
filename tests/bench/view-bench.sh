#!/bin/bash
# SPDX-License-Identifier: MIT
#
# view-bench.sh BUILD_DIR [REPEATS]: what tripool-view takes beside bare-sdl, which shows frames of the same size at the
# same rate by the same renderer in a window of the same size, but from its own memory. They run in turns, on an X
# server of their own, while the same producer works. Processor time is the difference of a long and a short run, so
# that starting and ending cost nothing. Xvfb has no GPU: there `gpu` is Mesa's OpenGL on the processor.
#
# ./run bench view runs it; a repeat takes a minute and a half.
. "$(dirname "$0")/../window/lib.sh"

bare=$bin/tests/bench/bare-sdl
repeats=${2:-5}
# renderer, size, and as many frames a second as two cores without a GPU can carry
cases=("surface 1920x1080 60" "gpu 1920x1080 15" "surface 3840x2160 15" "gpu 3840x2160 4")
short_s=1 long_s=6 latency_s=4
most_ratio=1.05 most_memory=15 most_latency=18.7 # of a refresh at 60 Hz, and 2 ms

# ---- Measuring -------------------------------------------------------------------------------------------------

# note WHAT WHO VALUE: of the case at hand; the last one is ${last[WHAT WHO]}
declare -A last
note() {
	last[$1 $2]=$3
	echo "$3" >>"$work/$renderer.$size.$1.$2"
}

calculate() {
	awk "BEGIN { print $1 }"
}

# run WHO SECONDS [--no-vsync]: its output is $work/out.json, its processor time $cpu, in ms
run() {
	local TIMEFORMAT='%3U %3S' spent frames=$(($2 * rate)) command
	case $1 in
		bare) command=("$bare" "$renderer" "$size" "$rate" "$frames" "${@:3}") ;;
		ours) command=("$view" bench --renderer "$renderer" --json --frames "$frames" "${@:3}") ;;
	esac
	# shellcheck disable=SC2016
	spent=$({ time timeout 120 bash -c 'echo $$ >"$0"; exec "$@"' "$work/pid" "${command[@]}" \
		>"$work/out.json" 2>"$work/run.err"; } 2>&1) || fail "failed: ${command[*]}"
	cpu=$(calculate "(${spent/ /+}) * 1000")
}

# What runs as $work/pid has for itself, in MB, a while after its start: the median of some looks, for a renderer's
# memory comes and goes.
look_at_memory() {
	sleep $((long_s / 2))
	for _ in 1 2 3 4 5; do
		awk '/^Private/ { sum += $2 } END { print sum * 1024 / 1e6 }' "/proc/$(cat "$work/pid")/smaps_rollup"
		sleep 0.2
	done | sort -g | sed -n 3p >"$work/memory"
}

measure() { # WHO
	local short frames_mb=0
	run "$1" $short_s
	short=$cpu
	look_at_memory &
	run "$1" $long_s
	wait $!
	note cpu "$1" "$(calculate "($cpu - $short) / $rate / ($long_s - $short_s)")"
	note fps "$1" "$(json "$work/out.json" fps)"
	# its three frames are the pool's, with a producer
	[ "$1" != bare ] || frames_mb="3 * ${size/x/*} * 1.5 / 1e6"
	note memory "$1" "$(calculate "$(cat "$work/memory") - $frames_mb")"
	run "$1" $latency_s --no-vsync
	note p50 "$1" "$(json "$work/out.json" 'latency_us.p50 / 1000')"
	note p99 "$1" "$(json "$work/out.json" 'latency_us.p99 / 1000')"
}

measure_case() {
	local in_turn=(bare ours) who
	((repeat % 2)) || in_turn=(ours bare)
	start capture "$capture" pattern -n bench -s "$size" -r "$rate" -q
	local producer=$pid
	within 20 test -S "$TRIPOOL_DIR/bench.sock" || fail "no stream"
	for who in "${in_turn[@]}"; do measure "$who"; done
	stop "$producer"
	note cpu ratio "$(calculate "${last[cpu ours]} / ${last[cpu bare]}")"
	note memory more "$(calculate "${last[memory ours]} - ${last[memory bare]}")"
}

# ---- Telling ---------------------------------------------------------------------------------------------------

# spread WHAT WHO FORMAT: the median of the repeats, the least and the most
spread() {
	sort -g "$work/$renderer.$size.$1.$2" | awk -v f="$3" '
		{ value[NR] = $1 }
		END { printf f " (" f " to " f ")", value[int((NR + 1) / 2)], value[1], value[NR] }'
}

# tell WHAT FORMAT TITLE [THIRD-COLUMN TITLE]: the third is compared with the aim
tell() {
	local one third
	printf '\n%-34s %-28s %-28s %s\n' "$3" bare tripool-view "${5-}"
	for one in "${cases[@]}"; do
		read -r renderer size rate <<<"$one"
		third=
		[ -z "${4-}" ] || third=$(spread "$1" "$4" "$2")
		printf '  %-32s %-28s %-28s %s\n' "$renderer, $size at $rate/s" "$(spread "$1" bare "$2")" \
			"$(spread "$1" ours "$2")" "$third"
	done
}

# Whether the bare program's own time differs from repeat to repeat.
is_noisy() {
	local one
	for one in "${cases[@]}"; do
		read -r renderer size rate <<<"$one"
		sort -g "$work/$renderer.$size.cpu.bare" | awk '{ value[NR] = $1 } END { exit !(value[NR] > 1.1 * value[1]) }' &&
			return
	done
	return 1
}

start_x 4096x2304
for ((repeat = 1; repeat <= repeats; repeat++)); do
	for one in "${cases[@]}"; do
		read -r renderer size rate <<<"$one"
		measure_case
	done
	echo "repeat $repeat of $repeats is done" >&2
done

echo "tripool-view beside a bare SDL program, $repeats times in turns: the median (the least to the most)"
tell cpu %.2f 'processor time a frame, ms' ratio "ratio (aim: at most $most_ratio)"
tell fps %.1f 'frames shown a second' '' '(aim: the rate)'
tell p50 %.1f 'publish to presented, p50, ms' '' '(--no-vsync; bare: from its own tick)'
tell p99 %.1f 'publish to presented, p99, ms' '' "(aim: at most $most_latency; OpenGL without a GPU draws for longer)"
tell memory %.1f 'private memory, MB' more "difference (aim: at most $most_memory; bare: without its frames)"
if is_noisy; then
	echo
	echo 'The bare program itself took over 10 % more in one repeat than in another: this machine is busy, and differences'
	echo 'of a few percent mean nothing.'
fi
exit 0
