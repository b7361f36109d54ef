#!/bin/bash
# SPDX-License-Identifier: MIT
# tripool-bench as its users meet it: what it prints and writes, what it says of bad input, and that it leaves nothing
# behind, also when it is interrupted or one of its processes is killed.
set -u

# Other programs' System V segments are not to be seen here.
if [ -z "${IN_OWN_IPC-}" ]; then
	for how in --ipc '--map-current-user --ipc'; do
		# shellcheck disable=SC2086 # two words
		! unshare $how true 2>/dev/null || IN_OWN_IPC=yes exec unshare $how bash "$0" "$@"
	done
fi

bench=$(realpath "${1:?usage: $0 DIRECTORY-OF-THE-BUILD}")/tests/bench/tripool-bench
work=$(mktemp -d "${TMPDIR:-/tmp}/tripool-bench-cli.XXXXXX")
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work
cd "$work" || exit 1

fail() {
	echo "bench-cli: $*" >&2
	cat "$work/err" >&2
	exit 1
}

# bad WORDS ARGUMENTS...: is wrong usage, told in these words
bad() {
	local words=$1 status=0
	shift
	"$bench" "$@" >out 2>err || status=$?
	[ $status = 2 ] || fail "$*: status $status"
	grep -q -- "$words" err || fail "$*: does not say '$words'"
	[ ! -s out ] || fail "$*: prints to standard output"
}
bad "'pigeon' is not a transport: see --list" --only pigeon
bad "'1x' is not a size" --sizes 1x
bad "'641x480'.*even" --sizes 641x480
bad "none is given" --sizes ''
bad "more than 8" --sizes 16x16,16x18,16x20,16x22,16x24,16x26,16x28,16x30,16x32
bad "'320x240' is there twice" --sizes 640x480,320x240 --sizes 240x320,320x240
bad "is not a size" --sizes "$(printf '%080d' 640)x480"
bad "seconds" --seconds 0
bad "at most 600" --seconds 601
bad "one of them" --json --csv
bad "'more' is too much" more

"$bench" --help >out 2>err || fail "--help"
grep -q '^usage: tripool-bench' out || fail "--help does not say how it is used"
"$bench" --list >out 2>err || fail "--list"
for name in hand-off eventfd futex tripool pipe fifo socket posix-queue sysv-queue sysv-shm posix-shm zeromq gst-shm iceoryx; do
	grep -q "^$name " out || fail "--list does not have $name, built in or not"
done

# bad_charts WORDS DIRECTORY: cannot be written there, told in these words before anything is measured
bad_charts() {
	local status=0
	"$bench" --quick --sizes 320x240 --seconds 0.1 --only pipe --charts "$2" >out 2>err || status=$?
	[ $status = 1 ] || fail "charts in $2: status $status"
	grep -q "$1" err || fail "charts in $2: does not say '$1'"
	! grep -q 'round 1' err || fail "charts in $2: is measured first"
}
if command -v gnuplot >/dev/null; then
	bad_charts "cannot make the directory '/proc/nowhere'" /proc/nowhere
	cp /bin/true file
	bad_charts "cannot write into 'file': Not a directory" file
fi
mkdir empty
PATH=$work/empty "$bench" --charts charts >out 2>err && fail "no gnuplot: measures all the same"
grep -q 'needs gnuplot: install' err || fail "no gnuplot: does not say so"

nothing_is_left() {
	local left
	left=$(find "$work" -mindepth 1 -name 'tripool-*')
	[ -z "$left" ] || fail "$1: left behind: $left"
	! pgrep -s 0 -x tripool-bench >/dev/null || fail "$1: a process is left"
}
segments() {
	ipcs -m -q -s | grep -c '^0x'
}

# All there is, at a small size and for a short time
before=$(segments)
charts=()
! command -v gnuplot >/dev/null || charts=(--charts "it's")
"$bench" --quick --sizes 640x480,320x240 --seconds 0.1 --only tripool --only pipe --json "${charts[@]}" >out 2>err ||
	fail "--json: $(jq -c '.. | .error? // empty' out)"
nothing_is_left "--json"
jq -e '[.points[].width] | . == sort' out >/dev/null || fail "--sizes: the smallest is not first"
jq -e '[.points[].transports[] | select(.transport == "tripool")] |
	length == 12 and all(.frames_torn == 0 and .frames_disordered == 0 and .rounds == 2 and .copied_bytes == 0 and .fps > 0)' \
	out >/dev/null || fail "--json: tripool's figures: $(cat out)"
jq -e '[.points[].transports[] | select(.transport == "pipe")] |
	length == 12 and all(.frames_lost == 0 and .copied_bytes > 0)' out >/dev/null ||
	fail "--json: the pipe's figures: $(cat out)"
jq -e '[.alone[] | select(.error == null and .frames_torn == 0)] | length == 17' out >/dev/null ||
	fail "--json: tripool alone: $(jq .alone out)"

