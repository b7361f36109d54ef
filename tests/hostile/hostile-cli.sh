#!/bin/bash
# SPDX-License-Identifier: MIT
# attack and bench-hostile as their users meet them. Usage: hostile-cli.sh BUILD-DIRECTORY
set -u
. "$(dirname "$0")/../lib.sh"
bin=$(realpath "$1")/tests/hostile
TMPDIR=$work/tmp
export TMPDIR
mkdir "$TMPDIR" "$work/open" "$TRIPOOL_DIR"
chmod 0711 "$work" # bench-hostile's producer is another user, if it can be
chmod 0777 "$TMPDIR" "$work/open"

program=$bin/attack
bad 2 'a stream and the name of an attack are needed'
bad 2 'a stream and the name of an attack are needed' cam
bad 2 "there is no attack 'nosuch': see --list" cam nosuch
bad 2 '--seconds' cam noise --seconds 0
bad 2 '--user' cam noise --user -1
TRIPOOL_DIR=$work/open bad 2 "$work/open" cam noise --seconds 0.1
check 'attack: no producer is status 3' eval '"$program" cam noise --seconds 0.1 2>"$work/err"; [ $? = 3 ]'
check 'attack: no producer is said' grep -q "^attack noise: nothing was tried: stream 'cam' has no producer" "$work/err"
"$program" --list >"$work/out" || check 'attack --list' false
check 'attack --list has all, with words' test "$(grep -cE '^[a-z-]+ +(any|lossless) +[^ ]' "$work/out")" -gt 20

program=$bin/bench-hostile
bad 2 "there is no attack 'nosuch': see 'attack --list'" nosuch
bad 2 "'burn' is what the others are compared with" burn
bad 2 "one attack at most, not 'seals' as well" lock seals
bad 2 '--hz' --hz 0
bad 2 '--turns' --turns 0
bad 2 'turns' --turns 1000
for how in --quick '--quick --halt'; do
	# shellcheck disable=SC2086 # two words
	check "bench-hostile $how lock" eval '"$program" $how --hz 60 lock >"$work/out" 2>"$work/err"'
	# latencies, their ratios, processor time
	check "bench-hostile $how: a line of figures" grep -qE '^lock +[0-9]+%( +[0-9.]+){13}$' "$work/out"
	check "bench-hostile $how: what is dear" grep -q '^  beside a busy process: ' "$work/out"
	check "bench-hostile $how: nothing is left" test -z "$(ls -A "$TMPDIR")"
done
check 'processors: what they do is said' grep -q 'halt when idle' "$work/out"
exit $((failures > 0))
