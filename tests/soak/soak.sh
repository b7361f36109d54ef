#!/bin/bash
# SPDX-License-Identifier: MIT
# Days of use in a few hours: real programs on two streams for a long time, one viewer that comes and goes, one that is
# killed, a format that changes. What each has of memory and fds, and how late frames come, is sampled all the time;
# at the end there are a chart, a summary, and a verdict (judge.awk). Ctrl-C ends it early, with all of these.
# Usage: soak.sh BUILD-DIRECTORY SECONDS [SECONDS-BETWEEN-SAMPLES [OUTPUT-DIRECTORY]]
set -u
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
bin=$(realpath "$1")
seconds=$2
between=${3:-5}
out=${4:-$bin/soak}
work=$(mktemp -d "${TMPDIR:-/tmp}/tripool-soak.XXXXXX") || exit 1
export TRIPOOL_DIR=$work/streams XDG_RUNTIME_DIR=$work
failures=0
mkdir -p "$out"
rm -f "$out"/{soak.png,soak.svg,soak.csv,soak.title,summary.txt}

declare -A pid # of what lives all the time, by name
names=()
passing= # the viewer that comes and goes
mortal=  # the one that is killed

finish() {
	trap - EXIT
	kill -KILL "${pid[@]}" $passing $mortal ${xvfb-} 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap finish EXIT
over=
trap 'over=yes' INT TERM

complain() {
	echo "FAILED: $*" | tee -a "$out/summary.txt"
	failures=$((failures + 1))
}

# start NAME COMMAND...: in a session of its own, which Ctrl-C does not reach
start() {
	local name=$1
	shift
	setsid "$@" >"$work/$name.out" 2>"$work/$name.err" &
	pid[$name]=$!
	names+=("$name")
}

wait_for() {
	local end=$((SECONDS + 60))
	until "$@"; do
		[ $SECONDS -lt $end ] && [ -z "$over" ] || return 1
		sleep 0.05
	done
}

# ---- Who takes part ----

begin_all() {
	setsid Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3>"$work/display" >/dev/null 2>&1 &
	xvfb=$!
	wait_for test -s "$work/display" || { echo "soak: Xvfb did not start" >&2; exit 1; }
	DISPLAY=:$(cat "$work/display")
	export DISPLAY SDL_VIDEODRIVER=x11
	unset WAYLAND_DISPLAY

	start capture "$bin/producer/tripool-capture" pattern:box -n soak -s 1280x720 -r 60 -f nv12 --checksum \
		--lossless --json -q
	start formats "$bin/tests/soak/soak-formats" formats "$between"
	wait_for "$bin/consumer/stat/tripool-stat" --wait soak formats --timeout 1 2>/dev/null ||
		{ echo "soak: the streams did not begin" >&2; exit 1; }
	start record "$bin/consumer/record/tripool-record" soak /dev/null -y -f null -c:v wrapped_avframe --json -q
	start view "$bin/consumer/tripool-view" soak --verify --json
	start newest "$bin/tests/soak/soak-viewer" soak "$between"
	start changing "$bin/tests/soak/soak-viewer" formats "$between"
}

come_and_go() {
	if [ -z "$passing" ] || ! kill -0 "$passing" 2>/dev/null; then
		if [ -n "$passing" ]; then
			wait "$passing" || complain "the viewer that comes and goes ended with status $?: $(tail -n 3 "$work/passing.err")"
		fi
		setsid "$bin/tests/soak/soak-viewer" soak 60 "$((RANDOM % 3 + 1))" >/dev/null 2>>"$work/passing.err" &
		passing=$!
	fi
}

die_and_come() {
	if [ -n "$mortal" ]; then
		kill -KILL "$mortal"
		{ wait "$mortal"; } 2>/dev/null # bash says of each that it was killed
	fi
	setsid "$bin/tests/soak/soak-viewer" soak 60 >/dev/null 2>>"$work/mortal.err" &
	mortal=$!
}

# ---- Samples ----

kib_of() { # FILE KEY
	awk -v key="$2:" '$1 == key { print $2; found = 1 } END { if (!found) print "nan" }' "$1" 2>/dev/null || echo nan
}

head_line() {
	local name line=time_s,shmem_kib
	for name in "${names[@]}"; do
		line+=,${name}_anon_kib,${name}_shmem_kib,${name}_fds
	done
	for name in newest changing; do
		line+=,${name}_frames,${name}_skipped,${name}_torn,${name}_p50_us,${name}_p99_us
	done
	echo "$line"
}

sample() {
	local name line
	line=$(($(date +%s) - begun)),$(kib_of /proc/meminfo Shmem)
	for name in "${names[@]}"; do
		local proc=/proc/${pid[$name]} fds
		fds=("$proc"/fd/*)
		line+=,$(kib_of "$proc/status" RssAnon),$(kib_of "$proc/status" RssShmem),${#fds[@]}
	done
	for name in newest changing; do
		line+=,$(tail -n 1 "$work/$name.out" | awk 'NF == 5 { gsub(" ", ","); print; found = 1 }
			END { if (!found) print "0,0,0,nan,nan" }')
	done
	echo "$line" >>"$out/soak.csv"
}

all_live() {
	local name
	for name in "${names[@]}"; do
		kill -0 "${pid[$name]}" 2>/dev/null && continue
		wait "${pid[$name]}"
		complain "$name ended by itself with status $?: $(tail -n 3 "$work/$name.err")"
		unset "pid[$name]"
		return 1
	done
}

soak() {
	local round=0
	begun=$(date +%s)
	head_line >"$out/soak.csv"
	while [ -z "$over" ] && [ $(($(date +%s) - begun)) -lt "$seconds" ] && all_live; do
		come_and_go
		[ $((round % 4)) -ne 0 ] || die_and_come
		[ $((round % 7)) -ne 0 ] || "$bin/consumer/stat/tripool-stat" --json >"$work/stat.json" ||
			complain "tripool-stat: status $?"
		sleep "$between" &
		wait $! # which a signal ends
		sample
		round=$((round + 1))
	done
}

# ---- The end ----

end_one() { # NAME
	local status
	[ -n "${pid[$1]-}" ] || return
	kill -TERM "${pid[$1]}" 2>/dev/null
	wait "${pid[$1]}"
	status=$?
	unset "pid[$1]"
	[ $status = 0 ] || complain "$1 ended with status $status: $(tail -n 3 "$work/$1.err")"
}

end_all() {
	kill -KILL $mortal $passing 2>/dev/null
	{ wait $mortal $passing; } 2>/dev/null
	mortal= passing=
	local name
	for name in newest changing view record formats capture; do
		end_one $name
	done
	[ -z "$(ls -A "$TRIPOOL_DIR")" ] || complain "left behind: $(ls -A "$TRIPOOL_DIR")"
	local lost torn # not said by one that did not end well
	lost=$(jq .frames_lost "$work/record.out")
	torn=$(jq .frames_torn "$work/view.out")
	[ "${lost:-0}" = 0 ] || complain "tripool-record lost $lost frames of a lossless stream"
	[ "${torn:-0}" = 0 ] || complain "tripool-view found $torn frames torn"
	[ ! -s "$work/mortal.err" ] || complain "the mortal viewer: $(tail -n 3 "$work/mortal.err")"
}

report() {
	# The first minute is left out, or a quarter of what is shorter than four.
	local warm_up=60
	[ $((SECONDS - started)) -ge 240 ] || warm_up=$(((SECONDS - started) / 4))
	{
		printf '%d seconds: %d frames published, %d recorded (%d lost), %d shown (%d torn)\n' $((SECONDS - started)) \
			"$(jq .frames_published "$work/capture.out")" "$(jq .frames_recorded "$work/record.out")" \
			"$(jq .frames_lost "$work/record.out")" "$(jq .frames_shown "$work/view.out")" \
			"$(jq .frames_torn "$work/view.out")"
		awk -v warm_up=$warm_up -f "$here/judge.awk" "$out/soak.csv"
	} | tee -a "$out/summary.txt"
	[ "${PIPESTATUS[0]}" = 0 ] || failures=$((failures + 1))
	echo "soak: $(date -d "@$begun" '+%F %H:%M'), $((SECONDS - started)) seconds" >"$out/soak.title"
	gnuplot -e "samples='$out/soak.csv'; out='$out/soak'" "$here/charts.gnuplot" || complain "gnuplot drew no chart"
	rm -f "$out/soak.title"
	[ -s "$out/soak.png" ] && [ -s "$out/soak.svg" ] || complain "there is no chart"
	echo "chart: $out/soak.png, soak.svg; samples: soak.csv; this: summary.txt"
}

begin_all
started=$SECONDS
echo "soak: $seconds seconds; samples: $out/soak.csv; Ctrl-C ends it early, with a verdict"
soak
end_all
report
if [ $failures -gt 0 ]; then
	echo "soak: FAILED" | tee -a "$out/summary.txt"
	exit 1
fi
echo "soak: nothing grows, no frame was torn or lost" | tee -a "$out/summary.txt"
