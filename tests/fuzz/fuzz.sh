#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fuzz.sh BUILD TARGET SECONDS [SEED]: the corpus of tests/fuzz/corpus, which must reach all that there is to be
# reached, then new inputs for so long (0: without end). What ends the program is kept in BUILD/found.
set -uo pipefail
build=$1 target=$2 seconds=$3 seed=${4:-$((RANDOM * 32768 + RANDOM + 1))}
program=$build/tests/fuzz/fuzz-$target
corpus=$(dirname "${BASH_SOURCE[0]}")/corpus/$target
grown=$build/grown/$target # inputs of earlier runs that went somewhere new
found=$build/found
options=(-artifact_prefix="$found/$target-" -timeout=120 -report_slow_units=120 -rss_limit_mb=2048 -print_funcs=0)
export ASAN_OPTIONS=${ASAN_OPTIONS-}:quarantine_size_mb=16:allow_addr2line=1
export UBSAN_OPTIONS=${UBSAN_OPTIONS-}:print_stacktrace=1
[[ -n ${TMPDIR-} || ! -w /dev/shm ]] || export TMPDIR=/dev/shm # streams come and go there thousands of times a second

give_up() {
    local file
    echo "fuzz-$target: $1" >&2
    for file in "$found/$target"-*; do
        [[ ! $file -nt $found/.$target ]] || echo "to see it again: setarch -R $program $file" >&2
    done
    exit 1
}

mkdir -p "$grown" "$found"
touch "$found/.$target"
TRIPOOL_FUZZ_GOALS=1 "$program" "${options[@]}" -verbosity=0 -runs=0 "$corpus" || give_up "the corpus of $corpus fails"
how_long="$seconds seconds"
[[ $seconds != 0 ]] || how_long="until it finds something, or Ctrl-C"
echo "fuzz-$target: $how_long, seed $seed"
options+=(-seed="$seed" -max_total_time="$seconds" -max_len=800 -print_final_stats=1)
trap : INT # it is the program that ends by Ctrl-C
"$program" "${options[@]}" "$grown" "$corpus" 2>&1 | {
    trap '' INT
    exec grep --line-buffered -vE '^#[0-9]+[[:space:]]+(NEW|REDUCE|RELOAD)|^INFO|Dictionary|# Uses'
}
case ${PIPESTATUS[0]} in
    0 | 72) ;; # 72: interrupted
    *) give_up "found something" ;;
esac
