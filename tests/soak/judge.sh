#!/bin/bash
# SPDX-License-Identifier: MIT
# The verdict on made-up samples: what is flat, what goes up and down, and what rises once, passes; what leaks does not.
# Usage: judge.sh BUILD-DIRECTORY
set -u
here=$(dirname "$0")
failures=0

# samples ANON FDS FRAMES TORN [END]: awk expressions of t, in seconds up to END; r is random in 0..1.
# $shared is one more of them.
shared='8000 + r * 3000'
samples() {
	awk "BEGIN {
		srand(7)
		print \"time_s,shmem_kib,a_anon_kib,a_shmem_kib,a_fds,a_frames,a_torn,a_p50_us\"
		for (t = 0; t < ${5-600}; t += 5) {
			r = rand()
			print t \",\" 20000 + int(r * 9000) \",\" int($1) \",\" int($shared) \",\" int($2) \",\" int($3) \",\" ($4) \",\" 80 + r * 40
		}
	}"
}

verdict() { # WANTED-STATUS SAID ANON FDS FRAMES TORN [END]
	local status judged
	judged=$(samples "${@:3}" | awk -v warm_up=60 -f "$here/judge.awk")
	status=$?
	if [ $status != "$1" ] || [[ $judged != *"$2"* ]]; then
		echo "FAILED: status $status instead of $1, or nothing about '$2': ${*:3}"
		echo "$judged"
		failures=$((failures + 1))
	fi
}

flat='3000 + r * 300' few='12 + (r > 0.5)' frames='t * 60'
verdict 0 a_anon_kib "$flat" "$few" "$frames" 0
verdict 0 a_fds '3000 + (t < 60 ? t * 500 : 30000)' "$few" "$frames" 0 # the warm-up
verdict 0 a_fds '3000 + (t > 300 ? 4000 : 0)' '12 + (t > 400)' "$frames" 0 # once
verdict 0 a_fds '3000 + t % 120 * 50' '12 + t % 40' "$frames" 0 # up and down
verdict 0 a_fds '3000 + t / 10' "$few" "$frames" 0 # so little that it may be the heap's own
shared='6000 + int(t / 140) * 1400' verdict 0 a_fds "$flat" "$few" "$frames" 0 # a slot more, now and then
shared='6000 + t * 100' verdict 1 'a_shmem_kib grows' "$flat" "$few" "$frames" 0
verdict 1 'a_anon_kib grows' '3000 + t * 2 + r * 300' "$few" "$frames" 0
verdict 1 'a_anon_kib grows' '3000 + t % 60 * 5 + t * 3' "$few" "$frames" 0
verdict 1 'a_fds grows' "$flat" '12 + t / 60 + (r > 0.5)' "$frames" 0
verdict 1 '1 frames torn' "$flat" "$few" "$frames" 't > 500'
verdict 1 'seconds no frame came' "$flat" "$few" 't < 300 || t > 340 ? t * 60 : 300 * 60' 0
verdict 1 'too short' "$flat" "$few" "$frames" 0 80
[ $failures = 0 ]
