#!/bin/bash
# SPDX-License-Identifier: MIT
# explore as its users meet it: a seed gives the same schedule again, step by step. Usage: explore-cli.sh BUILD-DIRECTORY
set -u
. "$(dirname "$0")/../lib.sh"
program=$(realpath "$1")/tests/explore/explore

wrong() { # wrong ARGUMENT...
	"$program" "$@" >"$work/out" 2>"$work/err"
	check "explore $*: is wrong usage" test $? = 2
	check "explore $*: says what there is" grep -q '^scenarios: .*newest' "$work/err"
}
wrong
wrong 0
wrong 1x
wrong 1 2 3
wrong --trace newest
wrong --trace nosuch 1

for scenario in $(sed -n 's/^scenarios: //p' "$work/err"); do
	"$program" --trace "$scenario" 7 >"$work/first.out"
	check "$scenario: nothing breaks" test $? = 0
	"$program" --trace "$scenario" 7 >"$work/second.out"
	"$program" --trace "$scenario" 8 >"$work/third.out"
	check "$scenario: steps are told" test "$(wc -l <"$work/first.out")" -gt 20
	check "$scenario: a seed gives the same again" cmp -s "$work/first.out" "$work/second.out"
	check "$scenario: another gives something else" eval '! cmp -s "$work/first.out" "$work/third.out"'
done
exit $((failures > 0))
