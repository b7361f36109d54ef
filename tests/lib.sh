# SPDX-License-Identifier: MIT
# What scripts that are tests share: a directory of their own, counting what went wrong, patience.

work=$(mktemp -d) || exit 1
trap 'kill -KILL $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT
export TRIPOOL_DIR=$work/streams
failures=0
cases=0

complain() { # complain WHAT HOW
	printf 'FAILED: %s: %s\n' "$1" "$2"
	sed 's/^/    /' "$work/err"
	failures=$((failures + 1))
}

check() { # check WHAT COMMAND...: the command must succeed
	local what=$1
	shift
	"$@" && return
	printf 'FAILED: %s\n' "$what"
	head -c 2000 "$work"/{out,err,strips} "$work"/*.{out,err,json,strips} 2>/dev/null | cat -v
	failures=$((failures + 1))
}

wait_for() { # wait_for COMMAND...: until it succeeds
	for ((i = 0; i < 1500; i++)); do
		"$@" && return
		sleep 0.02
	done
	return 1
}

no_stream() {
	[ -z "$(ls -A "$TRIPOOL_DIR" 2>/dev/null)" ]
}

# bad STATUS SAID ARGUMENT...: $program, with $input on its standard input, must end with that status, its one line on
# stderr contain SAID, nothing be on stdout but JSON that was asked for, and $leaves_nothing be true.
input=/dev/null
leaves_nothing=no_stream
bad() {
	local status=$1 said=$2 name=${program##*/} found what
	shift 2
	what="$name ${*@Q} <$input"
	cases=$((cases + 1))
	timeout -k 1 60 "$program" "$@" >"$work/out" 2>"$work/err" <"$input"
	found=$?
	[ "$found" = "$status" ] || complain "$what" "status $found instead of $status"
	[ "$(wc -l <"$work/err")" = 1 ] || complain "$what" "not one line on stderr"
	grep -qF -- "$said" "$work/err" || complain "$what" "does not say \"$said\""
	grep -q "^$name: " "$work/err" || complain "$what" "does not say who is speaking"
	[[ " $* " == *" --json "* || ! -s $work/out ]] || complain "$what" "printed something on stdout"
	$leaves_nothing || complain "$what" "left something behind"
}