if [ ${#charts[@]} -gt 0 ]; then
	for name in latency-sleeping latency-polling fps fps-real-use cpu cpu-real-use viewers; do
		[ "$(head -c 4 "it's/$name.png" | tail -c 3)" = PNG ] || fail "--charts: no $name.png"
		grep -q '</svg>' "it's/$name.svg" || fail "--charts: no $name.svg"
	done
	jq -e .points "it's/results.json" >/dev/null && grep -q tripool "it's/results.csv" || fail "--charts: no figures"
	! grep -v ' s  round' err || fail "gnuplot complains"

	# a run that draws less, onto a full disk, while nobody reads what it prints
	rm "it's/results.csv"
	ln -s /dev/full "it's/results.csv"
	"$bench" --quick --sizes 320x240 --seconds 0.1 --only pipe --charts "it's" >&- 2>err && fail "no standard output"
	grep -q 'cannot write to standard output' err || fail "does not say that it cannot print"
	grep -q "cannot write 'it's/results.csv': No space left" err || fail "does not say that the disk is full"
	jq -e '[.points[].width] | all(. == 320)' "it's/results.json" >/dev/null || fail "no files without standard output"
	rm "it's/results.csv"
	"$bench" --quick --sizes 320x240 --seconds 0.1 --only pipe --charts "it's" --csv >out 2>err || fail "fewer charts"
	[ ! -e "it's/viewers.png" ] || fail "a chart of another run stays"
	[ -s "it's/fps.svg" ] || fail "a chart of this run is missing"
fi

(trap '' HUP && exec "$bench" --quick --sizes 320x240 --seconds 0.1 --only pipe --csv) >out 2>err &
sleep 0.5
kill -HUP $!
wait $! || fail "--csv, in spite of nohup"
[ "$(awk -F, 'NR == 1 { n = NF } NF != n' out)" = '' ] || fail "--csv: lines of different lengths"
[ "$(grep -c ',pipe,' out)" = 6 ] || fail "--csv: not a line for each point"
"$bench" --quick --sizes 320x240 --seconds 0.1 --only pipe --only tripool >out 2>err || fail "tables: $(cat out)"
grep -q '^320x240, transport only, flat out$' out || fail "tables: no title"
grep -q '^pipe .*(.*-.*)$' out || fail "tables: no ratio to the limit, with its spread"
grep -q '^tripool alone, 1920x1080: ' out && grep -q ' p50 us  *max us  *skipped' out || fail "tables: nothing of tripool alone"
grep -q '^pipe .* 0  *0 |' out || fail "tables: the pipe lost frames, or they are no whole number"
grep -q '^pipe .*| *1\.00  ' out || fail "tables: no ratio to the best that others do in each row"
grep -q '^threads .* -  *0  *0 |$' out || fail "tables: memory that nobody has measured"
grep -q 'times as fast as pipe' out || fail "tables: no word on how tripool stands"
! grep -q -- '\bnan\b' out || fail "tables: a figure that is none"
[ "$(wc -L <out)" -le 180 ] || fail "tables: a line of $(wc -L <out) characters"

# An end that comes early, and at once: no figures, nothing left, charts of before stay
# stop SIGNAL WORDS ARGUMENTS...: gets it when it has said these words of its progress
stop() {
	local signal=$1 words=$2 pid begin=$SECONDS
	shift 2
	mkdir -p old
	echo figures >old/results.json
	"$bench" --charts old "$@" >out 2>err &
	pid=$!
	until grep -q "$words" err; do
		kill -0 $pid || fail "$signal: it ended before '$words'"
		sleep 0.05
	done
	sleep 0.2
	kill -"$signal" $pid
	wait $pid && fail "$signal: ends as if it had measured all"
	[ $((SECONDS - begin)) -lt 20 ] || fail "$signal: goes on for a while"
	[ ! -s out ] || fail "$signal: figures of half of it"
	[ "$(cat old/results.json)" = figures ] || fail "$signal: files of half of it"
	grep -q 'stopped before all was measured' err || fail "$signal: does not say so"
	nothing_is_left "$signal"
	! grep -q 'left behind' err || fail "$signal: something was left behind"
	[ "$(segments)" = "$before" ] || fail "$signal: System V segments or semaphores are left"
}
stop INT 'flat out' --sizes 320x240 --only sysv-shm --only posix-shm
stop TERM 'flat out' --sizes 320x240 --only sysv-shm --seconds 90
stop INT 'streams at once' --quick --sizes 320x240 --only tripool --seconds 0.1

# A process of it that is killed: a line that says so
"$bench" --quick --sizes 320x240 --only sysv-shm --seconds 1 >out 2>err &
pid=$!
sleep 1
pkill -KILL -n -P $pid || fail "it has no processes"
wait $pid && fail "a killed process: ends as if all were well"
grep -q 'was killed by signal 9' out || fail "a killed process is not told: $(cat out)"
nothing_is_left "a killed process"
[ "$(segments)" = "$before" ] || fail "a killed process: System V segments or semaphores are left"

# A daemon that is not there
if "$bench" --list | grep -q '^iceoryx .*frames\|^iceoryx  *iceoryx' && command -v iox-roudi >/dev/null; then
	status=0
	PATH=$work/empty "$bench" --quick --sizes 320x240 --seconds 0.1 --only iceoryx >out 2>err || status=$?
	[ $status = 1 ] || fail "no daemon: status $status"
	grep -q 'iox-roudi.*No such file' out || fail "no daemon: does not say so: $(cat out)"
	nothing_is_left "no daemon"
fi
