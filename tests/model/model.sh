#!/bin/bash
# SPDX-License-Identifier: MIT
# Explores every interleaving of the data path's model (data-path.pml), and then of the same model with one rule broken
# at a time: each such bug must be found.
# Usage: model.sh BUILD-DIRECTORY
set -u
model=$(realpath "$(dirname "$0")")/data-path.pml
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

# explore DEFINE...: the verifier's summary in report.txt; status 0: no error in any state
explore() {
	rm -f pan.* pan
	spin -a "$@" "$model" >spin.txt 2>&1 && cc -O2 -DSAFETY -DCOLLAPSE -DMEMLIM=6000 -o pan pan.c 2>>spin.txt || {
		cat spin.txt
		exit 1
	}
	timeout 500 ./pan -m100000 >report.txt 2>&1 || { cat report.txt && exit 1; }
	# an exploration that was cut off proves nothing
	if grep -qE 'max search depth too small|out of memory|memory limit|interrupted' report.txt; then
		cat report.txt
		exit 1
	fi
	grep -q 'errors: 0$' report.txt
}

states() {
	sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' report.txt
}

holds() {
	if explore "$@"; then
		echo "holds: $* ($(states) states)"
	else
		echo "FAILED: $*: $(grep -m 1 '^pan:' report.txt)"
		failures=$((failures + 1))
	fi
}

# breaks BUG DEFINE...
breaks() {
	local bug=$1
	shift
	if explore "-DBREAK_$bug" "$@"; then
		echo "FAILED: BREAK_$bug is not found with $*"
		failures=$((failures + 1))
	else
		echo "found: BREAK_$bug $*: $(sed -n 's/^pan:1: //p' report.txt)"
	fi
}

newest=(-DFRAMES=4)
every=(-DEVERY -DFRAMES=4)
lossless=(-DEVERY -DLOSSLESS -DFRAMES=4)
dies=(-DDIES -DFRAMES=3)
stalls=(-DEVERY -DLOSSLESS -DSTALLS -DFRAMES=3)

holds "${newest[@]}"
holds "${every[@]}"
holds "${lossless[@]}"
holds "${stalls[@]}"
holds "${dies[@]}"

for bug in RECHECK SCAN_FIRST SLOT_COUNT RELEASE_EARLY DESCRIBE_LATE CLEAR_LATE LOOK_FIRST; do
	breaks $bug "${newest[@]}"
done
for bug in HEAD_FIRST TAIL_EARLY CLEAR_LATE LOOK_FIRST; do
	breaks $bug "${every[@]}"
done
for bug in ASK_FOR_ROOM HEAD_FIRST; do
	breaks $bug "${lossless[@]}"
done
breaks EVICT_EARLY "${dies[@]}"
exit $((failures > 0))
